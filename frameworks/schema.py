"""The JSON Schema of rule files, for editors: it completes keys and measures while somebody writes."""

from __future__ import annotations

import json
import sys
from functools import cache
from typing import Any

from frameworks.measures import measures
from frameworks.overlay_shape import OverlayShape
from frameworks.shape import FrameworkShape

ADDRESS = "/api/v1/schema/framework.json"
HINT = "# yaml-language-server: $schema="
"""How a YAML file tells an editor its schema, on its first line."""


@cache
def framework_schema() -> dict[str, Any]:
    """Return the schema of a framework or an overlay (JSON Schema 2020-12).

    It is the shape only: what a parent says, and whether a change fits it, only the loader can tell.
    """
    parts: dict[str, Any] = {}
    kinds = []
    for shape in (FrameworkShape, OverlayShape):
        whole = shape.model_json_schema(ref_template="#/$defs/{model}")
        parts |= whole.pop("$defs", {})
        parts[shape.__name__] = whole
        kinds.append({"$ref": f"#/$defs/{shape.__name__}"})
    parts["CriterionShape"]["properties"]["measure"] = _measures()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": ADDRESS,
        "title": "A framework or an overlay of Auditor",
        "if": {"required": ["extends"]},
        "then": kinds[1],
        "else": kinds[0],
        "$defs": dict(sorted(parts.items())),
    }


def _measures() -> dict[str, Any]:
    return {
        "description": "What is measured, as `<check>.<measure>`.",
        "oneOf": [
            {"const": one.path, "description": one.says if one.available else f"planned: {one.says}"}
            for one in measures().values()
        ],
    }


if __name__ == "__main__":  # python -m frameworks.schema > docs/reference/framework.schema.json
    sys.stdout.write(json.dumps(framework_schema(), indent=2) + "\n")
