"""How the model was asked, whether it is a function of one row, and what no audit can exclude."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reports import wording
from reports.compose.view import View
from reports.document import Block, Bullet, Bullets, KeyValues, Pair, Paragraph, Section
from reports.language import N_, _, own, said

_NOT_EXCLUDED = N_(
    (
        (
            "A model that knows the very people of the evaluation table, for instance by a list of them, "
            "and answers better for them than for others. It is a function of one row, so no comparison "
            "of answers can show it; only an evaluation table that its makers have never held can."
        ),
        (
            "A model that changes after more questions than an audit asks, or on a date, or that is not "
            "the one in use. The digest above names what was audited: compare it with what decides."
        ),
        (
            "A pickled model that notices the locked process in which it is asked, or a live service that "
            "notices who asks, and answers by another rule than elsewhere. Formats that hold only data "
            "cannot look around themselves."
        ),
    )
)


def asked(view: View) -> Section:
    """Return how the answers came to be, as far as the record knows."""
    facts = view.resolved.get("integrity")
    blocks = tuple(_probed(facts)) if isinstance(facts, Mapping) else (_given(view),)
    return Section(_("How the model was asked"), "asked", blocks)


def _given(view: View) -> Paragraph:
    if view.resolved.get("answers_from") == "model":
        return Paragraph(_("The record does not say whether the model was asked again in a fresh process."))
    return Paragraph(
        _(
            "The answers were supplied, not asked for: this audit cannot see which system made them, or "
            "whether it answers everybody as it answered these rows."
        )
    )


def _probed(facts: Mapping[str, Any]) -> Iterator[Block]:
    count = wording.exact
    yield Paragraph(
        _(
            "The rows of the evaluation table were sent shuffled, in {batches} batches of irregular "
            "size, mixed with {decoys} decoys: rows put together from the values of two others, whose "
            "answers are not used. So neither the order of the file nor its length tells a model that it "
            "is being audited. Everything that is computed from the answers is computed outside the "
            "process that holds the model: it can change numbers that it answers, and nothing else.",
            batches=count(facts["batches"]),
            decoys=count(facts["decoys"]),
        )
    )
    if facts.get("note"):
        yield Paragraph(wording.sentence(_("The model behaved unusually: {note}", note=said(facts["note"]))))
    kind = _("of the value") if facts["relative"] else _("of a score")
    yield KeyValues(
        (
            Pair(_("Rows asked again in a fresh process"), count(facts["rows"])),
            Pair(_("of these, one by one as well"), count(facts["alone"])),
            Pair(_("Fresh processes"), count(facts["processes"])),
            Pair(
                _("Largest difference {kind}", kind=kind),
                _(
                    "{largest} ({tolerance} is allowed)",
                    largest=count(facts["largest_difference"]),
                    tolerance=count(facts["tolerance"]),
                ),
            ),
            Pair(_("Rows beyond what is allowed"), count(facts["disagreeing"])),
            Pair(_("Decisions that changed"), count(facts["changed_decisions"])),
        )
    )
    yield Paragraph(outcome(facts))
    yield Paragraph(_("What this cannot exclude:"))
    yield Bullets(tuple(Bullet(own(one)) for one in _NOT_EXCLUDED))


def outcome(facts: Mapping[str, Any]) -> str:
    """Say in one plain statement what asking the model again has shown."""
    if facts["outcome"] == "agrees":
        return _(
            "Asked alone, in other company and in another order, the model gave these rows the answers that "
            "it had given them before. Otherwise the audit would have been refused."
        )
    return _(
        "Warning: one fresh process gave some rows other answers than before; a second one did not, and too "
        "few decisions changed to void the results. Have the cause found before relying on single answers."
    )
