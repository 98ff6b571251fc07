"""Which data go to somebody else, and on which terms. All of it is optional; no verdict depends on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from auditor.problems import Problem
from auditor.web.form import Form
from auditor.web.steps.step import Posted, Step, joined, number, text
from frameworks.terms import comparisons, profiles, themes, to_json
from frameworks.terms_shape import TEXT, Theme, Transfer, mistakes
from reports import wording
from reports.compose.transfers import in_one_sentence, spelt
from reports.language import N_, _, said

KEY = "transfers"
MOST = 20
"""So many transfers a submission takes."""
PARTIES = N_(
    {
        "name": ("What goes where", "For example: benefit records to the regional centre."),
        "from": ("Who sends them", ""),
        "to": ("Who receives them", ""),
    }
)
HOLDS = {"yes": True, "no": False}


def _read(form: Form, posted: Posted) -> None:
    if f"{KEY}.asked" not in posted:
        return
    removed = posted.get("remove", "")
    before = form.get(KEY, [])
    found = (
        _transfer(posted, f"{KEY}.{at}") for at in range(max(MOST, len(before))) if removed != f"{KEY}.{at}"
    )
    form.put(KEY, [one for one in found if one])


def _transfer(posted: Posted, where: str) -> dict[str, Any]:
    """Return what was written of one transfer, as the API would be sent it."""
    lines = (" ".join(line.split()) for line in posted.get(f"{where}.data", "").splitlines())
    answers = {fact: posted.get(f"{where}.facts.{fact}", "") for fact in themes().facts}
    terms = {theme.id: _term(posted, f"{where}.terms.{theme.id}", theme) for theme in themes().themes}
    written = {
        **{key: text(posted, f"{where}.{key}") for key in PARTIES},
        "data": list(dict.fromkeys(filter(None, lines))),
        "facts": {fact: HOLDS[answer] for fact, answer in answers.items() if answer in HOLDS},
        "terms": {name: term for name, term in terms.items() if term not in ("", [])},
        "baselines": posted.getlist(f"{where}.baselines"),
    }
    return {key: value for key, value in written.items() if value}


def _term(posted: Posted, where: str, theme: Theme) -> Any:
    """Return what the terms say of a theme, with the clause where one is named."""
    clause = text(posted, f"{where}.clause")
    value: Any
    if theme.set:
        value = [word for word in theme.set if word in posted.getlist(where)]
    else:
        value = number(posted, where) if theme.number else text(posted, where)
    if not clause:
        return value
    return {"clause": clause} if value in ("", []) else {"is": value, "clause": clause}


def _problems(form: Form) -> Iterator[Problem]:
    for at, one in enumerate(form.get(KEY, [])):
        for path, sentence in mistakes(one, themes(), tuple(profiles())):
            yield _problem(f"{KEY}.{at}", one, path, sentence)


def _problem(where: str, one: Mapping[str, Any], path: tuple[str | int, ...], sentence: str) -> Problem:
    """Return a mistake at its field, in the words of the page where a key of the format is meant."""
    match path:
        case ():
            return Problem(f"{where}.name", "missing-key", "Say in a few words what goes where.")
        case ("terms",):
            return Problem(f"{where}.terms", "missing-key", "Say of at least one theme what the terms are.")
        case ("terms", str(name), *more):
            given = one["terms"][name]
            if isinstance(given, Mapping) and "is" not in given:
                sentence = "A clause is named here; say too what the terms are."
            elif more != ["clause"] and any(theme.id == name and theme.number for theme in themes().themes):
                sentence = "Write a number of days, from 0 on."
            field = f"{where}.terms.{name}.clause" if more == ["clause"] else f"{where}.terms.{name}"
            return Problem(field, "not-accepted", sentence)
        case ("data" | "baselines" as key, *_):
            return Problem(f"{where}.{key}", "not-accepted", sentence)
        case _:
            return Problem(".".join([where, *map(str, path)]), "not-accepted", sentence)


def _offer(form: Form) -> Mapping[str, Any]:
    given = form.get(KEY, [])
    return {
        "given": [*given, {}][: max(MOST, len(given))],
        "beside": [_beside(one) for one in given],
        "parties": PARTIES,
        "longest": TEXT,
        "themes": themes(),
        "profiles": [(name, said(one.title), one.version) for name, one in profiles().items()],
        "worded": _worded,
    }


def _worded(theme: Theme) -> list[tuple[str, ...]]:
    """Return the values of a theme with the words that a reader chooses from; ticks may have a hint too."""
    hint = ("",) if theme.set else ()
    return [(value, spelt(value), *hint) for value in theme.values]


def _beside(one: Mapping[str, Any]) -> list[str]:
    """Return how a transfer without mistakes stands beside each of its baselines."""
    if any(mistakes(one, themes(), tuple(profiles()))):
        return []
    return [in_one_sentence(to_json(found)) for found in comparisons(Transfer.of(one))]


def _summary(form: Form) -> Iterator[tuple[str, str]]:
    given = form.get(KEY, [])
    if not given:
        yield _("Transfers"), _("None")
    for at, one in enumerate(given, 1):
        titles = {name: said(profile.title) for name, profile in profiles().items()}
        chosen = joined((titles.get(name, name) for name in one.get("baselines", [])), _("every baseline"))
        yield (
            one.get("name") or _("Transfer {number}", number=at),
            _(
                "{themes} declared, beside {baselines}",
                themes=wording.plural(len(one.get("terms", {})), "theme"),
                baselines=chosen,
            ),
        )


STEP = Step(
    slug="transfers",
    title=N_("Do data go to somebody else?"),
    owns=(KEY,),
    read=_read,
    problems=_problems,
    offer=_offer,
    summary=_summary,
    open_ended=(KEY,),
)
