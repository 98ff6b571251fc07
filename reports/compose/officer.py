"""One page for the data-protection officer: what could be learnt, of whom most, what helps, what is open."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import NormalDist

from checks.model import Evidence, Measure, Outcome
from reports import wording
from reports.compose.alone import alone, common, hides, singled_out
from reports.compose.remedies import remedies
from reports.compose.undeclared import columns, names
from reports.compose.view import View, check_anchor, check_title, of_name
from reports.document import Block, Bullet, Bullets, Cell, Column, Paragraph, Section, Table
from reports.language import N_, _, own

MEMBERS = "privacy.membership_inference"
VALUES = "privacy.attribute_inference"
MEMORY = "privacy.memorisation"
PEOPLE = "privacy.anonymity"
COLUMNS = "data.personal_data"
OUTPUTS = "privacy.outputs"
ASKED = (MEMBERS, VALUES, MEMORY, PEOPLE, COLUMNS)
LOOKED_AT = (*ASKED, OUTPUTS)

ATTACKS = N_(
    {
        "gap": "whoever is judged rightly",
        "noise": "whose answer survives noise",
        "loss": "certainty of the answer",
        "qmia": "certainty beside that of people alike",
        "rmia_2": "certainty beside two reference models",
        "rmia_8": "certainty beside eight reference models",
        "lira": "likelihood beside many reference models",
    }
)
"""What each attack goes by."""
_NO_SUPPLY = ("not needed", "on request", "does not fit", "the file holds no", "the file lists no")
WANTED = N_(
    {
        "tpr_at_fpr_0_1pct": "people found at 1 false alarm in 1,000",
        "group_tpr_at_fpr_1pct_gap": "who is found most",
        "gain": "whether a trait can be guessed",
        "gain_over_others": "whether training people lose more than others",
        "rows_a_person": "how many people stand behind the rows",
        "k_map": "how many people elsewhere look alike",
        "attack_auc": "what rounding would take from an attack",
    }
)
"""Numbers whose absence is told, with its reason."""
GUESSING, AT = 0.5, 0.01
"""The area of guessing, and the share of others who are accused."""
_NEEDS_TOLD = 6
_NAME, _REASON = 40, 220


def officer(view: View) -> Iterator[Section]:
    """Yield the page, where anything of privacy was asked."""
    if not any(one.check.startswith("privacy.") for one in view.evidence):
        return
    whom = _listed(_whom(view)) or Bullets(
        (Bullet(_("Not known: nothing that was measured shows anybody to stand out, or rules it out.")),)
    )
    parts = (
        (_("From whom most"), "privacy-whom", whom),
        (_("What would reduce it"), "privacy-less", remedies(view)),
        (_("What could not be tried, and what to supply"), "privacy-open", _listed(_open(view))),
    )
    lead = _(
        "What whoever can ask the model, or holds its file or these data, could learn of people, as far as "
        "tried. A failed attack is no proof that none succeeds."
    )
    kept = _("Report and bundle may show groups under 10: personal data until published.")
    lead = lead if view.publication else wording.paragraph((lead, kept))
    yield Section(
        _("For the data-protection officer"),
        "privacy-officer",
        (Paragraph(lead), _learnt(view)),
        tuple(Section(title, anchor, (block,)) for title, anchor, block in parts if block is not None),
    )


def _listed(sentences: Iterator[str]) -> Bullets | None:
    items = tuple(Bullet(one) for one in sentences)
    return Bullets(items) if items else None


def measured(view: View, check: str) -> Evidence | None:
    """Return the evidence of *check*, where it ended with numbers."""
    found = view.default(check)
    return found if found is not None and found.outcome is Outcome.MEASURED else None


def _learnt(view: View) -> Block:
    """Return the table of what could be learnt."""
    rows = (
        (MEMBERS, _("Was a person in the training data?"), _members),
        (VALUES, _("Does a person have a sensitive trait?"), _values),
        (MEMORY, _("What stands in the model's file?"), _file),
        (PEOPLE, _("Who is behind a row of these data?"), lambda one: _alone(view, one)),
        (PEOPLE, _("What do people who look alike have in common?"), common),
        (COLUMNS, _("Are columns personal that nobody declared?"), lambda one: columns(view, one)),
    )
    cells = []
    for check, question, tell in rows:
        if tell is common and not hides(measured(view, check)):
            continue  # one line among what to supply
        evidence = measured(view, check)
        found, sure = tell(evidence) if evidence is not None else ("", "")
        if not found and _withheld(evidence):
            found = wording.sentence(wording.withheld())
        elif not found:
            found, sure = _unmeasured(view, check)
        cells.append(
            (
                Cell(question, check_anchor(check) if evidence else None),
                Cell(wording.sentence(found)),
                Cell(sure),
            )
        )
    heads = (Column(_("Question")), Column(_("What was found")), Column(_("How sure")))
    return Table(_("What could be learnt"), heads, tuple(cells))


def _unmeasured(view: View, check: str) -> tuple[str, str]:
    """Say why a question has no answer, and what that leaves open."""
    evidence = view.default(check)
    if evidence is None:
        return _("Not tried: no rule that was chosen asks for it."), _("Nothing is known either way.")
    why = evidence.reason or next((m.note for m in evidence.measures if m.value is None and m.note), "")
    reason = wording.brief(wording.recorded(why), _REASON)
    if check == MEMORY and "data.training" in why and view.submission.get("model", why) is None:
        reason = wording.paragraph((reason, _("No model file was submitted either: supply both.")))
    return _("Not measured. {reason}", reason=reason), _("Nothing is known either way.")


def _withheld(evidence: Evidence | None) -> bool:
    return any((m.note or "").startswith(wording.WITHHELD) for m in (evidence.measures if evidence else ()))


def _alone(view: View, evidence: Evidence) -> tuple[str, str]:
    """Return who is alone, and that others may know more where nobody said what they know."""
    found, sure = alone(evidence)
    if found and "quasi_identifiers" in (view.resolved.get("not_declared") or ()):
        floor = _("Whoever knows more than these columns finds more people: read it as a floor.")
        sure = wording.paragraph((sure, floor))
    return found, sure


def strongest(evidence: Evidence | None) -> tuple[Measure, Measure | None] | None:
    """Return the area of the attack that came furthest, and the share found at 1 % where it ranks people."""
    areas = of_name(evidence, "auc")
    if evidence is None or not areas:
        return None
    area = max(areas, key=lambda m: m.value or 0.0)
    found = [m for m in of_name(evidence, "tpr_at_fpr_1pct") if m.of == area.of]
    ranks = area.of.get("attack") != "gap"  # right or wrong: no threshold accuses one other in a hundred
    return area, (found[0] if found and ranks else None)


def leaks(evidence: Evidence | None) -> bool:
    """Return whether an attack is shown to beat guessing, though several were tried (Bonferroni)."""
    areas = of_name(evidence, "auc")
    wider = NormalDist().inv_cdf(1 - 0.025 / max(len(areas), 1)) / NormalDist().inv_cdf(0.975)
    return any(
        m.value is not None and m.low is not None and m.value - wider * (m.value - m.low) > GUESSING
        for m in areas
    )


def _members(evidence: Evidence) -> tuple[str, str]:
    best = strongest(evidence)
    if best is None:
        return "", ""
    area, found = best
    sure = wording.paragraph(_how_sure(evidence, area, found))
    if not leaks(evidence):
        return _("Not shown: no attack did better than guessing."), sure
    if found is None:
        said = _decisions(evidence, area)
    elif found.low is None or found.low <= AT:
        said = _(
            "An attacker does better than guessing over all, but is not shown to find anybody surely: while "
            "accusing at most 1 of every 100 others, {share} training people; guessing finds 1.",
            share=wording.per_hundred(found.value or 0.0),
        )
    else:
        said = _(
            "An attacker finds {share} training people while accusing at most 1 of every 100 others; "
            "guessing finds 1.",
            share=wording.per_hundred(found.value or 0.0),
        )
    claim = of_name(evidence, "epsilon_over_claim")
    if claim and (claim[0].value or 0.0) > 0:
        said = wording.paragraph((said, _("This contradicts the claimed epsilon.")))
    return said, sure


def _decisions(evidence: Evidence, area: Measure) -> str:
    """Say what an attacker gains who knows only whether an answer was right."""
    said = [
        _(
            "An attacker who knows only whether an answer was right does better than guessing. How many are "
            "found at few false alarms is not measurable from decisions alone."
        )
    ]
    gained = [one for one in of_name(evidence, "advantage") if one.of == area.of]
    said += [_("Advantage: {advantage}.", advantage=wording.measured(one)) for one in gained]
    return wording.paragraph(said)


def _how_sure(evidence: Evidence, area: Measure, found: Measure | None) -> Iterator[str]:
    """Say what the area is, what was taken off, how alike the two files are and who was left out."""
    yield _(
        "Area {area}, where 0.5 is guessing; {tried} tried, of which “{attack}” came furthest.",
        area=wording.measured(area),
        tried=wording.plural(len(of_name(evidence, "auc")), "attack was", "attacks were"),
        attack=_attack(area.of.get("attack", "")),
    )
    raw = next((m for m in of_name(evidence, "raw_auc") if m.of == area.of), None)
    for gate in of_name(evidence, "drift_auc"):
        if raw is not None:
            yield _(
                "Uncertain comparison: the two files may differ without the model (area {drift}). That is "
                "taken off the area, {raw} as measured, but not off the people found.",
                drift=wording.measured(gate),
                raw=wording.measured(raw),
            )
        if gate.note:
            yield _("How alike the two files are: {note}", note=wording.recorded(gate.note))
    if found is not None:
        yield _(
            "Share found: {share} of {people}.",
            share=wording.measured(found),
            people=wording.plural(found.n or 0, "person", "people"),
        )
    if found is not None and found.note:
        yield wording.recorded(found.note.partition(";")[0])
    for one in of_name(evidence, "shared_rows_dropped"):
        if one.value and one.of == {"table": "evaluation"}:
            yield _(
                "{shared} of {rows} evaluation rows stand in the training file too and were left out.",
                shared=wording.count(one.value),
                rows=wording.count(one.n),
            )


def _attack(key: str) -> str:
    return own(ATTACKS[key]) if key in ATTACKS else wording.case(key)


def _values(evidence: Evidence) -> tuple[str, str]:
    gains = of_name(evidence, "gain")
    if not gains:
        return "", ""
    most = max(gains, key=lambda m: m.value or 0.0)
    column = wording.brief(wording.case(most.of.get("attribute", "")), _NAME)
    sure = _("Gain over guessing without the model: {gain}.", gain=wording.measured(most))
    if most.low is None or most.low <= 0:
        return _(
            "Not shown: the model adds nothing sure to what anybody could guess ({column}).", column=column
        ), sure
    said = _(
        "By asking the model, an attacker names the right {column} for {share} people more than without it.",
        column=column,
        share=wording.per_hundred(most.value or 0.0),
    )
    return said, sure


def _file(evidence: Evidence) -> tuple[str, str]:
    rows = [m for m in of_name(evidence, "stored_row_share") if m.of == {"table": "training"}]
    rare = [m for m in of_name(evidence, "listed_rare_values") if not m.of]
    said, sure = [], []
    for m in rows:
        share = wording.per_hundred(m.value or 0.0)
        found = _("{share} training rows stand in it.", share=share)
        said.append(found if m.value else _("No training row was found in it."))
        sure.append(wording.recorded(m.note or m.method))
    for m in rare:
        if m.value:
            values = wording.plural(m.value, "value", "values")
            said.append(_("It lists {values} that few training people have.", values=values))
    for m in of_name(evidence, "smallest_leaf"):
        people = wording.plural(m.value or 0, "person", "people")
        said.append(_("The smallest leaf of its trees holds {people}.", people=people))
    said.extend(
        _(
            "In an average tree, {share} training people are alone in a leaf, which can repeat their label.",
            share=wording.per_hundred(m.value),
        )
        for m in of_name(evidence, "lone_leaf_share")
        if m.value
    )
    for m in of_name(evidence, "certain_answer_gap"):
        if not said:
            said.append(_("The file was not looked into."))
            said.append(_certain(m))
        elif m.low is not None and m.low > 0:
            said.append(_certain(m))
    return wording.paragraph(said), wording.paragraph(sure)


def _certain(gap: Measure) -> str:
    if gap.low is None or gap.low <= 0:
        return _("Answers to training rows are not shown to be surer than others.")
    if (gap.method or "").startswith("number equal"):
        return _(
            "But asking it gives the exact number of training people away: more often than of others by "
            "{gap}, as a share of people.",
            gap=wording.measured(gap),
        )
    return _(
        "Answers to training rows are certain and right more often, by {gap}, as a share of people.",
        gap=wording.measured(gap),
    )


def _whom(view: View) -> Iterator[str]:
    """Yield who stands out, which groups are found most, and which columns single people out."""
    evidence = measured(view, MEMBERS)
    best = strongest(evidence)
    if best is not None and best[1] is None:
        yield _("Who stands out among training people: not measurable from decisions alone.")
    elif best is not None and leaks(evidence):
        for risk in of_name(evidence, "high_risk_share"):
            if risk.of == best[0].of:
                yield _(
                    "Of {people}, a share of {share} stands out above nearly everybody else.",
                    people=wording.plural(risk.n or 0, "training person", "training people"),
                    share=wording.measured(risk),
                )
    alike: list[str] = []
    for gap in of_name(evidence, "group_tpr_at_fpr_1pct_gap"):
        groups = _compared(evidence, gap.of["attribute"])
        if best is not None and best[1] is None:
            continue  # zero by construction
        if gap.low is not None and gap.low > 0 and groups:
            yield _found_most(max(groups, key=lambda m: m.value or 0.0), gap)
        else:
            alike.append(wording.case(gap.of["attribute"]))
    if alike:
        yield _(
            "In the training data, no group is shown to be found more often than another: {attributes}.",
            attributes=names(alike),
        )
    yield from singled_out(view.default(PEOPLE))


def _compared(evidence: Evidence | None, attribute: str) -> list[Measure]:
    found = of_name(evidence, "group_tpr_at_fpr_1pct")
    return [m for m in found if m.of.get("attribute") == attribute and m.note is None]


def _found_most(most: Measure, gap: Measure) -> str:
    return _(
        "Of {attribute}, {group} is found most in the training data: a share of {share} of {people}, where "
        "guessing finds {guess}. The groups differ by {gap}.",
        attribute=wording.brief(wording.case(most.of["attribute"]), _NAME),
        group=wording.brief(wording.group(most.of["group"]), _NAME),
        share=wording.measured(most),
        people=wording.plural(most.n or 0, "person", "people"),
        guess=wording.exact(AT),
        gap=wording.measured(gap),
    )


def _open(view: View) -> Iterator[str]:
    """Yield what was not tried, each reason once, with what would let it be tried."""
    reasons: dict[str, dict[str, None]] = {}
    for check in LOOKED_AT:
        evidence = view.default(check)
        if evidence is None:
            continue
        if evidence.outcome is not Outcome.MEASURED and check not in ASKED:
            reasons.setdefault(evidence.reason or "", {})[check_title(check).partition(":")[0]] = None
        for what, need in (*_untried(evidence), *_undefined(evidence)):
            reasons.setdefault(need, {})[what] = None
    people = measured(view, PEOPLE)
    if people is not None and not hides(people):
        yield _(
            "What people who look alike have in common: no sensitive column was declared; set "
            "columns.sensitive."
        )
    for reason, things in list(reasons.items())[:_NEEDS_TOLD]:
        said = wording.brief(wording.recorded(reason), _REASON)
        what = wording.joined(things)
        yield _("{things}: {reason}", things=what[:1].upper() + what[1:], reason=said)
    more = len(reasons) - _NEEDS_TOLD
    if more > 0:
        yield _(
            "{more} under the numbers of privacy.", more=wording.plural(more, "more reason", "more reasons")
        )


def _untried(evidence: Evidence) -> Iterator[tuple[str, str]]:
    """Yield the attacks and places that were not tried, with what they need."""
    for table in evidence.tables:
        for what, tried, need, *_rest in table.rows if table.name in {"attacks", "looked_at"} else ():
            if not tried and isinstance(need, str) and not need.startswith(_NO_SUPPLY):
                yield _attack(str(what)) if table.name == "attacks" else wording.case(str(what)), need


def _undefined(evidence: Evidence) -> Iterator[tuple[str, str]]:
    """Yield the numbers an officer would ask for that have no value, with why."""
    for m in evidence.measures:
        if m.name in WANTED and m.value is None and m.note and not m.note.startswith(_NO_SUPPLY):
            yield own(WANTED[m.name]), m.note
