"""Lock this process for good. Runs in the child before numpy, and before any byte of a submitted file.

Each layer stops what the others let through (docs/explanation/sandbox.md): rlimits bound memory and
time, Landlock hides the file system and TCP, seccomp refuses every other system call, such as fork, UDP,
ptrace and io_uring. Namespaces come on top where the host allows them. Landlock binds only the calling
thread, so everything is applied while there is one thread.

There are three ways in: the child that is started directly, the template that never reads a submitted byte,
and a fork of the template, which adds to what it inherits until it is as locked as the direct child.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import struct
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

LIBC = ctypes.CDLL(None, use_errno=True)
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446  # the same numbers on every architecture
EXECUTE, READ_FILE, READ_DIR = 1, 4, 8
LAYER_MISSING = 71
"""Exit status of a child that could not be locked."""

ALLOWED = """
    read write readv writev pread64 pwrite64 close fstat newfstatat stat lstat statx lseek mmap munmap
    mremap mprotect madvise brk rt_sigaction rt_sigprocmask rt_sigreturn sigaltstack futex sched_yield
    sched_getaffinity nanosleep clock_nanosleep clock_gettime clock_getres gettimeofday time getpid
    gettid getppid getuid geteuid getgid getegid uname sysinfo getrusage getrandom openat open access
    faccessat faccessat2 readlink readlinkat getcwd getdents64 dup dup2 dup3 poll ppoll select pselect6
    set_robust_list get_robust_list rseq set_tid_address getrlimit membarrier exit exit_group arch_prctl
    sched_getparam sched_getscheduler get_mempolicy restart_syscall getcpu
"""
"""System calls that numpy and the readers need, whatever their arguments."""

FORKING = """
    wait4 waitid recvmsg sendmsg getsockname getsockopt pidfd_open pidfd_send_signal close_range setsid
    prctl prlimit64 setrlimit seccomp tgkill
"""
"""What the template needs beyond that: to take a request, fork, lock the fork further, and see it end."""

FORBIDDEN_TO_BROWSERS = """
    connect ptrace process_vm_readv process_vm_writev process_madvise pidfd_getfd
    io_uring_setup io_uring_enter io_uring_register bpf perf_event_open userfaultfd mount umount2 move_mount
    fsopen fsmount fsconfig fspick open_tree mount_setattr pivot_root chroot unshare setns swapon swapoff
    reboot kexec_load kexec_file_load init_module finit_module delete_module acct quotactl add_key
    request_key keyctl settimeofday clock_settime adjtimex clock_adjtime sethostname setdomainname
    open_by_handle_at name_to_handle_at lookup_dcookie personality iopl ioperm syslog vhangup nfsservctl
