"""How fast are explanations beside the package shap, and how long does the whole family take?

Run it as `python -m benchmarks.explaining [--write]`. *trees* asks XGBoost's trees for credits through the
locked child, and shap.TreeExplainer for the same in this process. *black box* gives sampled orders and
shap's PermutationExplainer the same background, and holds both against all sets of features. *family* runs
every interpretability check on the mortgage example, opening of the locked child included. Slots take turns;
ratios are medians of the ratios within a turn.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.ensemble import RandomForestClassifier
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits
from xgboost import XGBClassifier

from auditor.audit import Measuring, prepare
from auditor.manifest import named_by_digest, read_submission
from auditor.run import sha256
from auditor.sandbox import Limits, open_model
from auditor.submission import parse
from checks.interpretability.asking import Output
from checks.interpretability.attribution import attribute
from checks.interpretability.second_opinion import the_package
from checks.model import Array, Outcome
from checks.registry import all_checks

HERE = Path(__file__).resolve().parent.parent
EXAMPLE, PAGE = HERE / "examples/mortgage/submission.yaml", HERE / "docs/benchmarks/explaining.md"
TURNS = 5
FEATURES = 10
ORDERS = (1, 2, 5, 10, 20)
"""Orders of the features a row that the package is given in turn, each walked there and back."""

HEAD = """# How fast explanations are made

Made by `python -m benchmarks.explaining --write`; do not edit. Slots ran in turns in one process
on {cores} cores that other work shared (load {load:.1f}), so read the ratios (medians of the ratios
within a turn), not the seconds.
"""


def seconds(call: Callable[[], object]) -> float:
    """Return the wall clock of one call."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def drawn(rows: int, features: int, seed: int) -> tuple[Array, Array]:
    """Return people with crossings, and a label that follows them with chance."""
    rng = np.random.default_rng([71, seed])
    X = rng.normal(size=(rows, features))
    pull = X[:, 0] + X[:, 1] * X[:, 2] + np.sin(2 * X[:, 3]) * X[:, 4] - X[:, 5] * (X[:, 6] > 0)
    return X, (rng.random(rows) < 1 / (1 + np.exp(-pull))).astype(int)


def trees() -> Iterator[str]:
    """Tell how credits through the locked child compare with shap.TreeExplainer."""
    X, y = drawn(20_000, 20, 1)
    names = [f"f{place}" for place in range(20)]
    model = XGBClassifier(n_estimators=300, max_depth=6, n_jobs=1).fit(pd.DataFrame(X, columns=names), y)
    asked = pd.DataFrame(drawn(2000, 20, 2)[0], columns=names)
    theirs = the_package().TreeExplainer(model)
    with tempfile.TemporaryDirectory() as folder:
        model.save_model(path := Path(folder) / "model.ubj")
        with open_model(path) as opened:
            apart = float(np.abs(opened.contributions(asked)[:, :-1] - theirs.shap_values(asked)).max())
            took = [
                (
                    seconds(lambda: theirs.shap_values(asked)),
                    seconds(lambda: opened.contributions(asked)),
                )
                for _ in range(TURNS)
            ]
    package, ours = (statistics.median(one) for one in zip(*took, strict=True))
    ratio = statistics.median(one / other for one, other in took)
    yield "\n## Trees\n"
    yield "XGBoost, 300 trees of depth 6, 2,000 rows of 20 features, path-dependent, log-odds,"
    yield "one thread each.\n"
    yield "| way | seconds | speed against shap.TreeExplainer |\n|---|---|---|"
    yield f"| shap.TreeExplainer, in this process | {package:.2f} | 1.00 |"
    yield f"| credits through the locked child | {ours:.2f} | {ratio:.2f} |"
    yield f"\nThe aim is 0.9. The largest difference of a part is {apart:.1g}: shap asks XGBoost, which"
    yield "credits in 32 bit; the locked child walks the trees in 64 bit."


def by_definition(function: Callable[[Array], Array], explained: Array, background: Array) -> Array:
    """Return Shapley values from every set of known features, the others from every background row."""
    sets = np.arange(2 ** explained.shape[1])
    known = (sets[:, None] >> np.arange(explained.shape[1])) & 1 == 1
    value = np.empty((len(sets), len(explained)))
    for place, row in enumerate(explained):
        asked = np.where(known[:, None, :], row, background[None])
        value[:, place] = function(asked.reshape(-1, len(row))).reshape(len(sets), -1).mean(axis=1)
    parts = np.zeros(explained.shape)
    for feature in range(explained.shape[1]):
        without = sets[~known[:, feature]]
        size = known[without].sum(axis=1)
        ways = np.array(
            [float(np.prod(np.arange(1, k + 1) / (FEATURES - np.arange(1, k + 1)))) for k in size]
        )
        parts[:, feature] = (ways / FEATURES) @ (value[without | (1 << feature)] - value[without])
    return parts


