"""The page on the format says what the loader reads."""

from __future__ import annotations

import re
from pathlib import Path

from frameworks.load import load
from frameworks.model import Basis, Severity, Verdict
from frameworks.shape import AppliesShape, CriterionShape, FrameworkShape, RequirementShape, SourceShape

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/reference/framework-format.md").read_text(encoding="utf-8")


def test_the_example_of_the_page_loads():
    example = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    rule = load(example.group(1).encode(), "example.yaml")
    assert rule.id == "city-hiring"
    assert len(rule.requirements[0].criteria) == 2


def test_every_key_is_on_the_page():
    for shape in (FrameworkShape, RequirementShape, AppliesShape, SourceShape, CriterionShape):
        for name, key in shape.model_fields.items():
            assert f"`{key.alias or name}`" in PAGE or f"`{name}: true`" in PAGE, name


def test_every_word_of_the_vocabulary_is_on_the_page():
    for word in (*Verdict, *Severity, *Basis):
        assert f"`{word}`" in PAGE
