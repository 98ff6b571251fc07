"""The template: its forks are as locked as a direct child, and end with it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.dummy import DummyClassifier

from auditor.sandbox import Limits, inspect_table, open_model, starter
from auditor.sandbox.parent import Child, ChildDied

ROOT = Path(__file__).parents[2]
WAIT = {"attempts": "wait", "service": "0", "sibling": "0", "door": ""}


@pytest.fixture
def fresh(monkeypatch):
    """A starter of our own, whose template nobody else uses."""
    own = starter.Starter()
    monkeypatch.setattr("auditor.sandbox.parent.starter", own)
    yield own
    own.end()


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("a,b\n1,x\n2,y\n")
    return path


def waiting(limits=None):
    handle = os.open("/dev/null", os.O_RDONLY)
    try:
        child = Child("attack", handle, limits or Limits(), **WAIT)
    finally:
        os.close(handle)
    assert answer(child) == {}
    return child


def answer(child, seconds=20.0):
    return child.description(time.monotonic() + seconds, seconds)


def parent_of(pid):
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def soon(true, seconds=10.0):
    deadline = time.monotonic() + seconds
    while not true() and time.monotonic() < deadline:
        time.sleep(0.02)
    return true()


def gone(pid):
    try:
        return "State:\tZ" in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return True


def test_our_children_are_forks_of_one_template(fresh):
    with waiting() as one, waiting() as other:
        template = fresh.template().pid
        assert {parent_of(one.pid), parent_of(other.pid)} == {template}
        assert os.getsid(one.pid) == one.pid != os.getsid(other.pid)
    assert parent_of(template) == os.getpid()


def test_a_fork_is_as_locked_as_a_child_started_directly(fresh, monkeypatch):
    """Two filters and no privilege: what the kernel says of both."""
    said = []
    for forks in (True, False):
        fresh.forks = forks
        with waiting() as child:
            status = Path(f"/proc/{child.pid}/status").read_text()
            limits = Path(f"/proc/{child.pid}/limits").read_text()
            fields = dict(line.split(":\t", 1) for line in status.splitlines())
            said.append([fields[name] for name in ("NoNewPrivs", "Seccomp", "CapPrm", "CapEff", "CapBnd")])
            said[-1] += [line for line in limits.splitlines() if "locked" not in line]
            filters = int(fields["Seccomp_filters"])
            assert filters == (2 if forks else 1)
    assert said[0] == said[1]
    assert said[0][:4] == ["1", "2", "0000000000000000", "0000000000000000"]


def test_the_template_has_one_thread_after_its_imports(fresh):
    template = fresh.template().pid
    loaded = Path(f"/proc/{template}/maps")
    with Path("/dev/null").open("rb") as empty, Child("skops", empty.fileno(), Limits()):
        assert soon(lambda: b"sklearn" in loaded.read_bytes(), 20)
    with waiting() as child:  # it forks only where it sees one thread itself
        assert parent_of(child.pid) == template
    assert len(list(Path(f"/proc/{template}/task").iterdir())) == 1


def test_what_only_some_models_need_is_imported_for_the_first_of_them(fresh, table):
    """Three quarters of the imports are for skops files: an audit without one does without them."""
    template = fresh.template().pid
    loaded = Path(f"/proc/{template}/maps")
    assert inspect_table(table).rows == 2
    assert soon(lambda: b"pandas" in loaded.read_bytes(), 20)
    with waiting() as child:
        assert b"sklearn" not in Path(f"/proc/{child.pid}/maps").read_bytes()
    with Path("/dev/null").open("rb") as empty, Child("skops", empty.fileno(), Limits()):
        pass
    assert b"sklearn" in loaded.read_bytes()


def test_a_template_with_a_second_thread_does_not_fork(fresh, table, monkeypatch, tmp_path):
    threaded = tmp_path / "threaded_template.py"
    threaded.write_text(
        textwrap.dedent(f"""
        import sys, threading
        sys.path.insert(0, {str(ROOT)!r})
        from auditor.sandbox import lock, template
        template.IMPORTED = ()
        honest = lock.harden_template
        def harden(*told):
            honest(*told)
            threading.Thread(target=threading.Event().wait, daemon=True).start()
        lock.harden_template = harden
        template.main()
        """)
    )
    monkeypatch.setattr(starter, "TEMPLATE", threaded)
    with waiting() as child:
        assert parent_of(child.pid) == os.getpid()
    assert not fresh.template().forked
    assert inspect_table(table).rows == 2


@pytest.mark.parametrize(
    "broken",
    ["lock.CREATE_RULESET = 100_000", "sys.modules['pyseccomp'] = None"],
    ids=["without-Landlock", "without-seccomp"],
)
def test_a_template_that_cannot_lock_itself_ends(fresh, table, monkeypatch, tmp_path, broken):
    """The direct child reads then, or says which layer is missing; no other template is tried for a while."""
    script = tmp_path / "broken_template.py"
    script.write_text(
        f"import sys\nsys.path.insert(0, {str(ROOT)!r})\n"
        f"from auditor.sandbox import lock, template\n{broken}\ntemplate.main()\n"
    )
    monkeypatch.setattr(starter, "TEMPLATE", script)
    assert inspect_table(table).rows == 2
    assert fresh.template() is None


def test_a_fork_that_cannot_lock_itself_reads_nothing(fresh, table, monkeypatch, tmp_path):
    script = tmp_path / "broken_template.py"
    script.write_text(
        textwrap.dedent(f"""
        import sys
        sys.path.insert(0, {str(ROOT)!r})
        from auditor.sandbox import child, lock, template
        template.IMPORTED = ()
        honest = lock.harden_fork
        def harden(*told):
            lock.CREATE_RULESET = 100_000
            honest(*told)
        lock.harden_fork = harden
        child.answer = None  # reading would break otherwise
        template.main()
        """)
    )
    monkeypatch.setattr(starter, "TEMPLATE", script)
    handle = os.open(table, os.O_RDONLY)
    with (
        Child("table", handle, Limits()) as child,
        pytest.raises(ChildDied, match=r"cannot lock the process .*Landlock"),
    ):
        answer(child)
    assert os.lseek(handle, 0, os.SEEK_CUR) == 0  # the offset is shared: not one byte was read
    os.close(handle)


def test_a_template_that_ends_takes_its_forks_along_and_another_is_started(fresh, table):
    with waiting() as child:
        first = fresh.template().pid
        os.kill(first, 9)
        with pytest.raises(ChildDied, match="was killed"):
            answer(child)
        assert soon(lambda: gone(child.pid))
    assert inspect_table(table).rows == 2
    assert fresh.template().pid != first


def test_an_idle_template_ends_and_the_next_file_starts_another(fresh, table, monkeypatch):
    monkeypatch.setattr(starter, "IDLE_SECONDS", 0.05)
    with waiting():
        first = fresh.template().pid
        time.sleep(0.3)
        assert not gone(first)  # it has a fork to look after
    assert soon(lambda: gone(first))
    monkeypatch.setattr(starter, "IDLE_SECONDS", 60.0)
    assert inspect_table(table).rows == 2
    assert fresh.template().pid != first


def test_ended_forks_leave_no_zombie_and_no_open_descriptor(fresh, table):
    inspect_table(table)
    before = len(list(Path("/proc/self/fd").iterdir()))
    children = [waiting() for _ in range(3)]
    pids = [child.pid for child in children]
    for child in children:
        child.close()
        child.close()  # closing twice is harmless
    assert soon(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids))
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    held = Path(f"/proc/{fresh.template().pid}/fd")
    assert soon(lambda: len(list(held.iterdir())) <= 5)  # 0, 1, 2, its control socket, its list of threads


def test_a_fork_says_how_it_ended(fresh):
    with waiting(Limits(memory_bytes=3 << 30)) as child:
        os.kill(child.pid, 11)
        with pytest.raises(ChildDied, match="segmentation fault"):
            answer(child)


def test_many_threads_start_children_at_once(fresh, table):
    with ThreadPoolExecutor(8) as pool:
        rows = list(pool.map(lambda _: inspect_table(table).rows, range(24)))
    assert rows == [2] * 24


def test_a_fork_outlives_the_thread_that_asked_for_it(fresh):
    born = []
    thread = threading.Thread(target=lambda: born.append(waiting()))
    thread.start()
    thread.join()
    time.sleep(0.1)
    with born[0] as child:
        assert not gone(child.pid)


def test_two_forks_draw_different_numbers(fresh, tmp_path):
    """Else a model that answers at random would look steady between two fresh children."""
    rows = pd.DataFrame({"x": np.zeros(200)})
    model = DummyClassifier(strategy="uniform").fit(rows, np.arange(200) % 2)
    path = tmp_path / "model.skops"
    path.write_bytes(skops.io.dumps(model))
    answers = []
    for _ in range(2):
        with open_model(path) as opened:
            answers.append(opened.predict(rows))
    assert (answers[0] != answers[1]).any()


def run_apart(script):
    """Run *script* in another process and return its first line; it sleeps until it is killed."""
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert process.stdout is not None
    said = json.loads(process.stdout.readline())
    process.kill()
    process.wait()
    process.stdout.close()
    return said


def test_template_and_forks_end_with_the_service():
    pids = run_apart("""
        import json, time
        from tests.auditor.test_template import parent_of, waiting
        child = waiting()
        print(json.dumps([child.pid, parent_of(child.pid)]), flush=True)
        time.sleep(600)
    """)
    assert len(pids) == 2
    assert soon(lambda: all(map(gone, pids)))


def test_a_fork_of_the_service_starts_a_template_of_its_own():
    """Its end leaves the template of the other alone."""
    said = run_apart("""
        import json, os, time
        from tests.auditor.test_template import answer, gone, parent_of, waiting
        first = waiting()
        read, write = os.pipe()
        if os.fork() == 0:
            second = waiting()
            os.write(write, str(parent_of(second.pid)).encode())
            os._exit(0)
        other = int(os.read(read, 20))
        os.wait()
        with waiting() as third:
            parents = [parent_of(first.pid), parent_of(third.pid), other]
            print(json.dumps([*parents, gone(first.pid)]), flush=True)
            time.sleep(600)
    """)
    mine, still_mine, other, ended = said
    assert mine == still_mine != other
    assert not ended
    assert soon(lambda: gone(other))


def holds(pid, mark):
    """Say whether the private memory of a process holds *mark*."""
    with Path(f"/proc/{pid}/mem").open("rb") as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            span, rights, *_ = line.split()
            if rights != "rw-p":
                continue
            start, end = (int(one, 16) for one in span.split("-"))
            memory.seek(start)
            if mark in memory.read(end - start):
                return True
    return False


@pytest.mark.skipif(os.geteuid() != 0, reason="only root reads the memory of a locked process")
def test_what_one_request_says_is_not_in_the_memory_that_the_next_fork_inherits(fresh, monkeypatch, tmp_path):
    """A table's declared sheet is its owner's; a pickle of somebody else may be what forks next."""
    script = tmp_path / "still_template.py"  # imports nothing, so that its memory stands still
    script.write_text(
        f"import sys\nsys.path.insert(0, {str(ROOT)!r})\n"
        "from auditor.sandbox import template\ntemplate.IMPORTED = ()\ntemplate.main()\n"
    )
    monkeypatch.setattr(starter, "TEMPLATE", script)
    mark = "Salaries of the board 2026 " + "x" * 3_000  # long: no later request of another lies over it
    handle = os.open("/dev/null", os.O_RDONLY)
    with Child("attack", handle, Limits(), **WAIT, sheet=mark) as child:
        assert answer(child) == {}
        assert holds(child.pid, b"of the board 2026 xxx")  # its own fork was told
        with waiting() as other:
            assert parent_of(other.pid) == fresh.template().pid
            for pid in (fresh.template().pid, other.pid):
                assert not holds(pid, b"of the board 2026 xxx")
    os.close(handle)


def test_a_template_that_cannot_fork_keeps_the_forks_it_has(fresh, table, monkeypatch, tmp_path):
    """A host that is out of processes ends nobody else's audit; the file is read by a direct child."""
    script = tmp_path / "poor_template.py"
    script.write_text(
        textwrap.dedent(f"""
        import os, sys
        sys.path.insert(0, {str(ROOT)!r})
        from auditor.sandbox import template
        template.IMPORTED = ()
        honest, left = os.fork, [1]
        def fork():
            if not left:
                raise BlockingIOError(11, "no more processes")
            left.pop()
            return honest()
        os.fork = fork
        template.main()
        """)
    )
    monkeypatch.setattr(starter, "TEMPLATE", script)
    with waiting() as child:
        with waiting() as other:
            assert parent_of(child.pid) == fresh.template().pid
            assert parent_of(other.pid) == os.getpid()
        assert inspect_table(table).rows == 2
        assert not gone(child.pid)