"""
"""System calls that a browser does without; reaching any socket but its own pairs is among them."""
BROWSER_BYTES = 4 << 30
"""Memory of one process of a browser; a file that it writes may have a sixteenth."""

NEW_NAMESPACES = 0x7E020080
"""The flags of clone that make namespaces."""


class LayerMissing(Exception):
    """The host cannot provide a layer that the child needs."""


def checked(result: int, what: str) -> int:
    """Return the result of a system call; raise OSError with its reason where it failed."""
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")
    return result


def landlock_abi() -> int:
    """Return the version of Landlock that the kernel speaks; raise OSError where it speaks none."""
    return checked(LIBC.syscall(CREATE_RULESET, None, 0, 1), "landlock")


def harden(memory_bytes: int, cpu_seconds: int, readable: tuple[str, ...], parent: int) -> None:
    """Lock this process, started by *parent*, for good; raise `LayerMissing` where a layer is missing."""
    pyseccomp = _prepared(readable)
    _rlimits({**_BOUNDS, resource.RLIMIT_AS: memory_bytes, resource.RLIMIT_CPU: cpu_seconds})
    _die_with(parent)
    _confine(readable, lambda: _strict(pyseccomp))


def harden_template(readable: tuple[str, ...], parent: int) -> None:
    """Lock the template: as the child, but it may fork, and its forks may lock themselves further."""
    pyseccomp = _prepared(readable)
    _rlimits({**_BOUNDS, resource.RLIMIT_NOFILE: 1_024})
    _die_with(parent)
    _confine(readable, lambda: _forking(pyseccomp))


def harden_fork(memory_bytes: int, cpu_seconds: int, readable: tuple[str, ...], template: int) -> None:
    """Lock a fork of the template as the child is locked; its siblings are then out of its reach as well."""
    import pyseccomp  # the template has it

    _rlimits({**_BOUNDS, resource.RLIMIT_AS: memory_bytes, resource.RLIMIT_CPU: cpu_seconds})
    _die_with(template)
    _confine(readable, lambda: _strict(pyseccomp))


def harden_browser(cpu_seconds: int, readable: tuple[str, ...], scratch: str, parent: int) -> None:
    """Lock this process before it becomes a browser, which starts processes and writes to *scratch* alone.

    It may make pairs of sockets to itself, but reach none of anybody else; the memory of each of its
    processes is bounded, its address space is not: a browser reserves far more than it uses.
    """
    pyseccomp = _prepared(readable)
    bounds = {
        resource.RLIMIT_CPU: cpu_seconds,
        resource.RLIMIT_DATA: BROWSER_BYTES,
        resource.RLIMIT_FSIZE: BROWSER_BYTES // 16,
        resource.RLIMIT_NOFILE: 1_024,
        resource.RLIMIT_CORE: 0,
    }
    _rlimits(bounds)
    _die_with(parent)
    _confine(readable, lambda: _browsing(pyseccomp), scratch)


def _prepared(readable: tuple[str, ...]) -> Any:
    """Do what needs one thread, /proc and the disk; return pyseccomp."""
    if len(list(Path("/proc/self/task").iterdir())) != 1:
        raise LayerMissing("the child had a second thread before it was locked")
    try:
        import pyseccomp  # from disk, so before Landlock
    except (ImportError, OSError, RuntimeError) as error:
        raise LayerMissing(f"seccomp: {error}") from None
    with contextlib.suppress(OSError):  # where memory runs out, the kernel ends the child, not the service
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
    if _readable_without_privilege(readable):
        _namespaces()
        _drop_capabilities()
    return pyseccomp


def _die_with(parent: int) -> None:
    """Ask the kernel to end this process with its parent, which may be gone already."""
    checked(LIBC.prctl(1, 9, 0, 0, 0), "die with the parent")  # PR_SET_PDEATHSIG, SIGKILL
    if os.getppid() != parent:
        os._exit(LAYER_MISSING)


def _confine(readable: tuple[str, ...], filter_calls: Callable[[], None], scratch: str | None = None) -> None:
    try:
        checked(LIBC.prctl(38, 1, 0, 0, 0), "no_new_privs")
        _landlock(readable, scratch)
    except OSError as error:
        raise LayerMissing(f"Landlock: {error.strerror}") from None
    try:
        filter_calls()
    except (OSError, RuntimeError, ValueError) as error:
        raise LayerMissing(f"seccomp: {error}") from None


def readable_paths(*own: Path) -> tuple[str, ...]:
    """Return what the child may read: the interpreter, its libraries and *own* sources."""
    places = {
        f"{sys.prefix}/lib",
        f"{sys.base_prefix}/lib",
        "/usr/lib",
        "/usr/local/lib",
        "/lib",
        "/lib64",
        "/usr/lib64",
        "/dev/urandom",
        "/etc/ld.so.cache",
        *map(str, own),
    }
    return tuple(sorted(place for place in places if Path(place).exists()))


_BOUNDS = {
    resource.RLIMIT_FSIZE: 0,
    resource.RLIMIT_NOFILE: 64,
    resource.RLIMIT_CORE: 0,
    resource.RLIMIT_MEMLOCK: 0,
    resource.RLIMIT_MSGQUEUE: 0,
}


def _rlimits(bounds: Mapping[int, int]) -> None:
    for what, most in bounds.items():
        hard = resource.getrlimit(what)[1]
        bound = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (bound, bound))


def _readable_without_privilege(readable: tuple[str, ...]) -> bool:
    """Say whether the libraries stay readable once root's power over other people's files is gone."""
    if os.getuid() != 0:
        return True
    for place in readable:
        for part in (Path(place), *Path(place).parents):
            seen = part.stat()
            if seen.st_uid != 0 and seen.st_mode & 0o005 != (0o005 if part.is_dir() else 0o004):
                return False
    return True


def _namespaces() -> None:
    """Enter own user, network, IPC and host-name namespaces where the host allows it."""
    uid, gid = os.getuid(), os.getgid()
    if LIBC.unshare(0x10000000 | 0x40000000 | 0x08000000 | 0x04000000) < 0:
        return  # refused inside most containers; the other layers stand without it
    for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
        try:
            Path(f"/proc/self/{name}").write_text(text, encoding="ascii")
        except OSError:
            return


def _drop_capabilities() -> None:
    """Give up every capability: root's own, and those that come with an own user namespace."""
    header, nothing = struct.pack("Ii", 0x20080522, 0), bytes(24)  # version 3, this thread
    checked(LIBC.capset(header, nothing), "capabilities")


