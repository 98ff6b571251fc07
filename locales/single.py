"""Words of checks that nothing in their source tells from names: cases, methods, tasks, states of a table."""

from __future__ import annotations

SINGLE = (
    "above", "accuracy", "alone", "binary", "binary or multiclass", "class", "confirmed", "counted",
    "distance", "evaluation", "figure", "follows", "gap", "higher", "highest", "immutable", "inside", "is",
    "kept", "label", "leaves", "log odds", "log odds per log odds", "log-odds", "logistic", "loss", "lower",
    "lowest", "majority", "mean", "members", "model", "multiclass", "ninetieth", "noise", "normal {LEVEL}",
    "normal {LEVEL} over all pairs", "normal {LEVEL} over all pairs of {parts} rates",
    "not compared", "others", "outside", "output", "pooled", "positive rate", "published",
    "quasi-identifier", "recomputed", "regression", "replaced", "score", "scoring", "selected", "sensitive",
    "tenth", "training", "undefined", "verdict", "withheld",
    "protected", "identifier", "feature {NAME}", "attack {NAME}", "column {NAME}", "table {NAME}",
    "impact ratio of {NAME}", "input should be {values}",
    "{accused} of {others} other rows accused",  # half of a note
)  # fmt: skip
