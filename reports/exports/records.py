"""Records for registers and annexes: fields filled from the audit, or left empty with the reason beside."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from checks.model import Evidence, Measure
from checks.names import crossed
from reports.compose.view import View
from reports.exports.facts import Field
from reports.exports.fields import ANNEX_IV, ANNEX_VIII, ATRS, LL144, NL_REGISTER
from reports.exports.shared import as_json
from reports.exports.tables import Cell, csv_of
from reports.suppress import SMALLEST
from reports.wording import group

_WITHHELD = "no ratio: it is withheld, or the group was too small to compare; the whole record says which"
_INSIDE = (
    "This file is made from the whole record: counts and rates of groups of fewer than {smallest} people can "
    "stand in it, or be worked out ({few} of its categories are so small). Publish the one made from the "
    "version for everybody: --public, or ?public=1."
)
_FEW = f"fewer than {SMALLEST} people: not for publication"
HEAD = ("field", "name", "value", "source")


def atrs(view: View) -> bytes:
    """Return the UK's transparency record as JSON."""
    rows = [*_rows(ATRS, view)]
    keys = ("id", "name", "value", "source")
    return as_json(
        {
            "standard": "Algorithmic Transparency Recording Standard",
            "version": "4.0",
            "record": view.digest,
            "fields": [dict(zip(keys, row, strict=True)) for row in rows],
            "left_empty": [row[0] for row in rows if not row[2]],
        }
    )


def atrs_table(view: View) -> bytes:
    """Return the UK's transparency record as a table."""
    return csv_of(HEAD, _rows(ATRS, view))


def nl_register(view: View) -> bytes:
    """Return the Dutch register's record: `algorithm` has the keys of its API, `left_empty` why others lack.

    Texts stand as submitted, in the language in which they were; the register wants Dutch.
    """
    rows = [*_rows(NL_REGISTER, view)]
    return as_json(
        {
            "algorithm": {key: value for key, _, value, _ in rows if value},
            "left_empty": {key: source for key, _, value, source in rows if not value},
            "sources": {key: source for key, _, value, source in rows if value},
        }
    )


def annex_iv(view: View) -> bytes:
    """Return the technical documentation of Annex IV, by point."""
    return csv_of(HEAD, _rows(ANNEX_IV, view))


def annex_viii(view: View) -> bytes:
    """Return the registration of Annex VIII, by point."""
    return csv_of(HEAD, _rows(ANNEX_VIII, view))


def _rows(fields: Sequence[Field], view: View) -> Iterator[tuple[str, str, str, str]]:
    for field in fields:
        yield (field.id, field.name, *field.told(view))


def ll144(view: View) -> bytes:
    """Return the summary of New York City's Local Law 144: facts, then a row a category.

    All categories that were counted are there, those under 2 % of the people too; who is of no known category
    is counted by attribute. A file of the whole record says in its first row, and beside each category of few
    people, that it is not the one to publish. Source: 6 RCNY 5-301 and 5-303.
    """
    head = ("part", "item", "attribute", "category", "people", "rate", "impact ratio", "value", "source")
    rows = [*_summary(view)]
    if view.publication is None:
        few = sum(row[0] == "category" and _few(row[4]) for row in rows)
        told = _INSIDE.format(smallest=SMALLEST, few=few)
        rows.insert(0, ("notice", "not for publication", *(None,) * 5, told, None))
    return csv_of(head, iter(rows))


def _few(people: Cell) -> bool:
    return isinstance(people, int | float) and people < SMALLEST


def _summary(view: View) -> Iterator[tuple[Cell, ...]]:
    for name, words, value, source in _rows(LL144, view):
        yield ("fact", f"{name}: {words}", *(None,) * 5, value, source)
    scoring = view.submission.get("task") == "scoring"
    check, rate = (
        ("fairness.scoring_rate", "scoring_rate")
        if scoring
        else ("fairness.selection_rate", "selection_rate")
    )
    evidence = _with_small_groups(view, check)
    if evidence is None or not evidence.measures:
        why = evidence.reason if evidence else f"the record has no {check}"
        yield ("category", rate.replace("_", " "), *(None,) * 5, "", why)
        return
    ratios = {_place(m): m for m in evidence.measures if m.name == "impact_ratio"}
    for m in evidence.measures:
        if m.name == rate:
            yield _category(m, ratios.get(_place(m)), public=view.publication is not None)
    for m in evidence.measures:
        if m.name == "not_stated_count":
            yield (
                "unknown",
                "people of no known category",
                crossed(m.of["attribute"]),
                None,
                m.value,
                None,
                None,
                None,
                m.note,
            )


def _with_small_groups(view: View, check: str) -> Evidence | None:
    """Return the evidence with the smallest groups that were asked for."""
    found = [one for one in view.evidence if one.check == check]
    return min(found, key=lambda one: one.parameters.get("min_group", 10**9), default=None)


def _place(m: Measure) -> tuple[str | None, str | None]:
    return m.of.get("attribute"), m.of.get("group")


def _category(m: Measure, ratio: Measure | None, *, public: bool) -> tuple[Cell, ...]:
    none = _WITHHELD if public else "no ratio: the group was too small to compare"
    note = m.note or (ratio.note if ratio else none)
    if not public and _few(m.n):
        note = f"{note}; {_FEW}" if note else _FEW
    return (
        "category", m.name.replace("_", " "), crossed(m.of["attribute"]), group(m.of["group"]), _whole(m.n),
        m.value, ratio.value if ratio else None, None, note,
    )  # fmt: skip


def _whole(number: float | None) -> float | None:
    """Return a count as counts are written; weights may make it fractional."""
    return int(number) if number is not None and float(number).is_integer() else number
