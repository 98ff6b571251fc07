"""The lock holds: each attack from inside is stopped, and the parent survives every kind of child."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from auditor.problems import Refused
from auditor.sandbox import Limits, attacks, available, canary, host, inspect_table, layers
from auditor.sandbox.attacks import ATTEMPTS, Attempt, failure, start_canary
from auditor.sandbox.frames import PREDICT
from auditor.sandbox.parent import Child, ChildDied, clean

ROOT = Path(__file__).parents[2]
HOSTILE = Path(__file__).with_name("hostile_child.py")
LANDLOCK, SECCOMP = errno.EACCES, errno.EPERM

STOPPED_BY = {
    "os.system": SECCOMP,
    "fork": SECCOMP,
    "raw clone": SECCOMP,
    "exec": SECCOMP,
    "tcp": SECCOMP,
    "udp": SECCOMP,
    "abstract unix socket": SECCOMP,
    "read passwd": LANDLOCK,
    "read secret": LANDLOCK,
    "list folder": LANDLOCK,
    "write beside": LANDLOCK,
    "delete": SECCOMP,
    "parent environment": LANDLOCK,
    "parent memory": LANDLOCK,
    "process_vm_readv": SECCOMP,
    "ptrace": SECCOMP,
    "kill parent": SECCOMP,
    "limit parent": SECCOMP,
    "io_uring": SECCOMP,
    "memfd": SECCOMP,
    "raise own memory": SECCOMP,
    "memory bomb": "MemoryError",
}
"""Attack -> the layer that stops it: seccomp says EPERM, Landlock EACCES, rlimits MemoryError."""

on_x86 = pytest.mark.skipif(os.uname().machine != "x86_64", reason="raw system call numbers of x86-64")


def child(attack, limits=None, script=HOSTILE, **told):
    handle = os.open("/dev/null", os.O_RDONLY)
    try:
        return Child(attack, handle, limits or Limits(), script=script, **told)
    finally:
        os.close(handle)


def answer(one, seconds=20.0):
    return one.description(time.monotonic() + seconds, seconds)


@on_x86
@pytest.mark.parametrize(("attack", "layer"), STOPPED_BY.items(), ids=lambda v: str(v).replace(" ", "-"))
def test_each_attack_is_stopped_by_its_layer(attack, layer, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("of another tenant")
    with child(attack, secret=str(secret)) as hostile:
        assert answer(hostile) == {"stopped": layer}
    assert [p.name for p in tmp_path.iterdir()] == ["secret"]


def test_a_child_that_spins_is_ended_by_its_processor_time():
    with child("spin", Limits(cpu_seconds=1)) as hostile, pytest.raises(ChildDied, match="processor time"):
        answer(hostile)


def test_a_child_that_sleeps_is_ended_by_the_clock():
    started = time.monotonic()
    with child("sleep") as hostile, pytest.raises(ChildDied, match=r"did not answer within 0\.5 seconds"):
        answer(hostile, 0.5)
    assert time.monotonic() - started < 5


def test_a_child_that_floods_the_error_pipe_is_ended_by_the_clock():
    with child("flood") as hostile, pytest.raises(ChildDied, match="did not answer"):
        answer(hostile, 0.7)


def test_what_a_model_prints_is_no_answer():
    with child("print") as hostile:
        assert answer(hostile) == {"stopped": LANDLOCK}


@pytest.mark.parametrize("forged", ["forged length", "forged magic"])
def test_a_forged_frame_is_refused_before_anything_is_reserved(forged):
    with child(forged) as hostile, pytest.raises(ChildDied, match=r"instead|not an answer"):
        hostile.numbers(PREDICT, b"", 3, 1, 20.0)


def test_a_dead_child_leaves_no_zombie_and_no_open_pipe():
    before = len(list(Path("/proc/self/fd").iterdir()))
    hostile = child("sleep")
    pid = hostile.pid
    hostile.close()
    hostile.close()  # closing twice is harmless
    assert not Path(f"/proc/{pid}").exists()
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_the_child_ends_when_its_parent_is_killed(tmp_path):
    """The kernel ends it with its parent, even asleep; the closed pipe ends one that waits for a question."""
    script = f"""
        import os, sys, time
        sys.path.insert(0, {str(ROOT)!r})
        from tests.auditor.test_sandbox import child, answer
        sleeper, waiter = child("sleep"), child("wait")
        answer(waiter)
        print(sleeper.pid, waiter.pid, flush=True)
        time.sleep(600)
    """
    parent = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script)], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    pids = parent.stdout.readline().split()
    parent.kill()
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 10
    while any(alive(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(pids) == 2
    assert not any(alive(pid) for pid in pids)


def alive(pid):
    status = Path(f"/proc/{pid}/status")
    try:
        return "State:\tZ" not in status.read_text()
    except OSError:
        return False


def test_a_child_outlives_the_thread_that_asked_for_it():
    """A web process answers from short threads; PDEATHSIG alone would end the child with the first."""
    born = []
    thread = threading.Thread(target=lambda: born.append(child("wait")))
    thread.start()
    thread.join()
    time.sleep(0.2)
    with born[0] as hostile:
        assert answer(hostile) == {"stopped": None}  # one byte of memory is allowed


def test_a_host_without_a_layer_is_told_which_one(monkeypatch):
    assert available() is None
    assert {layer.name for layer in layers() if layer.needed} == {"landlock", "seccomp", "rlimits"}
    monkeypatch.setattr(host, "_kernel_file", lambda _: "")
    assert "seccomp is missing" in str(available())
    monkeypatch.setattr(host.sys, "platform", "darwin")
    assert "only on Linux" in str(available())


def test_without_landlock_the_child_refuses_to_read(monkeypatch, tmp_path):
    """Even where the parent was wrong about the host: the child locks itself or ends."""
    broken = tmp_path / "broken_child.py"
    broken.write_text(
        textwrap.dedent(f"""
        import sys
        sys.path.insert(0, {str(ROOT)!r})
        from auditor.sandbox import lock
        lock.CREATE_RULESET = 100_000  # a kernel without Landlock
        from auditor.sandbox.child import enter
        enter(sys.argv[1:])
        raise SystemExit("never reached")
        """)
    )
    handle = os.open("/dev/null", os.O_RDONLY)
    with (
        Child("x", handle, Limits(), script=broken) as unlocked,
        pytest.raises(ChildDied, match=r"cannot lock the process .*Landlock"),
    ):
        answer(unlocked)
    os.close(handle)


def test_without_seccomp_the_child_refuses_to_read(tmp_path):
    broken = tmp_path / "broken_child.py"
    broken.write_text(
        textwrap.dedent(f"""
        import sys
        sys.path.insert(0, {str(ROOT)!r})
        sys.modules["pyseccomp"] = None  # a host without libseccomp
        from auditor.sandbox.child import enter
        enter(sys.argv[1:])
        raise SystemExit("never reached")
        """)
    )
    with (
        child("x", script=broken) as unlocked,
        pytest.raises(ChildDied, match=r"cannot lock the process .*seccomp"),
    ):
        answer(unlocked)


CHECKED = f"""
import json, os, sys, tempfile, time
from pathlib import Path
sys.path.insert(0, {str(ROOT)!r})
from auditor.sandbox import canary, inspect_table
from auditor.sandbox.limits import Limits
from auditor.sandbox.parent import Child
from auditor.sandbox.starter import CHILD, starter
table = Path(tempfile.mkdtemp()) / "table.csv"
table.write_text("a,b\\n1,x\\n")
null = os.open("/dev/null", os.O_RDONLY)
own = []
for script in (None, {str(HOSTILE)!r}):
    with Child("attack" if script is None else "wait", null, Limits(), script=script and Path(script),
               attempts="wait", service="0", sibling="0", door="") as waiting:
        waiting.description(time.monotonic() + 30, 30)
        own.append(os.readlink(f"/proc/{{waiting.pid}}/ns/net") != os.readlink("/proc/self/ns/net"))
