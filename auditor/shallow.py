"""What is wrong with a YAML text before it is composed: depth, which takes minutes, aliases and tags.

PyYAML composes 100 kB of opening brackets in two minutes and more, an alias lets a small file unfold into a
huge one, and a tag on a value that does not fit (`!!bool x`) raises whatever its reader trips over. They
can be seen in the flat stream of events, which is left at the first of them.
"""

from __future__ import annotations

from typing import Literal

import yaml

DEEPEST = 32
"""Levels of lists and mappings; submissions and MLflow's manifests need six."""


def flaw(text: str) -> tuple[Literal["alias", "depth", "tag"], int] | None:
    """Return the first alias, tag or excess of depth in *text* with its line (from 1); None without one.

    Raises `yaml.YAMLError` or `ValueError` for what is no YAML.
    """
    depth = 0
    for event in yaml.parse(text, yaml.SafeLoader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if isinstance(event, yaml.AliasEvent):
            return "alias", line
        if getattr(event, "tag", None) is not None:
            return "tag", line
        if depth > DEEPEST:
            return "depth", line
    return None
