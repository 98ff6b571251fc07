"""The record of an organisation: its audits, what stands open, what was repaired, disputes, and expiry.

Organisations alone, enterprises and public bodies alike. There is no score, and no natural person.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from auditor.artifacts import Artifacts
from auditor.store import concerns, files
from auditor.store.clock import today
from auditor.store.database import Database
from auditor.store.tables import AuditRecord, OutcomeRecord
from auditor.views import Account, AuditState, NotFound
from frameworks.effectiveness import Kind
from frameworks.heard import Heard, heard
from frameworks.history import Repair, Stood, repairs
from frameworks.model import Verdict

VALID_DAYS = 365
"""How long an audit speaks for a system: a year, a project suggestion as in the baseline."""


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One audit of the organisation."""

    id: str
    system: str
    version: str
    as_of: dt.date
    verdicts: dict[str, str]
    expires: dt.date
    expired: bool
    ahead: bool
    """Whether it was judged as of a day to come: it is listed, and counts nowhere else."""


@dataclass(frozen=True, slots=True)
class Dispute:
    """An objection that an officer reported."""

    audit: str
    system: str
    requirement: str
    note: str
    created: dt.datetime


@dataclass(frozen=True, slots=True)
class SystemRepair:
    """One requirement of one system that was not met."""

    system: str
    repair: Repair


@dataclass(frozen=True, slots=True)
class OrganisationRecord:
    """Everything that is on record."""

    id: str
    name: str
    kind: str
    audits: tuple[AuditLine, ...]
    """Newest first."""
    open: tuple[SystemRepair, ...]
    repaired: tuple[SystemRepair, ...]
    disputes: tuple[Dispute, ...]
    heard: Heard
    """Questions and objections of the public about its published audits, with small counts."""
    expired: tuple[str, ...]
    """Systems whose newest audit no longer speaks for them."""


class Organisations:
    """What an account knows about organisations."""

    def __init__(self, database: Database, artifacts: Artifacts) -> None:
        self._database = database
        self._artifacts = artifacts

    def listed(self, account: Account) -> tuple[tuple[str, str, int], ...]:
        """Return the id, the newest name and the number of audits of each organisation."""
        with self._database.reading() as session:
            found: dict[str, list[AuditRecord]] = {}
            for record in _completed(session, account):
                found.setdefault(_organisation(record)["id"], []).append(record)
        return tuple(
            (id_, _organisation(records[0])["name"], len(records)) for id_, records in sorted(found.items())
        )

    def of(self, account: Account, id_: str) -> OrganisationRecord:
        """Return the record of one organisation."""
        with self._database.reading() as session:
            records = [one for one in _completed(session, account) if _organisation(one)["id"] == id_]
            if not records:
                raise NotFound(f"no completed audit names the organisation {id_[:64]!r}.")
            names = {record.id: _system(record)["name"] for record in records}
            disputes = _disputes(session, names)
            sent = concerns.by_measured_audit(session, account.id)
            held = {one.id: files.held(session, one.id, "audit.json")["audit.json"] for one in records}
        lines = tuple(map(_line, records))
        come = [one for one in records if dt.date.fromisoformat(one.as_of) <= today()]
        found = [
            SystemRepair(system, repair)
            for system in dict.fromkeys(names.values())
            for repair in repairs([self._stood(held[one.id]) for one in come if names[one.id] == system])
        ]
        newest = {line.system: line for line in reversed(lines) if not line.ahead}
        about = _organisation(records[0])
        return OrganisationRecord(
            id=id_,
            name=about["name"],
            kind=about["kind"],
            audits=lines,
            open=tuple(one for one in found if one.repair.until is None),
            repaired=tuple(one for one in found if one.repair.until is not None),
            disputes=disputes,
            heard=heard([one for audit in names for one in sent.get(audit, ())]),
            expired=tuple(sorted(name for name, line in newest.items() if line.expired)),
        )

    def _stood(self, digest: str) -> Stood:
        body = json.loads(self._artifacts.read(digest))["body"]
        verdicts = {
            f"{framework}/{requirement}": Verdict(verdict)
            for framework, whole in body["verdicts"].items()
            for requirement, verdict in whole["requirements"].items()
        }
        return Stood(dt.date.fromisoformat(body["as_of"]), verdicts)


def _completed(session: Session, account: Account) -> Sequence[AuditRecord]:
    """Return the completed audits that name an organisation and were measured, newest first."""
    query = sa.select(AuditRecord).where(
        AuditRecord.account == account.id,
        AuditRecord.state == AuditState.COMPLETED,
        AuditRecord.derived_from.is_(None),
    )
    found = session.scalars(query.order_by(AuditRecord.as_of.desc(), AuditRecord.created.desc())).all()
    return [record for record in found if _system(record).get("organisation")]


def expires_on(day: dt.date) -> dt.date:
    """Return the first day for which an audit as of *day* no longer speaks; no day is after the last."""
    return dt.date.fromordinal(min(day.toordinal() + VALID_DAYS, dt.date.max.toordinal()))


def _system(record: AuditRecord) -> dict[str, Any]:
    system: dict[str, Any] = record.submission["system"]
    return system


def _organisation(record: AuditRecord) -> dict[str, Any]:
    about: dict[str, Any] = _system(record)["organisation"]
    return about


def _line(record: AuditRecord) -> AuditLine:
    day = dt.date.fromisoformat(record.as_of)
    expires = expires_on(day)
    return AuditLine(
        id=record.id,
        system=_system(record)["name"],
        version=_system(record).get("version") or "",
        as_of=day,
        verdicts=dict(record.verdicts),
        expires=expires,
        expired=expires <= today(),
        ahead=day > today(),
    )


def _disputes(session: Session, names: dict[str, str]) -> tuple[Dispute, ...]:
    query = sa.select(OutcomeRecord).where(
        OutcomeRecord.audit.in_(names), OutcomeRecord.kind == Kind.DISPUTE.value
    )
    found = session.scalars(query.order_by(OutcomeRecord.created, OutcomeRecord.id)).all()
    return tuple(Dispute(o.audit, names[o.audit], o.requirement, o.note, o.created) for o in found)


def record_to_json(record: OrganisationRecord) -> dict[str, Any]:
    """Return a record in JSON's own types: days and moments as ISO text."""
    return {key: plain_json(value) for key, value in asdict(record).items()}


def plain_json(value: Any) -> Any:
    """Return *value* in JSON's own types."""
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, dict):
        return {key: plain_json(item) for key, item in value.items()}
    return [plain_json(item) for item in value] if isinstance(value, list | tuple) else value
