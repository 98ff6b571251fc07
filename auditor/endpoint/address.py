"""Which address may be connected to: exact hosts, resolved once, judged, and then pinned.

A submission can name a URL; an operator's allow-list decides. A name on the list that leads to a private
address is refused all the same, because whoever runs that name's DNS is not the operator.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass

from auditor.problems import refuse

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

LABEL = r"(?!-)[a-z0-9_-]{1,63}(?<!-)"
NAME = re.compile(rf"{LABEL}(?:\.{LABEL})*")
URL = re.compile(
    r"(?P<scheme>https?)://(?P<host>\[[0-9a-f:.]+\]|[^\[\]/:@?#\\]+)(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<path>/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*)?"
)
ENTRY = re.compile(r"(?:(?P<scheme>https?)://)?(?P<host>\[[0-9a-f:.]+\]|[^\[\]/:@?#\\=]+)"
                   r"(?::(?P<port>[0-9]{1,5}))?(?:=(?P<pin>[0-9a-f:.]+))?")  # fmt: skip
NUMBER_LIKE = re.compile(r"(?:[0-9]+|0x[0-9a-f]*)")
NEVER = tuple(
    map(
        ipaddress.ip_network,
        (
            "0.0.0.0/8",
            "100.64.0.0/10",  # shared by carriers; some clouds keep their metadata here
            "168.63.129.16/32",  # a cloud's own wire server, though its range is public
            "169.254.0.0/16",
            "192.0.0.0/24",
            "192.88.99.0/24",
            "198.18.0.0/15",
            "240.0.0.0/4",
            "64:ff9b:1::/48",  # translation inside one network
            "fec0::/10",
            "3fff::/20",  # for examples in documents
        ),
    )
)
UNICAST = ipaddress.ip_network("2000::/3")
"""All of IPv6 that is routed between networks; what lies outside is translated, segment-routed or local."""
NAT64 = ipaddress.ip_network("64:ff9b::/96")
COMPATIBLE = ipaddress.ip_network("::/96")


@dataclass(frozen=True, slots=True)
class Host:
    """An entry of the operator's allow-list: exactly one scheme, name and port."""

    scheme: str
    name: str
    port: int
    pin: str | None = None
    """The address that the operator wrote; no DNS is asked then."""

    @property
    def entry(self) -> str:
        """The entry as an operator would write it, without the pin."""
        usual = 443 if self.scheme == "https" else 80
        shown = f"[{self.name}]" if ":" in self.name else self.name
        named = shown if self.port == usual else f"{shown}:{self.port}"
        return named if self.scheme == "https" else f"http://{named}"


@dataclass(frozen=True, slots=True)
class Target:
    """One URL that may be asked."""

    host: Host
    path: str


def allowed(entries: Sequence[str]) -> tuple[Host, ...]:
    """Return the hosts of an allow-list; raise ValueError with a sentence for an entry that makes no sense.

    `models.example.org`, `models.example.org:8443`, `models.example.org=10.1.2.3` (an address in the
    operator's own network), `http://127.0.0.1:8080` (without TLS: this machine only).
    """
    return tuple(map(_entry, entries))


def _entry(text: str) -> Host:
    found = ENTRY.fullmatch(text)
    if found is None:
        raise ValueError(f"`{text}` is not host, host:port or host:port=address")
    scheme = found["scheme"] or "https"
    name = _name(found["host"])
    if name is None:
        raise ValueError(f"`{text}` does not name a host in its plain spelling")
    literal = _literal(name)
    pin = found["pin"] or (str(literal) if literal else None)
    if pin is not None:
        chosen = _literal(pin)
        if chosen is None:
            raise ValueError(f"`{text}` pins no plain address")
        if _reserved(_unwrapped(chosen)):
            raise ValueError(f"`{text}` is an address that belongs to no model server")
    if scheme == "http" and (pin is None or not ipaddress.ip_address(pin).is_loopback):
        raise ValueError(f"`{text}` is not on this machine; without TLS only a loopback address is called")
    port = _port(found["port"], scheme)
    if port is None:
        raise ValueError(f"`{text}` has no port from 1 to 65535")
    return Host(scheme, name, port, pin)


