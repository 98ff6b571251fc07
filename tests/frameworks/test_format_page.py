"""The page on the format says what the loader reads."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import pytest

from frameworks.load import load
from frameworks.measures import HERE
from frameworks.model import Basis, Severity, Verdict
from frameworks.overlay_shape import (
    ExtendsShape,
    FloorShape,
    GroupShape,
    OverlayShape,
    OverrideShape,
    ValueShape,
)
from frameworks.policy_shape import (
    ConditionShape,
    EffectivenessShape,
    LimitShape,
    SandboxShape,
    TriggerShape,
    WaiversShape,
)
from frameworks.proposing import Change, Figure
from frameworks.schema import framework_schema
from frameworks.shape import AppliesShape, CriterionShape, FrameworkShape, RequirementShape, SourceShape
from frameworks.source import parse

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/reference/framework-format.md").read_text(encoding="utf-8")


def test_the_example_of_the_page_loads():
    example = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    rule = load(example.group(1).encode(), "example.yaml")
    assert rule.id == "city-hiring"
    assert len(rule.requirements[0].criteria) == 2


def test_the_overlay_of_the_page_loads():
    (example,) = [one for one in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL) if "extends" in one]
    rule = load(example.encode(), "example.yaml")
    assert (rule.id, rule.parents[0].id, len(rule.groups)) == ("example-town", "global-baseline", 1)


def test_the_policies_of_the_page_load():
    head, parts = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[2], {}
    for example in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL):
        parts |= {example.split(":")[0]: example}
    overlay = "".join(parts[name] for name in ("waivers", "effectiveness"))
    rule = load((head + overlay).encode(), "example.yaml")
    assert rule.waivers.approvers == ("Ethics council",)
    assert rule.sandbox.extension_days == 300
    assert rule.effectiveness.audits == 30


def test_every_key_is_on_the_page():
    whole = (FrameworkShape, RequirementShape, AppliesShape, SourceShape, CriterionShape)
    policies = (WaiversShape, SandboxShape, LimitShape, EffectivenessShape, TriggerShape, ConditionShape)
    for shape in (
        *whole,
        *policies,
        OverlayShape,
        OverrideShape,
        ExtendsShape,
        FloorShape,
        GroupShape,
        ValueShape,
    ):
        for name, key in shape.model_fields.items():
            assert f"`{key.alias or name}`" in PAGE or f"`{name}: true`" in PAGE, name


def test_every_word_of_the_vocabulary_is_on_the_page():
    for word in (*Verdict, *Severity, *Basis, *Change, *Figure):
        assert f"`{word}`" in PAGE


def test_the_schema_of_the_docs_is_the_shape():
    stored = json.loads((ROOT / "docs/reference/framework.schema.json").read_text(encoding="utf-8"))
    assert stored == framework_schema(), (
        "run: python -m frameworks.schema > docs/reference/framework.schema.json"
    )


@pytest.mark.parametrize("path", sorted((HERE / "packs").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_pack_fits_the_schema(path):
    data = json.loads(json.dumps(parse(path.read_bytes(), path.name).data, default=str))
    jsonschema.Draft202012Validator(framework_schema()).validate(data)


@pytest.mark.parametrize("change", [{"sunsett": 1}, {"extends": []}, {"overrides": [{"mode": "relax"}]}])
def test_the_schema_refuses_what_is_no_overlay(change):
    data = {"format": "auditor-framework/1", "id": "town", "title": "T", "version": "1", "jurisdiction": "x",
            "extends": [{"id": "global-baseline", "version": "0.1.0"}]}  # fmt: skip
    check = jsonschema.Draft202012Validator(framework_schema())
    assert check.is_valid(data)
    assert not check.is_valid(data | change)
