"""The tables. Everything large (evidence, records, reports) is an artifact named here by digest."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, ForeignKey, Index, MetaData, String, TypeDecorator
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class UtcTime(TypeDecorator[dt.datetime]):
    """A moment in UTC that keeps its time zone on every database."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        """Store UTC."""
        del dialect
        return None if value is None else value.astimezone(dt.UTC)

    def process_result_value(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        """Read UTC; SQLite forgets the zone."""
        del dialect
        return None if value is None else value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value


class Base(DeclarativeBase):
    """Every table, with names for constraints so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it from the class
        dt.datetime: UtcTime,
        dict[str, Any]: JSON,
        list[Any]: JSON,
        str: String,
    }


class AccountRecord(Base):
    """Who may ask; the token itself is never kept."""

    __tablename__ = "accounts"
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    token_hash: Mapped[str | None]
    created: Mapped[dt.datetime]


class ArtifactRecord(Base):
    """Bytes that are kept, by SHA-256."""

    __tablename__ = "artifacts"
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    created: Mapped[dt.datetime]


class OwnershipRecord(Base):
    """An account that uploaded these bytes, and so may name them."""

    __tablename__ = "ownership"
    account: Mapped[str] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    digest: Mapped[str] = mapped_column(ForeignKey("artifacts.digest"), primary_key=True)
    created: Mapped[dt.datetime]


class AuditRecord(Base):
    """One audit: what was asked, where it stands, and its results by digest."""

    __tablename__ = "audits"
    __table_args__ = (Index("ix_audits_account_created", "account", "created"),)
    id: Mapped[str] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    state: Mapped[str] = mapped_column(index=True)
    created: Mapped[dt.datetime]
    finished: Mapped[dt.datetime | None]
    as_of: Mapped[str]
    submission: Mapped[dict[str, Any]]
    derived_from: Mapped[str | None] = mapped_column(index=True)
    problems: Mapped[list[Any]]
    verdicts: Mapped[dict[str, Any]]
    digest: Mapped[str | None]
    resolved: Mapped[dict[str, Any] | None]


