"""Settings: environment variables named AUDITOR_*, read once into a frozen value.

docs/reference/settings.md lists every one; a test keeps the two alike.
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any

from auditor.endpoint.address import allowed
from auditor.sandbox.formats import UNSAFE
from auditor.sandbox.limits import Limits

MIB = 1024 * 1024
MOST_ADDRESS = 120
"""Characters of a public address: longer ones make QR codes that no telephone reads from paper."""
NESTED = {"limits", "extra"}
"""Fields of Settings that no single variable spells."""


class BadSetting(Exception):
    """A setting cannot be understood; the sentence names it and what it wants."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How this installation runs. Each field is read from AUDITOR_<NAME IN CAPITALS>."""

    home: Path = Path("var")
    """Folder that holds all state."""
    keys: Path | None = None
    """Folder of the signing keys, outside `home`; empty: beside it, named like it with `-keys` added."""
    host: str = "127.0.0.1"
    """Address to listen on. Loopback answers without a token; any other asks for one."""
    port: int = 8000
    """Port to listen on."""
    allowed_hosts: tuple[str, ...] = ()
    """Further exact Host headers to answer (`audit.example.org`), separated by commas."""
    public_url: str = ""
    """Address by which everybody reaches the service (https://audit.example.org), for QR codes and feeds."""
    https: bool = False
    """Whether browsers reach the service over HTTPS: marks cookies as secure."""
    database_url: str = ""
    """SQLAlchemy URL; empty means SQLite in `home`. PostgreSQL: postgresql+psycopg://..."""
    artifact_url: str = ""
    """Where files are kept: empty means a folder in `home`; s3://bucket/prefix for S3."""
    workers: int = 1
    """Worker processes that `serve` starts; 0 where workers run elsewhere."""
    worker_name: str = "local"
    """Name of this host among all that share the database; keep it over restarts."""
    poll_seconds: float = 0.5
    """How often a worker looks for work."""
    dead_seconds: float = 20.0
    """A worker that has not beaten for so long has its work resumed by another."""
    check_seconds: float = 900.0
    """Longest time for one check; after it the check is evidence of failure."""
    prepare_seconds: float = 900.0
    """Longest time to read the files and make all predictions, and to write the reports."""
    upload_bytes: int = 2048 * MIB
    """Largest file that may be uploaded."""
    unused_days: float = 7.0
    """Uploads and drafts that no audit came to use are deleted after so many days."""
    retention_days: float = 30.0
    """The files of an audit (tables, models) are deleted so many days after its end; its record stays. The
    words of a question or objection go so many days after its answer."""
    concerns_per_hour: int = 10
    """Questions and objections that one address may send in an hour."""
    proxies: int = 0
    """Proxies in front of the service whose X-Forwarded-For names the address that asks."""
    threads: int = 96
    """Threads of the web server."""
    streams: int = 32
    """Requests that may be held open at once (events and ?wait=); beyond it they answer at once."""
    log_format: str = "console"
    """console or json."""
    log_level: str = "info"
    """debug, info, warning or error."""
    first_audit: Path | None = Path("examples/mortgage/submission.yaml")
    """Submission to audit on the very first start; empty for none."""
    fonts_folder: Path | None = None
    """Folder of further fonts for PDF, for characters that ours lack."""
    limits: Limits = field(default_factory=Limits)
    """What a submitted file may cost: each limit is AUDITOR_LIMIT_<NAME IN CAPITALS>."""
    endpoint_hosts: tuple[str, ...] = ()
    """Hosts whose models may be asked over HTTP, exactly, separated by commas; empty: none is ever called."""
    endpoint_tokens_file: Path | None = None
    """File (mode 0600) with a host and its bearer token on each line."""
    endpoint_ca_file: Path | None = None
    """Authorities (PEM) to verify endpoints by, instead of the system's."""
    endpoint_call_seconds: float = 30.0
    """Longest time for one call of an endpoint."""
    endpoint_seconds: float = 600.0
    """Longest time for all calls of one step: making the predictions, or one check."""
    endpoint_calls: int = 2_000
    """Most calls in one such step, retries included."""
    endpoint_per_second: float = 20.0
    """Most calls a second."""
    endpoint_rows: int = 1_000
    """Most rows in one call."""
    endpoint_answer_bytes: int = 16 * MIB
    """Longest answer to one call."""
    endpoint_retries: int = 4
    """How often a call is repeated when the endpoint is busy or the connection fails."""
    extra: Mapping[str, str] = field(default_factory=dict, repr=False)
    """AUDITOR_ variables that nobody knows; starting refuses them by name."""

    @property
    def database(self) -> str:
        """The SQLAlchemy URL of the store."""
        return self.database_url or f"sqlite:///{(self.home / 'auditor.db').resolve()}"

    @property
    def key_folder(self) -> Path:
        """The folder of the signing keys, which no process that measures can open."""
        home = self.home.resolve()
        return self.keys.resolve() if self.keys else home.with_name(f"{home.name}-keys")

    @property
    def jobs_database(self) -> str:
        """The SQLAlchemy URL of the durable queue: the same server, or a second SQLite file."""
        return self.database_url or f"sqlite:///{(self.home / 'jobs.db').resolve()}"

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach the service."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def hosts(self) -> frozenset[str]:
        """Every Host header that is answered, exactly."""
        own = {"127.0.0.1", "localhost", "[::1]", f"[{self.host}]" if ":" in self.host else self.host}
        own -= {"0.0.0.0", "[::]"}  # noqa: S104 - every address is no name of ours
        return frozenset({f"{name}:{self.port}" for name in own} | set(self.allowed_hosts))


