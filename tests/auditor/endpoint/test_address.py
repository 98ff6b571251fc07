"""Which addresses may be connected to."""

from __future__ import annotations

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.config import BadSetting, from_environment
from auditor.endpoint import admit
from auditor.endpoint.address import allowed, is_public, resolve
from auditor.problems import Refused

LISTED = ("models.example.org", "xn--bcher-kva.example:8443", "http://127.0.0.1:8080", "https://10.1.2.3")
PRIVATE = {
    "private": "10.0.0.1",
    "private-172": "172.16.9.9",
    "private-192": "192.168.1.1",
    "loopback": "127.0.0.1",
    "loopback-other": "127.8.8.8",
    "nobody": "0.0.0.0",
    "metadata": "169.254.169.254",
    "metadata-v6": "fd00:ec2::254",
    "metadata-shared": "100.100.100.200",
    "wire-server": "168.63.129.16",
    "carrier": "100.64.0.1",
    "multicast": "224.0.0.1",
    "broadcast": "255.255.255.255",
    "documentation": "192.0.2.1",
    "benchmark": "198.18.0.1",
    "loopback-v6": "::1",
    "nobody-v6": "::",
    "link-local-v6": "fe80::1",
    "link-local-scoped": "fe80::1%eth0",
    "site-local": "fec0::1",
    "unique-local": "fc00::1",
    "multicast-v6": "ff02::1",
    "mapped": "::ffff:127.0.0.1",
    "mapped-metadata": "::ffff:a9fe:a9fe",
    "compatible": "::127.0.0.1",
    "six-to-four": "2002:7f00:1::",
    "teredo": "2001:0:7f00:1::",
    "nat64": "64:ff9b::10.0.0.1",
    "nat64-local": "64:ff9b:1::8.8.8.8",
    "translated-v6": "::ffff:0:10.0.0.1",
    "tunnelled-v6": "::5efe:7f00:1",
    "segment-routing": "5f00::1",
    "documentation-v6": "3fff::1",
    "not-an-address": "localhost",
}


@pytest.mark.parametrize("address", PRIVATE.values(), ids=PRIVATE)
def test_an_address_inside_somebodys_network_is_never_public(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "::ffff:8.8.8.8", "2606:4700::1111", "64:ff9b::8.8.8.8"])
def test_an_address_of_the_open_network_is_public(address):
    assert is_public(address)


@pytest.mark.parametrize("address", PRIVATE.values(), ids=PRIVATE)
def test_a_listed_name_that_leads_inside_is_refused_even_beside_a_public_address(monkeypatch, address):
    _dns(monkeypatch, ["93.184.215.14", address])
    with pytest.raises(Refused, match="not a public address"):
        resolve(admit("https://models.example.org/x", LISTED).host)


def test_dns_is_asked_once_and_its_first_answer_is_pinned(monkeypatch):
    asked = _dns(monkeypatch, ["93.184.215.14"], ["127.0.0.1"])
    assert resolve(admit("https://models.example.org/x", LISTED).host) == "93.184.215.14"
    assert len(asked) == 1


def test_a_name_without_an_address_says_so(monkeypatch):
    def nothing(*_, **__):
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", nothing)
    with pytest.raises(Refused, match="has no address"):
        resolve(admit("https://models.example.org/x", LISTED).host)


def test_an_address_that_the_operator_wrote_asks_no_dns(monkeypatch):
    asked = _dns(monkeypatch, ["93.184.215.14"])
    assert resolve(allowed(["models.test:8443=10.0.0.7"])[0]) == "10.0.0.7"
    assert not asked


def _dns(monkeypatch, *answers):
    """Answer each look-up by the next list of addresses."""
    left, asked = list(answers), []

    def look_up(name, port, **_):
        asked.append(name)
        return [(None, None, None, "", (address, port)) for address in left.pop(0)]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return asked