print(json.dumps({{
    "uid": os.getuid(),
    "own network": own,
    "rows": inspect_table(table).rows,
    "template": starter.template() is not None and starter.template().forked,
    "through": [a.sentence for a in canary() if not a.held],
}}))
"""

FEW_CAPABILITIES = """
import ctypes, struct
libc = ctypes.CDLL(None, use_errno=True)
kept = [0, 1, 3, 4, 5, 6, 7, 8, 10, 13, 18, 27, 29, 31]  # what Docker leaves to root
for capability in range(41):
    if capability not in kept:
        libc.prctl(24, capability, 0, 0, 0)
bits = sum(1 << capability for capability in kept)
assert libc.capset(struct.pack("Ii", 0x20080522, 0), struct.pack("III", bits, bits, 0) + bytes(12)) == 0
"""
FEW_CALLS = """
import pyseccomp as s
rules = s.SyscallFilter(defaction=s.ALLOW)
for name in ("unshare setns mount umount2 pivot_root keyctl add_key request_key bpf perf_event_open ptrace "
             "kexec_load open_by_handle_at userfaultfd io_uring_setup process_vm_readv").split():
    rules.add_rule(s.ERRNO(1), name)
rules.add_rule(s.ERRNO(38), "clone3")
rules.add_rule(s.ERRNO(1), "clone", s.Arg(0, s.MASKED_EQ, 0x10000000, 0x10000000))
rules.load()
"""
"""What Docker's default profile refuses without CAP_SYS_ADMIN."""

