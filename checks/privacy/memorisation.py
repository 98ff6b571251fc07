"""Memorisation: what of its training data does the model keep, in its file and in its answers?

Two places are looked at. The file, where it can be asked about rows that are in the training table already:

- `stored_row_share`: rows that stand in the file, as the model prepares them (nearest neighbours, support
  vectors, Gaussian processes, kernel machines). Per `table`; evaluation rows show what coincidence gives.
- `listed_rare_values`: values of a column that fewer than `few` training people have, and that the file
  lists (encoders of categories do); `listed_rare_share` is the share of people who have such a value.
- `smallest_leaf`: training people in the smallest leaf of any tree; `small_leaf_share`, people in a leaf of
  fewer than `few` in an average tree; `small_leaf_people_share`, people in such a leaf of one tree or more;
  `lone_leaf_share`, people alone in a leaf in an average tree, which can repeat their label, also where it is
  a number; `single_outcome_share`, those in small leaves who all have one outcome, so that whoever can be
  placed in the leaf has it.
- `learnt_numbers`: how many numbers the model learnt, and `degrees_of_freedom`, training rows less those.

And the answers, which need no file: `certain_answer_share`, rows whose answer is the truth exactly (the true
class with a chance of 1 once rounded to two decimals; a number equal to the label) and
`unique_output_share`, rows whose answer, so rounded, nobody else of as many rows has. Each per `table`, and
as training less evaluation: `certain_answer_gap`, `unique_output_gap`.

Why it matters
    Who holds a file that stores rows holds personal data, whatever its answers say: to share such a model is
    to share the rows. A list of rare values can name single people, and a leaf of one person repeats that
    person's outcome to whoever asks with the right features.

How to read it
    Any `stored_row_share` of the training table above that of the evaluation table means rows in the file.
    Trees with leaves of few people are not by themselves a leak: forests average over them, and
    `privacy.membership_inference` tells what comes through. Agencies that release models ask for ten people a
    leaf and for ten rows more than learnt numbers. A model that answers training rows with certainty, and
    others not, has learnt them by heart.
    What helps: larger leaves, fewer or shallower trees, rare categories merged before training, a kind of
    model that stores no rows, or to serve the model without giving its file away.

Limits
    Only what is asked about is found: the rows and values of the submitted tables. The file answers for
    itself, inside a locked process; a file that can run code could deny. Rows are compared to seven digits
    after preparation (to 2e-5 standard deviations where a graph computes in 32 bits); at most 5,000 a table
    are looked up. Values that a file keeps as hashes (CatBoost), in a graph (ONNX) or as words of texts are
    not listed, and ONNX tells no leaves. At most 100 trees, from the first to the last, are asked for their
    leaves. Answers of at most 20,000 rows a side are compared; rows in both tables are left out.

References
    Green et al., Safe machine learning model release from Trusted Research Environments: The AI-SDC package,
    2022; Smith et al., SACRO-ML (structural attacks), 2022; Feldman, Does Learning Require Memorization?,
    STOC 2020; Brown et al., When Is Memorization of Irrelevant Training Data Necessary?, STOC 2021.
"""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from checks.model import Inconclusive, Measure, NotApplicable, Rows, Subject, Table, check
from checks.privacy import answered, held
from checks.statistics import undefined


@check(asks_model=True)
def memorisation(subject: Subject, *, few: int = 10) -> Iterator[Measure | Table]:
    """Ask the file what it keeps, and compare answers to training rows with answers to others."""
    training = _training(subject)
    told: list[tuple[str, bool, str]] = []
    yield from _in_file(subject, training, few, told)
    yield from _in_answers(subject, told)
    yield Table("looked_at", ("what", "looked at", "how, or what it needs"), tuple(told))


def _training(subject: Subject) -> pd.DataFrame:
    training, features = subject.training, list(subject.roles.features)
    if training is None:
        raise NotApplicable("no training data: supply data.training, the rows that the model learnt from")
    if not features:
        raise NotApplicable("no feature columns were supplied: declare columns.features")
    absent = [name for name in features if name not in training.columns]
    if absent:
        raise NotApplicable(f"the training table has no column {absent[0]}: supply all features of the model")
    if not len(training) or not subject.rows:
        raise Inconclusive("the training table or the evaluation table has no rows")
    return training


def _in_file(
    subject: Subject, training: pd.DataFrame, few: int, told: list[tuple[str, bool, str]]
) -> Iterator[Measure]:
    """Yield what the file keeps; where it does not tell, one sentence a kind says what would."""
    names = {
        "stored rows": ("stored_row_share", "proportion", {"table": "training"}),
        "rare values": ("listed_rare_values", "values", {}),
        "leaves": ("small_leaf_share", "proportion", {}),
        "degrees of freedom": ("degrees_of_freedom", "rows", {}),
    }
    needs = _needs(subject)
    for what, (name, unit, of) in names.items():
        told.append((what, needs[what] is None, needs[what] or _how(what)))
        if (why := needs[what]) is not None:
            yield undefined(name, why, of=of, unit=unit)
            continue
        assert subject.inside is not None
        match what:
            case "stored rows":
                yield from held.rows(subject, subject.inside, training)
            case "rare values":
                yield from held.rare_values(subject, subject.inside, training, few)
            case "leaves":
                yield from held.leaf_support(subject, subject.inside, training, few)
            case _:
                yield from held.freedom(subject.inside, training)


def _needs(subject: Subject) -> dict[str, str | None]:
    """Return, for each kind of memory in a file, why it is not looked at; None where it is."""
    inside = subject.inside
    if inside is None:
        form = subject.model_file.format if subject.model_file else None
        why = (
            "no model file was submitted: supply one to see what it keeps"
            if form is None
            else f"the {form} file does not tell what it keeps: supply the model in skops, or in the native"
            " format of XGBoost, LightGBM or CatBoost"
        )
        return dict.fromkeys(("stored rows", "rare values", "leaves", "degrees of freedom"), why)
    memory = inside.memory
    return {
        "stored rows": "this format does not tell whether rows stand in the file: supply the model in skops"
        if memory.rows is Rows.UNKNOWN
        else None,
        "rare values": None
        if memory.lists
        else "the file lists no values of columns, as far as its format tells",
        "leaves": None if memory.trees else "the file holds no trees whose leaves could be asked for",
        "degrees of freedom": None
        if memory.numbers is not None
        else "the file does not tell how many numbers were learnt",
    }


def _how(what: str) -> str:
    return {
        "stored rows": "every part of the model was searched for the rows that reach it",
        "rare values": "every list of values was searched for those that few training people have",
        "leaves": "every training row was dropped down the trees",
        "degrees of freedom": "the numbers in the file were counted",
    }[what]


def _in_answers(subject: Subject, told: list[tuple[str, bool, str]]) -> Iterator[Measure]:
    """Yield how certain and how single the answers to either table are."""
    both = answered.both(subject)
    if isinstance(both, str):
        told.extend((what, False, both) for what in ("certain answers", "unique answers"))
        yield undefined("certain_answer_gap", both)
        yield undefined("unique_output_gap", both)
        return
    told.extend(
        (what, True, "answers to training and evaluation rows, to two decimals")
        for what in ("certain answers", "unique answers")
    )
    yield from answered.certain(both)
    yield from answered.unique(both, subject.seed)
