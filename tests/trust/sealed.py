"""A small audit, really measured and judged, and the ways in which somebody may tamper with its bundle."""

from __future__ import annotations

import copy
import datetime as dt
import json
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import numpy as np

from auditor.audit import assemble
from auditor.submission import parse
from auditor.trust.keys import Keyring, rotate
from auditor.trust.seal import seal
from checks.registry import all_checks
from reports import bundle
from reports.record import Audit, canonical
from tests.checks.builders import subject

FRAMEWORKS = ["global-baseline", "us-nyc-ll144"]
REPORTS = {
    "report.html": b"<!doctype html><p>Said in words.</p>" * 9,
    "report.pdf": b"%PDF-1.7 " + bytes(300),
}


@cache
def audit(system: str = "Loans") -> Audit:
    """Return an audit of rates that differ between groups."""
    raw = {
        "system": {"name": system, "contact": "audit@example.org"},
        "task": "binary",
        "counts": {"artifact": f"sha256:{'c' * 64}"},
        "frameworks": FRAMEWORKS,
        "answers": {"notice-text": {"answer": "Shown.", "signer": "A. Officer", "date": "2026-01-10"}},
    }
    chosen = np.r_[np.repeat([1, 0], [300, 100]), np.repeat([1, 0], [90, 110])]
    people = subject(decision=chosen, groups=["a"] * 400 + ["b"] * 200)
    evidence = [all_checks()[name](people) for name in ("fairness.power", "fairness.selection_rate")]
    body = assemble(parse(raw), {"rows": 600}, evidence, dt.date(2026, 11, 1))
    return Audit(run={"id": "a1", "created": "2026-11-01T10:00:00+00:00"}, body=json.loads(canonical(body)))


def keyring() -> Keyring:
    """Return a new key."""
    return Keyring.open(Path(mkdtemp(prefix="auditor-keys-")))


@cache
def sealed() -> tuple[dict[str, bytes], Keyring, Keyring]:
    """Return the files of a bundle, the ring that signed it, and the ring before its key was replaced."""
    folder = Path(mkdtemp(prefix="auditor-keys-"))
    old = Keyring.open(folder)
    new = rotate(folder)
    return seal(audit().to_json(), REPORTS, new), new, Keyring(old.private, old.published)


class Forger:
    """Somebody who changes a bundle; *rng* decides where. Each way returns the zip and what must be named."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self.files, self.ring, self.old = sealed()

    def ways(self):
        """Return every way."""
        return [getattr(self, name) for name in sorted(dir(self)) if name.startswith("by_")]

    def by_a_byte_of_the_zip(self):
        return self._flipped(bundle.pack(self.files)), ""

    def by_a_byte_of_a_file(self):
        name = self._one(self.files)
        return self._packed({**self.files, name: self._flipped(self.files[name])}), name

    def by_dropping_a_file(self):
        name = self._one(self.files)
        return self._packed({n: data for n, data in self.files.items() if n != name}), name

    def by_cutting_it_short(self):
        whole = bundle.pack(self.files)
        return whole[: int(self.rng.integers(0, len(whole)))], "cut short"

    def by_adding_a_file(self):
        name = self._one(["calls.jsonl", "rules/another.json"])
        return self._packed({**self.files, name: b"{}"}), name

    def by_swapping_two_files(self):
        a, b = self.rng.choice(sorted(self.files), 2, replace=False)
        return self._packed({**self.files, a: self.files[b], b: self.files[a]}), ""

    def by_easing_a_rule(self):
        """Edit a rule set, and the record and the manifest with it; the signature stays."""
        return self._packed(self._without_signature(_ease)), "not what was signed"

    def by_easing_a_rule_set_alone(self):
        name = self._one([n for n in self.files if n.startswith("rules/")])
        eased = json.loads(self.files[name])
        eased["version"] = "0"
        return self._packed({**self.files, name: canonical(eased)}), name

    def by_improving_a_verdict(self):
        return self._packed(self._without_signature(_improve)), "not what was signed"

    def by_improving_a_verdict_with_another_key(self):
        return self._signed(_improve, keyring()), "the signature: it is by"

    def by_improving_evidence_and_all_with_another_key(self):
        return self._signed(_everything, keyring()), "the signature: it is by"

    def by_signing_it_again_with_another_key(self):
        return self._signed(lambda body: body, keyring()), "the signature: it is by"

    def by_an_old_key(self):
        return self._signed(_everything, self.old), "the signature: "

    def by_another_key_under_the_same_name(self):
        """Sign with another key and leave the name of the right one on it."""
        other = self._files(lambda body: body, keyring())
        return self._packed({**other, bundle.SIGNER: self.files[bundle.SIGNER]}), bundle.SIGNER

    def _one(self, among):
        return str(self.rng.choice(sorted(among)))

    def _flipped(self, data):
        changed = bytearray(data)
        changed[int(self.rng.integers(0, len(data)))] ^= int(self.rng.integers(1, 256))
        return bytes(changed)

    def _packed(self, files):
        return bundle.pack(files)

    def _files(self, edit, ring):
        return seal(edited(audit(), edit).to_json(), REPORTS, ring)

    def _signed(self, edit, ring):
        return bundle.pack(self._files(edit, ring))

    def _without_signature(self, edit):
        return {**self._files(edit, self.ring), bundle.ENVELOPE: self.files[bundle.ENVELOPE]}


def edited(whole, edit):
    """Return the audit with its body changed; its digest fits again."""
    return Audit(run=whole.run, body=edit(copy.deepcopy(dict(whole.body))))


def _improve(body):
    """Make one finding met, with the sums of its requirement and its framework."""
    body["findings"] = [{**f, "verdict": "met"} if f["verdict"] == "not_met" else f for f in body["findings"]]
    for whole in body["verdicts"].values():
        whole["requirements"] = {k: "met" if v == "not_met" else v for k, v in whole["requirements"].items()}
    return body


def _ease(body):
    body["frameworks"]["us-nyc-ll144"]["version"] = "0"
    return body


def _everything(_body):
    """Judge invented evidence by the true rules: nothing inside contradicts anything."""
    return copy.deepcopy(_even())


@cache
def _even():
    even = subject(decision=[1, 0] * 300, groups=["a", "b"] * 300)
    asked = parse({k: v for k, v in audit().body["submission"].items() if k != "resolved"})
    evidence = [all_checks()[name](even) for name in ("fairness.power", "fairness.selection_rate")]
    return json.loads(canonical(assemble(asked, {"rows": 600}, evidence, dt.date(2026, 11, 1))))
