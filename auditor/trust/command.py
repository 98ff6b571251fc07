"""The commands `verify` and `keys`: what a reader does with a bundle, and an operator with the key."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auditor.problems import refuse
from auditor.trust import keys

if TYPE_CHECKING:
    from auditor.config import Settings


_NOT_MEASURED = (
    "The evidence itself was taken as it stands: whoever signed answers for it. With the data and the model, "
    "--remeasure measures again and compares."
)


def add_to(commands: Any) -> None:
    """Add the two commands."""
    verify = commands.add_parser(
        "verify",
        help="check an evidence bundle, offline",
        description=(
            "Check that BUNDLE is whole and signed by the key that you name, judge its evidence again, and "
            "compare its reports with the record. "
            "Exit codes: 0 valid, 1 not intact or another signer, 2 the command cannot be carried out, "
            "3 intact but the signer is unknown, which is all that can be said without --key."
        ),
    )
    verify.add_argument("bundle", type=Path, help="a bundle.zip")
    verify.add_argument(
        "--key",
        metavar="FINGERPRINT|FILE",
        help="who must have signed: a fingerprint, a public key (PEM), or a saved list of published keys",
    )
    verify.add_argument(
        "--log",
        type=Path,
        metavar="FILE",
        help="a whole log, saved from /api/v1/log: the bundle must be in it, and it must only have grown",
    )
    verify.add_argument(
        "--remeasure",
        type=Path,
        metavar="SUBMISSION",
        help="measure again from this submission.yaml, with the same files, and compare every number",
    )
    verify.set_defaults(do=_verify)

    ring = commands.add_parser("keys", help="show the signing keys, or replace the one that signs")
    ring.add_argument(
        "action", nargs="?", choices=["show", "rotate"], default="show", help="what to do (show)"
    )
    ring.set_defaults(do=_keys)


def _verify(asked: argparse.Namespace, settings: Settings) -> int:
    from auditor.trust.verify import Answer, check

    data, whole = _read(asked.bundle), _read(asked.log) if asked.log else None
    found = check(data, keys.trusted(asked.key) if asked.key else None, whole)
    reports: list[str] = []
    if found.audit is not None and not found.problems:
        from auditor.trust import retell

        found.problems += retell.compare(found.files, found.audit, settings.fonts_folder, reports)
    if asked.remeasure and not found.problems:
        from auditor.trust.remeasure import compare

        assert found.audit is not None
        found.problems += compare(found.audit, asked.remeasure, settings, found.said)
    for sentence in found.problems:
        print(f"refused: {sentence}", file=sys.stderr)
    if found.answer is Answer.UNKNOWN:
        print(
            f"Intact, but the signer is unknown: it was signed with {found.fingerprint}. "
            "Ask who should have signed for the fingerprint, by another way, and name it with --key."
        )
        print("\n".join(reports))
    elif found.answer is Answer.VALID and found.audit is not None:
        first = f"Valid: audit {found.audit.digest}, signed by {found.fingerprint}."
        evidence = [] if asked.remeasure else [_NOT_MEASURED]
        print("\n".join([first, *found.said, *reports, *evidence]))
    return int(found.answer)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as why:
        raise refuse("", "file", f"{path} cannot be read ({why.strerror}).") from None


def _keys(asked: argparse.Namespace, settings: Settings) -> int:
    ring = (
        keys.rotate(settings.key_folder)
        if asked.action == "rotate"
        else keys.Keyring.open(settings.key_folder)
    )
    print(json.dumps(keys.published(ring.published), indent=2))
    return 0
