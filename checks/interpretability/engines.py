"""Which way parts are computed: exactly where the model allows it, else sampled up to a stated error.

1. The credits that a model in a data-only format gives itself (TreeSHAP), if they pass `contributions`.
2. The closed form, if the model adds up what each feature gives (`additive`).
3. Sampled orders of the features (`attribution`), with as many background rows as bring the standard error of
   a part down to a share of the spread of the answers, or as the budget of questions allows. Of very many
   features, those that move nothing are found first and take no part.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import TypeVar

import numpy as np
import pandas as pd

from checks.draw import sample_rows
from checks.interpretability.additive import Additive, additive, holds_mixed
from checks.interpretability.answered import Pairs, answered
from checks.interpretability.asking import Output, explained_class
from checks.interpretability.attribution import CELLS, attribute, mixed
from checks.interpretability.contributions import Explaining, NotAccepted, accept, sums
from checks.interpretability.scales import AGAINST_ALL, against_all, on_scale
from checks.model import Array, ModelError, Subject

BROAD = 200
"""Background rows at most."""
FEWEST = 10
"""Background rows at least, where questions are dear; an error from fewer would itself be a guess."""
PILOT = 25
"""Rows on which the error of a part is first estimated."""
PRECISION = 0.02
"""Standard error of a part to reach, as a share of the standard deviation of the answers."""
AT_LEAST = 20
"""Rows to explain at least."""
MANY, TRIES = 24, 200
"""From so many features on, those that move nothing in so many exchanges take no part."""
WIDEST = 400_000_000
"""Values that may be asked about in all: with very many features, they and not the questions are dear."""

T = TypeVar("T")
Credited = tuple[Array, Array]
"""Parts of shape (rows, features), and the standard error of each."""


@dataclass(frozen=True, eq=False)
class Engine:
    """One way to compute parts, ready for rows."""

    credit: Callable[[pd.DataFrame], Credited]
    output: Output
    """What is split, on the scale of the parts."""
    base: float
    """What the parts of a row and this sum to its output."""
    background: pd.DataFrame
    words: str
    """Value function, scale, background and way."""
    exact: bool
    follows: bool
    """Whether the package shap can compute the same parts by asking."""
    most: int
    """Rows that the budget allows."""
    known: Credited | None = None
    """Parts of the rows that it was tried on."""
    redrawn: Callable[[pd.DataFrame, np.random.Generator], Callable[[pd.DataFrame], Credited]] | None = None
    """The same way with another background and other orders; None where nothing is drawn."""
    pairs: Pairs = field(default_factory=Pairs)
    """What had to be left out so far."""

    @property
    def unit(self) -> str:
        """The unit of the parts: what is split, or the scale on which the model adds up."""
        return self.output.scale


@dataclass(frozen=True, eq=False)
class Asked:
    """What is to be explained, and what that may cost."""

    subject: Subject
    output: Output
    first: pd.DataFrame
    """The rows on which a way is tried."""
    background: pd.DataFrame
    """Rows that stand for everybody, in random order."""
    origin: str
    """Where the background comes from, in words."""
    questions: int
    rng: np.random.Generator


def own(asked: Asked) -> Engine:
    """Return the model's own credits, if they pass every test on the first rows."""
    model, output, rows = asked.subject.model, asked.output, asked.first
    output = replace(output, partly=False)  # what vouches for credits is asked in full
    if not isinstance(model, Explaining):
        raise NotAccepted("the model gives no credits of its own")
    several = len(model.classes) > 2
    turned = output.is_probability and not several and asked.subject.roles.positive == model.classes[0]
    position = model.classes.index(str(explained_class(asked.subject))) if several else None
    scale = model.scale
    if scale == AGAINST_ALL and position is not None and asked.subject.model is not None:
        output, scale = against_all(asked.subject.model, position), "value"

    def ask(X: pd.DataFrame) -> Array:
        said = model.contributions(X, position) if several else model.contributions(X)
        if not turned:
            return said  # a file credits its last class; what the first gains, the last loses
        opposite = -said
        opposite[:, -1] += 1.0 if model.scale == "probability" else 0.0
        return opposite

    accepted = accept(ask(rows), output, rows, asked.background, scale=scale, rng=asked.rng)

    def credit(X: pd.DataFrame) -> Credited:
        said = ask(X)
        sums(said, output(X), scale)
        return said[:, :-1], np.zeros(X.shape)

    words = (
        "credits of the model's own trees (TreeSHAP), path-dependent: the background is the rows that"
        f" reached each split, {spelt(scale, output)}"
    )
    known = accepted.values, np.zeros(rows.shape)
    return Engine(
        credit,
        on_scale(output, scale),
        accepted.base,
        asked.background,
        words,
        exact=True,
        follows=False,
        most=asked.subject.rows,
        known=known,
    )


