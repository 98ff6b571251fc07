"""Words of checks that nothing in their source tells from names: cases, methods, tasks, states of a table."""

from __future__ import annotations

SINGLE = (
    "above", "accuracy", "alone", "binary", "class", "confirmed", "counted", "distance", "evaluation", "gap",
    "higher", "highest", "immutable", "inside", "is", "kept", "label", "leaves", "log odds",
    "log odds per log odds", "log-odds", "logistic", "loss", "lower", "lowest", "majority", "mean",
    "members", "model", "multiclass", "ninetieth", "noise", "normal", "not compared", "others",
    "outside", "output", "pooled", "positive rate", "quasi-identifier", "regression",
    "replaced", "score", "scoring", "sensitive", "tenth", "training", "undefined", "withheld",
)  # fmt: skip
