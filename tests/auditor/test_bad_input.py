"""Every bad input gets its one sentence, the same at every door, and nothing is left behind."""

from __future__ import annotations

import hashlib
import html
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from auditor.cli import main
from tests.auditor.bad_inputs import Bad, every_case

CASES = list(every_case())
each = pytest.mark.parametrize("bad", CASES, ids=lambda bad: bad.name.replace(" ", "-"))


def assert_said(bad: Bad, sentence: str) -> None:
    """One or more plain sentences that hold the words, and no trace of the inside."""
    for word in bad.words:
        assert word in sentence
    assert sentence.rstrip().endswith((".", "?", ")"))
    for inside in ("Traceback", "Error:", 'File "', "0x", "<class"):
        assert inside not in sentence


@each
def test_the_command_line_refuses_with_2_and_writes_nothing(bad, tmp_path, capsys):
    source, out = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    (source / "submission.yaml").write_text(yaml.safe_dump(bad.make(source)), encoding="utf-8")
    assert main(["run", str(source / "submission.yaml"), "--out", str(out)]) == 2
    assert not out.exists() or not any(out.iterdir())
    assert_said(bad, capsys.readouterr().err)


@pytest.fixture(scope="module")
def api(live_service):
    return live_service


@each
def test_the_api_refuses_with_the_same_sentence(bad, api, tmp_path):
    problems = refused_by(api, bad.make(tmp_path), tmp_path)
    assert any(one["where"].startswith(("file", bad.where)) for one in problems), problems
    assert_said(bad, " ".join(one["sentence"] for one in problems))


def refused_by(api: Any, raw: dict[str, Any], folder: Path) -> list[dict[str, str]]:
    """Upload, submit and wait; return the problems of whichever of the three refuses."""
    raw = json.loads(json.dumps(raw))
    for part in [raw["data"], raw]:
        for name in ("evaluation", "model"):
            if name in part:
                file = part[name] if isinstance(part[name], dict) else {"file": part[name]}
                data = (folder / file.pop("file")).read_bytes()
                digest = hashlib.sha256(data).hexdigest()
                stored = api.put(f"/api/v1/artifacts/{digest}", data)
                if stored.status == 422:
                    return stored.json["problems"]
                part[name] = file | {"artifact": f"sha256:{digest}"}
    answer = api.post("/api/v1/audits", raw)
    if answer.status == 422:
        return answer.json["problems"]
    assert answer.status == 202
    audit = api.wait(answer.json["id"])
    assert audit["state"] == "refused"
    page = html.unescape(re.sub(r"</?code>", "`", api.get(f"/audits/{audit['id']}").content.decode()))
    for problem in audit["problem"]["problems"]:
        assert problem["sentence"] in page, "who used the form reads the same sentence"
    assert api.get(f"/api/v1/audits/{audit['id']}/audit.json").status in (404, 409)
    return audit["problem"]["problems"]


FILES = [
    bad for bad in CASES if bad.where in ("data.evaluation", "model") and "missing inputs" not in bad.name
]


@pytest.mark.parametrize("bad", FILES, ids=lambda bad: bad.name.replace(" ", "-"))
def test_the_form_refuses_a_file_at_its_field(bad, app, client, tmp_path):
    app.config["WTF_CSRF_ENABLED"] = False
    raw = bad.make(tmp_path)
    names = {"data.evaluation": raw["data"]["evaluation"], "model": raw.get("model", {}).get("file")}
    draft = client.post("/drafts").location.removesuffix("/system")
    sent = {key: (io.BytesIO((tmp_path / name).read_bytes()), name) for key, name in names.items() if name}
    answer = client.post(f"{draft}/files", data=sent)
    assert answer.status_code == 422
    said = re.search(rf'id="{re.escape(bad.where)}-error">.*?</span>(.*?)</p>', answer.text, re.DOTALL)
    assert said, "no sentence at the field"
    assert_said(bad, html.unescape(re.sub(r"</?code>", "`", said[1])))
