"""One audit from a submission.yaml to its files, without a server or a store.

It drives the same measuring process with the same requests as a worker does, so the body is the same.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from auditor.attempts import DEATHS, Measured, measure, spell
from auditor.bench import Bench, Broke, Died, TooSlow
from auditor.config import Settings
from auditor.endpoint import Rules, admit
from auditor.manifest import named_by_digest, read_submission
from auditor.plan import BUNDLE, CALLS, RESULTS, frameworks_asked, plan
from auditor.problems import Refused, refuse
from auditor.store.audits import Plan, new_id
from auditor.store.clock import now, today
from auditor.submission import Submission, parse
from auditor.trust.keys import Keyring
from auditor.trust.seal import seal
from reports import bundle
from reports.language import ENGLISH, LANGUAGES


class Failed(Exception):
    """The audit could not be made by a fault of ours; the sentence says which step."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What a run gave."""

    record: Mapping[str, Any]
    out: Path

    @property
    def failed_checks(self) -> list[str]:
        """Checks that failed; each is evidence, and each is a fault to look at."""
        return [e["check"] for e in self.record["body"]["evidence"] if e["outcome"] == "failed"]


def run(
    path: Path,
    out: Path,
    settings: Settings,
    *,
    frameworks: Sequence[str] = (),
    as_of: dt.date | None = None,
    seed: int | None = None,
    language: str = ENGLISH,
    records: Path | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> Ran:
    """Audit the submission at *path*; put audit.json, report.html, report.pdf and bundle.zip into *out*.

    The reports are told in *language*; the record is the same in all. This process signs; the one that
    measures cannot open the key. Nothing is written to *out* before everything is done.
    """
    may_write(out)
    if records is not None:
        may_write_records(records, out)
    can_tell(language, settings.fonts_folder)
    named = [str(Path(name).resolve()) if name.endswith((".yaml", ".yml")) else name for name in frameworks]
    changed = {"frameworks": named or None, "seed": seed}
    raw, files = read_submission(path, {key: value for key, value in changed.items() if value is not None})
    shape = parse(raw)  # the shape first: hashing large files can wait
    frameworks_asked(shape)
    if shape.endpoint is not None:
        admit(shape.endpoint.url, settings.endpoint_hosts)
    digests = {where: sha256(file) for where, file in files.items()}
    submission = parse(named_by_digest(raw, digests))
    planned = plan(frameworks_asked(submission))
    paths = {digest: str(files[where]) for where, digest in digests.items()}
    keys = Keyring.open(settings.key_folder)
    with tempfile.TemporaryDirectory(prefix="auditor-") as scratch, closing(Bench()) as bench:
        bench.aside = settings.key_folder
        going = _Run(bench, settings, submission, paths, Path(scratch), tell, language)
        record = going.through(planned, as_of or today())
        if records is not None:
            going.by_record(records)
        _seal(going.results, keys)
        put(going.results, out)
    return Ran(record=record, out=out)


@dataclass(frozen=True, slots=True)
class _Run:
    """One run in a scratch folder."""

    bench: Bench
    settings: Settings
    submission: Submission
    paths: Mapping[str, str]
    scratch: Path
    tell: Callable[[str], None]
    language: str

    @property
    def results(self) -> Path:
        """Folder of the three files."""
        return self.scratch / "results"

    def through(self, planned: Plan, as_of: dt.date) -> Mapping[str, Any]:
        """Prepare, measure, judge, write; return the record."""
        created = now()
        subject, evidence = self.scratch / "subject", self.scratch / "evidence"
        for folder in (subject, evidence, self.results):
            folder.mkdir()
        asked = self.submission.model_dump(mode="json")
        self.tell("reading the files")
        resolved = self._ask(
            {
                "do": "prepare",
                "submission": asked,
                "files": self.paths,
                "folder": str(subject),
                "limits": asdict(self.settings.limits),
                "endpoint": Rules.of(self.settings).told_as(),
            }
        )
        outs: list[str] = []
        seconds: dict[str, float] = {}
        for position, (check, parameters) in enumerate(planned):
            outs.append(str(evidence / str(position)))
            measured = self._measure(subject, check, parameters, outs[-1])
            seconds[spell(check, parameters)] = measured.seconds
            self.tell(f"{position + 1}/{len(planned)} {check}: {measured.outcome}")
        if self.submission.endpoint is not None:
            parts = [subject / CALLS, *(Path(f"{path}.calls") for path in outs)]
            (self.results / CALLS).write_bytes(b"".join(p.read_bytes() for p in parts if p.exists()))
        self.tell("writing the reports")
        self._ask(
            {
                "do": "finish",
                "public_url": "",  # what is run here has no entry in a log
                "submission": asked,
                "resolved": resolved,
                "as_of": as_of.isoformat(),
                "parent": None,
                "evidence": outs,
                "out": str(self.results),
                "language": self.language,
                "fonts": str(self.settings.fonts_folder or ""),
                "run": {
                    "id": new_id(),
                    "created": created.isoformat(),
                    "derived_from": None,
                    "seconds": seconds,
                },
            }
        )
        record: Mapping[str, Any] = json.loads((self.results / "audit.json").read_bytes())
        return record

    def by_record(self, out: Path) -> None:
        """Write what attacks say of single records to *out*, for whoever runs this and nobody else."""
        self.tell("trying attacks on single records")
        request = self._request(self.scratch / "subject", self.scratch / "records.csv")
        self._ask({"do": "records", **request})
        shutil.move(self.scratch / "records.csv", out)

    def _request(self, subject: Path, out: Path | str) -> dict[str, Any]:
        model = self.submission.model
        return {
            "folder": str(subject),
            "out": str(out),
            "model": self.paths[model.digest] if model else None,
            "format": model.format if model else None,
            "limits": asdict(self.settings.limits),
            "endpoint": Rules.of(self.settings).told_as(),
        }

    def _measure(self, subject: Path, check: str, parameters: Mapping[str, Any], out: str) -> Measured:
        request = {"do": "measure", "check": check, "parameters": parameters, **self._request(subject, out)}
        return measure(self.bench, request, seconds=self.settings.check_seconds)

    def _ask(self, request: Mapping[str, Any]) -> Any:
        for _ in range(DEATHS):
            try:
                return self.bench.ask(request, seconds=self.settings.prepare_seconds)
            except Died:
                continue
            except TooSlow:
                limit = f"{self.settings.prepare_seconds:g} seconds"
                raise Failed(f"a step took longer than {limit} (AUDITOR_PREPARE_SECONDS)") from None
            except Broke as why:
                raise Failed(f"a step failed ({why}); the lines above say where") from None
        raise Failed("a step ended its process twice, perhaps for want of memory")


def _seal(results: Path, keys: Keyring) -> None:
    """Pack and sign what the audit left, in *results*."""
    names = [name for name in (*bundle.REPORTS, CALLS) if (results / name).exists()]
    reports = {name: (results / name).read_bytes() for name in names}
    files = seal((results / bundle.RECORD).read_bytes(), reports, keys)
    (results / BUNDLE).write_bytes(bundle.pack(files))


def may_write_records(records: Path, out: Path) -> None:
    """Refuse a file of records that is there already, is no CSV, or stands among what may be handed on."""
    if records.suffix.lower() not in {"", ".csv"}:
        raise refuse("", "records", f"--records {records}: records are written as CSV; name a .csv file.")
    if records.exists():
        raise refuse("", "records", f"--records {records} is there already; name a new file.")
    if records.resolve().is_relative_to(out.resolve()):
        sentence = f"--records {records} stands in {out}, which may be handed on; name a file elsewhere."
        raise refuse("", "records", sentence)
    if not records.resolve().parent.is_dir():
        raise refuse("", "records", f"--records {records}: there is no such folder; make it first.")


def can_tell(language: str, own_fonts: Path | None) -> None:
    """Refuse a language that nothing on this host can set on paper."""
    from reports import fonts

    if not fonts.has(language, own_fonts):
        raise refuse(
            "", "language",
            f"this host has no font for {LANGUAGES[language]} on paper; install the requirements again, or "
            "name a folder of fonts in AUDITOR_FONTS_FOLDER.",
        )  # fmt: skip


def put(results: Path, out: Path, named: Sequence[str] = (*RESULTS, CALLS, BUNDLE)) -> None:
    """Move finished files into *out*: each is written beside its place and then renamed."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=out, prefix=".auditor-") as beside:
            names = [name for name in named if (results / name).exists()]
            for name in names:
                shutil.copyfile(results / name, Path(beside) / name)
            for name in names:
                (Path(beside) / name).replace(out / name)
    except OSError as error:
        raise _unwritable(out, error.strerror or "it cannot be written") from None


def may_write(out: Path) -> None:
    """Refuse a place for results that cannot take them, before anything is measured for it."""
    place = out.absolute()
    while not place.exists() and place != place.parent:
        place = place.parent
    if not place.is_dir():
        raise _unwritable(out, f"{place} is no folder")
    if not os.access(place, os.W_OK | os.X_OK):
        raise _unwritable(out, f"{place} may not be written")


def _unwritable(out: Path, why: str) -> Refused:
    return refuse("", "out", f"results cannot be written to {out}: {why}; choose another --out.")


def sha256(path: Path) -> str:
    """Return the digest of a file without holding it in memory."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
