"""The signing key: its owner's alone, and out of the reach of whatever measures."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from auditor.bench import Bench
from auditor.cli import main
from auditor.config import BadSetting, Settings, from_environment
from auditor.problems import Refused
from auditor.sandbox.aside import shut_out
from auditor.trust.envelope import BadSignature, opened, sign, signer
from auditor.trust.keys import PRIVATE, PUBLIC, Keyring, read_published, rotate
from tests.conftest import ROOT


def test_the_key_is_made_once_and_is_its_owners_alone(tmp_path):
    folder = tmp_path / "keys"
    first = Keyring.open(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / PRIVATE).stat().st_mode) == 0o600
    assert Keyring.open(folder).current == first.current
    assert b"PRIVATE" not in (folder / PUBLIC).read_bytes()


def test_two_that_start_at_once_have_one_key(tmp_path):
    found: list[str] = []
    threads = [
        threading.Thread(target=lambda: found.append(Keyring.open(tmp_path / "k").current.fingerprint))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1


def test_a_replaced_key_leaves_its_public_half_only(tmp_path):
    first, second = Keyring.open(tmp_path), rotate(tmp_path)
    assert second.current.fingerprint != first.current.fingerprint
    assert second.published[0].until == second.current.since
    private = [path for path in tmp_path.iterdir() if b"PRIVATE" in path.read_bytes()]
    assert [path.name for path in private] == [PRIVATE]
    assert stat.S_IMODE((tmp_path / PRIVATE).stat().st_mode) == 0o600
    assert read_published((tmp_path / PUBLIC).read_bytes()) == list(second.published)


@pytest.mark.parametrize(
    ("name", "content", "mode", "says"),
    [
        (PRIVATE, None, 0o644, "may be read by others (mode 644)"),
        (PRIVATE, b"not a key", 0o600, "holds no Ed25519 key"),
        (PUBLIC, b'{"keys": []}', 0o600, "does not end with the key of"),
        (PUBLIC, b"[", 0o600, "not a list of keys"),
        (PUBLIC, None, None, "cannot be used: No such file"),
    ],
)
def test_a_damaged_folder_is_refused_with_a_sentence(name, content, mode, says, tmp_path):
    Keyring.open(tmp_path)
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    path.unlink() if mode is None else path.chmod(mode)
    with pytest.raises(Refused, match=r".") as refused:
        Keyring.open(tmp_path)
    assert says in str(refused.value)


def test_keys_inside_the_home_are_refused(tmp_path):
    with pytest.raises(BadSetting, match="outside AUDITOR_HOME"):
        from_environment({"AUDITOR_HOME": str(tmp_path), "AUDITOR_KEYS": str(tmp_path / "keys")})
    assert Settings(home=tmp_path / "var").key_folder == (tmp_path / "var-keys").resolve()


def test_the_command_shows_and_replaces(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("AUDITOR_KEYS", str(tmp_path / "keys"))
    assert main(["keys"]) == 0
    (one,) = json.loads(capsys.readouterr().out)["keys"]
    assert main(["keys", "rotate"]) == 0
    first, second = json.loads(capsys.readouterr().out)["keys"]
    assert first["fingerprint"] == one["fingerprint"]
    assert first["until"] == second["since"]
    assert second["until"] is None


def test_a_signature_is_of_its_kind_and_key_alone(tmp_path):
    ring, other = Keyring.open(tmp_path / "a"), Keyring.open(tmp_path / "b")
    envelope = sign(b"said", "text/plain", ring.private)
    assert opened(envelope, "text/plain", ring.current) == b"said"
    assert signer(envelope, "text/plain") == ring.current.fingerprint
    for data, kind, key in (
        (envelope, "text/html", ring.current),
        (envelope, "text/plain", other.current),
        (envelope.replace(b"c2FpZA==", b"c2FpZB=="), "text/plain", ring.current),
        (b"{}", "text/plain", ring.current),
        (b"[" * 10**5, "text/plain", ring.current),
    ):
        with pytest.raises(BadSignature):
            opened(data, kind, key)


ASK = """
import os, sys
from pathlib import Path
from auditor.sandbox.aside import shut_out
keys, home = Path(sys.argv[1]), Path(sys.argv[2])
assert shut_out(keys)
def read(path):
    try:
        return path.read_bytes()[:1]
    except OSError as error:
        return error.errno
