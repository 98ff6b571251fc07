"""What rests on protected attributes and on features that stand in for them: words and a picture."""

from __future__ import annotations

from collections.abc import Iterator

from checks.model import Evidence, Measure
from checks.names import crossed
from reports import wording
from reports.compose import rows
from reports.compose.view import View, check_anchor
from reports.document import Block, Bullet, Bullets, Chart, Paragraph
from reports.language import _, said

_DRAWN, _PANELS = 5, 3
_TELLS = 0.1
"""A feature that tells less of an attribute is not named as its stand-in; it colours words, no verdict."""


def stand_ins(_view: View, evidence: Evidence) -> Iterator[Block]:
    """Yield a line for each attribute, the one first on which most rests, and what differs by group."""
    direct, proxy = (_of(evidence, name) for name in ("direct_share", "proxy_share"))
    order = sorted(direct, key=lambda name: (-_value(direct[name]) - _value(proxy.get(name)), name))
    if not order:
        return
    yield Bullets(
        tuple(
            Bullet(wording.paragraph(_line(evidence, name, direct[name], proxy.get(name)))) for name in order
        )
    )
    gaps: dict[str, list[Measure]] = {}
    for m in evidence.measures:
        if m.name == "attribution_gap" and m.value is not None:
            gaps.setdefault(m.of["attribute"], []).append(m)
    shown = [name for name in order if gaps.get(name)]
    if not shown:
        yield Paragraph(_("No two groups had enough explained people to compare what features contribute."))
        return
    panels, left = [], 0
    for name in shown[:_PANELS]:
        mine = sorted(gaps[name], key=lambda m: (-(m.low or 0.0), -_value(m), m.of["feature"]))
        panels.append(rows.panel(crossed(name), [rows.row(m, _brief(m)) for m in mine[:_DRAWN]], None, 0.0))
        left += max(0, len(mine) - _DRAWN)
    left += sum(len(gaps[name]) for name in shown[_PANELS:])
    widest = max(panel["domain"][1] for panel in panels)
    for panel in panels:
        panel["domain"] = [0.0, widest]  # one scale, so that attributes can be set side by side
    yield Chart(
        f"picture-{check_anchor(evidence.check)}",
        "forest",
        _(
            "How far the mean contributions of a feature to the answers of two groups are apart (in {unit}), "
            "the largest pair of groups, with intervals; those shown best first. An interval that reaches 0 "
            "may be chance{more}",
            unit=wording.unit(next(iter(gaps.values()))[0].unit),
            more=rows.more(left),
        ),
        _(
            "Gaps of contributions between groups. {items}.",
            items=_(". ").join(
                f"{wording.brief(crossed(name))}{_(': ')}{rows.told(gaps[name], _brief)}"
                for name in shown[:_PANELS]
            ),
        ),
        {"panels": panels},
    )


def _of(evidence: Evidence, name: str) -> dict[str, Measure]:
    return {m.of["attribute"]: m for m in evidence.measures if m.name == name}


def _value(measure: Measure | None) -> float:
    return 0.0 if measure is None or measure.value is None else measure.value


def _brief(measure: Measure) -> str:
    return wording.brief(measure.of["feature"], 40)


def _line(evidence: Evidence, attribute: str, direct: Measure, proxy: Measure | None) -> Iterator[str]:
    name = wording.name(crossed(attribute))
    if direct.value:
        yield _(
            "{name} itself makes {share} of all contributions.", name=name, share=wording.measured(direct)
        )
    elif direct.note:
        yield _("{name} itself is not given to the model.", name=name)
    else:
        yield _("{name} itself is given to the model, and moved no answer that was asked for.", name=name)
    if proxy is None or proxy.value is None:
        why = said(proxy.note) if proxy is not None and proxy.note else _("no number")
        yield _("What stands in for it was not measured: {why}.", why=why)
        return
    yield _(
        "Other features make {share} of all contributions, as far as they tell it.",
        share=wording.measured(proxy),
    )
    strongest = _strongest(evidence, attribute)
    if strongest is not None:
        feature, share, part = strongest
        yield _(
            "The strongest stand-in is {feature}: it makes {share} of all contributions, and tells {part} of "
            "{name}.",
            feature=wording.name(feature),
            share=wording.number(share),
            part=wording.number(part),
            name=name,
        )
    else:
        yield _("None of the features that weigh most tells more than a tenth of it alone.")


def _strongest(evidence: Evidence, attribute: str) -> tuple[str, float, float] | None:
    """Return the strongest stand-in with its share and what it tells, where it tells enough to be named."""
    table = next((t for t in evidence.tables if t.name == "stand-ins"), None)
    for row in table.rows if table else ():
        told, stands = row[3], row[4]
        if row[0] == attribute and isinstance(told, float) and isinstance(stands, float) and told > _TELLS:
            return str(row[1]), float(row[2] or 0.0), told
    return None
