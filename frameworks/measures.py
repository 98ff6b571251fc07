"""What a pack may name: every measure of the project, measured already or planned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from frameworks.source import parse

HERE = Path(__file__).parent
FRACTIONS = frozenset(
    {"enough", "enough_auc", "enough_tpr", "gap", "noise", "prior", "ratio", "shift", "together", "tolerance"}
)
"""Parameters of checks that are numbers from 0 on; all others are whole numbers from 1 on."""
MOST_OF_A_PARAMETER = 10_000_000


@dataclass(frozen=True, slots=True)
class Nameable:
    """One measure that a criterion may name."""

    path: str
    """`<check>.<measure>`."""
    check: str
    name: str
    says: str
    """What the number is, in one line."""
    available: bool
    why: str | None
    """Why it is not measured yet."""
    supply: str | None
    """What would supply it, or what an available one takes beyond the evaluation table."""
    of: tuple[str, ...]
    """Keys that the `of` of a judged measure has."""
    exact: bool
    ratio: bool
    """Whether its interval is built on the logarithm."""
    better: str | None
    """`higher`, `lower`, or None where neither is better."""
    by_group: str | None
    """The measure of single groups that this one compares."""
    or_by_group: str | None
    """Another one: the wider of the two gaps is told."""
    counts: str | None
    """What its number, or its n, counts where that is not people: features, rules."""
    parameters: frozenset[str]
    """Parameters of its check that a pack may set."""
    compares: bool
    """Whether its check tells the share of people left out of the comparison."""


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Measure(_Shape):
    says: str = Field(min_length=1)
    of: tuple[str, ...] = ()
    kind: Literal["estimate", "exact"] = "estimate"
    scale: Literal["linear", "ratio"] = "linear"
    better: Literal["higher", "lower"] | None = None
    by_group: str | None = None
    or_by_group: str | None = None
    counts: str | None = None
    why: str | None = None
    supply: str | None = None


class _Check(_Shape):
    status: Literal["available", "planned"]
    why: str | None = None
    supply: str | None = None
    parameters: tuple[str, ...] = ()
    measures: Mapping[str, _Measure] = Field(min_length=1)

    @model_validator(mode="after")
    def _planned_says_why(self) -> _Check:
        if self.status == "planned" and not (self.why and self.supply):
            raise ValueError("a planned check says `why` and what would `supply` it")
        return self


class _Catalogue(_Shape):
    checks: Mapping[str, _Check]


@cache
def measures() -> Mapping[str, Nameable]:
    """Return every measure that a pack may name, by its path, in the order of measures.yaml."""
    return catalogue((HERE / "measures.yaml").read_bytes(), "measures.yaml")


def catalogue(content: bytes, file: str) -> Mapping[str, Nameable]:
    """Read a file shaped like measures.yaml."""
    parsed = parse(content, file)
    try:
        read = _Catalogue.model_validate(parsed.data)
    except ValidationError as invalid:
        first = invalid.errors()[0]
        raise parsed.error(tuple(first["loc"]), f"{first['msg']}.") from None
    found = (
        _nameable(check_id, check, name, measure)
        for check_id, check in read.checks.items()
        for name, measure in check.measures.items()
    )
    return MappingProxyType({one.path: one for one in found})


def _nameable(check_id: str, check: _Check, name: str, measure: _Measure) -> Nameable:
    return Nameable(
        path=f"{check_id}.{name}",
        check=check_id,
        name=name,
        says=measure.says,
        available=check.status == "available" and measure.why is None,
        why=measure.why or check.why,
        supply=measure.supply or check.supply,
        of=measure.of,
        exact=measure.kind == "exact",
        ratio=measure.scale == "ratio",
        better=measure.better,
        by_group=measure.by_group,
        or_by_group=measure.or_by_group,
        counts=measure.counts,
        parameters=frozenset(check.parameters),
        compares="uncompared_share" in check.measures,
    )


def explain_unknown(path: str) -> str:
    """Say what is wrong with a path that no measure has, and name the nearest that exists."""
    known = measures()
    check, _, name = path.rpartition(".")
    names = [one.name for one in known.values() if one.check == check]
    if names:
        near = get_close_matches(name, names, n=1)
        return (
            f"the check `{check}` has no measure `{name}`; {_suggest(f'{check}.{near[0]}' if near else None)}"
        )
    checks = sorted({one.check for one in known.values()})
    near_path = get_close_matches(path, known, n=1)
    near_check = get_close_matches(check, checks, n=1)
    nearest = near_path[0] if near_path else near_check[0] + ".<measure>" if near_check else None
    return f"there is no check `{check or path}`; {_suggest(nearest)}"


def _suggest(name: str | None) -> str:
    return f"did you mean `{name}`?" if name else "see measures.yaml for all that a framework may name."