key = keys / "signing.key"
said = [read(key), read(home / "link"), read(Path(f"/proc/{os.getppid()}/root") / str(key)[1:])]
for do in (lambda: key.write_bytes(b"mine"), lambda: os.rename(key, home / "mine")):
    try:
        do()
        said.append("done")
    except OSError as error:
        said.append(error.errno)
(home / "work").mkdir()
(home / "work" / "a").write_bytes(b"free")
os.rename(home / "work" / "a", home / "b")
said.append(read(home / "b"))
print(said)
"""


@pytest.fixture
def places(tmp_path):
    """A home with a link to the key, beside the folder of keys."""
    Keyring.open(tmp_path / "home-keys")
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "link").symlink_to(tmp_path / "home-keys" / PRIVATE)
    return tmp_path / "home-keys", tmp_path / "home"


def test_a_process_that_shut_itself_out_cannot_reach_the_key_on_any_way(places):
    """Not by its path, a link, another process's root, writing or moving; its own work goes on."""
    asked = [sys.executable, "-c", ASK, *map(str, places)]
    answer = subprocess.run(asked, capture_output=True, text=True, check=False, cwd=ROOT)
    assert answer.returncode == 0, answer.stderr
    denied = 13
    said = answer.stdout.strip()
    assert said == repr([denied, denied, denied, denied, denied, b"f"]) or said == repr(
        [denied, denied, denied, denied, 18, b"f"]  # EXDEV: files do not move out either
    )
    assert b"PRIVATE" in (places[0] / PRIVATE).read_bytes()


PROBE = """
import json, os, sys
from pathlib import Path
from auditor import measurer
class Desk:
    def answer(self, request):
        try:
            return {"ok": Path(request["read"]).read_text()}
        except OSError as error:
            return {"ok": error.errno}
measurer.Desk = Desk
measurer.main()
"""


def test_the_measuring_process_shuts_itself_out_before_it_answers(places, tmp_path, monkeypatch):
    """Ask a real measuring process, with another desk, for the key and for another file."""
    module = tmp_path / "probing_measurer.py"
    module.write_text(PROBE)
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{ROOT}")
    (tmp_path / "home" / "free").write_text("free")
    bench = Bench("probing_measurer")
    bench.aside = places[0]
    try:
        assert bench.ask({"read": str(places[1] / "free")}, seconds=60) == "free"
        assert bench.ask({"read": str(places[0] / PRIVATE)}, seconds=60) == 13
    finally:
        bench.close()


def test_a_host_without_landlock_is_told_of(monkeypatch, tmp_path):
    def none():
        raise OSError(38, "not here")

    monkeypatch.setattr("auditor.sandbox.aside.landlock_abi", none)
    assert shut_out(tmp_path) is False


def test_the_worker_closes_the_folder_before_anything_else_and_nothing_that_measures_signs():
    source = (ROOT / "auditor" / "cli.py").read_text()
    worker = source[source.index("def _worker") :]
    assert worker.index("shut_out(settings.key_folder)") < worker.index("start_canary")
    names = ("audit", "attempts", "steps", "measurer", "worker", "jobs", "bench")
    measuring = [ROOT / "auditor" / f"{name}.py" for name in names]
    for folder in ("sandbox", "subjects", "endpoint"):
        measuring += (ROOT / "auditor" / folder).rglob("*.py")
    assert not [path for path in measuring if "auditor.trust" in path.read_text()]


@pytest.mark.parametrize("stage", ["before the list", "after the list"])
def test_a_replacement_that_was_killed_comes_to_an_end(stage, tmp_path, monkeypatch):
    old = Keyring.open(tmp_path)

    def killed(path, target):
        if stage == "before the list" or target.name == PRIVATE:
            raise KeyboardInterrupt
        real(path, target)

    real = Path.replace
    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", killed)
        with pytest.raises(KeyboardInterrupt):
            rotate(tmp_path)
    again = Keyring.open(tmp_path)
    assert len(again.published) == (1 if stage == "before the list" else 2)
    assert (again.current == old.current) is (stage == "before the list")
    assert len(rotate(tmp_path).published) == len(again.published) + 1
