"""Results: every requirement of every framework, with each criterion's number, bound, basis and reason."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from frameworks.model import Finding
from reports import wording
from reports.compose.explain import asked, more_rows
from reports.compose.view import View, principle_anchor, requirement_anchor, spoken, spoken_whole
from reports.document import Block, Criterion, KeyValues, Pair, Requirement, Section


def results(view: View) -> Iterator[Section]:
    """Yield one section per framework."""
    for position, framework in enumerate(view.verdicts):
        found = [f for f in view.findings if f.framework == framework]
        yield Section(
            f"Results: {view.framework_title(framework)}",
            f"results-{position + 1}",
            blocks=tuple(_about(view, framework)),
            sections=tuple(_principles(view, framework, found)),
        )


def _about(view: View, framework: str) -> Iterator[Block]:
    card = view.frameworks.get(framework, {})
    named = (
        ("Version", card.get("version")),
        ("Force", card.get("force")),
        ("Jurisdiction", card.get("jurisdiction")),
        ("Issuer", card.get("issuer")),
        ("Scope", card.get("scope")),
        ("Published at", card.get("url")),
        ("Review by", card.get("review_by")),
        *(("Note", note) for note in card.get("notes") or ()),
    )
    pairs = [Pair(key, str(value)) for key, value in named if value]
    if card.get("digest"):
        pairs.append(Pair("Digest of the rules", str(card["digest"]), "code"))
    if pairs:
        yield KeyValues(tuple(pairs))


def _principles(view: View, framework: str, found: list[Finding]) -> Iterator[Section]:
    by_principle: defaultdict[str, dict[str, list[Finding]]] = defaultdict(dict)
    for finding in found:
        by_principle[finding.principle].setdefault(finding.requirement, []).append(finding)
    for principle, requirements in by_principle.items():
        yield Section(
            wording.plain(principle).capitalize(),
            principle_anchor(framework, principle),
            blocks=tuple(_requirement(view, framework, items) for items in requirements.values()),
        )


def _requirement(view: View, framework: str, items: list[Finding]) -> Requirement:
    first = items[0]
    recorded = str(view.verdicts[framework]["requirements"].get(first.requirement, first.verdict.value))
    verdict = spoken_whole(recorded, items)
    card = view.requirement(framework, first.requirement)
    marks = [
        view.clause(framework, first.requirement),
        f"severity {first.severity}",
        *([wording.state(first.state.value)] if first.state.value != "in-force" else []),
        *([str(card["review"])] if card.get("review") else []),
    ]
    return Requirement(
        id=requirement_anchor(framework, first.requirement),
        verdict=verdict,
        word=wording.verdict(verdict),
        title=first.title,
        text=str(card.get("text") or ""),
        clause=" · ".join(marks),
        criteria=tuple(_criterion(view, item) for item in items),
    )


def _criterion(view: View, finding: Finding) -> Criterion:
    return Criterion(
        verdict=spoken(finding),
        word=wording.verdict(spoken(finding)),
        asked=wording.sentence(asked(finding)),
        found=_found(finding),
        basis=_basis(finding),
        reason=f"{wording.sentence(finding.reason or '')} {more_rows(finding)}".strip(),
        target=view.evidence_target(finding) if finding.value is not None else None,
    )


def _found(finding: Finding) -> str:
    if finding.attestation is not None:
        return _answer(finding)
    if finding.measure is None or finding.value is None:
        return ""
    parts = [
        ": ".join(
            filter(
                None,
                (
                    wording.where(finding.of),
                    wording.measured(finding, beside=wording.edge(finding.bound)),
                ),
            )
        ),
        *([f"n {wording.count(finding.n)}"] if finding.n is not None else []),
        *([wording.p_value(finding.p_raw)] if finding.p_raw is not None else []),
        *([wording.after_holm(finding.p_holm)] if finding.p_holm is not None else []),
    ]
    return ", ".join(parts)


def _answer(finding: Finding) -> str:
    given = finding.attestation or {}
    if not given.get("answer"):
        return ""
    parts = [
        f"“{given['answer']}”",
        *([f"signed {given['signer']}"] if given.get("signer") else []),
        *([str(given["date"])] if given.get("date") else []),
        *([f"holds until {given['expiry']}"] if given.get("expiry") else []),
        *([f"document {given['document']}"] if given.get("document") else []),
    ]
    return ", ".join(parts)


def _basis(finding: Finding) -> str:
    if finding.measure is None and finding.basis in (None, "none"):
        return ""
    return wording.basis(finding.basis, finding.basis_source)
