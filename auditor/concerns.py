"""Questions and objections that anybody may send about a published audit, and their answers.

Nobody logs in. A person gets a reference, of which only the digest is kept, and reads the answer by it. Words
are for the officer alone and are deleted after a while or on request; what everybody sees is counts.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import secrets
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from auditor.artifacts import Artifacts
from auditor.problems import Problem, Refused
from auditor.register import PUBLIC
from auditor.store import audits, concerns, files, publications
from auditor.store.clock import now
from auditor.store.database import Database
from auditor.store.tables import ConcernRecord, PublicationRecord
from auditor.views import Account, Conflict, NotFound
from frameworks.heard import Group, Heard, Matter, Result, for_everybody, heard

LIMITS = {"text": 2000, "contact": 200, "answer": 4000, "by": 120}
MOST_WAITING = 500
"""About one audit; a flood beyond it is turned away until some are answered."""
RESULTS = {
    Matter.QUESTION: (Result.ANSWERED,),
    Matter.OBJECTION: (Result.UPHELD, Result.PARTLY, Result.NOT_UPHELD),
}
SENT = ("matter", "requirement", "groups", "text", "contact")
ANSWER = ("result", "answer", "public", "by")
LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
"""Of references: none that is taken for another when read aloud or from paper."""
LENGTH = 16
JOINERS = {"\u200c", "\u200d"}
"""Invisible, but part of how Persian, Indian languages and emoji are written."""
BREAKS = str.maketrans(dict.fromkeys("\v\f\x85\u2028\u2029", "\n"))


@dataclass(frozen=True, slots=True)
class ConcernView:
    """One question or objection in full, for the officer who answers it."""

    id: str
    audit: str
    system: str
    matter: str
    requirement: str
    groups: tuple[str, ...]
    text: str
    contact: str
    received: dt.datetime
    answered: dt.datetime | None
    result: str
    answer: str
    public: bool
    by: str
    erased: dt.datetime | None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the person who sent it sees by the reference."""

    audit: str
    system: str
    matter: str
    requirement: str
    text: str
    received: dt.datetime
    answered: dt.datetime | None
    result: str
    answer: str
    public: bool
    erased: dt.datetime | None


@dataclass(frozen=True, slots=True)
class PublicAnswer:
    """An answer that everybody may read; the words of the person are not among it."""

    matter: str
    requirement: str
    answered: dt.date
    result: str
    answer: str


