"""What a step of the form is."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import MultiDict

from auditor.problems import Problem
from auditor.web.form import Form
from reports.wording import listed

Posted = MultiDict[str, str]


def _always(_form: Form) -> bool:
    return True


def _nothing(_form: Form) -> Mapping[str, Any]:
    return {}


def _fine(_form: Form) -> Iterable[Problem]:
    return ()


@dataclass(frozen=True)
class Step:
    """One page of the form: which keys it asks for, how an answer is read, and what may be wrong with it."""

    slug: str
    title: str
    owns: tuple[str, ...]
    read: Callable[[Form, Posted], None]
    problems: Callable[[Form], Iterable[Problem]] = _fine
    offer: Callable[[Form], Mapping[str, Any]] = _nothing
    summary: Callable[[Form], Iterable[tuple[str, str]]] = lambda _form: ()
    applies: Callable[[Form], bool] = _always
    open_ended: tuple[str, ...] = ()
    """Keys under which people's own names stand (`answers`, `bins`): each name has a field."""


def text(posted: Posted, name: str) -> str:
    """Return one answer without the spaces around it."""
    return posted.get(name, "").strip()


def number(posted: Posted, name: str) -> float | int | str:
    """Return an answer as a number, or as written where it is none (the shape then says so)."""
    written = text(posted, name)
    for kind in (int, float):
        try:
            found = kind(written)
        except ValueError:
            continue
        return found if math.isfinite(found) else written
    return written


def known(posted: Posted, name: str, form: Form) -> list[str]:
    """Return the ticked columns in the order of the file; those that the file lacks are dropped."""
    ticked = set(posted.getlist(name))
    return [c.name for c in form.columns if c.name in ticked]


def joined(values: Iterable[str], nothing: str) -> str:
    """Return values as one line, or say that there are none."""
    return listed(values) or nothing
