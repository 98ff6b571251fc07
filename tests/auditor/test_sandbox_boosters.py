"""Native files of boosted trees: read as their library reads them; a bad tree is never walked."""

from __future__ import annotations

import io
import json
import re
import struct
import zipfile
from contextlib import suppress

import catboost
import lightgbm
import numpy as np
import pytest
import skops.io
import xgboost

from auditor import subjects
from auditor.problems import Refused
from auditor.sandbox import Limits, inspect_model, open_model
from auditor.sandbox.inside import catboost_trees, lightgbm_trees, ubjson, xgboost_trees
from auditor.sandbox.inside.answers import Refuse
from auditor.sandbox.inside.xgboost_model import XgboostModel
from auditor.submission import parse
from checks.model import ModelError
from tests.auditor.boosted import CATBOOST, FEATURES, QUIET, filled, framed, people, write

DAMAGED = "points outside itself: the file is damaged or hostile"


@pytest.fixture(scope="module")
def table():
    return people()


@pytest.fixture(scope="module")
def saved(tmp_path_factory, table):
    """One binary model of each library: its path, its frame, itself."""
    kinds = ("xgboost json", "xgboost ubj", "lightgbm txt", "catboost cbm")
    return {kind: write(kind, "binary", table, tmp_path_factory.mktemp("saved")) for kind in kinds}


def refusal(path, form=None):
    with pytest.raises(Refused) as refused:
        inspect_model(path, form)
    (problem,) = refused.value.problems
    return problem.sentence


# XGBoost


def first_tree(said):
    return said["learner"]["gradient_booster"]["model"]["trees"][0]


def kept(said):
    return said["learner"]["gradient_booster"]["model"]


XGBOOST_EDITS = {
    "child out of range": lambda said: first_tree(said)["left_children"].__setitem__(0, 10**6),
    "child below zero": lambda said: first_tree(said)["right_children"].__setitem__(0, -7),
    "cycle": lambda said: first_tree(said)["left_children"].__setitem__(1, 0),
    "two parents": lambda said: first_tree(said)["right_children"].__setitem__(0, 1),
    "feature out of range": lambda said: first_tree(said)["split_indices"].__setitem__(0, 10**6),
    "a list cut short": lambda said: first_tree(said)["split_conditions"].pop(),
    "a parent that is none": lambda said: first_tree(said)["parents"].__setitem__(1, 5),
    "numbers of another kind": lambda said: first_tree(said)["left_children"].__setitem__(0, "one"),
    "too large a number": lambda said: first_tree(said)["left_children"].__setitem__(0, 2**70),
    "a set of categories out of range": lambda said: first_tree(said).update(split_type=[1] * 99),
    "tree of no class": lambda said: kept(said).update(tree_info=[7] * len(kept(said)["trees"])),
    "trees that do not count": lambda said: kept(said)["trees"].pop(),
    "iterations out of range": lambda said: kept(said)["iteration_indptr"].__setitem__(1, 10**6),
    "categories out of range": lambda said: kept(said)["cats"]["enc"][4]["offsets"].__setitem__(1, 10**7),
    "more features than named": lambda said: said["learner"]["feature_names"].pop(),
    "a part left out": lambda said: said["learner"].pop("gradient_booster"),
}


@pytest.mark.parametrize("edit", XGBOOST_EDITS)
def test_an_edited_xgboost_file_is_refused(edit, saved):
    said = json.loads(saved["xgboost json"][0].read_bytes())
    xgboost_trees.check(said)
    XGBOOST_EDITS[edit](said)
    with pytest.raises(Refuse, match=DAMAGED):
        xgboost_trees.check(said)


