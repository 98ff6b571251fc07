"""A record in the formats of other tools: from the store for the API and pages, from disk for the console."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from auditor.problems import refuse
from auditor.retold import read
from auditor.run import may_write, put
from auditor.service import Service
from auditor.suppressing import for_everybody
from auditor.views import Account, NotFound
from reports.exports import EXPORTS, export
from reports.publish import publish
from reports.record import Audit


def exported(service: Service, account: Account, audit_id: str, name: str, *, public: bool) -> bytes:
    """Return a completed audit in the format called *name*; with *public*, of its version for everybody."""
    if name not in EXPORTS:
        raise NotFound(f"there is no export {name[:64]}; there are {', '.join(EXPORTS)}.")
    audit = Audit.from_json(service.record(account, audit_id))
    return export(for_everybody(audit) if public else audit, name)


def write(record: Path, out: Path, names: Sequence[str] = (), *, public: bool = False) -> list[str]:
    """Write the audit.json at *record* in the formats *names* into *out*; return the files' names.

    Without *names*: in every format. Nothing is written to *out* before everything is done.
    """
    may_write(out)
    for name in names:
        if name not in EXPORTS:
            raise refuse(
                "format", "unknown-format", f"there is no format {name}; there are {', '.join(EXPORTS)}."
            )
    audit = publish(read(record)) if public else read(record)
    wanted = [name for name in EXPORTS if not names or name in names]
    with tempfile.TemporaryDirectory(prefix="auditor-") as scratch:
        for name in wanted:
            (Path(scratch) / name).write_bytes(export(audit, name))
        put(Path(scratch), out, wanted)
    return wanted