class CheckRecord(Base):
    """One check of one audit with one set of parameters."""

    __tablename__ = "checks"
    audit: Mapped[str] = mapped_column(ForeignKey("audits.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    check: Mapped[str] = mapped_column("check_id")
    parameters: Mapped[dict[str, Any]]
    state: Mapped[str]
    starts: Mapped[int] = mapped_column(default=0)
    """How often measuring began; more than once only after a death in mid-check."""
    deaths: Mapped[int] = mapped_column(default=0)
    """How often the check took its process down."""
    seconds: Mapped[float | None]


class HoldRecord(Base):
    """An artifact that an audit needs: an upload, a prepared table, evidence, the record or a report."""

    __tablename__ = "holds"
    audit: Mapped[str] = mapped_column(ForeignKey("audits.id", ondelete="CASCADE"), primary_key=True)
    role: Mapped[str] = mapped_column(primary_key=True)
    """`upload/<digest>`, `subject/<file>`, `evidence/<position>`, `audit.json`, `report.html|pdf`."""
    digest: Mapped[str] = mapped_column(ForeignKey("artifacts.digest"), index=True)


class TaskRecord(Base):
    """Who takes on an open requirement of an audit, until when, and what was agreed."""

    __tablename__ = "tasks"
    audit: Mapped[str] = mapped_column(ForeignKey("audits.id", ondelete="CASCADE"), primary_key=True)
    requirement: Mapped[str] = mapped_column(primary_key=True)
    """`<framework>/<requirement>`."""
    owner: Mapped[str]
    due: Mapped[str]
    """A day such as 2026-12-31, or nothing."""
    note: Mapped[str]
    updated: Mapped[dt.datetime]


class DraftRecord(Base):
    """A submission that somebody is still filling in."""

    __tablename__ = "drafts"
    id: Mapped[str] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    data: Mapped[dict[str, Any]]
    updated: Mapped[dt.datetime]


class RuleRecord(Base):
    """One published version of a rule file that an account wrote; versions never change."""

    __tablename__ = "rules"
    account: Mapped[str] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    """1 for the first version, and so on."""
    version: Mapped[str]
    title: Mapped[str]
    content: Mapped[str]
    """The YAML as written, comments and all."""
    digest: Mapped[str] = mapped_column(String(64))
    """Of the rules when they were published, parents included."""
    published: Mapped[dt.datetime]


class OutcomeRecord(Base):
    """What an officer reports of a requirement of one audit: harm, a false alarm, a dispute."""

    __tablename__ = "outcomes"
    id: Mapped[str] = mapped_column(primary_key=True)
    audit: Mapped[str] = mapped_column(ForeignKey("audits.id", ondelete="CASCADE"), index=True)
    requirement: Mapped[str]
    """`<framework>/<requirement>`."""
    kind: Mapped[str]
    by: Mapped[str]
    note: Mapped[str]
    created: Mapped[dt.datetime]


class DecisionRecord(Base):
    """What somebody decided about a proposal to change a rule; decisions are never changed."""

    __tablename__ = "decisions"
    id: Mapped[str] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    framework: Mapped[str]
    requirement: Mapped[str]
    change: Mapped[str]
    adopted: Mapped[bool]
    by: Mapped[str]
    reasons: Mapped[str]
    version: Mapped[str]
    """Of the rules that carry it out; empty while they are to come."""
    figures: Mapped[str] = mapped_column(String(64))
    """SHA-256 of the figures that were decided on."""
    created: Mapped[dt.datetime]


class ConcernRecord(Base):
    """A question or objection that somebody sent about a published audit, and its answer."""

    __tablename__ = "concerns"
    id: Mapped[str] = mapped_column(primary_key=True)
    audit: Mapped[str] = mapped_column(index=True)
    """No foreign key: that something was asked outlives the audit; its words do not."""
    account: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    """Who published the audit, and answers."""
    reference: Mapped[str] = mapped_column(String(64), index=True, unique=True)
    """SHA-256 of the reference that the person holds."""
    matter: Mapped[str]
    requirement: Mapped[str]
    """`<framework>/<requirement>`, or nothing."""
    groups: Mapped[list[Any]]
    text: Mapped[str]
    contact: Mapped[str]
    received: Mapped[dt.datetime]
    answered: Mapped[dt.datetime | None]
    result: Mapped[str]
    answer: Mapped[str]
    public: Mapped[bool]
    """Whether everybody may read the answer."""
    by: Mapped[str]
    erased: Mapped[dt.datetime | None]
    """When text and contact were deleted."""


class WorkerRecord(Base):
    """A worker process and its last heartbeat."""

    __tablename__ = "workers"
    id: Mapped[str] = mapped_column(primary_key=True)
    beat: Mapped[int]
    """A counter: others watch whether it moves, so hosts need not agree on the time."""
    seen: Mapped[dt.datetime]


class LogRecord(Base):
    """One entry of the transparency log. The database refuses to change or remove one."""

    __tablename__ = "log"
    position: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    kind: Mapped[str]
    audit: Mapped[str] = mapped_column(index=True)
    """No foreign key: the entry outlives the audit."""
    record: Mapped[str] = mapped_column(String(64), index=True)
    entry: Mapped[str]
    created: Mapped[dt.datetime]


class LogHeadRecord(Base):
    """The signed head of the log at one size."""

    __tablename__ = "log_heads"
    size: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    envelope: Mapped[str]
    created: Mapped[dt.datetime]


class PublicationRecord(Base):
    """An audit that its owner made public, or withdrew again."""

    __tablename__ = "publications"
    audit: Mapped[str] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    name: Mapped[str]
    card: Mapped[dict[str, Any]]
    """What the register shows, made from the suppressed record alone."""
    words: Mapped[str]
    """The words of the card in small letters, to search in."""
    published: Mapped[dt.datetime] = mapped_column(index=True)
    withdrawn: Mapped[dt.datetime | None]
    reason: Mapped[str]