class Concerns:
    """What everybody, and what the account that published, may do about questions and objections."""

    def __init__(self, database: Database, artifacts: Artifacts) -> None:
        self._database = database
        self._artifacts = artifacts

    # For everybody

    def requirements(self, audit_id: str) -> dict[str, str]:
        """Return what the register shows as judged, as `<framework>/<requirement>`, with titles."""
        with self._database.reading() as session:
            _shown(session, audit_id)
            digest = files.held(session, audit_id, PUBLIC)[PUBLIC]
        body = json.loads(self._artifacts.read(digest))["body"]
        return {f"{one['framework']}/{one['requirement']}": one["title"] for one in body["findings"]}

    def send(
        self,
        audit_id: str,
        sent: Mapping[str, Any],
        reference: str | None = None,
        admit: Callable[[], None] = lambda: None,
    ) -> str:
        """Keep what somebody sends about a published audit; return the reference, which is told once.

        The same words under the same *reference* are kept once, so that a form sent twice counts once.
        *admit* may turn away what is about to be kept.
        """
        asked = _asked(sent, self.requirements(audit_id))
        try:
            return self._keep(audit_id, asked, reference, admit)
        except sa.exc.IntegrityError:  # the same form came at the same time, and is kept by now
            return self._keep(audit_id, asked, reference, admit)

    def _keep(
        self, audit_id: str, asked: Mapping[str, Any], reference: str | None, admit: Callable[[], None]
    ) -> str:
        with self._database.transaction() as session:
            shown = _shown(session, audit_id)
            before = concerns.of_reference(session, _digest(reference)) if reference else None
            if before is not None and before.audit == audit_id and before.text == asked["text"]:
                return str(reference)
            if concerns.count_waiting(session, audit=audit_id) >= MOST_WAITING:
                raise Conflict("too much waits for an answer here; use the contact that the entry names.")
            admit()
            reference = reference if reference and before is None else new_reference()
            session.add(
                ConcernRecord(
                    id=audits.new_id(), audit=audit_id, account=shown.account, reference=_digest(reference),
                    received=now(), answered=None, result="", answer="", public=False, by="", erased=None,
                    **asked,
                )
            )  # fmt: skip
            return reference

    def receipt(self, reference: str) -> Receipt:
        """Return where a question or objection stands, by the reference that the person holds."""
        with self._database.reading() as session:
            return _receipt(session, _referred(session, reference))

    def take_back(self, reference: str) -> None:
        """Delete the words of the person who holds the reference: text, contact, and a private answer."""
        with self._database.transaction() as session:
            concerns.erase(_referred(session, reference))

    def public(self, audit_id: str) -> tuple[Heard, tuple[PublicAnswer, ...]]:
        """Return what everybody may know: counts without small ones, and the answers meant for all."""
        with self._database.reading() as session:
            if publications.find(session, audit_id) is None:
                raise NotFound(f"the register has no audit {audit_id[:64]!r}.")
            records = concerns.of_audit(session, audit_id)
        told = [r for r in records if r.public and r.answered is not None]
        found = for_everybody(heard([concerns.plain(record) for record in records]))
        return found, tuple(
            PublicAnswer(r.matter, r.requirement, r.answered.date(), r.result, r.answer)
            for r in reversed(told)
            if r.answered is not None
        )

    # For the account that published

    def waiting(self, account: Account) -> int:
        """Return how many wait for an answer."""
        with self._database.reading() as session:
            return concerns.count_waiting(session, account=account.id)

    def listed(self, account: Account, *, waiting: bool, audit: str | None = None) -> tuple[ConcernView, ...]:
        """Return what waits, the longest first; or what is over, newest first."""
        with self._database.reading() as session:
            found = concerns.listed(session, account.id, waiting=waiting, audit=audit)
            return tuple(_view(session, record) for record in found)

    def heard(self, account: Account, audit: str | None = None) -> Heard:
        """Count all that was sent about audits of the account, or about one of them."""
        with self._database.reading() as session:
            return heard(list(map(concerns.plain, concerns.of_account(session, account.id, audit))))

    def one(self, account: Account, concern_id: str) -> ConcernView:
        """Return one in full."""
        with self._database.reading() as session:
            return _view(session, _own(session, account, concern_id))

    def answer(self, account: Account, concern_id: str, sent: Mapping[str, Any]) -> ConcernView:
        """Answer one, for good: the days to the answer are counted from it."""
        with self._database.transaction() as session:
            record = _own(session, account, concern_id)
            session.refresh(record, with_for_update=True)
            said = _answered(sent, Matter(record.matter))
            if record.answered is not None:
                raise Conflict("this was answered already; an answer is not changed.")
            if record.erased is not None:
                raise Conflict("its words were deleted before an answer, so there is nothing to answer.")
            for name, value in said.items():
                setattr(record, name, value)
            record.answered = now()
            session.flush()
            return _view(session, record)


def new_reference() -> str:
    """Return a reference that cannot be guessed, in groups of four letters."""
    return spelt("".join(secrets.choice(LETTERS) for _ in range(LENGTH)))


def spelt(reference: str) -> str:
    """Write a reference as it is told, however it was typed."""
    letters = "".join(char for char in reference.upper() if char.isalnum())
    return "-".join(letters[at : at + 4] for at in range(0, len(letters), 4))


