"""Time the example audit stage by stage: medians of several runs in fresh processes.

usage: python -m benchmarks.whole_audit [REPEATS] [SUBMISSION]

Each repeat is a whole audit in a new measuring process, so a slow minute of the machine hits every stage
alike. The first check of a process also pays for loading the libraries.
"""

from __future__ import annotations

import datetime as dt
import json
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from auditor import audit
from auditor.bench import ONE_THREAD, Bench
from auditor.manifest import named_by_digest, read_submission
from auditor.plan import frameworks_named, plan
from auditor.run import sha256
from auditor.submission import Submission, parse
from checks.model import Evidence
from reports import html, pdf
from reports.document import compose
from reports.record import Audit, evidence_from_json

EXAMPLE = Path(__file__).resolve().parent.parent / "examples" / "mortgage" / "submission.yaml"
Times = dict[str, list[float]]


@contextmanager
def timed(times: Times, stage: str) -> Iterator[None]:
    began = time.perf_counter()
    yield
    times[stage].append(time.perf_counter() - began)


def measure(submission: Submission, paths: dict[str, str], times: Times) -> tuple[dict, list[Evidence]]:
    """Prepare and measure in a fresh process, as the service does."""
    bench, evidence = Bench(), []
    model = submission.model
    with tempfile.TemporaryDirectory() as scratch:
        subject, out = Path(scratch) / "subject", Path(scratch) / "evidence.json"
        subject.mkdir()
        asked = submission.model_dump(mode="json")
        request = {"do": "prepare", "submission": asked, "files": paths, "folder": str(subject)}
        with timed(times, "start and prepare"):
            resolved = bench.ask(request, seconds=900)
        for check, parameters in plan(frameworks_named(submission.frameworks)):
            request = {
                "do": "measure",
                "check": check,
                "parameters": parameters,
                "folder": str(subject),
                "out": str(out),
                "model": paths[model.digest] if model else None,
                "format": model.format if model else None,
            }
            with timed(times, f"{check} {parameters or ''}".strip()):
                bench.ask(request, seconds=900)
            evidence.append(evidence_from_json(json.loads(out.read_bytes())))
    bench.close()
    return resolved, evidence


def tell(submission: Submission, resolved: dict, evidence: list[Evidence], times: Times) -> None:
    """Judge and render in this process, whose libraries are loaded."""

    def stage(name: str, work: Callable[[], object]) -> object:
        with timed(times, name):
            return work()

    day = dt.date(2026, 12, 1)
    body = stage("judge and assemble", lambda: audit.assemble(submission, resolved, evidence, day))
    record = Audit(run={}, body=body)
    document = stage("compose", lambda: compose(record))
    stage("html", lambda: html.render(document))
    stage("pdf", lambda: pdf.render(document, record.to_json()))


def main() -> None:
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    raw, files = read_submission(Path(sys.argv[2]) if len(sys.argv) > 2 else EXAMPLE)
    digests = {where: sha256(path) for where, path in files.items()}
    paths = {digest: str(files[where]) for where, digest in digests.items()}
    submission = parse(named_by_digest(raw, digests))
    times: Times = defaultdict(list)
    for _ in range(repeats):
        with timed(times, "TOTAL"):
            tell(submission, *measure(submission, paths, times), times)
    print(f"median of {repeats}; {', '.join(ONE_THREAD[:2])}=1")
    print(f"{'stage':60} {'median s':>9} {'min':>8} {'max':>8}")
    for stage, seconds in times.items():
        print(f"{stage:60} {statistics.median(seconds):9.3f} {min(seconds):8.3f} {max(seconds):8.3f}")


if __name__ == "__main__":
    main()
