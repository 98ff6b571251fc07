"""Documents told again from a record on disk, by the command line."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from auditor.documents import read_tasks, rendered
from auditor.manifest import read_yaml
from auditor.plan import DOCUMENTS
from auditor.problems import refuse
from auditor.run import can_tell, may_write, put
from reports.beside import compose_annex, compose_transparency
from reports.document import Document, compose, compose_comparison, compose_plan, compose_summary
from reports.language import ENGLISH
from reports.publish import publish
from reports.record import Audit


def retell(
    record: Path,
    out: Path,
    names: Sequence[str] = (),
    *,
    before: Path | None = None,
    tasks: Path | None = None,
    language: str = ENGLISH,
    fonts: Path | None = None,
) -> list[str]:
    """Write documents of the audit.json at *record* into *out*, in *language*; return the files' names.

    Without *names*: all that can be told. Nothing is written to *out* before everything is done.
    """
    may_write(out)
    can_tell(language, fonts)
    audit = read(record)
    earlier = read(before) if before is not None else None
    wanted = tuple(names) or tuple(name for name in DOCUMENTS if name != "comparison" or earlier is not None)
    if "comparison" in wanted and earlier is None:
        raise refuse("before", "before-missing", "a comparison needs --before and the earlier audit.json.")
    said: Any = read_yaml(tasks) if tasks is not None else {}
    with tempfile.TemporaryDirectory(prefix="auditor-") as scratch:
        written = []
        for name in wanted:
            whole = publish(audit) if name == "transparency" else audit  # the PDF brings it
            told = _told(name, whole, earlier, said, language)
            for form in ("html", "pdf"):
                (Path(scratch) / f"{name}.{form}").write_bytes(rendered(told, whole, form, fonts))
                written.append(f"{name}.{form}")
        put(Path(scratch), out, written)
    return written


def _told(name: str, audit: Audit, earlier: Audit | None, said: Any, language: str) -> Document:
    if name == "summary":
        return compose_summary(audit, language)
    if name == "plan":
        return compose_plan(audit, read_tasks(said, audit), language)
    if name == "annex":
        return compose_annex(audit, language)
    if name == "transparency":
        return compose_transparency(audit, language=language)
    if name == "comparison":
        assert earlier is not None
        return compose_comparison(earlier, audit, language)
    return compose(audit, language)


def read(path: Path) -> Audit:
    """Return the record at *path*; refuse in a sentence what is none."""
    try:
        return Audit.from_json(path.read_bytes())
    except OSError as why:
        raise refuse("", "record", f"{path} cannot be read ({why.strerror}); name an audit.json.") from None
    except ValueError as why:
        raise refuse("", "record", f"{path}: {why}; name an audit.json as it was written.") from None