@pytest.mark.parametrize("edit", ["sizes", "nodes", "segments", "values"])
def test_sets_of_categories_that_do_not_fit_are_refused(edit, table, tmp_path):
    """A category set that XGBoost reads beyond its list crashes while it loads."""
    model = xgboost.XGBClassifier(**QUIET, enable_categorical=True, max_cat_to_onehot=1)
    model.fit(framed(table)[["region", "opened"]], table["binary"]).save_model(path := tmp_path / "a.json")
    said = json.loads(path.read_bytes())
    xgboost_trees.check(said)
    tree = next(t for t in kept(said)["trees"] if t["categories_nodes"])
    name = "categories" if edit == "values" else f"categories_{edit}"
    tree[name][0] = 2**30
    with pytest.raises(Refuse, match=DAMAGED):
        xgboost_trees.check(said)


def test_an_edited_xgboost_file_never_reaches_native_code(saved, tmp_path):
    said = json.loads(saved["xgboost json"][0].read_bytes())
    first_tree(said)["left_children"][0] = 10**6
    (path := tmp_path / "model.json").write_text(json.dumps(said))
    assert DAMAGED in refusal(path)


def test_a_name_that_occurs_twice_is_refused(saved, tmp_path):
    """Two readers of one file must not see two models."""
    text = saved["xgboost json"][0].read_text()
    (path := tmp_path / "model.json").write_text(text.replace('"learner":', '"learner":{},"learner":', 1))
    assert "cut short, damaged or of another format" in refusal(path)


def test_ubj_is_read_as_xgboost_wrote_it(saved):
    """Both formats of one model hold the same trees."""
    text, binary = (
        xgboost_trees.document(saved[f"xgboost {kind}"][0].read_bytes()) for kind in ("json", "ubj")
    )
    for name in ("left_children", "right_children", "split_indices", "split_conditions"):
        assert np.allclose(first_tree(text)[name], first_tree(binary)[name], rtol=1e-6)


@pytest.mark.parametrize("seed", range(40))
def test_broken_ubj_is_an_error_not_a_crash(seed, saved):
    raw = bytearray(saved["xgboost ubj"][0].read_bytes())
    rng = np.random.default_rng([seed, 3])
    cut = bytes(raw[: int(rng.integers(1, len(raw)))])
    raw[int(rng.integers(len(raw)))] = int(rng.integers(256))
    with suppress(Refuse):  # a changed threshold is a model too
        xgboost_trees.check(xgboost_trees.document(bytes(raw)))
    with pytest.raises(ValueError, match=r"beyond the end|ends early"):
        ubjson.decode(cut)
    with pytest.raises(Refuse, match="cut short, damaged or of another format"):
        xgboost_trees.document(cut)


def test_a_wrapper_stops_at_its_best_iteration_and_a_booster_does_not(table, tmp_path):
    X, y = framed(table)[["income", "debt"]], table["binary"]
    model = xgboost.XGBClassifier(n_estimators=40, max_depth=2, early_stopping_rounds=3)
    model.fit(X, y, eval_set=[(X[:40], 1 - y[:40])], verbose=False)
    model.save_model(whole := tmp_path / "model.json")
    (plain := xgboost.Booster(model_file=whole)).set_attr(scikit_learn=None)
    plain.save_model(bare := tmp_path / "booster.json")
    assert model.best_iteration + 1 < plain.num_boosted_rounds()
    for path, scores in ((whole, model.predict_proba(X)[:, 1]), (bare, plain.predict(xgboost.DMatrix(X)))):
        with open_model(path) as opened:
            assert np.abs(opened.predict_proba(X)[:, 1] - scores).max() <= 1e-6


def test_a_category_that_xgboost_refuses_is_named(saved, table):
    with (
        open_model(saved["xgboost ubj"][0]) as model,
        pytest.raises(ModelError, match="column `region` holds a category that the model was not trained on"),
    ):
        model.predict(table[FEATURES].assign(region="moon"))


@pytest.mark.parametrize(
    ("objective", "said"),
    [
        ("rank:pairwise", "it orders rows within a query; submit its scores as a column"),
        ("binary:logitraw", 'set `booster.set_param({"objective": "binary:logistic"})`'),
        ("survival:cox", "its XGBoost objective is `survival:cox`; train it for classes or values"),
    ],
)
def test_objectives_that_answer_neither_classes_nor_values_say_so(objective, said, table, tmp_path):
    data = xgboost.DMatrix(framed(table)[["income", "debt"]], table["binary"], qid=[0] * len(table))
    xgboost.train({"objective": objective}, data, 2).save_model(path := tmp_path / "model.json")
    assert said in refusal(path)