def admit(url: str, entries: Sequence[str]) -> Target:
    """Return the target that *url* names, if its host is on the list; raise `Refused` otherwise."""
    hosts = allowed(entries)
    if not hosts:
        sentence = "this installation does not call live endpoints; its operator can allow hosts."
        raise refuse("endpoint", "endpoints-off", sentence)
    found = URL.fullmatch(url)
    name = _name(found["host"]) if found else None
    port = _port(found["port"], found["scheme"]) if found else None
    if found is None or name is None or port is None or _climbs(found["path"] or "/"):
        sentence = (
            "`endpoint.url` is not a plain address; write https://host/path in lower-case ASCII, without a "
            "user, a query or a fragment."
        )
        raise refuse("endpoint.url", "endpoint-url", sentence)
    for host in hosts:
        if (host.scheme, host.name, host.port) == (found["scheme"], name, port):
            return Target(host, found["path"] or "/")
    asked = Host(found["scheme"], name, port).entry
    sentence = f"this installation does not call {asked}; its operator can add it to the allowed hosts."
    if found["scheme"] == "http":
        sentence = f"this installation does not call {asked}; use an https address that its operator allows."
    raise refuse("endpoint.url", "endpoint-host", sentence)


def resolve(host: Host) -> str:
    """Return the one address to connect to. DNS is asked once; every answer must be a public address."""
    if host.pin is not None:
        return host.pin
    try:
        answers = socket.getaddrinfo(host.name, host.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        sentence = f"the name {host.name} has no address; check the host of `endpoint.url`."
        raise refuse("endpoint.url", "endpoint-name", sentence) from None
    found = list(dict.fromkeys(str(answer[4][0]) for answer in answers))
    for text in found:
        if not is_public(text):
            sentence = f"{host.name} leads to {text[:60]}, which is not a public address; it is not called."
            raise refuse("endpoint.url", "endpoint-address", sentence)
    if not found:
        raise refuse("endpoint.url", "endpoint-name", f"the name {host.name} has no address.")
    return next((text for text in found if ":" not in text), found[0])


def is_public(text: str) -> bool:
    """Say whether an address, and every address wrapped in it, belongs to the public network."""
    try:
        address = ipaddress.ip_address(text)  # a scope (`fe80::1%eth0`) stays with it, and is never global
    except ValueError:
        return False
    return all(
        one.is_global and not _reserved((one,)) and (one.version == 4 or one in UNICAST)
        for one in _unwrapped(address)
    )


def _unwrapped(address: Address) -> tuple[Address, ...]:
    """Return the address itself where nothing is wrapped in it, else what it would be translated to."""
    if not isinstance(address, ipaddress.IPv6Address):
        return (address,)
    if address.ipv4_mapped is not None:
        return (address.ipv4_mapped,)
    if address.sixtofour is not None:
        return (address.sixtofour,)
    if address.teredo is not None:
        return (address, *address.teredo)
    if address in NAT64:
        return (ipaddress.IPv4Address(int(address) & 0xFFFFFFFF),)
    if address in COMPATIBLE and int(address) > 1:
        return (address, ipaddress.IPv4Address(int(address)))
    return (address,)


def _reserved(addresses: Sequence[Address]) -> bool:
    """Say whether one of them is never a model server: metadata, multicast, nobody."""
    return any(
        one.is_multicast
        or one.is_unspecified
        or one.is_link_local
        or any(one.version == net.version and one in net for net in NEVER)
        for one in addresses
    )


def _name(host: str) -> str | None:
    """Return a host in its one plain spelling; None for every other way to write it."""
    bare = host[1:-1] if host.startswith("[") else host
    if (literal := _literal(bare)) is not None:
        return bare if (":" in bare) == host.startswith("[") and str(literal) == bare else None
    last = bare.rpartition(".")[2]
    if host.startswith("[") or len(bare) > 253 or not NAME.fullmatch(bare) or NUMBER_LIKE.fullmatch(last):
        return None  # 2130706433, 0x7f.1 and 127.1 are addresses to a resolver
    return bare


def _literal(text: str) -> Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _port(text: str | None, scheme: str) -> int | None:
    port = int(text) if text else {"https": 443, "http": 80}[scheme]
    return port if 0 < port < 65536 else None


def _climbs(path: str) -> bool:
    lowered = path.lower().replace("%2e", ".")
    return any(part in {".", ".."} for part in lowered.split("/")) or "%2f" in lowered or "%5c" in lowered
