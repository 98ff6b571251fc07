"""Shut this process, and every process that it will start, out of one folder for good.

Landlock only allows, it cannot forbid: everything beside the way down to the folder is allowed as it is now,
and the folder is not. Listing folders stays free. A file that is made later in a folder on that way (`/`, or
the folder that holds the shut one) cannot be opened; what is made deeper down can.
"""

from __future__ import annotations

import logging
import os
import struct
from contextlib import suppress
from pathlib import Path

from auditor.sandbox.lock import (
    ADD_RULE,
    CREATE_RULESET,
    LIBC,
    READ_FILE,
    RESTRICT_SELF,
    checked,
    landlock_abi,
)

logger = logging.getLogger(__name__)

WRITE_FILE, REFER, TRUNCATE = 2, 1 << 13, 1 << 14
ENOUGH = 2
"""The first version of Landlock under which files may still be moved between folders."""


def shut_out(folder: Path) -> bool:
    """Close *folder* to this thread and what it starts; where it stays open, warn and return False."""
    shut = _shut(folder)
    if not shut:
        logger.warning("this host cannot close %s to the processes that measure: it lacks Landlock 2", folder)
    return shut


def _shut(folder: Path) -> bool:
    try:
        abi = landlock_abi()
    except OSError:
        return False
    if abi < ENOUGH:
        return False
    of_files = READ_FILE | WRITE_FILE | (TRUNCATE if abi >= 3 else 0)
    try:
        checked(LIBC.prctl(38, 1, 0, 0, 0), "no_new_privs")
        rules = checked(
            LIBC.syscall(CREATE_RULESET, struct.pack("Q", of_files | REFER), 8, 0), "landlock rules"
        )
        try:
            for place in _beside(folder.resolve()):
                with suppress(OSError):  # gone by now, or not ours to open: then it stays closed
                    _allow(rules, place, of_files)
            checked(LIBC.syscall(RESTRICT_SELF, rules, 0), "landlock")
        finally:
            os.close(rules)
    except OSError:
        return False
    return True


def _beside(folder: Path) -> list[Path]:
    """Return all that is not on the way to *folder*; links lead to what is named here anyway, or to it."""
    way = [folder, *folder.parents]
    return [
        place
        for above, below in zip(way[1:], way, strict=False)
        if above.is_dir()
        for place in above.iterdir()
        if place != below and not place.is_symlink()
    ]


def _allow(rules: int, place: Path, of_files: int) -> None:
    handle = os.open(place, os.O_PATH | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        rights = of_files | REFER if place.is_dir() else of_files
        checked(
            LIBC.syscall(ADD_RULE, rules, 1, struct.pack("=Qi", rights, handle), 0),
            f"landlock rule for {place}",
        )
    finally:
        os.close(handle)