def test_a_file_of_a_newer_xgboost_names_both_versions(saved, tmp_path):
    said = json.loads(saved["xgboost json"][0].read_bytes()) | {"version": [9, 1, 0]}
    (path := tmp_path / "model.json").write_text(json.dumps(said))
    sentence = refusal(path)
    assert "written by XGBoost 9.1.0" in sentence
    assert xgboost.__version__ in sentence
    assert "export it to ONNX" in sentence


def test_the_old_binary_format_says_how_to_save_again():
    with pytest.raises(Refuse, match=r"old binary format.*save it with `save_model` as \.json or \.ubj"):
        XgboostModel(b"binf" + b"\0" * 64, {})


# LightGBM

LIGHTGBM_EDITS = {
    "child out of range": (r"left_child=\S+", "left_child=99999"),
    "leaf out of range": (r"left_child=\S+", "left_child=-99999"),
    "cycle": (r"(right_child=)\S+", r"\g<1>0"),
    "feature out of range": (r"split_feature=\S+", "split_feature=500"),
    "a list cut short": (r"(threshold=\S+ ).*", r"\1"),
    "fewer leaves than said": (r"num_leaves=\d+", "num_leaves=2000"),
    "a name that occurs twice": (r"(num_cat=.*)", r"\1\n\1"),
    "a set of categories out of range": (r"num_cat=\d+", "num_cat=-1"),
    "more features than named": (r"max_feature_idx=\d+", "max_feature_idx=99"),
    "more classes than trees": (r"num_class=1", "num_class=900"),
}


@pytest.mark.parametrize("edit", LIGHTGBM_EDITS)
def test_an_edited_lightgbm_file_is_refused(edit, saved):
    text = saved["lightgbm txt"][0].read_text()
    lightgbm_trees.check(lightgbm_trees.parse(text))
    changed = re.sub(*LIGHTGBM_EDITS[edit], text, count=1)
    assert changed != text
    with pytest.raises(Refuse, match=DAMAGED):
        lightgbm_trees.check(lightgbm_trees.parse(changed))


def test_category_bounds_beyond_their_list_are_refused(table):
    model = lightgbm.LGBMClassifier(
        **QUIET, verbose=-1, min_child_samples=2, min_data_per_group=2, cat_smooth=0
    )
    text = model.fit(framed(table)[["region", "opened"]], table["binary"]).booster_.model_to_string()
    lightgbm_trees.check(lightgbm_trees.parse(text))
    changed = re.sub(r"cat_boundaries=0 \d+", "cat_boundaries=0 99999", text, count=1)
    assert changed != text
    with pytest.raises(Refuse, match=DAMAGED):
        lightgbm_trees.check(lightgbm_trees.parse(changed))


def test_lightgbm_never_jumps_by_the_sizes_in_the_file(saved, tmp_path):
    """LightGBM follows that line without looking and crashes; the model is read without it."""
    path = saved["lightgbm txt"][0]
    text = re.sub(r"tree_sizes=.*", "tree_sizes=9999999 1 1 1 1", path.read_text())
    (edited := tmp_path / "model.txt").write_text(text)
    with open_model(edited) as opened:
        assert opened.classes == ("0", "1")
    with pytest.raises(Refuse, match=DAMAGED):
        lightgbm_trees.check_sizes(text)
    lightgbm_trees.check_sizes(path.read_text())


@pytest.mark.parametrize("share", [0.2, 0.6])
def test_a_truncated_lightgbm_file_says_so(share, saved, tmp_path):
    text = saved["lightgbm txt"][0].read_text()
    trees = text[: text.index("end of trees")]
    (path := tmp_path / "model.txt").write_text(trees[: int(share * len(trees))])
    assert "cut short or damaged" in refusal(path)


