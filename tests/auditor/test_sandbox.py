"""The lock holds: each attack from inside is stopped, and the parent survives every kind of child."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from auditor.sandbox import Limits, available, canary, layers
from auditor.sandbox.attacks import ATTEMPTS
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


def child(attack, limits=None, **told):
    handle = os.open("/dev/null", os.O_RDONLY)
    try:
        return Child(attack, handle, limits or Limits(), script=HOSTILE, **told)
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
    from auditor.sandbox import host

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


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become nobody")
def test_it_holds_without_privilege():
    """As `nobody`, with an interpreter that nobody may read."""
    python = "/usr/bin/python3"
    if not Path(python).exists():
        pytest.skip("no interpreter outside the home of root")
    script = (ROOT / "auditor/sandbox/lock.py").read_text()
    check = textwrap.dedent("""
        import importlib.util, os, sys
        os.environ.clear()
        memory = 1 << 30
        _rlimits(memory, 5)
        _checked(LIBC.prctl(38, 1, 0, 0, 0), "no_new_privs")
        _landlock(readable_paths())
        try:
            open("/etc/passwd")
        except PermissionError:
            print("held")
    """)
    ran = subprocess.run(
        [python, "-I", "-"], input=script + check, text=True, capture_output=True, user=65534, group=65534,
        extra_groups=[], cwd="/", check=False,
    )  # fmt: skip
    assert ran.stdout == "held\n", ran.stderr


def test_the_canary_attacks_are_all_stopped():
    attempts = canary()
    assert {attempt.name for attempt in attempts} == set(ATTEMPTS)
    assert [attempt.sentence for attempt in attempts if not attempt.held] == []


def test_the_canary_reports_a_lock_that_does_not_hold(monkeypatch, tmp_path):
    open_door = tmp_path / "open_child.py"
    open_door.write_text(
        textwrap.dedent("""
        import json, os, struct, sys
        said = json.dumps({"held": False, "by": ""}).encode()
        os.write(1, struct.pack("<4sIQQ", b"AGR1", 2, len(said), 0) + said)
        """)
    )
    monkeypatch.setattr("auditor.sandbox.attacks.SCRIPT", open_door)
    (attempt,) = canary(("fork",))
    assert (attempt.held, attempt.sentence) == (False, "starting a process: NOT stopped")


def test_text_from_the_child_is_one_clean_line():
    assert clean("a\nb\x1b[31m \u202egnp.exe", 80) == "a b [31m gnp.exe"
    assert clean("x" * 200, 10) == "x" * 9 + "…"
