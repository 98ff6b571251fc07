"""A measuring process that measures nothing, quickly: it speaks the protocol of `auditor.measurer`.

What it should do is written in the names of the submission's system: see `Desk.answer`. Every check that
it ends is one line in the file `ended` beside the artifacts' home, so that tests can count.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from pathlib import Path

from auditor.problems import Refused, refuse
from reports.record import Audit, canonical

SECONDS = 0.15


def prepare(request):
    name = request["submission"]["system"]["name"]
    if name == "refused":
        raise refuse("columns.label", "label-missing", "there is no column `y` in the table; name another.")
    if name == "dies in preparing":
        os._exit(9)
    if name == "breaks in preparing":
        raise KeyError(name)
    (Path(request["folder"]) / "subject.json").write_text(json.dumps({"name": name}))
    return {"rows": 3}


def measure(request):
    name = json.loads((Path(request["folder"]) / "subject.json").read_text())["name"]
    if name == "slow" and request["check"].startswith("security."):
        time.sleep(60)
    if name == "dies in a check" and request["check"].startswith("data."):
        os._exit(9)
    time.sleep(SECONDS)
    evidence = {
        "check": request["check"],
        "outcome": "not_applicable",
        "reason": "a fake measures nothing",
        "parameters": request["parameters"],
        "measures": [],
        "tables": [],
    }
    Path(request["out"]).write_bytes(canonical(evidence))
    return {"outcome": "not_applicable", "seconds": SECONDS}


def finish(request):
    evidence = [json.loads(Path(path).read_bytes()) for path in request["evidence"]]
    if request["parent"]:
        evidence = Audit.from_json(Path(request["parent"]).read_bytes()).body["evidence"]
    body = {
        "engine": {"auditor": "fake"},
        "as_of": request["as_of"],
        "submission": {**request["submission"], "resolved": request["resolved"] or {}},
        "evidence": evidence,
        "findings": [],
        "verdicts": {},
    }
    record = Audit(run=request["run"], body=body)
    out = Path(request["out"])
    (out / "audit.json").write_bytes(record.to_json())
    (out / "report.html").write_text("<!doctype html><title>fake</title>")
    (out / "report.pdf").write_bytes(b"%PDF-fake")
    return {"digest": record.digest, "verdicts": dict.fromkeys(request["submission"]["frameworks"], "met")}


def answer(request):
    try:
        return {"ok": {"prepare": prepare, "measure": measure, "finish": finish}[request["do"]](request)}
    except Refused as refused:
        return {
            "refused": [{"where": p.where, "code": p.code, "sentence": p.sentence} for p in refused.problems]
        }
    except KeyError as bug:
        return {"broke": type(bug).__name__}


def leave_with_the_driver(life):
    os.read(life, 1)
    os._exit(0)


if __name__ == "__main__":
    threading.Thread(target=leave_with_the_driver, args=(int(sys.argv[1]),), daemon=True).start()
    for line in sys.stdin:
        sys.stdout.write(json.dumps(answer(json.loads(line))) + "\n")
        sys.stdout.flush()
