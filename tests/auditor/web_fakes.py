"""A service that holds everything in memory, so that pages are tested without measuring anything."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
import json
from collections import Counter
from dataclasses import dataclass, field, replace

from flask import Flask, g

from auditor.problems import Problem, Refused, refuse
from auditor.submission import parse
from auditor.views import (
    Account,
    AuditState,
    AuditView,
    CheckRow,
    CheckState,
    Draft,
    FrameworkRow,
    NotFound,
    Progress,
    Stored,
)
from checks import registry
from frameworks.gap import gaps
from frameworks.judge import judge
from frameworks.load import packs
from frameworks.model import Facts, Finding, State, Verdict
from reports.record import Audit, finding_to_json, framework_to_json

NOW = dt.datetime(2026, 12, 1, 9, 30, tzinfo=dt.UTC)
TABLE = b"approved,score,race,age,income\n" + b"".join(
    f"{i % 2},{(i % 10) / 10},{'AB'[i % 2]},{20 + i},{1000 * i}\n".encode() for i in range(40)
)


FINDING = Finding(
    framework="global-baseline",
    requirement="FAIR-01",
    criterion="fairness.selection_rate.impact_ratio",
    verdict=Verdict.NOT_MET,
    state=State.IN_FORCE,
    severity="blocking",
    principle="fairness",
    title=packs()["global-baseline"].requirements[0].title,
    of={"attribute": "race"},
    measure="fairness.selection_rate.impact_ratio",
    value=0.62,
    low=0.55,
    high=0.71,
    n=900,
    kind="estimate",
    unit="ratio",
    bound={"at_least": 0.8},
    decide="interval",
    basis="guideline",
    basis_source="29 CFR 1607.4(D)",
    people=300,
)


class Unasked:
    """What the public asked: nothing."""

    def waiting(self, account):
        return 0


class Unpublished:
    """A register without entries."""

    def status(self, audit_id):
        return None


@dataclass(frozen=True)
class Column:
    name: str
    kind: str
    missing: int
    distinct: int
    top: tuple[tuple[str, int], ...]
    minimum: float | None = None
    maximum: float | None = None


@dataclass(frozen=True)
class Table:
    rows: int
    columns: tuple[Column, ...]
    format: str = "csv"
    facts: dict[str, str] = field(default_factory=lambda: {"encoding": "utf-8", "delimiter": "comma"})


@dataclass(frozen=True)
class Model:
    format: str = "skops"
    kind: str = "classifier"
    classes: tuple[str, ...] = ("0", "1")
    feature_names: tuple[str, ...] | None = ("income",)
    n_features: int = 1
    has_probabilities: bool = True
    unexpected: tuple[str, ...] = ()


class NoRules:
    """An account that wrote no rules of its own."""

    def frameworks(self, account):
        return ()

    def listed(self, account):
        return ()

    def framework(self, account, name):
        return FakeService().framework(name)

    def gap(self, account, audit_id, name):
        wanted = self.framework(account, name)
        facts = Facts("binary", "high", NOW.date())
        judged = judge(packs()["global-baseline"], (), facts)
        beside = [(packs()["global-baseline"], judged)]
        return wanted, gaps(wanted, judge(wanted, (), facts), beside)


@dataclass
class FakeService:
    layer: str | None = None
    files: dict[str, bytes] = field(default_factory=dict)
    kept: dict[str, Draft] = field(default_factory=dict)
    views: dict[str, AuditView] = field(default_factory=dict)
    refuse_submission: tuple[Problem, ...] = ()
    submitted: list[dict] = field(default_factory=list)
    resolved: dict = field(default_factory=dict)

    def missing_layer(self):
        return self.layer

    def store_artifact(self, account, chunks, *, expected=None):
        data = b"".join(chunks)
        digest = hashlib.sha256(data).hexdigest()
        self.files[digest] = data
        return Stored(digest, len(data))

    def artifact(self, account, digest):
        if digest not in self.files:
            raise NotFound("there is no such file.")
        return Stored(digest, len(self.files[digest]))

    def inspect(self, account, digest, kind, form=None, *, declared=None):
        data = self.files[digest]
        if not data:
            raise refuse("", "empty-file", "The file is empty; upload one with rows.")
        if kind == "model":
            return Model()
        declared = declared or {}
        try:
            written = data.decode(declared.get("encoding", "utf-8"))
        except UnicodeDecodeError:
            raise refuse("encoding", "wrong-encoding", "It is not text in the encoding declared.") from None
        sign = {"semicolon": ";"}.get(declared.get("delimiter"), ",")
        rows = list(csv.DictReader(io.StringIO(written), delimiter=sign))
        table = Table(len(rows), tuple(self._column(rows, name) for name in rows[0]))
        return replace(table, facts={**table.facts, **declared})

    def _column(self, rows, name):
        counts = Counter(row[name] for row in rows)
        kind = "integer" if all(v.isdigit() for v in counts) else "text"
        return Column(name, kind, counts.pop("", 0), len(counts), tuple(counts.most_common(20)))

    def submit(self, account, raw, *, as_of=None):
        if self.refuse_submission:
            raise Refused(self.refuse_submission)
        submission = parse(raw)
        self.submitted.append(raw)
        return self.add(AuditState.QUEUED, submission=submission.model_dump(mode="json"))

    def add(self, state, *, problems=(), submission=None, derived_from=None, frameworks=("global-baseline",)):
        number = str(len(self.views) + 1)
        submission = submission or {"system": {"name": "Loans"}, "task": "binary"}
        done = state is AuditState.COMPLETED
        progress = (
            Progress(
                "fairness.selection_rate",
                registry.pages()["fairness.selection_rate"].title,
                CheckState.MEASURED,
            ),
            Progress(
                "privacy.anonymity",
                registry.pages()["privacy.anonymity"].title,
                CheckState.RUNNING,
                {"min_group": 5},
            ),
            Progress("security.artifact", registry.pages()["security.artifact"].title, CheckState.WAITING),
        )
        self.views[number] = AuditView(
            id=number,
            name=submission["system"]["name"],
            version=submission["system"].get("version", ""),
            state=state,
            created=NOW,
            finished=NOW if state.final else None,
            as_of=NOW.date(),
            frameworks=tuple(frameworks),
            verdicts=dict.fromkeys(frameworks, "undecided") if done else {},
            derived_from=derived_from,
            digest="0" * 64 if done else None,
            progress=() if state is AuditState.QUEUED else progress,
            problems=tuple(problems),
            submission=submission,
            derived=(),
        )
        return self.views[number]

    def audits(self, account, *, limit=50, before=None):
        rows = tuple(reversed(self.views.values()))
        if before is not None:
            rows = tuple(row for row in rows if int(row.id) < int(before))
        return rows[:limit]

    def audit(self, account, audit_id):
        if audit_id not in self.views:
            raise NotFound(f"there is no audit {audit_id}.")
        return self.views[audit_id]

    @property
    def rules(self):
        return NoRules()

    @property
    def concerns(self):
        return Unasked()

    @property
    def register(self):
        return Unpublished()

    def record(self, account, audit_id):
        counts = {"met": 8, "attested": 3, "undecided": 21, "not_met": 2, "not_applicable": 4}
        part = {"verdict": "undecided", "counts": {"met": 2, "undecided": 5}}
        principles = dict.fromkeys(("fairness", "privacy"), part)
        whole = {"verdict": "not_met", "counts": counts, "principles": principles, "requirements": {}}
        body = {
            "engine": {},
            "as_of": NOW.date().isoformat(),
            "submission": {**self.views[audit_id].submission, "resolved": self.resolved},
            "evidence": [],
            "findings": [finding_to_json(FINDING)],
            "verdicts": dict.fromkeys(self.views[audit_id].frameworks, whole),
            "frameworks": {f: framework_to_json(packs()[f]) for f in self.views[audit_id].frameworks},
        }
        return Audit(run={"id": audit_id}, body=body).to_json()

    def rejudge(self, account, audit_id, frameworks, as_of=None):
        made = self.add(AuditState.COMPLETED, derived_from=audit_id, frameworks=tuple(frameworks))
        self.views[made.id] = replace(made, as_of=as_of or made.as_of)
        return self.views[made.id]

    def cancel(self, account, audit_id):
        self.views[audit_id] = replace(self.views[audit_id], state=AuditState.CANCELLED)
        return self.views[audit_id]

    def delete(self, account, audit_id):
        del self.views[audit_id]

    def delete_files(self, account, audit_id):
        self.views[audit_id] = replace(self.views[audit_id], files_kept=False)

    def frameworks(self):
        return tuple(
            FrameworkRow(f.id, f.title, f.version, f.jurisdiction, len(f.requirements), f.digest)
            for f in packs().values()
        )

    def framework(self, framework_id):
        if framework_id not in packs():
            raise NotFound(f"there is no framework {framework_id}.")
        return packs()[framework_id]

    def checks(self):
        return tuple(CheckRow(p.id, p.title, p.doc, p.asks_model) for p in registry.pages().values())

    def check(self, check_id):
        if check_id not in registry.pages():
            raise NotFound(f"there is no check {check_id}.")
        return next(row for row in self.checks() if row.id == check_id)

    def draft_create(self, account, data):
        draft = Draft(f"d{len(self.kept)}", data, NOW)
        self.kept[draft.id] = draft
        return draft

    def draft_get(self, account, draft_id):
        if draft_id not in self.kept:
            raise NotFound("there is no such draft.")
        return self.kept[draft_id]

    def draft_put(self, account, draft_id, data):
        self.kept[draft_id] = Draft(draft_id, json.loads(json.dumps(data)), NOW)
        return self.kept[draft_id]

    def draft_change(self, account, draft_id, change):
        return self.draft_put(account, draft_id, change(self.draft_get(account, draft_id).data))

    def draft_delete(self, account, draft_id):
        del self.kept[draft_id]


def make_app(service, *, csrf=False):
    from auditor.web import register

    app = Flask("fake")
    app.config.update(TESTING=True, SECRET_KEY="a fixed key of the tests", WTF_CSRF_ENABLED=csrf)
    app.extensions["auditor"] = service
    app.before_request(lambda: setattr(g, "account", Account("1", "local")))
    register(app)
    return app