def test_a_lightgbm_file_of_another_format_names_it(saved, tmp_path):
    text = saved["lightgbm txt"][0].read_text().replace("version=v4", "version=v9")
    (path := tmp_path / "model.txt").write_text(text)
    assert "its LightGBM text format is `v9`" in (said := refusal(path))
    assert lightgbm.__version__ in said


def test_an_objective_of_its_own_says_so(table, tmp_path):
    data = lightgbm.Dataset(framed(table)[["income", "debt"]], table["binary"])
    own = {"objective": lambda p, d: (p - d.label, np.ones_like(p)), "verbose": -1}
    lightgbm.train(own, data, 2).save_model(path := tmp_path / "model.txt")
    assert "trained with an objective of its own" in refusal(path)


def test_text_for_categories_that_the_file_lost_names_the_column(table, tmp_path):
    codes = framed(table)[["income"]].assign(region=framed(table)["region"].cat.codes)
    model = lightgbm.LGBMClassifier(**QUIET, verbose=-1).fit(codes, table["binary"], categorical_feature=[1])
    model.booster_.save_model(path := tmp_path / "model.txt")
    with (
        open_model(path) as opened,
        pytest.raises(
            ModelError, match="column `region` holds text, but the file does not keep its categories"
        ),
    ):
        opened.predict(table[["income", "region"]])


# CatBoost

SLOTS = {"splits": 1, "sizes": 2, "starts": 3, "repacked": 17}


def place_of(raw, slot):
    """Return where the list in *slot* of the trees begins in the file."""
    trees = catboost_trees.Flat.root(raw[8:]).table(catboost_trees.TREES)
    return 8 + trees._list(slot)[0]


@pytest.mark.parametrize("value", [-5, 30_000], ids=["below", "beyond"])
@pytest.mark.parametrize("field", SLOTS)
def test_an_edited_catboost_file_is_refused(field, value, saved):
    """CatBoost verifies the flatbuffer, not its numbers: most of these crash it while it loads."""
    raw = bytearray(saved["catboost cbm"][0].read_bytes())
    catboost_trees.check(bytes(raw))
    struct.pack_into("<i", raw, place_of(bytes(raw), SLOTS[field]), value)
    with pytest.raises(Refuse, match=DAMAGED):
        catboost_trees.check(bytes(raw))


@pytest.mark.parametrize("slot", [10, 11], ids=["step", "leaf"])
def test_an_edited_step_of_an_asymmetric_tree_is_refused(slot, table):
    model = catboost.CatBoostClassifier(**CATBOOST | {"grow_policy": "Lossguide"})
    model.fit(table[["debt", "children"]], table["binary"])
    raw = bytearray(model._serialize_model())
    catboost_trees.check(bytes(raw))
    last = len(catboost_trees.Flat.root(bytes(raw[8:])).table(catboost_trees.TREES).numbers(slot, "<u4")) - 1
    struct.pack_into("<I", raw, place_of(bytes(raw), slot) + 4 * last, 0x7FFF7FFF)
    with pytest.raises(Refuse, match=DAMAGED):
        catboost_trees.check(bytes(raw))


def test_an_edited_catboost_file_never_reaches_native_code(saved, tmp_path):
    raw = bytearray(saved["catboost cbm"][0].read_bytes())
    struct.pack_into("<i", raw, place_of(bytes(raw), 1), 30_000)
    (path := tmp_path / "model.cbm").write_bytes(raw)
    assert DAMAGED in refusal(path)


def test_a_missing_category_is_named_with_the_fix(saved, table):
    with (
        open_model(saved["catboost cbm"][0]) as model,
        pytest.raises(ModelError, match="column `region` has 2 missing values, and CatBoost takes none"),
    ):
        model.predict(table[FEATURES])


# Boosters inside skops


