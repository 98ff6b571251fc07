"""How strong are the membership attacks, what do they cost, and is the whole battery in time?

Run it as `python -m benchmarks.membership power | innocent | cost | battery` on a quiet machine (minutes).
*power* fits models that remember far too much on people drawn here, and sets the loss attack, two and sixteen
reference models side by side on the same people. *innocent* attacks a well-regularised logistic regression,
seeds 0 to 19, which remembers nobody. *cost* times two reference models against their bare fits and
predictions, in turns. *battery* runs the whole check on 50,000 + 50,000 people of 20 features.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits

from checks.model import Array, Measure, ModelFile, Roles, Subject, Task
from checks.privacy.attacks import rates, signals
from checks.privacy.attacks.compared import Compared, compared
from checks.privacy.attacks.gate import Gate, judged
from checks.privacy.attacks.references import Trainer, family
from checks.privacy.membership_inference import membership_inference

FEATURES = 20
FLOOR = 0.9
"""What two reference models must keep of what sixteen find."""
LONGEST = 300.0
"""Seconds that the whole battery may take."""
REFERENCES = 16
"""Reference models of LiRA."""
LOGISTIC = "sklearn.linear_model._logistic"


class InProcess:
    """A scikit-learn classifier as a check sees a model."""

    def __init__(self, estimator: Any) -> None:
        """Answer for a fitted *estimator*."""
        self._estimator = estimator
        self.classes = tuple(str(c) for c in estimator.classes_)
        self.has_probabilities = True

    def predict_proba(self, X: pd.DataFrame) -> Array:
        """Return float64 of shape (rows, classes)."""
        answer: Array = np.asarray(self._estimator.predict_proba(X), dtype=np.float64)
        return answer

    def predict(self, X: pd.DataFrame) -> Array:
        """Return the position of the likeliest class."""
        return np.asarray(self.predict_proba(X).argmax(axis=1), dtype=np.float64)


OVERFIT: dict[str, tuple[Callable[[], Any], str]] = {
    "forest": (lambda: RandomForestClassifier(100, random_state=0), "sklearn.ensemble._forest"),
    "boosted": (
        lambda: HistGradientBoostingClassifier(
            max_iter=400, max_leaf_nodes=127, min_samples_leaf=2, early_stopping=False, random_state=0
        ),
        "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    ),
    "neighbours": (lambda: KNeighborsClassifier(weights="distance"), "sklearn.neighbors._classification"),
    "network": (
        lambda: MLPClassifier((100,), max_iter=300, alpha=1e-6, random_state=0),
        "sklearn.neural_network._multilayer_perceptron",
    ),
}
"""Models that remember far too much, and what their file would say."""


def draw(rng: np.random.Generator, rows: int, features: int = FEATURES, shift: float = 0.0) -> pd.DataFrame:
    """Return people whose label follows few of their features, with crossings, and much chance."""
    numbers = rng.normal(size=(rows, features)) + shift
    crossing = numbers[:, 2] * numbers[:, 3]
    pull = 0.9 * numbers[:, :2].sum(axis=1) + 1.2 * crossing + np.abs(numbers[:, 4]) - 0.8
    table = pd.DataFrame(numbers, columns=[f"f{i}" for i in range(features)])
    table["sex"] = rng.choice(["F", "M"], size=rows)
    table["label"] = (rng.random(rows) < 1 / (1 + np.exp(-1.5 * pull))).astype(int)
    return table


def fitted(estimator: Any, types: str, rows: int, seed: int, features: int = FEATURES) -> Subject:
    """Return the subject of *estimator*, fitted on people that are drawn here."""
    rng = np.random.default_rng([61, seed])
    training, evaluation = draw(rng, rows, features), draw(rng, rows, features)
    return about(estimator, types, training, evaluation, seed)


def about(
    estimator: Any, types: str, training: pd.DataFrame, evaluation: pd.DataFrame, seed: int = 0
) -> Subject:
    """Fit *estimator* on *training*, and return it as a subject."""
    names = tuple(name for name in training.columns if name not in {"sex", "label"})
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore")  # a model that did not converge is what is wanted here
        estimator.fit(training[list(names)], training["label"])
        model = InProcess(estimator)
        chances = [model.predict_proba(table[list(names)]) for table in (training, evaluation)]
    said = [np.asarray(model.classes, dtype=object)[one.argmax(axis=1)] for one in chances]
    binary = len(model.classes) == 2
    return Subject(
        task=Task.BINARY if binary else Task.MULTICLASS,
        evaluation=evaluation,
        training=training,
        roles=Roles(label="label", positive="1", favourable="1", groups=("sex",), features=names),
        seed=seed,
        model=model,
        model_file=ModelFile(format="skops", digest="0" * 64, size=1, types=(types,)),
        score=chances[1][:, 1] if binary else None,
        training_score=chances[0][:, 1] if binary else None,
        decision=said[1],
        training_decision=said[0],
        probabilities=None if binary else chances[1],
        classes=() if binary else model.classes,
    )


def trainer(subject: Subject, people: Compared) -> Trainer:
    """Return what trains the reference models of *subject*."""
    return Trainer(people, subject.task, family(subject.model_file)[0], subject.seed)


def paired(subject: Subject) -> dict[str, tuple[float, float]]:
    """Return area and share found at 1 % of the loss attack, and of two and sixteen reference models."""
    people = compared(subject, 50_000)
    assert people.chance is not None
    assert people.confidence is not None
    references = [one for pair in islice(trainer(subject, people).pairs(), 8) for one in pair]
    tried = {
        "loss": people.confidence,
        "rmia_2": signals.rmia(people.chance, references[:2]),
        "rmia_16": signals.rmia(people.chance, references),
    }
    found = {}
    for name, signal in tried.items():
        members, others = people.split(signal)
        area = rates.auc(members, others, {}).value
        share = rates.found("", members, others, 0.01, {}).value
        assert area is not None
        assert share is not None
        found[name] = area, share
    return found


def power(rows: int, seed: int) -> Iterator[str]:
    """Tell, per model, whether two reference models beat the loss attack and keep what sixteen find."""
    yield "model       loss AUC/TPR  rmia_2 AUC/TPR  rmia_16 AUC/TPR  over loss  of sixteen"
    for name, (make, types) in OVERFIT.items():
        found = paired(fitted(make(), types, rows, seed))
        cells = "  ".join(f"{area:.3f}/{share:.3f}" for area, share in found.values())
        over = all(two >= one for one, two in zip(found["loss"], found["rmia_2"], strict=True))
        kept = [
            two / most if most else 1.0 for two, most in zip(found["rmia_2"], found["rmia_16"], strict=True)
        ]
        yield f"{name:11} {cells}  {over}  {min(kept):.2f} {min(kept) >= FLOOR}"


def innocent(seeds: Iterable[int], rows: int, *, many: bool = False) -> dict[str, tuple[list[float], int]]:
    """Return, per attack, the areas on models that remember nobody, and how many intervals miss a half.

    With *many* reference models, attacks by eight and by sixteen of them are tried too.
    """
    areas: dict[str, list[float]] = {}
    missed: dict[str, int] = {}
    for seed in seeds:
        subject = fitted(LogisticRegression(C=0.01), LOGISTIC, rows, seed, 5)
        lira = REFERENCES if many else 0
        found = membership_inference(subject, lira=lira, enough_auc=0.99, enough_tpr=0.99)
        more = [eight(subject, found.measure("drift_auc"))] if many else []
        for one in (*found.measures, *more):
            if one.name == "auc" and one.value is not None and one.low is not None and one.high is not None:
                attack = one.of["attack"]
                areas.setdefault(attack, []).append(one.value)
                missed[attack] = missed.get(attack, 0) + (not one.low <= 0.5 <= one.high)
    return {attack: (values, missed[attack]) for attack, values in areas.items()}


def eight(subject: Subject, gate: Measure) -> Measure:
    """Return the area of eight reference models, which the check leaves out where two have settled it."""
    people = compared(subject, 50_000)
    assert people.chance is not None
    references = [one for pair in islice(trainer(subject, people).pairs(), 4) for one in pair]
    area = rates.auc(*people.split(signals.rmia(people.chance, references)), {"attack": "rmia_8"})
    return rates.less_drift(area, gate) if judged(gate) is Gate.UNCERTAIN else area


def silent(rows: int) -> Iterator[str]:
    """Tell, per attack, whether a model that remembers nobody is left in peace."""
    for attack, (areas, missed) in innocent(range(20), rows, many=True).items():
        mean = float(np.mean(areas))
        fine = missed <= 4 and abs(mean - 0.5) <= 0.01
        yield f"{attack:8} mean area {mean:.4f}, {missed} of {len(areas)} intervals miss a half: {fine}"


def cost(rows: int, rounds: int) -> Iterator[str]:
    """Tell what two reference models cost over their bare fits and predictions, in turns."""
    for name, (make, types) in OVERFIT.items():
        subject = fitted(make(), types, rows, 0)
        people = compared(subject, 50_000)
        assert people.chance is not None
        ratios = []
        for _ in range(rounds):
            start = time.perf_counter()
            trained = next(trainer(subject, people).pairs())
            signals.rmia(people.chance, trained)
            middle = time.perf_counter()
            bare(subject, people, [one.inside for one in trained])
            ratios.append((middle - start) / (time.perf_counter() - middle))
        yield f"{name:11} {np.median(ratios):.2f} times its bare fits and predictions"


def bare(subject: Subject, people: Compared, halves: list[Array]) -> None:
    """Fit what the attack fits, on plain numbers, and predict all rows: nothing else."""
    kind = family(subject.model_file)[0]
    seen, truth = people.table.to_numpy(), people.truth.astype(str)
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for state, half in enumerate(halves):
            kind.make(False, state).fit(seen[half], truth[half]).predict_proba(seen)


def battery(rows: int) -> Iterator[str]:
    """Tell how long the whole check takes, attack by attack."""
    from lightgbm import LGBMClassifier

    models: dict[str, tuple[Any, str]] = {
        "logistic": (LogisticRegression(max_iter=500), LOGISTIC),
        "lightgbm": (LGBMClassifier(n_estimators=200, n_jobs=1, verbose=-1), "lightgbm.sklearn"),
    }
    for name, (estimator, types) in models.items():
        subject = fitted(estimator, types, rows, 0)
        start = last = time.perf_counter()
        for item in membership_inference.measure(subject):
            now = time.perf_counter()
            if item.name in {"drift_auc", "auc"}:
                yield f"  {name}: {item.name} {dict(getattr(item, 'of', {}))} after {now - last:.1f} s"
                last = now
        took = time.perf_counter() - start
        yield f"{name}: {took:.0f} s for {rows:,} + {rows:,} rows; within {LONGEST:.0f} s: {took <= LONGEST}"


def main() -> None:
    """Read what to measure, and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", choices=("power", "innocent", "cost", "battery"))
    parser.add_argument(
        "--rows", type=int, help="rows a side (10,000; innocent and cost 5,000, battery 50,000)"
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    lines = {
        "power": lambda: power(asked.rows or 10_000, asked.seed),
        "innocent": lambda: silent(asked.rows or 5_000),
        "cost": lambda: cost(asked.rows or 5_000, asked.rounds),
        "battery": lambda: battery(asked.rows or 50_000),
    }[asked.part]()
    for line in lines:
        print(line, flush=True)


if __name__ == "__main__":
    main()
