"""What everybody may know of an organisation: counts over the audits that were published, and their expiry.

It is told from public records and the register alone, and of one account's publications: nobody else can
publish into it. There is no score and no ranking, and an organisation is never a natural person.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from auditor.artifacts import Artifacts
from auditor.organisations import expires_on, plain_json
from auditor.register import PUBLIC
from auditor.store import concerns, files
from auditor.store.clock import today
from auditor.store.database import Database
from auditor.store.tables import AuditRecord, OutcomeRecord, PublicationRecord
from auditor.views import NotFound
from frameworks.effectiveness import Kind
from frameworks.heard import LEAST, for_everybody, heard
from frameworks.history import Repair, Stood, repairs
from frameworks.model import Verdict

KEY = 16


@dataclass(frozen=True, slots=True)
class PublicSystem:
    """The newest published audit of one system."""

    audit: str
    """Its entry in the register."""
    name: str
    as_of: dt.date
    expires: dt.date
    expired: bool
    verdicts: Mapping[str, int]
    """Requirements by verdict, over all rules that it was judged by."""


@dataclass(frozen=True, slots=True)
class PublicOrganisation:
    """What is on record for everybody."""

    key: str
    name: str
    kind: str
    published: int
    """Audits that stand in the register."""
    withdrawn: int
    """Audits that stood there."""
    systems: tuple[PublicSystem, ...]
    open: int
    """Requirements of systems that were not met in a published audit, and not met in any since."""
    repaired: int
    days_to_repair: float | None
    """Median days from the first published audit in which one was not met to the one in which it was met."""
    expired: int
    """Systems whose newest published audit no longer speaks for them."""
    disputes: int | None
    """Objections that officers entered; None: fewer than ten, or none."""
    objections: int
    """Objections of the public, of entries that show ten or more; what other entries received is not told."""


class PublicOrganisations:
    """The public side of organisations."""

    def __init__(self, database: Database, artifacts: Artifacts) -> None:
        self._database = database
        self._artifacts = artifacts

    def key_of(self, audit_id: str) -> str | None:
        """Return the key of the organisation that a published audit names, if it names one."""
        with self._database.reading() as session:
            found = session.get(PublicationRecord, audit_id)
            record = session.get(AuditRecord, audit_id)
            if found is None or found.withdrawn is not None or record is None:
                return None
            return _key(record)

    def of(self, key: str) -> PublicOrganisation:
        """Return what everybody may know of one organisation."""
        with self._database.reading() as session:
            found = [pair for pair in _published(session) if _key(pair[1]) == key]
            shown = [record for entry, record in found if entry.withdrawn is None]
            if not shown:
                raise NotFound(f"no published audit names the organisation {key[:64]!r}.")
            held = {one.id: files.held(session, one.id, PUBLIC)[PUBLIC] for one in shown}
            disputes = _disputes(session, held)
            objections = sum(_objections(session, one.id) for one in shown)
        bodies = {audit: json.loads(self._artifacts.read(digest))["body"] for audit, digest in held.items()}
        systems = tuple(_systems(shown, bodies))
        fixes = list(_repairs(shown, bodies))
        days = [one.days for one in fixes if one.days is not None]
        about = shown[0].submission["system"]["organisation"]
        return PublicOrganisation(
            key=key,
            name=about["name"],
            kind=about["kind"],
            published=len(shown),
            withdrawn=len(found) - len(shown),
            systems=systems,
            open=sum(one.until is None for one in fixes),
            repaired=len(days),
            days_to_repair=median(days) if days else None,
            expired=sum(one.expired for one in systems),
            disputes=disputes if disputes >= LEAST else None,
            objections=objections,
        )


def _published(session: Session) -> Sequence[tuple[PublicationRecord, AuditRecord]]:
    """Return every entry of the register whose audit is still there, newest first."""
    query = sa.select(PublicationRecord, AuditRecord).join(
        AuditRecord, AuditRecord.id == PublicationRecord.audit
    )
    found = session.execute(query.order_by(AuditRecord.as_of.desc(), PublicationRecord.published.desc()))
    return [(entry, record) for entry, record in found]


def _key(record: AuditRecord) -> str | None:
    """Return what names an organisation of one account in public, without naming the account."""
    about = record.submission["system"].get("organisation")
    if not about:
        return None
    return hashlib.sha256(f"{record.account}\n{about['id']}".encode()).hexdigest()[:KEY]


def _systems(shown: Sequence[AuditRecord], bodies: Mapping[str, Mapping[str, Any]]) -> Iterable[PublicSystem]:
    seen = set()
    for record in shown:
        body = bodies[record.id]
        name = body["submission"]["system"]["name"]
        if name in seen:
            continue
        seen.add(name)
        day = dt.date.fromisoformat(body["as_of"])
        expires = expires_on(day)
        found = Counter(v for whole in body["verdicts"].values() for v in whole["requirements"].values())
        counts = {verdict.value: found[verdict.value] for verdict in Verdict if found[verdict.value]}
        yield PublicSystem(record.id, name, day, expires, expires <= today(), counts)


def _repairs(shown: Sequence[AuditRecord], bodies: Mapping[str, Mapping[str, Any]]) -> Iterable[Repair]:
    """Return what was not met and what came of it, of audits that were measured, system by system."""
    histories: dict[str, list[Stood]] = {}
    for body in (bodies[one.id] for one in shown if one.derived_from is None):
        verdicts = {
            f"{framework}/{requirement}": Verdict(verdict)
            for framework, whole in body["verdicts"].items()
            for requirement, verdict in whole["requirements"].items()
        }
        stood = Stood(dt.date.fromisoformat(body["as_of"]), verdicts)
        histories.setdefault(body["submission"]["system"]["name"], []).append(stood)
    return [repair for history in histories.values() for repair in repairs(history)]


def _disputes(session: Session, audits: Iterable[str]) -> int:
    query = sa.select(sa.func.count()).select_from(OutcomeRecord)
    query = query.where(OutcomeRecord.audit.in_(list(audits)), OutcomeRecord.kind == Kind.DISPUTE.value)
    return session.scalar(query) or 0


def _objections(session: Session, audit: str) -> int:
    """Return how many objections the entry of an audit shows: adding these up tells nothing more."""
    found = heard([concerns.plain(one) for one in concerns.of_audit(session, audit)])
    return for_everybody(found).objections.received or 0


def public_json(found: PublicOrganisation) -> dict[str, Any]:
    """Return what everybody may know in JSON's own types."""
    return {key: plain_json(value) for key, value in asdict(found).items()}