def from_environment(environ: Mapping[str, str] = os.environ) -> Settings:
    """Return the settings that *environ* spells; raise `BadSetting` for one that makes no sense."""
    known = {f"AUDITOR_{f.name.upper()}": f for f in fields(Settings) if f.name not in NESTED}
    limits = {_limit_key(f.name): f for f in fields(Limits)}
    unknown = {
        key: value
        for key, value in environ.items()
        if key.startswith("AUDITOR_") and key not in known and key not in limits
    }
    settings = Settings(**_values(known, environ), limits=_limits(limits, environ), extra=unknown)
    _check(settings)
    return settings


def _values(known: Mapping[str, Field[Any]], environ: Mapping[str, str]) -> dict[str, Any]:
    return {
        field.name: _read(key, str(field.type), environ[key])
        for key, field in known.items()
        if key in environ
    }


def _limit_key(name: str) -> str:
    return "AUDITOR_UNSAFE_FORMATS" if name == "unsafe_formats" else f"AUDITOR_LIMIT_{name.upper()}"


def _limits(known: Mapping[str, Field[Any]], environ: Mapping[str, str]) -> Limits:
    values = _values(known, environ)
    for name in values.get("unsafe_formats", ()):
        if name not in UNSAFE:
            raise BadSetting(
                f"AUDITOR_UNSAFE_FORMATS names {name}; it takes only {', '.join(UNSAFE)}, each by its name."
            )
    for key, one in known.items():
        if one.name != "unsafe_formats" and not 0 < values.get(one.name, 1) < 2**62:
            raise BadSetting(f"{key}={environ[key]} is no limit; it wants a number above 0.")
    return Limits(**values)


def _read(key: str, kind: str, text: str) -> object:
    try:
        match kind:
            case "int":
                return int(text)
            case "float":
                return float(text)
            case "bool":
                return {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}[
                    text.strip().lower()
                ]
            case "Path":
                return Path(text)
            case "Path | None":
                return Path(text) if text else None
            case "tuple[str, ...]":
                return tuple(part.strip() for part in text.split(",") if part.strip())
            case _:
                return text
    except (ValueError, KeyError):
        raise BadSetting(f"{key}={text} cannot be understood; it wants {kind}.") from None


def _check(settings: Settings) -> None:
    if settings.extra:
        name = min(settings.extra)
        raise BadSetting(f"{name} is not a setting; see docs/reference/settings.md.")
    if settings.log_format not in {"console", "json"}:
        raise BadSetting("AUDITOR_LOG_FORMAT is console or json.")
    if settings.log_level not in {"debug", "info", "warning", "error"}:
        raise BadSetting("AUDITOR_LOG_LEVEL is debug, info, warning or error.")
    _check_sealing(settings)
    if not 0 <= settings.port < 65536:
        raise BadSetting("AUDITOR_PORT is a number from 0 to 65535.")
    if settings.threads < 64:
        raise BadSetting("AUDITOR_THREADS is at least 64: every open page of progress holds one.")
    if settings.streams >= settings.threads:
        raise BadSetting("AUDITOR_STREAMS must be lower than AUDITOR_THREADS.")
    if settings.retention_days <= 0 or settings.unused_days <= 0:
        raise BadSetting("AUDITOR_RETENTION_DAYS and AUDITOR_UNUSED_DAYS are above 0.")
    _check_public(settings)
    _check_endpoints(settings)
    if settings.database_url and not settings.database_url.startswith(("sqlite:", "postgresql+psycopg:")):
        raise BadSetting("AUDITOR_DATABASE_URL starts with sqlite: or postgresql+psycopg:.")


def _check_public(settings: Settings) -> None:
    if settings.concerns_per_hour < 1:
        raise BadSetting("AUDITOR_CONCERNS_PER_HOUR is at least 1.")
    if not 0 <= settings.proxies <= 10:
        raise BadSetting("AUDITOR_PROXIES is a number from 0 to 10.")


def _check_sealing(settings: Settings) -> None:
    if settings.key_folder.is_relative_to(settings.home.resolve()):
        raise BadSetting("AUDITOR_KEYS is a folder outside AUDITOR_HOME, which workers read and write.")
    if settings.public_url and not settings.public_url.startswith(("https://", "http://")):
        raise BadSetting("AUDITOR_PUBLIC_URL starts with https:// or http://.")
    if len(settings.public_url) > MOST_ADDRESS or not re.fullmatch(r"[!-~]*", settings.public_url):
        raise BadSetting(
            f"AUDITOR_PUBLIC_URL has at most {MOST_ADDRESS} characters, without blanks and only ASCII."
        )


def _check_endpoints(settings: Settings) -> None:
    try:
        allowed(settings.endpoint_hosts)
    except ValueError as why:
        raise BadSetting(f"AUDITOR_ENDPOINT_HOSTS: {why}.") from None
    for name in ("call_seconds", "seconds", "calls", "per_second", "rows", "answer_bytes"):
        if not 0 < getattr(settings, f"endpoint_{name}") < float("inf"):
            raise BadSetting(f"AUDITOR_ENDPOINT_{name.upper()} is a number over 0.")
    if not 0 <= settings.endpoint_retries <= 10:
        raise BadSetting("AUDITOR_ENDPOINT_RETRIES is a number from 0 to 10.")
