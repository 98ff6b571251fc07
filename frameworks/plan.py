"""What a set of frameworks needs measured beyond each check's defaults."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from frameworks.measures import measures
from frameworks.model import Framework


def parameter_sets(frameworks: Iterable[Framework]) -> Mapping[str, tuple[Mapping[str, Any], ...]]:
    """Return, for every check that a framework can name, the sets of parameters to run it with.

    The defaults, `{}`, come first; what frameworks name follows in one order, each set once.
    """
    asked: dict[str, dict[str, Mapping[str, Any]]] = {
        one.check: {"": {}} for one in measures().values() if one.available
    }
    for framework in frameworks:
        for requirement in framework.requirements:
            for part in (part for criterion in requirement.criteria for part in criterion.parts):
                if part.measure and part.parameters and measures()[part.measure].available:
                    spelt = json.dumps(dict(part.parameters), sort_keys=True)
                    asked[measures()[part.measure].check][spelt] = dict(part.parameters)
    return MappingProxyType(
        {check: tuple(asked[check][key] for key in sorted(asked[check])) for check in sorted(asked)}
    )
