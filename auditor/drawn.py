"""The whole report in another language than the one that was sealed, drawn when somebody asks for it.

A report has pictures, and drawing them loads what the web process never does: a process of its own draws it,
one at a time. Nothing of it is stored; the last few are remembered.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
from functools import lru_cache
from pathlib import Path

from auditor.service import Service
from auditor.views import Account, Unavailable
from reports.language import ENGLISH
from reports.record import Audit

_TURN = threading.Lock()
WAIT, SECONDS = 60, 240
"""How long somebody waits for their turn, and how long drawing may take."""
REMEMBERED = 8
ROOT = Path(__file__).resolve().parent.parent


def report(service: Service, account: Account, audit_id: str, form: str, language: str) -> bytes:
    """Return the report of a completed audit in *language*, as `html` or `pdf`."""
    if language == ENGLISH:
        return service.report(account, audit_id, "html" if form == "html" else "pdf")
    settings = service.settings
    record = service.record(account, audit_id)
    fonts, keys = str(settings.fonts_folder or ""), str(settings.key_folder)
    return _drawn(record, form, language, settings.public_url, fonts=fonts, keys=keys)


@lru_cache(maxsize=REMEMBERED)
def _drawn(record: bytes, form: str, language: str, public_url: str, *, fonts: str, keys: str) -> bytes:
    """Return page or PDF; whoever asks while another is drawn waits for their turn."""
    if not _TURN.acquire(timeout=WAIT):
        raise Unavailable("other reports are being drawn; try again in a minute.")
    try:
        with tempfile.TemporaryDirectory(prefix="auditor-") as folder:
            (Path(folder) / "audit.json").write_bytes(record)
            subprocess.run(  # noqa: S603 - our own interpreter and module
                [sys.executable, "-m", "auditor.drawn", folder, form, language, public_url, fonts],
                env={**os.environ, "AUDITOR_KEYS": keys},
                cwd=ROOT,
                check=True,
                timeout=SECONDS,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )
            return (Path(folder) / "report").read_bytes()
    except subprocess.TimeoutExpired:
        raise Unavailable("the report took too long to draw; ask for the summary.") from None
    finally:
        _TURN.release()


def main(folder: str, form: str, language: str, public_url: str, fonts: str) -> None:
    """Draw the record in *folder*, beside it."""
    from auditor.documents import rendered
    from auditor.sandbox.aside import shut_out
    from reports.beside import with_entry
    from reports.document import compose

    shut_out(Path(os.environ["AUDITOR_KEYS"]))
    record = Audit.from_json((Path(folder) / "audit.json").read_bytes())
    told = with_entry(compose(record, language), public_url)
    drawn = rendered(told, record.without_run(), form, Path(fonts) if fonts else None)
    (Path(folder) / "report").write_bytes(drawn)


if __name__ == "__main__":
    main(*sys.argv[1:])
