"""Check an evidence bundle offline: it is whole, who signed it, and its verdicts follow from its evidence."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from auditor.trust import log
from auditor.trust.envelope import BadSignature, opened, signer
from auditor.trust.keys import PublicKey
from auditor.trust.log import Trust
from auditor.trust.rejudge import differences
from reports import bundle
from reports.record import Audit, canonical


class Answer(IntEnum):
    """What `verify` says, as its exit code."""

    VALID = 0
    REFUSED = 1
    UNKNOWN = 3


@dataclass
class Checked:
    """What was found about a bundle."""

    problems: list[str] = field(default_factory=list)
    """Why it is refused; each names the thing."""
    said: list[str] = field(default_factory=list)
    """What was checked and held."""
    audit: Audit | None = None
    files: Mapping[str, bytes] = field(default_factory=dict)
    fingerprint: str = ""
    known: bool = False
    """Whether the signer is one that the reader named."""

    @property
    def answer(self) -> Answer:
        """Valid only when whole and signed by a named key."""
        if self.problems:
            return Answer.REFUSED
        return Answer.VALID if self.known else Answer.UNKNOWN


def check(data: bytes, trust: Trust, whole_log: bytes | None = None) -> Checked:
    """Check the bundle in *data* against the keys (or the fingerprint) that the reader trusts.

    *whole_log* is the log as the reader got it from its service, or from anybody.
    """
    found = Checked()
    try:
        found.files = bundle.unpack(data)
    except bundle.NotABundle as why:
        found.problems.append(f"the bundle: {why}.")
        return found
    found.problems += _listed(found.files)
    key = _signature(found)
    receipt = _receipt(found, trust)
    fits = not found.problems  # then what it says is looked at too, whoever signed it
    whole, in_log, wrong = _log(found, whole_log, trust, receipt)
    if key is not None:
        found.problems += _trusted(found, key, trust, in_log, named=whole_log is not None)
    if receipt is not None:
        found.problems += _head(found, receipt, trust, whole)
    found.problems += wrong
    if fits:
        found.problems += _record(found)
    return found


def _listed(files: Mapping[str, bytes]) -> Iterator[str]:
    """Compare every file with the manifest."""
    lacking = [name for name in (bundle.RECORD, *bundle.OUTSIDE[:3]) if name not in files]
    if lacking:
        yield f"the bundle: {', '.join(lacking)} is missing."
        return
    try:
        listed = bundle.subjects(files[bundle.MANIFEST])
    except bundle.NotABundle as why:
        yield f"{why}."
        return
    held = {name: data for name, data in files.items() if name not in bundle.OUTSIDE}
    for name in sorted(listed.keys() | held.keys()):
        if name not in held:
            yield f"{name}: the manifest lists it, and it is missing."
        elif name not in listed:
            yield f"{name}: the manifest does not list it."
        elif hashlib.sha256(held[name]).hexdigest() != listed[name]:
            yield f"{name}: it was changed; its SHA-256 is not the one in the manifest."


def _signature(found: Checked) -> PublicKey | None:
    """Check the signature by the key that the bundle brings; whether to trust that key comes next."""
    try:
        key = PublicKey(found.files[bundle.SIGNER].decode("ascii"))
        found.fingerprint = key.fingerprint
        envelope = found.files[bundle.ENVELOPE]
        if signer(envelope, bundle.PAYLOAD_TYPE) != found.fingerprint:
            found.problems.append(f"{bundle.SIGNER}: the signature names another key.")
        elif opened(envelope, bundle.PAYLOAD_TYPE, key) != found.files[bundle.MANIFEST]:
            found.problems.append(f"{bundle.MANIFEST}: it is not what was signed.")
    except BadSignature as why:
        found.problems.append(f"{bundle.ENVELOPE}: {why}.")
    except (ValueError, UnicodeDecodeError):
        found.problems.append(f"{bundle.SIGNER}: it is no Ed25519 public key in PEM.")
    except KeyError:
        pass  # named as missing already
    else:
        return key
    return None


def _receipt(found: Checked, trust: Trust) -> log.Receipt | None:
    """Read what the bundle brings from the log; a receipt that does not hold is a problem."""
    data = found.files.get(bundle.RECEIPT)
    if data is None:
        return None
    try:
        receipt = log.read_receipt(data, trust)
    except log.BadLog as why:
        found.problems.append(f"{bundle.RECEIPT}: {why}.")
        return None
    listed = hashlib.sha256(found.files.get(bundle.MANIFEST, b"")).hexdigest()
    if receipt.entry.get("kind") != log.SEALED or receipt.entry.get("manifest") != listed:
        found.problems.append(f"{bundle.RECEIPT}: it is for another bundle.")
        return None
    return receipt


def _head(found: Checked, receipt: log.Receipt, trust: Trust, whole: log.WholeLog | None) -> Iterator[str]:
    """Ask who signed the head of the receipt: a key that signs now, or one whose log goes on in *whole*."""
    it = f"Entry {receipt.position} of a log of {receipt.head.size}, sealed {receipt.entry.get('time')}."
    if receipt.current:
        found.said.insert(0, it)
        return
    if trust is None:
        return
    begins = f"{bundle.RECEIPT}: its head is signed with {receipt.key.fingerprint}, "
    old = None if isinstance(trust, str) else next((k for k in trust if k.pem == receipt.key.pem), None)
    if old is None or old.until is None:
        yield (
            f"{begins}which is not a key that you named and that signs now; name the list of published "
            "keys, or ask for a bundle as of today."
        )
    elif whole is None:
        yield (
            f"{begins}which was replaced on {_day(old.until)}; name with --log the log as its service gives "
            "it today, under the present key, or ask for a bundle as of today."
        )
    elif _later(receipt, old, trust, whole):
        yield f"{begins}after that key was replaced on {_day(old.until)}."
    else:
        found.said.insert(0, it)


def _later(receipt: log.Receipt, old: PublicKey, trust: Trust, whole: log.WholeLog) -> bool:
    """Return whether the head says itself that it is of after *old* was replaced, or covers what is."""
    assert old.until is not None
    assert trust is not None
    assert not isinstance(trust, str)
    after = {one.fingerprint for one in trust if one.since is not None and one.since >= old.until}
    covered = (json.loads(entry) for entry in whole.entries[: receipt.head.size])
    if any(isinstance(one, dict) and one.get("signer") in after for one in covered):
        return True
    return not _by(receipt.head.time, old.until)


def _log(
    found: Checked, data: bytes | None, trust: Trust, receipt: log.Receipt | None
) -> tuple[log.WholeLog | None, Mapping[str, Any] | None, list[str]]:
    """Read a whole log, as of later, under a key that signs now.

    Return it (None where there is none that can be relied on), the entry of the bundle that is shown to be in
    a log under a key that signs now, by the log or by the receipt, and what is wrong.
    """
    shown = receipt.entry if receipt is not None and receipt.current else None
    if data is None:
        return None, shown, []
    try:
        whole = log.read_log(data, trust)
    except log.BadLog as why:
        return None, shown, [f"the log: {why}."]
    if trust is not None and not whole.current:
        return None, shown, ["the log: its head is not signed by the key that you named."]
    if wrong := list(log.against(whole, receipt)) if receipt else []:
        return None, shown, wrong
    listed = hashlib.sha256(found.files.get(bundle.MANIFEST, b"")).hexdigest()
    position = log.sealed_at(whole, listed)
    if position is None:
        return whole, shown, [f"the log: none of its {whole.head.size} entries is of this bundle."]
    found.said.append(f"The log of {whole.head.size} entries holds it as entry {position}.")
    found.said += [
        f"WITHDRAWN {said.get('time')}: {said.get('reason')}" for said in log.withdrawals(whole, position)
    ]
    return whole, json.loads(whole.entries[position]) if whole.current else shown, []


def _trusted(
    found: Checked, key: PublicKey, trust: Trust, in_log: Mapping[str, Any] | None, *, named: bool
) -> Iterator[str]:
    """Compare the signer with whom the reader named; *named* says whether a whole log was given."""
    if trust is None:
        return
    if isinstance(trust, str):
        found.known = key.fingerprint == trust
        whom = trust
    else:
        fits = next((one for one in trust if one.pem == key.pem), None)
        found.known = fits is not None
        whom = ", ".join(one.fingerprint for one in trust) or "no key"
        if fits is not None and fits.until is not None:
            yield from _replaced(found, fits, fits.until, in_log, named=named)
    if not found.known:
        yield f"the signature: it is by {key.fingerprint}, not by {whom}."


def _replaced(
    found: Checked, key: PublicKey, until: dt.datetime, in_log: Mapping[str, Any] | None, *, named: bool
) -> Iterator[str]:
    """Ask whether the log, under a key that signs now, shows that *key* signed before it was replaced."""
    since = f"its key was replaced on {_day(until)}"
    if in_log is None and named:
        yield f"the signature: {since}, and the log that you named does not show that it signed before."
    elif in_log is None:
        yield (
            f"the signature: {since}, and nothing shows that it signed before; name with --log the log as "
            "its service gives it today, or ask for a bundle as of today, which brings a receipt."
        )
    elif in_log.get("signer") != key.fingerprint:
        yield f"the signature: {since}, and the entry in the log is of another signer."
    elif not _by(in_log.get("time"), until):
        yield f"the signature: {since}, and the log has it as sealed {in_log.get('time')}, after that."
    else:
        found.said.append(
            f"The key that signed it was replaced on {_day(until)}; the log, under the present key, shows "
            f"that it signed before, {in_log.get('time')}."
        )


def _record(found: Checked) -> Iterator[str]:
    """Read the record, compare it with the manifest and the rule sets, and judge its evidence again."""
    raw = found.files[bundle.RECORD]
    try:
        audit = Audit.from_json(raw)
    except ValueError as why:
        yield f"{bundle.RECORD}: {why}."
        return
    found.audit = audit
    if audit.to_json() != raw:
        yield f"{bundle.RECORD}: it is not in its canonical form."
    if bundle.predicate(found.files[bundle.MANIFEST]).get("audit", {}).get("digest") != audit.digest:
        yield f"{bundle.MANIFEST}: it is of another audit."
    rules = {f"rules/{name}.json": canonical(one) for name, one in audit.body.get("frameworks", {}).items()}
    for name in sorted(rules.keys() | {name for name in found.files if name.startswith("rules/")}):
        if found.files.get(name) != rules.get(name):
            yield f"{name}: it is not the rule set that the record was judged by."
    if "publication" in audit.body:
        found.said.append(
            "This is the version for everybody: its verdicts are those of the whole record, whose numbers "
            "are partly withheld, so they were not judged again."
        )
        return
    wrong = list(differences(audit))
    yield from wrong
    if not wrong:
        found.said.append(
            f"{len(audit.body['findings'])} findings follow from the evidence by the rules in the bundle."
        )
        if terms := audit.body.get("terms"):
            found.said.append(
                f"{len(terms)} comparisons of terms follow from what was declared, by the baselines "
                "in the record."
            )


def _by(time: object, until: dt.datetime) -> bool:
    """Return whether *time*, as a log says it, is not after *until*."""
    try:
        return dt.datetime.fromisoformat(str(time)) <= until
    except (ValueError, TypeError):
        return False


def _day(moment: dt.datetime) -> str:
    return moment.date().isoformat()
