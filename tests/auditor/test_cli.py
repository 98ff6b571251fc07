"""The command line: exit codes others script against, and nothing half-written."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from auditor import run as run_module
from auditor.cli import main
from auditor.manifest import read_submission
from auditor.plan import frameworks_asked
from auditor.problems import Refused
from auditor.submission import parse
from tests.conftest import ROOT, serving

CSV = "y,d,g\n" + "1,1,a\n0,0,b\n" * 60
ASKED = {
    "system": {"name": "Loans"},
    "task": "binary",
    "data": {"evaluation": "rows.csv"},
    "columns": {"label": "y", "favourable": 1, "prediction": "d", "groups": ["g"]},
    "frameworks": ["us-nyc-ll144"],
}


@pytest.fixture
def quick(monkeypatch):
    """Measure with the fake process."""
    bench = run_module.Bench
    monkeypatch.setattr(run_module, "Bench", lambda: bench("tests.auditor.fake_measurer"))


@pytest.fixture
def write(tmp_path):
    (tmp_path / "rows.csv").write_text(CSV)

    def write(raw=ASKED, **more):
        path = tmp_path / "submission.yaml"
        path.write_text(raw if isinstance(raw, str) else yaml.safe_dump({**raw, **more}))
        return str(path)

    return write


def names(folder):
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_a_run_writes_three_files_and_says_the_verdicts(quick, write, tmp_path, capsys):
    out = tmp_path / "a" / "out"
    assert main(["run", write(), "--out", str(out), "--as-of", "2026-12-01", "--seed", "7"]) == 0
    assert names(out) == ["audit.json", "bundle.zip", "report.html", "report.pdf"]
    record = json.loads((out / "audit.json").read_bytes())
    assert record["body"]["as_of"] == "2026-12-01"
    assert record["body"]["submission"]["seed"] == 7
    assert set(record["run"]["seconds"]) >= {"data.quality", "fairness.selection_rate"}
    assert str(out) in capsys.readouterr().out


def test_the_frameworks_of_the_file_can_be_replaced(quick, write, tmp_path):
    assert (
        main(["run", write(), "--out", str(tmp_path / "o"), "--framework", "global-baseline", "--quiet"]) == 0
    )
    record = json.loads((tmp_path / "o" / "audit.json").read_bytes())
    assert record["body"]["submission"]["frameworks"] == ["global-baseline"]


def test_results_of_an_earlier_run_are_replaced_whole(quick, write, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "audit.json").write_text("old")
    assert main(["run", write(), "--out", str(out), "--quiet"]) == 0
    assert names(out) == ["audit.json", "bundle.zip", "report.html", "report.pdf"]
    assert (out / "audit.json").read_text() != "old"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: &x 1\nb: *x\n", "line 2 uses a YAML alias"),
        ("task: binary\ntask: binary\n", "line 2 gives `task` a second time"),
        ("a: [1\n", "is not YAML at line"),
        ("- 1\n", "not a mapping"),
        ("!!python/object/apply:os.system ['true']\n", "uses a YAML tag (!name) at line 1"),
        ("[" * 5000, "nested too deeply"),
        ("# " + "x" * 1_100_000, "larger than 1048576 bytes"),
    ],
    ids=["alias", "twice", "broken", "list", "object", "deep", "large"],
)
def test_what_is_not_plain_yaml_is_refused_with_its_line(text, says, write, tmp_path, capsys):
    assert main(["run", write(text), "--out", str(tmp_path / "out")]) == 2
    assert says in capsys.readouterr().err
    assert names(tmp_path / "out") == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"colour": "blue"}, "`colour` is not a key of a submission"),
        ({"frameworks": ["nope"]}, "there is no framework `nope`"),
        ({"data": {"evaluation": "nowhere.csv"}}, "names nowhere.csv, which is not there"),
        ({"data": {"evaluation": "."}}, "names ., which is a folder; name a file in it"),
        ({"models": [{"name": "rival"}]}, "give either one model file or the columns of its answers"),
        ({"answers": "nowhere.yaml"}, "nowhere.yaml is not there"),
        ({"system": {"name": "refused"}}, "there is no column `y` in the table; name another."),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
@pytest.mark.usefixtures("quick")
def test_a_refusal_is_2_with_its_sentence_and_nothing_written(change, says, write, tmp_path, capsys):
    assert main(["run", write(**change), "--out", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err
    assert says in said
    assert "refused: " in said
    assert names(tmp_path / "out") == []


def test_a_missing_submission_and_a_file_for_out_are_refused(write, tmp_path, capsys):
    assert main(["run", str(tmp_path / "none.yaml"), "--out", str(tmp_path / "out")]) == 2
    assert main(["run", write(), "--out", str(tmp_path / "rows.csv")]) == 2
    assert "is a file; name a folder" in capsys.readouterr().err


def test_a_fault_of_ours_is_3_and_nothing_written(quick, write, tmp_path, capsys):
    for name in ("breaks in preparing", "dies in preparing"):
        assert main(["run", write(system={"name": name}), "--out", str(tmp_path / "out")]) == 3
        assert "auditor itself failed" in capsys.readouterr().err
        assert names(tmp_path / "out") == []


def test_a_failed_check_is_evidence_and_4_only_when_strict(quick, write, tmp_path, capsys):
    path = write(system={"name": "dies in a check"})
    assert main(["run", path, "--out", str(tmp_path / "out"), "--quiet"]) == 0
    assert main(["run", path, "--out", str(tmp_path / "out"), "--quiet", "--strict"]) == 4
    assert "failed checks: data." in capsys.readouterr().err
    assert names(tmp_path / "out") == ["audit.json", "bundle.zip", "report.html", "report.pdf"]


def test_ctrl_c_is_130_and_leaves_no_file_and_no_process(tmp_path, write):
    """The real command, interrupted in the middle."""
    code = (
        "import signal, sys\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a shell's background ignores Ctrl-C
        "from auditor import run\n"
        "real = run.Bench\n"
        "run.Bench = lambda: real('tests.auditor.fake_measurer')\n"
        "from auditor.cli import main\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    out, scratch = tmp_path / "out", tmp_path / "scratch"
    scratch.mkdir()
    process = subprocess.Popen(
        [sys.executable, "-c", code, "run", write(system={"name": "slow"}), "--out", str(out)],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(scratch)},
        stderr=subprocess.PIPE,
        text=True,
    )
    for line in process.stderr:
        if "1/" in line:
            break
    (child,) = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    process.send_signal(signal.SIGINT)
    said = process.stderr.read()
    process.stderr.close()
    assert process.wait(20) == 130
    assert "interrupted; nothing was written." in said
    assert names(out) == []
    assert names(scratch) == []
    assert not Path(f"/proc/{child}").exists()


@pytest.mark.parametrize(("gate", "code"), [("not_met", 10), ("undecided", 10), (None, 0)])
def test_the_gate_trips_on_its_verdict_and_worse(gate, code, write, tmp_path, monkeypatch):
    finding = {"verdict": "not_met", "state": "in-force"}
    monkeypatch.setattr(run_module, "run", lambda *a, **k: ran([finding]))
    options = ["--gate", gate] if gate else []
    assert main(["run", write(), "--out", str(tmp_path / "o"), *options]) == code


@pytest.mark.parametrize(
    "finding",
    [{"verdict": "not_met", "state": "sunset"}, {"verdict": "attested", "state": "in-force"}],
    ids=["out of force", "attested"],
)
def test_the_gate_does_not_trip_on(finding, write, tmp_path, monkeypatch):
    monkeypatch.setattr(run_module, "run", lambda *a, **k: ran([finding]))
    assert main(["run", write(), "--out", str(tmp_path / "o"), "--gate", "not_met"]) == 0


def ran(findings):
    body = {"findings": findings, "verdicts": {}, "evidence": []}
    return run_module.Ran(record={"body": body, "digest": "0" * 64}, out=Path("o"))


def test_lists_and_pages(capsys):
    assert main(["frameworks"]) == 0
    assert main(["frameworks", "us-nyc-ll144"]) == 0
    assert main(["checks"]) == 0
    assert main(["checks", "fairness.selection_rate"]) == 0
    said = capsys.readouterr().out
    assert "global-baseline" in said
    assert "Why it matters" in said
    assert main(["frameworks", "nope"]) == 2
    assert main(["checks", "nope"]) == 2


TOWN = """
format: auditor-framework/1
id: town
title: Rules of a town
version: "1"
jurisdiction: a town
extends: [{id: global-baseline, version: ">=0.1"}]
sunset: 2027-01-01
overrides:
  - target: PRIV-02
    criterion: privacy.anonymity.k
    mode: tighten
    from: {at_least: 5}
    to: {at_least: 4}
    reason: x