def spelt(scale: str, output: Output) -> str:
    """Name a scale, and what it is of where that is something else."""
    return output.scale if scale in {"value", "probability", output.scale} else f"{scale} of {output.scale}"


def closed(asked: Asked) -> Engine:
    """Return the closed form of a model that adds up, if this one does on the first rows."""
    rows, rng = asked.first, asked.rng
    found = additive(asked.output, rows, rng)
    if found is None:
        raise NotAccepted("the model does not add up what each feature gives")
    features = rows.shape[1]
    against = asked.background.iloc[: max(2, min(BROAD, asked.questions // features // 2))]
    mean = _middle(found, against, rng)

    def redrawn(others: pd.DataFrame, rng: np.random.Generator) -> Callable[[pd.DataFrame], Credited]:
        middle = _middle(found, others, rng)
        return lambda X: (_effects(found, X, rng) - middle, np.zeros(X.shape))

    def credit(X: pd.DataFrame) -> Credited:
        return _effects(found, X, rng) - mean, np.zeros(X.shape)

    words = (
        f"closed form of a model that adds up, interventional, {spelt(found.raw.scale, asked.output)},"
        f" {len(against)} background rows from {asked.origin}"
    )
    return Engine(
        credit,
        found.raw,
        found.start + float(mean.sum()),
        against,
        words,
        exact=True,
        follows=True,
        most=max(AT_LEAST, asked.questions // features - len(against)),
        redrawn=redrawn,
    )


def _middle(found: Additive, rows: pd.DataFrame, rng: np.random.Generator) -> Array:
    effects = _effects(found, rows, rng)
    return np.asarray(effects[answered(effects)].mean(axis=0))


def _effects(found: Additive, rows: pd.DataFrame, rng: np.random.Generator) -> Array:
    effects = found.effects(rows)
    if not (found.holds(rows, effects) and holds_mixed(found, rows, effects, rng)):
        raise NotAccepted("the model adds up what features give on some rows only")
    return effects


def sampled(asked: Asked, size: int | None = None) -> Engine:
    """Return sampled orders, with *size* background rows, or as many as the error to reach needs."""
    output, rng = asked.output, asked.rng
    players = _players(asked)
    count = int(players.max()) + 1
    walked = Pairs()
    pairs = max(1, asked.questions // (2 * max(1, count - 1)))

    def part(X: pd.DataFrame, against: pd.DataFrame, rng: np.random.Generator = rng) -> Credited:
        if not count:
            return np.zeros(X.shape), np.zeros(X.shape)
        found = attribute(output, X, against, rng, players)
        values, errors = np.zeros(X.shape), np.zeros(X.shape)
        values[:, players >= 0], errors[:, players >= 0] = found.values, found.errors
        walked.add(len(X) * len(against), int((len(against) - found.walked).sum()))
        return values, errors

    size = _enough(asked, part, pairs) if size is None else size
    against = asked.background.iloc[:size].reset_index(drop=True)
    silent = int((players < 0).sum())
    words = (
        f"sampled orders, each with its reverse, interventional, {output.scale},"
        f" {size} background rows from {asked.origin}"
        + (f", {silent} features that moved nothing in {TRIES} exchanges left out" if silent else "")
    )
    return Engine(
        lambda X: part(X, against),
        output,
        float(output(against).mean()),
        against,
        words,
        exact=False,
        follows=True,
        most=max(AT_LEAST, pairs // size),
        redrawn=lambda others, rng: lambda X: part(X, others, rng),
        pairs=walked,
    )


def best(asked: Asked, use: Callable[[Engine], T], size: int | None = None) -> tuple[Engine, T, str | None]:
    """Return the best way, what *use* makes of it, and why the model's own credits were not used, if so.

    A way that *use* finds not to hold is left for the next best. Where orders are sampled, *size* background
    rows are enough, or as many as the error to reach needs.
    """
    try:
        engine = own(asked)
        return engine, use(engine), None
    except (NotAccepted, ModelError) as no:
        refused = str(no)
    try:
        engine = closed(asked)
        return engine, use(engine), refused
    except (NotAccepted, ModelError):  # off its scale, or without a number for a row it was asked about
        pass
    engine = sampled(asked, size)
    return engine, use(engine), refused


def _enough(asked: Asked, part: Callable[[pd.DataFrame, pd.DataFrame], Credited], pairs: int) -> int:
    """Return how many background rows bring the error down to what is wanted, or are affordable."""
    trying = max(4, pairs // 8)
    pilot = asked.first.iloc[: max(2, min(PILOT, trying // 2))]
    few = asked.background.iloc[: max(2, min(FEWEST, trying // len(pilot)))]
    errors = part(pilot, few)[1]
    error = float(np.sqrt((errors[answered(errors)] ** 2).mean()))
    first = asked.output(asked.first)
    wanted = PRECISION * first[np.isfinite(first)].std()
    needed = int(np.ceil(len(few) * (error / wanted) ** 2)) if wanted > 0 else FEWEST
    affordable = pairs // max(AT_LEAST, min(len(asked.first), 4 * AT_LEAST))
    affordable = affordable if affordable >= FEWEST else min(FEWEST, pairs // AT_LEAST)
    return max(2, min(max(needed, FEWEST), affordable, BROAD, len(asked.background)))


def _players(asked: Asked) -> Array:
    """Number the features that take part; -1 for those of many that moved nothing.

    Blocks of features are exchanged between rows that mix an explained and a background row. Where no answer
    moves, none of the block takes part; where one does, its halves are tried.
    """
    features = asked.first.shape[1]
    if features <= MANY:
        return np.arange(features)
    rng, rows = asked.rng, len(asked.first)
    source = pd.concat([asked.first, asked.background], ignore_index=True)
    one = rng.integers(0, rows, TRIES)[:, None]
    two = rng.integers(rows, len(source), TRIES)[:, None]
    taken = np.where(rng.random((TRIES, features)) < 0.5, one, two)
    before = asked.output(mixed(source, taken))
    moving = np.zeros(features, dtype=bool)
    waiting, left = np.array_split(np.arange(features), MANY), asked.questions // 4
    while waiting:
        left -= TRIES * len(waiting)
        if left < 0:  # too many move to find them one by one
            moving[np.concatenate(waiting)] = True
            break
        after = _exchanged(asked.output, source, taken, one + two, waiting)
        moved = [block for block, row in zip(waiting, after, strict=True) if (row != before).any()]
        moving[[block[0] for block in moved if len(block) == 1]] = True
        waiting = [half for block in moved if len(block) > 1 for half in np.array_split(block, 2)]
    return np.where(moving, np.cumsum(moving) - 1, -1)


def _exchanged(
    output: Output, source: pd.DataFrame, taken: Array, both: Array, blocks: list[Array]
) -> Iterator[Array]:
    """Yield the answers where each block in turn takes its values from the other of *both* rows."""
    at_once = max(1, CELLS // taken.size)
    for start in range(0, len(blocks), at_once):
        some = blocks[start : start + at_once]
        turned = np.repeat(taken[None], len(some), axis=0)
        for place, block in enumerate(some):
            turned[place][:, block] = both - turned[place][:, block]
        yield from output(mixed(source, turned.reshape(-1, taken.shape[1]))).reshape(len(some), -1)


def background_of(subject: Subject, most: int, rng: np.random.Generator) -> tuple[pd.DataFrame, str]:
    """Return rows that stand for everybody, in random order, and where they come from."""
    trained = subject.training is not None and len(subject.training) > 0
    table = subject.training if trained and subject.training is not None else subject.evaluation
    chosen = rng.permutation(sample_rows(len(table), most, None, rng))
    rows = table[list(subject.roles.features)].iloc[chosen].reset_index(drop=True)
    return rows, "training" if trained else "evaluation"
