"""From a whole record to the files that are for everybody."""

from __future__ import annotations

import tempfile
from pathlib import Path

from auditor.problems import refuse
from auditor.run import may_write, put
from reports.record import Audit


def publish(record: Path, out: Path) -> str:
    """Write the public version of the audit.json at *record* into *out*; return its digest.

    Nothing is written to *out* before everything is done.
    """
    from auditor import audit
    from reports.publish import publish as public_version

    may_write(out)
    try:
        whole = Audit.from_json(record.read_bytes())
    except OSError as why:
        raise refuse("", "record", f"{record} cannot be read ({why.strerror}); name an audit.json.") from None
    except ValueError as why:
        raise refuse("", "record", f"{record}: {why}; name an audit.json as it was written.") from None
    public = public_version(whole)
    with tempfile.TemporaryDirectory(prefix="auditor-") as scratch:
        audit.write(public, Path(scratch))
        put(Path(scratch), out)
    return public.digest