@pytest.mark.parametrize("library", ["xgboost", "lightgbm", "catboost"])
def test_a_booster_inside_skops_is_checked_before_it_is_loaded(library, saved, table, tmp_path):
    kind = {"xgboost": "xgboost ubj", "lightgbm": "lightgbm txt", "catboost": "catboost cbm"}[library]
    raw = skops.io.dumps(saved[kind][2])
    (path := tmp_path / "model.skops").write_bytes(raw)
    assert inspect_model(path).classes == ("0", "1")
    path.write_bytes(spoilt(library, raw))
    assert DAMAGED in refusal(path)


def spoilt(library, raw):
    """Return the skops file with one number of its booster changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(out, "w") as new:
        for member in old.namelist():
            body = bytearray(old.read(member))
            if library == "catboost" and body[:4] == b"CBM1":
                struct.pack_into("<i", body, place_of(bytes(body), 1), 30_000)
            elif library == "xgboost" and b"left_children" in body:
                at = body.index(b"left_children") + len("left_children[$l#L") + 8
                struct.pack_into(">i", body, at, 10**6)
            elif library == "lightgbm" and member == "schema.json":
                body = re.sub(rb"left_child=[-0-9]+", b"left_child=99999", bytes(body), count=1)
            new.writestr(member, bytes(body))
    return out.getvalue()


# Contributions


@pytest.mark.parametrize("kind", ["xgboost ubj", "lightgbm txt", "catboost cbm"])
def test_contributions_sum_to_the_raw_answer(kind, saved, table):
    path, frame, model = saved[kind]
    asked = filled(table)
    raw = {
        "xgboost": lambda: model.predict(frame(asked), output_margin=True),
        "lightgbm": lambda: model.predict(frame(asked), raw_score=True),
        "catboost": lambda: model.predict(frame(asked), prediction_type="RawFormulaVal"),
    }
    if not kind.startswith("catboost"):
        asked = table
    with open_model(path) as opened:
        assert opened.inspection.contributions == "log-odds"
        found = opened.contributions(asked[FEATURES])
    assert found.shape == (len(table), len(FEATURES) + 1)
    assert np.abs(found.sum(axis=1) - raw[kind.split()[0]]()).max() <= 1e-5
    assert np.abs(found[:, :-1]).max() > 0.01


# Labels


WAYS = {"xgboost ubj": "as the model was trained.", "lightgbm txt": "save the `LGBMClassifier` with `skops"}


@pytest.mark.parametrize("kind", WAYS)
def test_labels_that_a_native_file_cannot_know_are_explained(kind, saved, table, tmp_path, tables_read_here):
    words = table.assign(binary=np.where(table["binary"] == 1, "yes", "no"))
    words.to_parquet(stored := tmp_path / "table.parquet", index=False)
    raw = {
        "system": {"name": "A system"},
        "task": "binary",
        "model": {"artifact": f"sha256:{'d' * 64}"},
        "data": {"evaluation": {"artifact": f"sha256:{'e' * 64}"}},
        "columns": {"label": "binary", "favourable": "yes", "groups": ["sex"]},
    }
    files = {"d" * 64: saved[kind][0], "e" * 64: stored}
    with pytest.raises(Refused) as refused:
        subjects.prepare(parse(raw), files.__getitem__, Limits())
    (problem,) = refused.value.problems
    assert problem.where == "columns.label"
    assert "the label `binary` holds `no` and `yes`" in problem.sentence
    assert "keeps no class names and answers `0` and `1`" in problem.sentence
    assert WAYS[kind] in problem.sentence

    words.assign(decision=words["binary"]).to_parquet(stored, index=False)
    challenger = {"name": "next", **raw.pop("model")}
    raw |= {"columns": {**raw["columns"], "prediction": "decision"}, "models": [challenger]}
    with pytest.raises(Refused) as refused:
        subjects.prepare(parse(raw), files.__getitem__, Limits())
    (problem,) = refused.value.problems
    assert problem.where == "models.0"
    assert "`next`: the label `binary` holds `no` and `yes`" in problem.sentence
