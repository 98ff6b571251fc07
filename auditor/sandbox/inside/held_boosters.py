"""Inside the child: boosters that a skops file holds, checked as bytes before their library loads them."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterable, Mapping
from typing import Any

from auditor.sandbox.inside.answers import Refuse


def check_held(archive: zipfile.ZipFile, nodes: Iterable[Mapping[str, Any]]) -> None:
    """Refuse a file that holds a booster whose trees point outside themselves."""
    for member in archive.infolist():
        if member.filename.endswith(".bin"):
            _check_bytes(archive.read(member))
    for node in nodes:
        content = node.get("content")
        if isinstance(content, str) and content.startswith('"tree\\n'):
            _check_lightgbm(content)


def _check_bytes(raw: bytes) -> None:
    if raw[:4] == b"CBM1":
        from auditor.sandbox.inside import catboost_trees

        catboost_trees.check(raw)
    elif raw[:1] == b"{":
        from auditor.sandbox.inside import xgboost_trees

        said = xgboost_trees.read(raw)
        model = said.get("Model", said)
        if isinstance(model, dict) and "learner" in model:
            xgboost_trees.check(model)


def _check_lightgbm(content: str) -> None:
    from auditor.sandbox.inside import lightgbm_trees

    try:
        text = json.loads(content)
    except ValueError:
        raise Refuse("truncated", lightgbm_trees.NOT_WHOLE) from None
    lightgbm_trees.check(lightgbm_trees.parse(text))
    lightgbm_trees.check_sizes(text)