def black_box(name: str, model: Any) -> Iterator[str]:
    """Tell how sampled orders compare with shap's PermutationExplainer on one model."""
    X, y = drawn(4000, FEATURES, 3)
    model.fit(X, y)
    explained, background = X[:20], X[100:200]
    names = [f"f{place}" for place in range(FEATURES)]
    people, against = (pd.DataFrame(rows, columns=names) for rows in (explained, background))

    def chance(rows: Array) -> Array:
        return np.asarray(model.predict_proba(rows)[:, 1])

    output = Output("probability", is_probability=True, ask=lambda rows: chance(rows.to_numpy()))
    shap = the_package()
    masker = shap.maskers.Independent(background, max_samples=len(background))
    truth = by_definition(chance, explained, background)
    found: dict[int, tuple[list[float], list[float]]] = {orders: ([], []) for orders in (0, *ORDERS)}
    for turn in range(TURNS):
        for orders, (took, errors) in found.items():
            start = time.perf_counter()
            if orders == 0:
                parts = attribute(output, people, against, np.random.default_rng(turn)).values
            else:
                most = orders * (2 * FEATURES + 1)
                explainer = shap.PermutationExplainer(chance, masker, seed=turn)
                parts = explainer(explained, max_evals=most, silent=True).values
            took.append(time.perf_counter() - start)
            errors.append(float(np.sqrt(((parts - truth) ** 2).mean())))
    yield f"\n### {name}\n"
    yield "| way | seconds | error of a part | time against sampled orders |\n|---|---|---|---|"
    for orders, (took, errors) in found.items():
        ratio = statistics.median(t / ours for t, ours in zip(took, found[0][0], strict=True))
        way = "sampled orders" if orders == 0 else f"shap.PermutationExplainer, {orders} orders a row"
        cells = f"{statistics.median(took):.2f} | {statistics.median(errors):.5f} | {ratio:.1f}"
        yield f"| {way} | {cells} |"


def family() -> Iterator[str]:
    """Tell how long every interpretability check takes on the mortgage example."""
    raw, files = read_submission(EXAMPLE)
    digests = {where: sha256(path) for where, path in files.items()}
    paths = {digest: files[where] for where, digest in digests.items()}
    submission = parse(named_by_digest(raw, digests))
    assert submission.model is not None
    names = [name for name in all_checks() if name.startswith("interpretability.")]
    took: dict[str, list[float]] = {name: [] for name in names}
    whole: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        prepare(submission, paths.__getitem__, Path(folder), Limits())
        for _ in range(3):
            start = time.perf_counter()
            model = paths[submission.model.digest], submission.model.format
            measuring = Measuring(Path(folder), *model, Limits())
            for name in names:
                began = time.perf_counter()
                assert measuring.measure(name, {}).outcome is not Outcome.FAILED
                took[name].append(time.perf_counter() - began)
            measuring.close()
            whole.append(time.perf_counter() - start)
    yield "\n## The whole family\n"
    yield f"The mortgage example, {len(names)} checks one after the other through the locked child.\n"
    yield "| check | seconds |\n|---|---|"
    for name, one in sorted(took.items(), key=lambda item: -statistics.median(item[1])):
        yield f"| `{name}` | {statistics.median(one):.2f} |"
    yield f"| all of them, with opening the model | {statistics.median(whole):.1f} |"
    yield "\nThe aim is 20 seconds on 2 cores."


def lines() -> Iterator[str]:
    """Yield the page."""
    yield HEAD.format(cores=os.cpu_count(), load=os.getloadavg()[0])
    with threadpool_limits(1):
        yield from trees()
        yield "\n## Black boxes\n"
        yield f"{FEATURES} features, 20 rows explained, 100 background rows for both, in this process."
        yield "The error is the root mean square distance from Shapley values by their definition (all sets"
        yield "of features, the same background). The aim is a third of the time at no larger error: the line"
        yield "of the package to look at is the first whose error is no larger than that of sampled orders."
        yield from black_box("Network", MLPClassifier((64, 64), max_iter=60, random_state=0))
        yield from black_box("Random forest", RandomForestClassifier(60, max_depth=7, random_state=0))
        yield from family()


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--write", action="store_true", help=f"write {PAGE.name}")
    write = arguments.parse_args().write
    told = "\n".join(lines()) + "\n"
    print(told)
    if write:
        PAGE.write_text(told)
