"""A published table of counts becomes a subject: every row is checked, and none is dropped in silence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from auditor.problems import Problem, Refused, refuse
from auditor.sandbox import Limits, read_table
from auditor.subjects.cells import Bad, count_in, figure_in, shown
from auditor.subjects.columns import MOST_GROUPS, MOST_SHOWN, listed, unknown
from auditor.subjects.facts import facts, unread
from auditor.submission import CountsFile, Submission
from checks.model import NOT_STATED, Roles, Subject
from checks.names import split
from checks.published import Published, Row, key
from checks.values import as_text

MOST_ROWS = 5000
MOST_LETTERS = 60
TOTALS = {"total", "totals", "all", "overall", "everybody", "everyone", "sum", "grand total"}
"""Names of rows that sum up others."""
UNSURE = {"unknown", "undisclosed", "undeclared", "not specified", "unspecified", "missing", "other/unknown"}
"""Names under which tables hide people who did not say; only `not stated` and empty cells are taken so."""


def subject_of_counts(
    submission: Submission, asked: CountsFile, path: Path, limits: Limits
) -> tuple[Subject, dict[str, Any]]:
    """Return the subject and what was found on the way; raise `Refused` with every problem at once."""
    table = read_table(path, asked.format, limits, where="counts", declared=asked.declared)
    if not 0 < len(table) <= MOST_ROWS:
        sentence = f"a table of counts has 1 to {MOST_ROWS:,} rows, this one has {len(table):,}; send counts."
        raise refuse("counts", "rows", sentence)
    _raise(_columns(asked, table))
    read = _read(asked, table)
    published = Published(
        rows=tuple(line.row for line in read.cells),
        crossed=len(asked.group) > 1,
        totals={line.table: line.row.n for line in read.totals if line.whole and line.row.n is not None},
    )
    _raise(_against(read, published, submission.references))
    roles = Roles(
        positive="selected",
        favourable="selected",
        groups=published.single,
        intersections=submission.intersections,
        references=dict(submission.references),
    )
    subject = Subject(
        task=submission.task,
        evaluation=pd.DataFrame(),
        roles=roles,
        seed=submission.seed,
        published=published,
        facts=facts(submission),
    )
    resolved = _resolved(table, published, read)
    declared = unread(submission)
    return subject, {**resolved, "unread": declared} if declared else resolved


def _raise(problems: Iterator[Problem]) -> None:
    if found := list(problems):
        raise Refused(found)


def _columns(asked: CountsFile, table: pd.DataFrame) -> Iterator[Problem]:
    named = [("group", name) for name in asked.group]
    named += [(part, getattr(asked, part)) for part in ("n", "selected", "attribute", "rate", "ratio")]
    for part, name in named:
        if name is not None and name not in table.columns:
            yield unknown(f"counts.{part}", name, table, "the counts table")
        elif part in ("n", "selected") and asked.decimal is None and _decimals(table, str(name)):
            sentence = f"`{name}` is written with a decimal sign, and 2.000 may be two or two thousand; "
            yield Problem(
                f"counts.{part}", "decimals", f"{sentence}write whole numbers, or declare `decimal`."
            )


def _decimals(table: pd.DataFrame, name: str) -> bool:
    """Say whether counts of a text file have a decimal sign: 2.000 may be two or two thousand."""
    facts = table.attrs
    spelt = facts.get("format") in ("csv", "tsv") and facts.get("kinds", {}).get(name) == "number"
    return spelt and not table[name].isna().all()


def _spelt(number: int, groups: Sequence[str]) -> str:
    return f"row {number} (`{shown(key(groups), MOST_LETTERS)}`)"


def _crossed(name: str) -> tuple[str, ...]:
    """Return the parts of a crossing, written as `A*B` or, as printed tables do, `A × B`."""
    parts = split(name)
    if len(parts) == 1:
        parts = tuple(name.split("\N{MULTIPLICATION SIGN}"))
    return tuple(part.strip() for part in parts)


@dataclass(frozen=True, slots=True)
class _Line:
    """One row of the file."""

    number: int
    row: Row
    total: tuple[bool, ...]
    """Which of its groups stand for all."""
    overall: bool = False
    """Whether it sums up the whole table, whatever the attribute."""

    @property
    def whole(self) -> bool:
        """Whether it sums up all groups of its attribute."""
        return all(self.total)

    @property
    def table(self) -> str:
        """The attribute that it sums up; nothing where it sums up the whole table."""
        return "" if self.overall else key(self.row.attributes)

    @property
    def spelt(self) -> str:
        """The row, as sentences name it."""
        return _spelt(self.number, self.row.groups)


@dataclass(frozen=True, slots=True)
class _Read:
    """The file, row by row."""

    cells: list[_Line] = field(default_factory=list)
    totals: list[_Line] = field(default_factory=list)


def _read(asked: CountsFile, table: pd.DataFrame) -> _Read:
    read, problems = _Read(), []
    names = {name: as_text(table[name]) for name in (*asked.group, asked.attribute) if name is not None}
    for position in range(len(table)):
        groups = tuple(str(names[name][position]).strip() for name in asked.group)
        attribute = None if asked.attribute is None else str(names[asked.attribute][position]).strip()
        try:
            line = _line(asked, table.iloc[position], position + 1, attribute, groups)
        except Bad as wrong:
            where = f"counts.{wrong.part}"
            sentence = f"{_spelt(position + 1, groups)}: {wrong}"
            problems.append(Problem(where, wrong.code, sentence))
        else:
            (read.totals if any(line.total) else read.cells).append(line)
    problems += _twice(read)
    if not read.cells and not problems:
        sentence = "the table has totals only; add the rows of the groups."
        problems.append(Problem("counts", "no-groups", sentence))
    if problems:
        raise Refused(problems[:MOST_SHOWN])
    return read


def _line(
    asked: CountsFile, values: pd.Series[Any], number: int, attribute: str | None, groups: tuple[str, ...]
) -> _Line:
    attributes = asked.group
    total = tuple(name.casefold() in TOTALS for name in groups)
    overall = False
    if attribute is not None:
        overall = all(total) and (attribute == NOT_STATED or attribute.casefold() in TOTALS)
        if attribute == NOT_STATED and not overall:
            raise Bad("attribute", "no-attribute", "it names no attribute; fill it in.")
        attributes = _crossed(attribute)
        if len(attributes) > 1 and not all(total):
            groups = _crossed(groups[0])
            total = tuple(name.casefold() in TOTALS for name in groups)
        elif len(attributes) > 1:
            groups, total = groups * len(attributes), total * len(attributes)
        if len(groups) != len(attributes):
            sentence = f"`{attribute}` crosses {len(attributes)} attributes, so write its groups as `A*B`."
            raise Bad("group", "not-crossed", sentence)
    n, most = count_in(values[asked.n], "n")
    selected, _ = count_in(values[asked.selected], "selected")
    if n is not None and selected is not None and selected > n:
        sentence = f"{selected:,} selected of {n:,} people; correct it, or name the right columns."
        raise Bad("selected", "more-than-all", sentence)
    row = Row(
        attributes=attributes,
        groups=groups,
        n=n,
        selected=selected,
        most=most,
        rate=None if asked.rate is None else figure_in(values[asked.rate], "rate"),
        ratio=None if asked.ratio is None else figure_in(values[asked.ratio], "ratio"),
    )
    return _Line(number, row, total, overall)


def _twice(read: _Read) -> Iterator[Problem]:
    first: dict[tuple[tuple[str, ...], tuple[str, ...]], int] = {}
    for line in (*read.cells, *read.totals):
        known = first.setdefault((line.row.attributes, line.row.groups), line.number)
        if known != line.number:
            sentence = f"{line.spelt} is a group that row {known} has too; keep one, or add them up."
            yield Problem("counts.group", "twice", sentence)


def _against(read: _Read, published: Published, references: Mapping[str, str]) -> Iterator[Problem]:
    """Find totals that do not add up, attributes of too many groups, references that nobody is."""
    for line in read.totals:
        yield from _adds_up(line, _summed(line, read, published))
    names = {key(parts): _names(published, parts) for parts in published.told(len(published.single))}
    for attribute, groups in names.items():
        if attribute in published.single and len(groups) > MOST_GROUPS:
            sentence = f"`{attribute}` has {len(groups):,} groups; {MOST_GROUPS} are compared at most."
            yield Problem("counts.group", "too-many-groups", f"{sentence[:-1]}: add small ones up.")
    for attribute, reference in references.items():
        where = f"references.{attribute}"
        if attribute not in names:
            sentence = f"the counts table has no attribute `{attribute}`; it has {listed(list(names))}."
            yield Problem(where, "not-a-group", sentence)
        elif reference not in ("best", "rest", *names[attribute]):
            sentence = f"no row has the group `{reference}`; there are {listed(names[attribute])}."
            yield Problem(where, "unknown-group", sentence)


def _names(published: Published, parts: Sequence[str]) -> list[str]:
    rows = [published.rows[i] for i in published.of(parts)]
    texts = [key([row.groups[row.attributes.index(part)] for part in parts]) for row in rows]
    return list(dict.fromkeys(texts))


def _summed(line: _Line, read: _Read, published: Published) -> list[list[Row]]:
    """Return the rows that a total sums up: of its attribute, or of each single attribute."""
    if line.overall:
        singles = [parts for parts in published.tables if len(parts) == 1]
        return [[published.rows[i] for i in published.of(parts)] for parts in singles]
    named = {part for part, total in enumerate(line.total) if not total}
    return [
        [
            cell.row
            for cell in read.cells
            if cell.row.attributes == line.row.attributes
            and all(cell.row.groups[part] == line.row.groups[part] for part in named)
        ]
    ]


def _adds_up(line: _Line, tables: list[list[Row]]) -> Iterator[Problem]:
    for part in ("n", "selected"):
        stated: int | None = getattr(line.row, part)
        for rows in tables if stated is not None else ():
            low, high = _range(rows, part)
            if line.overall:  # it may count people whom no row of an attribute does
                high = None
            if stated is not None and (stated < low or (high is not None and stated > high)):
                span = f"{low:,} to {high:,}" if high is not None and high > low else f"{low:,}"
                sentence = f"{line.spelt} states {part} {stated:,}, but the rows add up to {span}; "
                yield Problem(f"counts.{part}", "total-differs", f"{sentence}correct or remove it.")


def _range(rows: Sequence[Row], part: str) -> tuple[int, int | None]:
    """Return the least and the most that the rows add up to; suppressed rows may have no bound."""
    low, high = 0, 0
    bounded = True
    for row in rows:
        counted: int | None = getattr(row, part)
        people = row.most if row.n is None else row.n
        most = counted if counted is not None else people
        low, high, bounded = low + (counted or 0), high + (most or 0), bounded and most is not None
    return low, high if bounded else None


def _resolved(table: pd.DataFrame, published: Published, read: _Read) -> dict[str, Any]:
    facts = {str(name): value for name, value in table.attrs.items() if name != "kinds"}
    return {
        "rows": published.people,
        "tables": {"counts": {"rows": len(table), "columns": len(table.columns), **facts}},
        "answers_from": "counts",
        "favourable": "selected",
        "notes": list(_notes(published, read, table.attrs.get("note"))),
        "groups": {
            key(parts): {key(published.rows[i].groups): _size(published.rows[i]) for i in published.of(parts)}
            for parts in published.tables
        },
    }


def _size(row: Row) -> int | str:
    if row.n is not None:
        return row.n
    return "suppressed" if row.most is None else f"at most {row.most}"


def _notes(published: Published, read: _Read, read_as: str | None) -> Iterator[str]:
    """Say how the table was read where that is in doubt, and what it leaves out."""
    if read_as:
        yield read_as
    for line in read.totals:
        yield f"{line.spelt} sums up other rows and is no group of its own."
    for parts in published.tables:
        yield from _notes_on(published, parts)
    sizes = {parts: published.counted(parts) for parts in published.tables}
    fullest = max(sizes, key=lambda parts: sizes[parts])
    for parts, size in sizes.items():
        if size < published.people:
            whole = f"`{key(fullest)}`" if sizes[fullest] == published.people else "the stated total"
            yield (
                f"`{key(parts)}` counts {size:,} people, {whole} {published.people:,}: "
                f"{published.people - size:,} are missing from `{key(parts)}`."
            )


def _notes_on(published: Published, parts: tuple[str, ...]) -> Iterator[str]:
    rows = [published.rows[i] for i in published.of(parts)]
    name = key(parts)
    if hidden := [row for row in rows if row.hidden]:
        absent = published.absent(parts)
        how_many = "how many people that is, the table does not say"
        if absent is not None:
            how_many = f"at most {absent:,} of {published.people:,} people are not measured"
        groups = listed([key(row.groups) for row in hidden])
        yield f"`{name}`: {len(hidden)} of {len(rows)} rows are suppressed ({groups}); {how_many}."
    if empty := [key(row.groups) for row in rows if row.n == 0]:
        yield f"`{name}`: nobody is counted in {listed(empty)}; such rows stay, without a rate."
    if unsure := [key(row.groups) for row in rows if UNSURE & {text.casefold() for text in row.groups}]:
        yield (
            f"`{name}`: {listed(unsure)} is compared like any group; write `{NOT_STATED}` where people did "
            "not say who they are."
        )
    if len(rows) == 1:
        yield f"`{name}` has one group only, `{key(rows[0].groups)}`: nothing can be compared by it."
