"""Which layers of the lock this host can provide."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer of the lock."""

    name: str
    available: bool
    sentence: str
    needed: bool = True


def layers() -> tuple[Layer, ...]:
    """Say of each layer whether this host has it."""
    if not sys.platform.startswith("linux"):
        said = f"submitted files are read only on Linux; this host is {sys.platform}"
        return (Layer("linux", available=False, sentence=said),)
    return (_landlock(), _seccomp(), _rlimits(), _namespaces())


@dataclass
class Tried:
    """What the canary attacks of this process came to."""

    state: str = "not run"
    """not run, running, held or broken."""
    failure: str | None = None


tried = Tried()


def available() -> str | None:
    """Return None where submitted files can be read, else one sentence: a missing layer, or a broken lock."""
    return missing_layer() or tried.failure


def missing_layer() -> str | None:
    """Return one sentence that names the missing layer, or None."""
    missing = next((layer for layer in layers() if layer.needed and not layer.available), None)
    return None if missing is None else missing.sentence


def remember(state: str, failure: str | None = None) -> None:
    """Keep what the canary found: after a failure no submitted file is read in this process."""
    tried.state, tried.failure = state, failure


def _landlock() -> Layer:
    from auditor.sandbox.lock import landlock_abi

    try:
        abi = landlock_abi()
    except OSError:
        said = "Landlock is missing: it needs Linux 5.13 or later, with `landlock` in the kernel's lsm="
        return Layer("landlock", available=False, sentence=said)
    return Layer("landlock", available=True, sentence=f"Landlock version {abi} hides the file system and TCP")


def _seccomp() -> Layer:
    try:
        import_module("pyseccomp")
    except (ImportError, OSError, RuntimeError):
        said = "seccomp is missing: install libseccomp2 (Debian, Ubuntu) or libseccomp (Fedora)"
        return Layer("seccomp", available=False, sentence=said)
    if "errno" not in _kernel_file("/proc/sys/kernel/seccomp/actions_avail"):
        said = "seccomp is missing: the kernel was built without it"
        return Layer("seccomp", available=False, sentence=said)
    return Layer("seccomp", available=True, sentence="seccomp refuses fork, sockets, ptrace and the rest")


def _rlimits() -> Layer:
    return Layer("rlimits", available=True, sentence="rlimits bound memory, processor time and open files")


def _namespaces() -> Layer:
    most = _kernel_file("/proc/sys/user/max_user_namespaces").strip()
    closed = _kernel_file("/proc/sys/kernel/unprivileged_userns_clone").strip() == "0" and os.getuid() != 0
    allowed = most.isdigit() and int(most) > 0 and not closed
    said = (
        "user and network namespaces are added where the host lets the child enter them"
        if allowed
        else "user namespaces are closed on this host; the other layers stand without them"
    )
    return Layer("namespaces", available=allowed, sentence=said, needed=False)


def _kernel_file(path: str) -> str:
    try:
        return Path(path).read_text(encoding="ascii")
    except OSError:
        return ""
