"""The terms of a data transfer beside a baseline: stricter, equal, weaker or missing, theme by theme.

Themes and their ordered values are data (`terms.yaml`), and so are the baselines (`profiles/`), each item
with the requirement that it comes from. Terms are what a contract says; whether it is kept is not seen.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from functools import cache
from typing import Any

from frameworks.load import packs
from frameworks.measures import HERE
from frameworks.source import LoadError, Parsed, parse
from frameworks.terms_shape import Given, Item, Profile, Theme, Themes, Transfer, mistakes


class Compared(StrEnum):
    """How a term stands beside the baseline."""

    STRICTER = "stricter"
    EQUAL = "equal"
    WEAKER = "weaker"
    MISSING = "missing"
    NOT_ASKED = "not_asked"
    """The baseline asks nothing there, or only in a case that this transfer is not."""


@dataclass(frozen=True, slots=True)
class TermResult:
    """One theme."""

    theme: str
    title: str
    outcome: Compared
    asked: Any
    """What the baseline asks; None where it asks nothing."""
    given: Any
    """What the terms say; None where they say nothing."""
    reason: str
    stands_at: str
    """Where in the terms it stands, as their writer says."""
    requirement: str
    clause: str
    verified: str
    """How far the clause was read."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """The terms of one transfer beside one baseline."""

    transfer: str
    profile: str
    title: str
    version: str
    digest: str
    basis: str
    basis_source: str
    results: tuple[TermResult, ...]

    @property
    def counts(self) -> dict[str, int]:
        """How many themes stand how."""
        outcomes = [one.outcome for one in self.results]
        return {outcome.value: outcomes.count(outcome) for outcome in Compared}

    @property
    def holds(self) -> bool:
        """Whether nothing that the baseline asks is weaker or missing."""
        return not (self.counts["weaker"] or self.counts["missing"])


@cache
def themes() -> Themes:
    """Return the themes of this version."""
    path = HERE / "terms.yaml"
    content = path.read_bytes()
    return Themes.model_validate({**parse(content, path.name).data, "digest": _digest(content)})


@cache
def profiles() -> Mapping[str, Profile]:
    """Return the bundled baselines by id."""
    found = [_profile(path.read_bytes(), path.name) for path in sorted((HERE / "profiles").glob("*.yaml"))]
    return {one.id: one for one in found}


def transfers(content: bytes, file: str) -> tuple[Transfer, ...]:
    """Return the transfers that a file holds: one, or several under `transfers`; raise `LoadError`."""
    parsed = parse(content, file)
    several = isinstance(parsed.data, dict) and "transfers" in parsed.data
    raw = parsed.data["transfers"] if several else [parsed.data]
    if several and set(parsed.data) != {"transfers"}:
        raise parsed.error((), "beside `transfers` nothing else stands at the top; move it into a transfer.")
    if not isinstance(raw, list) or not raw:
        raise parsed.error(("transfers",), "`transfers` is not a list with an entry; write `- name: ...`.")
    return tuple(
        _transfer(parsed, one, ("transfers", position) if several else ()) for position, one in enumerate(raw)
    )


def compare(transfer: Transfer, profile: Profile, known: Themes | None = None) -> Comparison:
    """Return how each theme of *transfer* stands beside *profile*; first what it asks, then the rest.

    *known* are the themes by which it is compared; those of this version unless others are given.
    """
    known = known or themes()
    asked = {item.theme for item in profile.items}
    results = [_result(transfer, item, profile, known) for item in profile.items]
    results += [
        _beyond(known.theme(name), said) for name, said in transfer.terms.items() if name not in asked
    ]
    return Comparison(
        transfer.name, profile.id, profile.title, profile.version, profile.digest, profile.basis,
        profile.basis_source, tuple(results),
    )  # fmt: skip


def comparisons(
    transfer: Transfer, among: Mapping[str, Profile] | None = None, known: Themes | None = None
) -> tuple[Comparison, ...]:
    """Return *transfer* beside each baseline that it names, or beside all of them (*among* these)."""
    among = profiles() if among is None else among
    return tuple(compare(transfer, among[name], known) for name in transfer.baselines or among)


def baselines_to_json() -> dict[str, Any]:
    """Return the themes and baselines of this version in full, so that a record can be compared again."""
    return {
        "themes": themes().model_dump(mode="json"),
        "profiles": [one.model_dump(mode="json", by_alias=True) for one in profiles().values()],
    }


def to_json(found: Comparison) -> dict[str, Any]:
    """Return a comparison in JSON's own types."""
    told = asdict(found)
    return {**told, "results": list(told["results"]), "counts": found.counts, "holds": found.holds}


