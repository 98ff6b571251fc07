"""The measuring process: `python -m auditor.measurer LIFE`, driven by `auditor.bench` over JSON lines.

LIFE is a pipe that the driver holds open and never writes to. When it closes, the driver is gone and so is
this process, even in the middle of a check.
"""

from __future__ import annotations

import csv
import datetime as dt
import json
import logging
import os
import sys
import threading
import time
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from auditor import audit, logs
from auditor.endpoint import Rules
from auditor.problems import Refused
from auditor.sandbox.aside import shut_out
from auditor.sandbox.limits import Limits
from auditor.submission import Submission
from checks.privacy.by_record import HEAD
from reports.record import Audit, canonical, evidence_from_json, evidence_to_json

logger = logging.getLogger(__name__)


class Desk:
    """What the process remembers between requests: the subject that it measured last."""

    def __init__(self) -> None:
        self._folder = ""
        self._measuring: audit.Measuring | None = None

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """Do what *request* says. Nothing escapes: the driver gets an answer, the log the place."""
        try:
            match request["do"]:
                case "prepare":
                    return {"ok": self._prepare(request)}
                case "measure":
                    return {"ok": self._measure(request)}
                case "records":
                    return {"ok": self._records(request)}
                case "finish":
                    return {"ok": self._finish(request)}
                case unknown:
                    return {"broke": f"there is no request {unknown}"}
        except Refused as refused:
            return {"refused": [asdict(problem) for problem in refused.problems]}
        except Exception as bug:  # the driver must get an answer; a crash is told as one
            logger.exception("%s failed", request.get("do"))
            return {"broke": type(bug).__name__}

    def _prepare(self, request: dict[str, Any]) -> Any:
        files = request["files"]
        folder = Path(request["folder"])
        submission = Submission.model_validate(request["submission"])
        limits = Limits(**request["limits"])
        rules = Rules.told(request["endpoint"])
        return audit.prepare(submission, lambda digest: Path(files[digest]), folder, limits, rules)

    def _records(self, request: dict[str, Any]) -> Any:
        """Write what attacks say of single records: the one answer that never becomes evidence."""
        rows = self._subject(request).records()
        with open(request["out"], "x", encoding="utf-8", newline="", opener=_for_us_alone) as out:
            writer = csv.writer(out)
            writer.writerow(HEAD)
            writer.writerows(rows)
        return {"rows": len(rows)}

    def _measure(self, request: dict[str, Any]) -> Any:
        began = time.monotonic()
        evidence = self._subject(request).measure(request["check"], request["parameters"])
        Path(request["out"]).write_bytes(canonical(evidence_to_json(evidence)))
        if self._measuring is not None and self._measuring.calls:
            Path(f"{request['out']}.calls").write_bytes(self._measuring.calls)
        return {"outcome": evidence.outcome, "seconds": round(time.monotonic() - began, 3)}

    def _subject(self, request: dict[str, Any]) -> audit.Measuring:
        """Return the subject that *request* is about, opened where it was another before."""
        if self._measuring is None or self._folder != request["folder"]:
            if self._measuring is not None:
                self._measuring.close()
            model = Path(request["model"]) if request["model"] else None
            limits = Limits(**request["limits"])
            folder = Path(request["folder"])
            rules = Rules.told(request["endpoint"])
            self._measuring = audit.Measuring(folder, model, request["format"], limits, rules)
            self._folder = request["folder"]
        return self._measuring

    def _finish(self, request: dict[str, Any]) -> Any:
        submission = Submission.model_validate(request["submission"])
        as_of = dt.date.fromisoformat(request["as_of"])
        if request["parent"]:
            parent = Audit.from_json(Path(request["parent"]).read_bytes())
            body = audit.judge_again(parent, submission, as_of)
        else:
            evidence = [evidence_from_json(json.loads(Path(p).read_bytes())) for p in request["evidence"]]
            body = audit.assemble(submission, request["resolved"], evidence, as_of)
        record = Audit(run={**request["run"], "host": audit.host()}, body=body)
        fonts, url = Path(request["fonts"]) if request["fonts"] else None, request["public_url"]
        audit.write(record, Path(request["out"]), request["language"], fonts, public_url=url)
        verdicts = {framework: whole["verdict"] for framework, whole in body["verdicts"].items()}
        return {"digest": record.digest, "verdicts": verdicts}


def _for_us_alone(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _exit_with_the_driver(life: int) -> None:
    os.read(life, 1)  # nobody writes: this returns when the other end is gone
    os._exit(0)


def _own_channel() -> IO[bytes]:
    """Return the pipe of answers, and send whatever libraries print to stderr instead."""
    channel = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return channel


def main() -> None:
    """Answer until the driver closes its end."""
    if keys := os.environ.get("AUDITOR_KEYS"):
        shut_out(Path(keys))  # while there is one thread
    threading.Thread(target=_exit_with_the_driver, args=(int(sys.argv[1]),), daemon=True).start()
    logs.configure(
        os.environ.get("AUDITOR_LOG_FORMAT", "console"), os.environ.get("AUDITOR_LOG_LEVEL", "info")
    )
    channel, desk = _own_channel(), Desk()
    for line in sys.stdin.buffer:
        channel.write(json.dumps(desk.answer(json.loads(line))).encode() + b"\n")
        channel.flush()


if __name__ == "__main__":
    main()