def plain_text(text: str) -> str:
    """Return *text* with one kind of line break and without signs that nobody sees.

    Signs that turn the direction of what follows are among them: they can make a sentence read otherwise.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").translate(BREAKS)
    return "".join(c for c in lines if c in JOINERS or unicodedata.category(c) != "Cf").strip()


def _asked(sent: Mapping[str, Any], known: Mapping[str, str]) -> dict[str, Any]:
    """Return the columns of what was sent, or refuse it with every reason."""
    problems = [*_unknown(sent, SENT)]
    text = _text(sent, "text", problems, needed=True)
    contact = _text(sent, "contact", problems).replace("\n", " ")
    matter = sent.get("matter")
    if matter not in [*Matter]:
        problems.append(Problem("matter", "unknown-matter", f"`matter` is {' or '.join(Matter)}."))
    requirement = sent.get("requirement") or ""
    if requirement and requirement not in known:
        near = get_close_matches(str(requirement)[:200], known, n=1, cutoff=0.0)
        sentence = f"the audit judges no {str(requirement)[:120]!r}; name one such as {near[0]}, or none."
        problems.append(Problem("requirement", "unknown-requirement", sentence))
    groups = _groups(sent.get("groups") or [], problems)
    if problems:
        raise Refused(problems)
    return {"matter": matter, "requirement": requirement, "groups": groups, "text": text, "contact": contact}


def _answered(sent: Mapping[str, Any], matter: Matter) -> dict[str, Any]:
    problems = [*_unknown(sent, ANSWER)]
    answer = _text(sent, "answer", problems, needed=True)
    by = _text(sent, "by", problems, needed=True)
    result = sent.get("result")
    if result not in RESULTS[matter]:
        sentence = f"`result` of a {matter.value} is {' or '.join(RESULTS[matter])}."
        problems.append(Problem("result", "unknown-result", sentence))
    if not isinstance(sent.get("public", False), bool):
        problems.append(Problem("public", "not-yes-or-no", "`public` is true or false."))
    if problems:
        raise Refused(problems)
    return {"answer": answer, "by": by, "result": result, "public": sent.get("public", False)}


def _text(sent: Mapping[str, Any], key: str, problems: list[Problem], *, needed: bool = False) -> str:
    """Return the plain text under *key*; note what is wrong with it."""
    given = sent.get(key)
    if given is not None and not isinstance(given, str):
        problems.append(Problem(key, "not-text", f"`{key}` is not text; send a string."))
        return ""
    text = plain_text(given or "")
    if needed and not text:
        problems.append(Problem(key, "missing", f"`{key}` is empty; write a sentence."))
    elif len(text) > LIMITS[key]:
        sentence = f"`{key}` has {len(text)} characters; {LIMITS[key]} is the most."
        problems.append(Problem(key, "too-long", sentence))
    elif any(char not in "\n\t" and unicodedata.category(char) in {"Cc", "Cs"} for char in text):
        sentence = f"`{key}` holds a control character; type it again instead of pasting it."
        problems.append(Problem(key, "control", sentence))
    return text


def _groups(given: Any, problems: list[Problem]) -> list[str]:
    if not isinstance(given, list) or any(one not in [*Group] for one in given):
        sentence = f"`groups` is a list of some of {', '.join(Group)}, or left out."
        problems.append(Problem("groups", "unknown-group", sentence))
        return []
    return [group.value for group in Group if group in given]


def _unknown(sent: Mapping[str, Any], known: Sequence[str]) -> Iterable[Problem]:
    for key in sent:
        if key not in known:
            near = get_close_matches(str(key)[:100], known, n=1)
            advice = f"did you mean `{near[0]}`?" if near else f"there are {', '.join(known)}."
            yield Problem(str(key)[:100], "unknown-key", f"`{str(key)[:100]}` is no key here; {advice}")


def _shown(session: Session, audit_id: str) -> PublicationRecord:
    """Return the entry of an audit that is in the register now."""
    record = session.get(PublicationRecord, audit_id)
    if record is None:
        raise NotFound(f"the register has no audit {audit_id[:64]!r}.")
    if record.withdrawn is not None:
        raise Conflict("this audit was withdrawn, so nothing can be sent about it any more.")
    return record


def _own(session: Session, account: Account, concern_id: str) -> ConcernRecord:
    record = concerns.find(session, concern_id, account.id)
    if record is None:
        raise NotFound(f"there is no question or objection {concern_id[:64]!r}.")
    return record


def _referred(session: Session, reference: str) -> ConcernRecord:
    record = concerns.of_reference(session, _digest(reference))
    if record is None:
        raise NotFound("nothing has this reference; look at it again, letter by letter.")
    return record


def _digest(reference: str) -> str:
    """Return what is kept of a reference. It is 79 random bits, so a plain hash is enough."""
    return hashlib.sha256(spelt(reference).encode("utf-8", "replace")).hexdigest()


def _receipt(session: Session, record: ConcernRecord) -> Receipt:
    own = {name: getattr(record, name) for name in Receipt.__slots__ if name != "system"}
    return Receipt(system=_name(session, record), **own)


def _view(session: Session, record: ConcernRecord) -> ConcernView:
    own = {name: getattr(record, name) for name in ConcernView.__slots__ if name not in {"system", "groups"}}
    return ConcernView(system=_name(session, record), groups=tuple(record.groups), **own)


def _name(session: Session, record: ConcernRecord) -> str:
    entry = publications.find(session, record.audit)
    return entry.name if entry else ""
