"""AUCs of many groups from one sort are the AUCs of each group alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from checks.ranks import Ranks
from checks.sample import Sample
from checks.statistics import roc_auc


def sample(score, actual, weights=None, *, sampling=False) -> Sample:
    weights = np.ones(len(score)) if weights is None else np.asarray(weights, dtype=np.float64)
    actual = np.asarray(actual, dtype=bool)
    return Sample(
        weights,
        sampling,
        rows=np.arange(len(score)),
        actual=actual,
        predicted=actual,
        score=np.asarray(score, dtype=np.float64),
    )


PEOPLE = st.lists(
    st.tuples(st.integers(0, 5), st.booleans(), st.integers(0, 3), st.integers(0, 2)), min_size=1, max_size=60
)


@settings(max_examples=150, deadline=None)
@given(people=PEOPLE, distinct=st.booleans(), weighted=st.booleans(), sampling=st.booleans())
def test_one_sort_gives_what_each_group_gives_alone(people, distinct, weighted, sampling):
    score = np.array([p[0] for p in people], dtype=np.float64)
    if distinct:
        score = score + np.random.default_rng(len(people)).random(len(people))
    weights = [p[2] for p in people] if weighted else None
    whole = sample(score, [p[1] for p in people], weights, sampling=sampling)
    codes = np.array([p[3] for p in people])
    found = Ranks(whole).aucs(codes, 4)  # nobody is in the last group
    for group, part in enumerate(whole.by_group(codes, 4)):
        alone = roc_auc(part.actual, part.score, part.weights)
        assert np.isnan(found.value[group]) == (alone is None)
        assert alone is None or found.value[group] == pytest.approx(alone, abs=1e-12)
        assert (found.positives[group], found.negatives[group]) == pytest.approx(part.sizes)
        assert found.n[group] == pytest.approx(part.n)


@pytest.mark.parametrize("ties", [False, True])
def test_many_groups_equal_scikit_learns(ties):
    rng = np.random.default_rng(3)
    rows, groups = 20_000, 300
    score, actual, codes = rng.random(rows), rng.integers(0, 2, rows), rng.integers(0, groups, rows)
    score = np.round(score, 2) if ties else score
    found = Ranks(sample(score, actual)).aucs(codes, groups)
    for group in (0, 17, 299):
        there = codes == group
        assert found.value[group] == pytest.approx(roc_auc_score(actual[there], score[there]), abs=1e-12)