ODD = {
    "user": "https://models.example.org@127.0.0.1/x",
    "user-and-word": "https://a:b@models.example.org/x",
    "query": "https://models.example.org/x?to=1",
    "fragment": "https://models.example.org/x#y",
    "backslash": "https://models.example.org\\@127.0.0.1/x",
    "trailing-dot": "https://models.example.org./x",
    "capitals": "https://Models.example.org/x",
    "wide-letters": "https://ｍodels.example.org/x",
    "ideographic-dot": "https://models。example.org/x",
    "encoded-dot": "https://models%2eexample.org/x",
    "new-line": "https://models.example.org/x\r\nHost: a",
    "space": "https://models.example.org /x",
    "decimal": "https://2130706433/x",
    "octal": "https://0177.0.0.1/x",
    "hex": "https://0x7f000001/x",
    "short": "https://127.1/x",
    "mapped": "https://[::ffff:127.0.0.1]/x",
    "long-v6": "https://[0:0:0:0:0:0:0:1]/x",
    "climbing": "https://models.example.org/a/../b",
    "climbing-encoded": "https://models.example.org/a/%2e%2e/b",
    "file": "file:///etc/passwd",
    "gopher": "gopher://models.example.org/x",
    "unix": "http+unix://%2frun%2fdocker.sock/x",
    "port-nought": "https://models.example.org:0/x",
    "port-beyond": "https://models.example.org:65536/x",
    "empty": "https:///x",
}


@pytest.mark.parametrize("url", ODD.values(), ids=ODD)
def test_every_odd_spelling_of_an_address_is_refused(url):
    with pytest.raises(Refused) as refused:
        admit(url, LISTED)
    assert refused.value.problems[0].code in {"endpoint-url", "endpoint-host"}


@pytest.mark.parametrize(
    "url",
    [
        "https://other.example.org/x",
        "https://models.example.org.evil.example/x",
        "https://models.example.org:8443/x",
        "http://models.example.org/x",
        "https://127.0.0.1:8080/x",
        "http://127.0.0.1:8081/x",
        "https://127.0.0.1/x",
    ],
)
def test_only_the_exact_scheme_host_and_port_of_the_list_are_called(url):
    with pytest.raises(Refused, match="does not call"):
        admit(url, LISTED)


@pytest.mark.parametrize(
    "url",
    [
        "https://models.example.org/v2/models/credit/infer",
        "https://models.example.org:443/x",
        "https://xn--bcher-kva.example:8443/x",
        "http://127.0.0.1:8080/invocations",
        "https://10.1.2.3",
    ],
)
def test_what_is_on_the_list_may_be_called(url):
    assert admit(url, LISTED).path.startswith("/")


def test_an_installation_without_a_list_calls_nobody():
    with pytest.raises(Refused, match="its operator can allow hosts"):
        admit("https://models.example.org/x", ())


@pytest.mark.parametrize(
    "entry",
    [
        "http://models.example.org",
        "http://10.0.0.1:80",
        "https://169.254.169.254",
        "models.example.org=169.254.169.254",
        "models.example.org=::ffff:169.254.169.254",
        "models.example.org=other",
        "*.example.org",
        "models.example.org/x",
        "0x7f.1",
        "models.example.org:99999",
        "https://224.0.0.1",
    ],
)
def test_a_setting_that_would_open_too_much_stops_the_start(entry):
    with pytest.raises(BadSetting, match="AUDITOR_ENDPOINT_HOSTS"):
        from_environment({"AUDITOR_ENDPOINT_HOSTS": entry})


@given(st.text(max_size=60), st.booleans())
def test_no_text_at_all_gets_past_the_list_but_in_its_own_spelling(text, prefixed):
    url = f"https://{text}" if prefixed else text
    try:
        found = admit(url, ("models.example.org",))
    except Refused:
        return
    assert url.startswith(("https://models.example.org/", "https://models.example.org:443"))
    assert found.host.name == "models.example.org"