def _landlock(readable: tuple[str, ...], scratch: str | None) -> None:
    abi = landlock_abi()
    handled = (1 << 13) - 1
    for needs, right in ((2, 1 << 13), (3, 1 << 14), (5, 1 << 15)):
        handled |= right if abi >= needs else 0
    attributes = struct.pack("QQQ", handled, 3 if abi >= 4 else 0, 3 if abi >= 6 else 0)
    size = 24 if abi >= 6 else 16 if abi >= 4 else 8
    rules = checked(LIBC.syscall(CREATE_RULESET, attributes, size, 0), "landlock rules")
    for place in (*readable, *([scratch] if scratch else [])):
        handle = os.open(place, os.O_PATH | os.O_CLOEXEC)
        rights = READ_FILE | READ_DIR | EXECUTE if Path(place).is_dir() else READ_FILE
        rights = handled & ~EXECUTE if place == scratch else rights
        rule = struct.pack("=Qi", rights, handle)
        checked(LIBC.syscall(ADD_RULE, rules, 1, rule, 0), f"landlock rule for {place}")
        os.close(handle)
    checked(LIBC.syscall(RESTRICT_SELF, rules, 0), "landlock")
    os.close(rules)


def _allowing(s: Any, names: str) -> Any:
    """Return a filter that allows the calls *names* and refuses every other."""
    rules = s.SyscallFilter(defaction=s.ERRNO(1))
    for name in names.split():
        try:
            rules.add_rule(s.ALLOW, name)
        except (RuntimeError, ValueError, OSError):
            continue  # a call that this architecture or this libseccomp does not have
    rules.add_rule(s.ERRNO(38), "clone3")  # glibc then calls clone, whose flags can be seen
    rules.add_rule(s.ALLOW, "ioctl", s.Arg(1, s.EQ, 0x5401))  # isatty
    rules.add_rule(s.ALLOW, "fcntl", s.Arg(1, s.LE, 4))
    rules.add_rule(s.ALLOW, "fcntl", s.Arg(1, s.EQ, 1030))  # F_DUPFD_CLOEXEC
    return rules


def _strict(s: Any) -> None:
    rules = _allowing(s, ALLOWED)
    rules.add_rule(s.ALLOW, "clone", s.Arg(0, s.MASKED_EQ, 0x10000, 0x10000))  # threads, no fork
    rules.add_rule(s.ALLOW, "tgkill", s.Arg(0, s.EQ, os.getpid()))
    rules.add_rule(s.ALLOW, "prlimit64", s.Arg(0, s.EQ, 0), s.Arg(2, s.EQ, 0))  # read own limits
    rules.add_rule(s.ALLOW, "prctl", s.Arg(0, s.EQ, 15))  # PR_SET_NAME
    rules.load()


def _forking(s: Any) -> None:
    rules = _allowing(s, ALLOWED + FORKING)
    for call in (CREATE_RULESET, ADD_RULE, RESTRICT_SELF):
        rules.add_rule(s.ALLOW, call)
    rules.add_rule(s.ALLOW, "clone", s.Arg(0, s.MASKED_EQ, NEW_NAMESPACES, 0))
    rules.load()


def _browsing(s: Any) -> None:
    """Refuse what a browser does without; what it needs differs too much between versions to be listed."""
    rules = s.SyscallFilter(defaction=s.ALLOW)
    for name in FORBIDDEN_TO_BROWSERS.split():
        try:
            rules.add_rule(s.ERRNO(1), name)
        except (RuntimeError, ValueError, OSError):
            continue  # a call that this architecture or this libseccomp does not have
    rules.add_rule(s.ERRNO(97), "socket", s.Arg(0, s.NE, 1))  # local ones only
    rules.add_rule(s.ERRNO(1), "sendto", s.Arg(4, s.NE, 0))  # to an address
    rules.add_rule(s.ERRNO(38), "clone3")  # glibc then calls clone, whose flags can be seen
    for flag in (0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000, 0x00020000):
        rules.add_rule(s.ERRNO(1), "clone", s.Arg(0, s.MASKED_EQ, flag, flag))  # new namespaces
    rules.load()
