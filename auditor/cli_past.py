"""`frameworks gap`, `effect` and `effectiveness`: what rules say of audits that are over."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from auditor.effectiveness import of_records
from auditor.local_rules import first_before
from auditor.past import Past, effect_day, effect_on, gap_of
from auditor.store.clock import today
from frameworks.effect import Moved
from frameworks.gap import Gap
from frameworks.model import Framework, Verdict
from reports import wording


def gap(past: Past, wanted: Framework, *, as_json: bool) -> None:
    """Print how an audit stands by *wanted*, and what is missing."""
    found = gap_of(past, wanted)
    if as_json:
        print(json.dumps([asdict(one) for one in found], indent=2))
        return
    met = sum(one.verdict is Verdict.MET for one in found)
    print(
        f"{wanted.title} {wanted.version}: {met} of {len(found)} requirements met by the evidence there is."
    )
    for one in found:
        for line in gap_lines(one):
            print(line)


def gap_lines(one: Gap) -> Iterator[str]:
    """Tell one requirement: its verdict, what is missing, and what was judged on the same matter."""
    yield f"\n{one.requirement} {one.title}: {wording.verdict(one.verdict).lower()}"
    for lack in one.missing:
        yield f"  missing: {lack.asked}: {lack.reason or wording.verdict(lack.verdict)}"
    for other in one.related:
        said = wording.verdict(other.verdict).lower()
        yield f"  same matter: {other.framework} {other.requirement} {other.title}: {said}"


def effect(
    new: Framework, records: Iterable[tuple[str, Past]], old: Framework | None, *, as_json: bool
) -> None:
    """Print which audits the rules *new* judge otherwise than *old*, or their first parent."""
    before = old or first_before(new)
    day = effect_day(new, today())
    found = {name: effect_on(past, before, new, day) for name, past in records}
    changed = {name: moved for name, moved in found.items() if moved}
    if as_json:
        answer = {"against": before.id, "day": day.isoformat(), "judged": len(found)}
        told = {name: [asdict(one) for one in moved] for name, moved in changed.items()}
        print(json.dumps({**answer, "changed": told}, indent=2))
        return
    print(
        f"{len(changed)} of {wording.plural(len(found), 'audit')} would be judged otherwise by "
        f"{new.title} {new.version} than by {before.title} {before.version}, both read as of {day}."
    )
    for line in _moves(changed):
        print(line)


def effectiveness(rules: Framework, records: Iterable[tuple[str, Past]], *, as_json: bool) -> None:
    """Print what each requirement did over audits, and what that proposes."""
    found = of_records(rules, [past for _, past in records])
    if as_json:
        told = {"figures": [asdict(one) for one in found.figures]}
        told |= {"proposals": [asdict(one) for one in found.proposals]}
        print(json.dumps({"framework": rules.id, "audits": found.audits, **told}, indent=2))
        return
    audits = wording.plural(found.audits, "audit")
    print(f"{rules.title} {rules.version} over {audits}, judged again as of their own days.")
    for one in found.figures:
        print(f"\n{one.requirement} {one.title}")
        print(
            f"  not met {wording.measured(one.fail_rate)}, undecided {wording.measured(one.undecided_rate)}"
        )
    least = found.policy.audits
    print(f"\nProposals (none of a requirement that ran in under {least} audits):")
    for proposal in found.proposals:
        guards = "".join(f"; {guard}" for guard in proposal.guards)
        print(
            f"  {proposal.requirement} {proposal.title}: {proposal.change}, as {proposal.why}{guards} "
            f"(by {proposal.by})"
        )
    if not found.proposals:
        print("  none")


def _moves(changed: Mapping[str, Sequence[Moved]]) -> Iterator[str]:
    for name, moved in changed.items():
        yield f"\n{name}"
        for one in moved:
            where = f"{one.requirement} {one.title} ({one.criterion})"
            yield f"  {where}: {_said(one.before)} -> {_said(one.after)}. {one.reason}"


def _said(verdict: Any) -> str:
    return "not asked" if verdict is None else wording.verdict(verdict).lower()
