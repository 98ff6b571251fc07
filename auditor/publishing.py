"""From a whole record to the files that are for everybody."""

from __future__ import annotations

import tempfile
from pathlib import Path

from auditor.retold import read
from auditor.run import can_tell, may_write, put
from reports.language import ENGLISH


def publish(record: Path, out: Path, language: str = ENGLISH, fonts: Path | None = None) -> str:
    """Write the public version of the audit.json at *record* into *out*; return its digest.

    Nothing is written to *out* before everything is done.
    """
    from auditor import audit
    from reports.publish import publish as public_version

    may_write(out)
    can_tell(language, fonts)
    whole = read(record)
    public = public_version(whole)
    with tempfile.TemporaryDirectory(prefix="auditor-") as scratch:
        audit.write(public, Path(scratch), language, fonts)
        put(Path(scratch), out)
    return public.digest