AS_NOBODY = """
set -e
mount --make-rprivate /
mkdir -p "$SPARE/base" "$SPARE/root"
mount --bind "$BASE" "$SPARE/base"
mount --bind "$ROOT" "$SPARE/root"
if [ -n "$CLOSED" ]; then mount -t tmpfs -o mode=755 tmpfs "$CLOSED"; fi
mkdir -p "$BASE" "$ROOT"
mount --bind "$SPARE/base" "$BASE"
mount --bind "$SPARE/root" "$ROOT"
exec setpriv --reuid 65534 --regid 65534 --clear-groups "$PYTHON" -B -c "$CODE"
"""
"""Open the way to the interpreter for nobody, in a mount namespace of our own, and become nobody."""


def ran(command, **environment):
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd="/", timeout=120,
        env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "TMPDIR": "/tmp", **environment},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become nobody; the other tests ran unprivileged")
@pytest.mark.parametrize("before", ["", FEW_CALLS], ids=["on-a-host", "in-a-container"])
def test_it_holds_without_privilege(before, tmp_path):
    """As `nobody`: the template, a direct child, a table and every attack."""
    closed = next((p for p in Path(sys.base_prefix).parents[::-1] if not p.stat().st_mode & 0o001), None)
    mounts = ["unshare", "--mount"]
    if subprocess.run([*mounts, "true"], capture_output=True, check=False).returncode:
        if closed is not None:
            pytest.skip(
                f"nobody cannot reach the interpreter through {closed}, nor may we mount it elsewhere"
            )
        command = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
        command += [sys.executable, "-B", "-c"]
    else:
        command = [*mounts, "sh", "-c", AS_NOBODY]

    said = ran(
        command, SPARE=str(tmp_path), BASE=sys.base_prefix, ROOT=str(ROOT), CLOSED=str(closed or ""),
        PYTHON=sys.executable, CODE=before + CHECKED,
    )  # fmt: skip
    assert said == {"uid": 65534, "own network": [not before] * 2, "rows": 1, "template": True, "through": []}


@pytest.mark.skipif(os.getuid() != 0, reason="only root has capabilities to drop")
def test_it_holds_as_root_under_what_docker_leaves():
    """No namespaces are to be had there; the other layers stand without them."""
    said = ran([sys.executable, "-B", "-c", FEW_CAPABILITIES + FEW_CALLS + CHECKED])
    assert said == {"uid": 0, "own network": [False, False], "rows": 1, "template": True, "through": []}


def test_the_canary_attacks_are_all_stopped():
    attempts = canary()
    assert {attempt.name for attempt in attempts} == set(ATTEMPTS)
    assert [attempt.sentence for attempt in attempts if not attempt.held] == []


def test_the_canary_reports_a_lock_that_does_not_hold(monkeypatch, tmp_path):
    open_door = tmp_path / "open_child.py"
    open_door.write_text(
        textwrap.dedent("""
        import json, os, struct, sys
        said = json.dumps({"stopped": {"tcp": "no"}}).encode()
        os.write(1, struct.pack("<4sIQQ", b"AGR1", 2, len(said), 0) + said)
        """)
    )
    monkeypatch.setattr("auditor.sandbox.attacks.SCRIPT", open_door)
    fork, tcp = canary(("fork", "tcp"))
    assert (fork.held, fork.sentence) == (False, "starting a process: NOT stopped in a direct child")
    assert tcp.held
    assert failure((fork, tcp)) == f"the lock of this host does not hold: {fork.sentence}"


def test_after_an_attack_got_through_no_file_is_read(monkeypatch, tmp_path):
    table = tmp_path / "table.csv"
    table.write_text("a\n1\n")
    monkeypatch.setattr(
        attacks, "canary", lambda *_: (Attempt("fork", held=False, sentence="a fork: NOT stopped"),)
    )
    try:
        start_canary().join(20)
        assert available() == "the lock of this host does not hold: a fork: NOT stopped"
        with pytest.raises(Refused, match="does not hold: a fork"):
            inspect_table(table)
    finally:
        host.remember("not run")
    assert inspect_table(table).rows == 1


def test_a_canary_whose_children_end_says_so_and_no_file_is_read(monkeypatch):
    def ended(*_):
        raise ChildDied("the process was ended from outside")

    monkeypatch.setattr(attacks, "canary", ended)
    try:
        start_canary().join(20)
        assert available() == "the lock of this host could not be tried: the process was ended from outside"
    finally:
        host.remember("not run")


def test_a_canary_of_a_process_that_ends_is_silent(monkeypatch, caplog):
    """A pool takes no more work while the interpreter shuts down; the log of that is nobody's business."""

    def shutting_down(*_):
        raise RuntimeError("cannot schedule new futures after interpreter shutdown")

    monkeypatch.setattr(attacks, "canary", shutting_down)
    try:
        start_canary().join(20)
        assert host.tried.state == "running"
        assert not caplog.records
    finally:
        host.remember("not run")


def test_text_from_the_child_is_one_clean_line():
    assert clean("a\nb\x1b[31m \u202egnp.exe", 80) == "a b [31m gnp.exe"
    assert clean("x" * 200, 10) == "x" * 9 + "…"