def spelt(value: Any) -> str:
    """Write a value of a term in words."""
    if isinstance(value, tuple | list):
        return ", ".join(map(spelt, value)) or "none"
    return str(value).replace("-", " ") if isinstance(value, str) else f"{value:g}"


def _profile(content: bytes, file: str) -> Profile:
    data = parse(content, file).data
    sources = {one.id: one.source for one in packs()[data["framework"]].requirements}
    items = [
        {**item, "clause": source.clause, "verified": source.verified}
        for item in data["items"]
        for source in [sources[item["requirement"]]]
    ]
    return Profile.model_validate({**data, "items": items, "digest": _digest(content)})


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _transfer(parsed: Parsed, raw: Any, at: tuple[str | int, ...]) -> Transfer:
    errors: list[LoadError] = [
        parsed.error((*at, *path), sentence) for path, sentence in mistakes(raw, themes(), tuple(profiles()))
    ]
    if errors:
        first, *others = sorted(errors, key=lambda error: error.line)
        first.others = tuple(others)
        raise first
    return Transfer.of(raw)


def _result(transfer: Transfer, item: Item, profile: Profile, known: Themes) -> TermResult:
    theme = known.theme(item.theme)
    given = transfer.terms.get(item.theme)
    if item.when is not None and transfer.facts.get(item.when) is False:
        why = f"asked only in this case, which the transfer is not: {_plain(known.facts[item.when])}"
        outcome = Compared.NOT_ASKED
    elif given is None:
        asked_terms = spelt(item.value)  # of such a name, the words are told in the reader's language
        outcome, why = Compared.MISSING, f"the terms say nothing; the baseline asks {asked_terms}"
        if item.when is not None and item.when not in transfer.facts:
            why = f"{why}. Nobody says whether it applies ({item.when}), so it is asked"
    else:
        outcome, why = _held(theme, given.value, item.value)
    return TermResult(
        theme=theme.id,
        title=theme.title,
        outcome=outcome,
        asked=item.value,
        given=given.value if given else None,
        reason=why,
        stands_at=given.stands_at if given else "",
        requirement=f"{profile.framework}/{item.requirement}",
        clause=item.clause,
        verified=item.verified,
    )


def _beyond(theme: Theme, given: Given) -> TermResult:
    return TermResult(
        theme.id, theme.title, Compared.NOT_ASKED, None, given.value, "the baseline asks nothing here",
        given.stands_at, "", "", "",
    )  # fmt: skip


def _held(theme: Theme, given: Any, asked: Any) -> tuple[Compared, str]:
    """Return how *given* stands beside *asked* in their theme, and why."""
    if theme.set:
        return _held_sets(frozenset(given), frozenset(asked), theme)
    if theme.number:
        ahead = (asked - given) if theme.stricter == "lower" else (given - asked)
        given_amount, asked_amount = f"{given:g}", f"{asked:g}"
        unit_terms, side = theme.number, theme.stricter
        if not ahead:
            return Compared.EQUAL, f"both say {given_amount} {unit_terms}"
        asks = f"the baseline {asked_amount}; {side} is stricter"
        beside = f"the terms say {given_amount} {unit_terms}, {asks}"
    else:
        ahead = theme.rank(given) - theme.rank(asked)
        given_terms, asked_terms = spelt(given), spelt(asked)
        beside = f"the terms say {given_terms}, the baseline asks {asked_terms}"
        if not ahead:
            beside = f"both say {given_terms}" if given == asked else f"{beside}, which count alike"
    outcome = Compared.STRICTER if ahead > 0 else Compared.WEAKER if ahead < 0 else Compared.EQUAL
    return outcome, beside


def _held_sets(given: frozenset[str], asked: frozenset[str], theme: Theme) -> tuple[Compared, str]:
    lacking = [one for one in theme.set if one in asked - given]
    more = [one for one in theme.set if one in given - asked]
    lacking_terms, more_terms = spelt(lacking), spelt(more)
    if lacking and more:
        return Compared.WEAKER, f"without {lacking_terms}, though there is more: {more_terms}"
    if lacking:
        return Compared.WEAKER, f"without {lacking_terms}"
    if more:
        return Compared.STRICTER, f"all that is asked, and {more_terms}"
    return Compared.EQUAL, "all that is asked, and no more"


def _plain(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:].rstrip(".")