"""


def test_rules_are_checked_compared_and_resolved(tmp_path, capsys):
    file = tmp_path / "town.yaml"
    file.write_text(TOWN)
    assert main(["frameworks", "lint", str(file)]) == 2
    assert "town.yaml, line 14: `at_least: 4` is not stricter than `at_least: 5`" in capsys.readouterr().err
    file.write_text(TOWN.replace("to: {at_least: 4}", "to: {at_least: 11}"))
    assert main(["frameworks", "lint", str(file), "--as-of", "2027-01-01"]) == 2
    assert "line 8: the sunset 2027-01-01 has passed" in capsys.readouterr().err
    assert main(["frameworks", "lint", str(file), "--as-of", "2026-12-31"]) == 0
    assert main(["frameworks", "diff", "global-baseline", str(file)]) == 0
    said = capsys.readouterr().out
    assert "PRIV-02 privacy.anonymity.k: at_least: 5 by interval -> at_least: 11 by interval" in said
    assert main(["frameworks", "diff", "global-baseline", str(file), "--as-of", "2027-01-01"]) == 0
    assert "Both ask the same." in capsys.readouterr().out
    assert main(["frameworks", "resolve", str(file), "--as-of", "2027-01-01"]) == 0
    assert "since then its parents hold" in capsys.readouterr().out
    assert main(["frameworks", "resolve", str(file), "--as-of", "2026-12-01", "--json"]) == 0
    asked = {r["id"]: r for r in json.loads(capsys.readouterr().out)["requirements"]}
    assert asked["PRIV-02"]["changes"][0]["reason"] == "x"


def test_parents_are_read_from_the_files_beside(tmp_path, capsys):
    """A circle and a stack too deep are told by the command too."""
    town = TOWN.replace("to: {at_least: 4}", "to: {at_least: 11}")
    file = tmp_path / "town.yaml"
    file.write_text(
        town.replace("id: global-baseline", "id: region").replace("{at_least: 5}", "{at_least: 7}")
    )
    assert main(["frameworks", "lint", str(file), "--as-of", "2026-12-31"]) == 2
    assert "there is no framework `region`" in capsys.readouterr().err
    region = town.replace("id: town", "id: region").replace("at_least: 11", "at_least: 7")
    (tmp_path / "county.yml").write_text(region)
    (tmp_path / "noise.yaml").write_text("[1, 2")
    assert main(["frameworks", "lint", str(file), "--as-of", "2026-12-31"]) == 0
    assert main(["frameworks", "diff", "global-baseline", str(file)]) == 0
    assert "at_least: 5 by interval -> at_least: 11" in capsys.readouterr().out
    (tmp_path / "county.yml").write_text(region.replace("id: global-baseline", "id: town"))
    assert main(["frameworks", "lint", str(file)]) == 2
    assert "`town` would build on itself (town -> region -> town)" in capsys.readouterr().err
    file.write_text(town.replace("id: town", "id: smart-city-municipal"))
    assert main(["frameworks", "lint", str(file), "--as-of", "2026-12-31"]) == 2
    assert "line 3: `smart-city-municipal` is the id of a bundled framework" in capsys.readouterr().err
    pack = Path("frameworks/packs/smart-city-municipal.yaml")
    assert main(["frameworks", "lint", str(pack), "--as-of", "2026-12-31"]) == 0


SECOND = (
    TOWN.replace("id: town", "id: borough")
    .replace('{id: global-baseline, version: ">=0.1"}', '{id: town, version: "1"}')
    .replace("from: {at_least: 5}", "from: {at_least: 11}")
    .replace("to: {at_least: 4}", "to: {at_least: 12}")
)


def test_a_run_keeps_every_file_that_its_rules_build_on(tmp_path, capsys):
    (tmp_path / "ours.yml").write_text(TOWN.replace("to: {at_least: 4}", "to: {at_least: 11}"))
    upper = tmp_path / "upper.yaml"
    upper.write_text(SECOND)
    assert main(["frameworks", "lint", str(upper), str(tmp_path / "ours.yml"), "--as-of", "2026-12-01"]) == 0
    (tmp_path / "rows.csv").write_text(CSV)
    (tmp_path / "s.yaml").write_text(yaml.safe_dump({**ASKED, "frameworks": ["upper.yaml"]}))
    raw, _files = read_submission(tmp_path / "s.yaml")
    assert (raw["frameworks"], set(raw["rules"])) == (["borough"], {"town", "borough"})
    assert [f.parents[0].id for f in frameworks_asked(parse(raw))] == ["town"]


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (
            {"a.yaml": TOWN, "b.yaml": TOWN},
            "line 7: `town` is the id of `a.yaml`, `b.yaml`; keep one of them",
        ),
        ({}, "line 7: there is no framework `town`, and no file beside this one has that id"),
        (
            {f"{n}.yaml": SECOND.replace("town", f"n{n + 1}").replace("borough", f"n{n}") for n in range(30)}
            | {"x.yaml": SECOND.replace("town", "n1").replace("borough", "town")},
            "more than 20 files lie on top of one another here, and at most 5 overlays are read",
        ),
    ],
)
def test_depth_and_twins_between_files_are_refused(files, said, tmp_path, capsys):
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "upper.yaml").write_text(SECOND)
    assert main(["frameworks", "lint", str(tmp_path / "upper.yaml")]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["lint"], "write: frameworks lint FILE"),
        (["lint", "none.yaml"], "the file cannot be read"),
        (["diff", "global-baseline"], "write: frameworks diff A B"),
        (["mend", "x"], "`mend` is no verb here; choose from"),
        (["resolve", "nope"], "there is no file or framework `nope`"),
    ],
)
def test_a_wrong_question_about_rules_is_refused(words, said, capsys):
    assert main(["frameworks", *words]) == 2
    assert said in capsys.readouterr().err


def test_verify_install_names_every_layer(capsys):
    code = main(["verify-install"])
    said = capsys.readouterr().out
    for part in ("landlock", "seccomp", "canary", "template", "home", "fonts", "browser"):
        assert f" {part} " in said
    assert ("This host can take submissions." in said) == (code == 0)


def test_a_misspelt_setting_stops_the_start(monkeypatch, capsys):
    monkeypatch.setenv("AUDITOR_PROT", "80")
    assert main(["checks"]) == 2
    assert "AUDITOR_PROT is not a setting" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["AUDITOR_PORT=many", "AUDITOR_HTTPS=perhaps", "AUDITOR_THREADS=8"])
def test_a_setting_that_makes_no_sense_is_named(text, monkeypatch, capsys):
    name, _, value = text.partition("=")
    monkeypatch.setenv(name, value)
    assert main(["checks"]) == 2
    assert name in capsys.readouterr().err


def test_answers_may_stand_in_a_file_of_their_own(tmp_path):
    (tmp_path / "rows.csv").write_text(CSV)
    (tmp_path / "answers.yaml").write_text("human-review: {answer: yes it is}\n")
    (tmp_path / "s.yaml").write_text(yaml.safe_dump({**ASKED, "answers": "answers.yaml"}))
    raw, files = read_submission(tmp_path / "s.yaml")
    assert raw["answers"] == {"human-review": {"answer": "yes it is"}}
    assert files == {"data.evaluation": tmp_path / "rows.csv"}


def test_refusals_carry_every_problem(tmp_path):
    (tmp_path / "s.yaml").write_text(yaml.safe_dump({**ASKED, "model": {"file": "m.skops"}}))
    with pytest.raises(Refused) as refused:
        read_submission(tmp_path / "s.yaml")
    assert [problem.where for problem in refused.value.problems] == ["model", "data.evaluation"]


def test_serve_refuses_a_taken_port(tmp_path, monkeypatch, capsys):
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        monkeypatch.setenv("AUDITOR_HOME", str(tmp_path / "home"))
        assert main(["serve", "--port", str(taken.getsockname()[1])]) == 2
    assert "is in use" in capsys.readouterr().err
    assert not (tmp_path / "home").exists()


def test_serve_starts_what_dies_and_ctrl_c_ends_everything(tmp_path):
    """Both children are killed with -9; both come back. After Ctrl-C nothing of it runs."""
    with serving(tmp_path / "home") as live:
        before = descendants(live.pid)
        for pid in children(live.pid):
            os.kill(pid, signal.SIGKILL)
        deadline = time.monotonic() + 60
        while not back(live, before):
            assert time.monotonic() < deadline
            time.sleep(0.3)
        after = descendants(live.pid)
        assert len(after) >= 3
    deadline = time.monotonic() + 10
    while any(Path(f"/proc/{pid}").exists() for pid in before | after):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    log = (tmp_path / "serve.log").read_text()
    assert log.count("shown this once") == 1
    assert "Traceback" not in log


def back(live, before):
    try:
        return live.get("/readyz").status == 200 and len(children(live.pid) - before) == 2
    except OSError:
        return False


def children(pid):
    """The children of every thread; a thread that ended between being listed and being read has none."""
    found = set()
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            found |= {int(number) for number in task.read_text().split()}
    return found


def descendants(pid):
    found = children(pid)
    return found.union(*(descendants(child) for child in found))


def test_publish_writes_the_version_for_everybody_and_refuses_what_is_no_record(tmp_path, capsys):
    from tests.reports.sample import audit

    whole = tmp_path / "audit.json"
    whole.write_bytes(audit().to_json())
    told = ["publish", str(whole), "--out", str(tmp_path / "public"), "--language", "zh-Hans"]
    assert main(told) == 0
    assert '<html lang="zh-Hans"' in (tmp_path / "public" / "report.html").read_text(encoding="utf-8")
    with pytest.raises(SystemExit, match="2"):
        main([*told, "--language", "klingon"])
    assert "choose from en, zh-Hans, zh-Hant" in capsys.readouterr().err.replace("'", "")
    assert names(tmp_path / "public") == ["audit.json", "report.html", "report.pdf"]
    body = json.loads((tmp_path / "public" / "audit.json").read_bytes())["body"]
    assert body["publication"]["of"] == audit().digest
    changed = tmp_path / "changed.json"
    changed.write_bytes(whole.read_bytes().replace(b"Loan screening", b"Loan screaming"))
    for record, says in ((changed, "the record was changed"), (tmp_path / "none", "cannot be read")):
        assert main(["publish", str(record), "--out", str(tmp_path / "none of it")]) == 2
        assert says in capsys.readouterr().err
    assert not (tmp_path / "none of it").exists()
