"""The terms of declared data transfers beside baselines, theme by theme."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from frameworks.terms import Compared
from reports import wording
from reports.compose.view import View
from reports.document import Block, Bullet, Bullets, Cell, Column, Paragraph, Table
from reports.language import N_, _, own, said_or_same, term
from reports.language import said as said_of

OUTCOMES = N_(
    {
        Compared.STRICTER: "Stricter",
        Compared.EQUAL: "Equal",
        Compared.WEAKER: "Weaker",
        Compared.MISSING: "Missing",
        Compared.NOT_ASKED: "Not asked",
    }
)
SIGNS = {
    Compared.STRICTER: "met",
    Compared.EQUAL: "met",
    Compared.WEAKER: "not_met",
    Compared.MISSING: "not_met",
    Compared.NOT_ASKED: "not_applicable",
}
"""Each drawn with the sign of the verdict nearest to it; no verdict of a requirement comes of it."""


def terms(view: View) -> Iterator[Block]:
    """Tell each comparison: in one sentence, then what is short, then every theme."""
    if not view.terms:
        return
    yield Paragraph(
        _(
            "What contracts say, as declared, beside what a baseline asks. Whether anybody keeps to the "
            "terms was not looked at, and no verdict above depends on it."
        )
    )
    for one in view.terms:
        yield Paragraph(in_one_sentence(one))
        yield from _short(one)
        yield _table(one)


def spelt(value: Any) -> str:
    """Return what terms say of a theme: a word, several, or a number of days."""
    if isinstance(value, tuple | list):
        return wording.listed(map(spelt, value)) or spelt("none")
    return term(value.replace("-", " ")) if isinstance(value, str) else wording.count(value)


def in_one_sentence(one: Mapping[str, Any]) -> str:
    """Tell how many themes stand how."""
    counts = one["counts"]
    return _(
        "{transfer}, beside {baseline} ({version}): {stricter} stricter, {equal} equal, {weaker} weaker, "
        "{missing} missing. {basis}",
        transfer=one["transfer"],
        baseline=said_or_same(one["title"]),
        version=one["version"],
        basis=wording.sentence(said_of(one["basis_source"])),
        **{name: wording.count(counts[name]) for name in ("stricter", "equal", "weaker", "missing")},
    )


def source(result: Mapping[str, Any]) -> str:
    """Name the clause behind a theme, with how far it was read."""
    if not result["requirement"]:
        return ""
    verified = wording.verified(result["verified"])
    return _(
        "{requirement}, {clause}; {verified}",
        requirement=result["requirement"],
        clause=result["clause"],
        verified=verified,
    )


def _short(one: Mapping[str, Any]) -> Iterator[Block]:
    short = [r for r in one["results"] if r["outcome"] in (Compared.WEAKER, Compared.MISSING)]
    if short:
        yield Bullets(
            tuple(
                Bullet(
                    _(
                        "{outcome}: {theme}. {why}",
                        outcome=own(OUTCOMES[Compared(r["outcome"])]),
                        theme=said_or_same(r["title"]),
                        why=wording.sentence(said_of(r["reason"])),
                    )
                )
                for r in short
            )
        )


def _table(one: Mapping[str, Any]) -> Table:
    columns = (
        Column(_("Theme")),
        Column(_("The terms say")),
        Column(_("The baseline asks")),
        Column(_("Beside it"), "verdict"),
        Column(_("Source")),
    )
    return Table(
        _("Terms of {transfer}", transfer=one["transfer"]), columns, tuple(map(_row, one["results"]))
    )


def _row(result: Mapping[str, Any]) -> tuple[Cell, ...]:
    outcome = Compared(result["outcome"])
    given = spelt(result["given"]) if result["given"] is not None else _("nothing")
    if result["stands_at"]:
        given = _("{terms} ({clause})", terms=given, clause=result["stands_at"])
    return (
        Cell(said_or_same(result["title"])),
        Cell(given),
        Cell(spelt(result["asked"]) if result["asked"] is not None else _("nothing")),
        Cell(own(OUTCOMES[outcome]), verdict=SIGNS[outcome]),
        Cell(source(result)),
    )
