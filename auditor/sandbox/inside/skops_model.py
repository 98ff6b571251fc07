"""Inside the child: scikit-learn models in the skops format, from an exact list of types."""

from __future__ import annotations

import io
import json
import re
import warnings
import zipfile
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from auditor.sandbox.inside.answers import Refuse, brief
from auditor.sandbox.inside.estimator import Estimator, bare_threads, refuse_other_version
from auditor.sandbox.inside.held_boosters import check_held
from auditor.sandbox.limits import raise_it, raise_unpacking

if TYPE_CHECKING:
    import pyarrow as pa

ALLOWED = frozenset(
    {
        "catboost.core.CatBoostClassifier",
        "catboost.core.CatBoostRegressor",
        "collections.OrderedDict",
        "lightgbm.basic.Booster",
        "lightgbm.sklearn.LGBMClassifier",
        "lightgbm.sklearn.LGBMRegressor",
        "functools.partial",  # binds arguments of functions that must be on this list themselves
        "numpy.dtype",
        "scipy.sparse._csr.csr_matrix",
        "sklearn._loss.loss.HalfTweedieLossIdentity",
        "sklearn.calibration._CalibratedClassifier",
        "sklearn.calibration._SigmoidCalibration",
        "sklearn.calibration._TemperatureScaling",
        "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
        "sklearn.gaussian_process._gpc._BinaryGaussianProcessClassifierLaplace",
        "sklearn.gaussian_process.kernels.CompoundKernel",
        "sklearn.gaussian_process.kernels.ConstantKernel",
        "sklearn.gaussian_process.kernels.DotProduct",
        "sklearn.gaussian_process.kernels.Matern",
        "sklearn.gaussian_process.kernels.Product",
        "sklearn.gaussian_process.kernels.RBF",
        "sklearn.gaussian_process.kernels.RationalQuadratic",
        "sklearn.gaussian_process.kernels.Sum",
        "sklearn.gaussian_process.kernels.WhiteKernel",
        "sklearn.metrics._dist_metrics.EuclideanDistance64",
        "sklearn.metrics._scorer._PassthroughScorer",
        "sklearn.model_selection._split.KFold",
        "sklearn.model_selection._split.StratifiedKFold",
        "sklearn.neighbors._kd_tree.KDTree",
        "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
        "sklearn.neural_network._stochastic_optimizers.SGDOptimizer",
        "sklearn.tree._tree.Tree",
        "sklearn.utils._bunch.Bunch",
        "sklearn.utils.validation.check_array",
        "xgboost.core.Booster",
        "xgboost.sklearn.XGBClassifier",
        "xgboost.sklearn.XGBRegressor",
    }
)
"""Types that skops does not trust by default, and that this service loads. No wildcard."""
_NAMED = ("FunctionNode", "TypeNode")
CALLED = frozenset({"collections.OrderedDict", "sklearn.utils.validation.check_array"})
"""Those that a model may name to be called; to call a booster's class would have it read bytes unchecked."""


class SkopsModel(Estimator):
    """One scikit-learn estimator or pipeline."""

    def __init__(self, raw: bytes, limits: Mapping[str, Any]) -> None:
        schema = _schema(raw, limits)
        versions = _versions(schema)
        super().__init__(
            _load(raw, versions, set(_types(schema, _NAMED))), sorted(set(_types(schema))), versions
        )
        from auditor.sandbox.inside.forests import forest

        self._forest = forest(self._model, self._width)

    def describe(self) -> Mapping[str, Any]:
        """Return what the parent is told once; trees say on which scale they credit columns."""
        return {**super().describe(), "contributions": None if self._forest is None else self._forest.scale}

    def contributions(self, rows: pa.Table) -> Any:
        """Return one number a row and column, and the base last: together the raw answer (of each class)."""
        if self._forest is None:
            raise Refuse("no-contributions", "the model gives no contributions")
        return self._forest.contributions(self._given(rows))


def _schema(raw: bytes, limits: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of the file, after its archive was measured without unpacking it."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            members = archive.infolist()
            unpacked = sum(member.file_size for member in members)
            if len(members) > limits["model_members"]:
                raise Refuse(
                    "zip-bomb",
                    f"it holds {len(members):,} parts; {limits['model_members']:,} are allowed: make it "
                    f"smaller, {raise_it('model_members')}",
                )
            if unpacked > limits["model_unpacked_bytes"] or (
                unpacked > 16 << 20 and unpacked > limits["model_ratio"] * len(raw)
            ):
                size = f"{unpacked / 2**20:,.0f} MiB from {len(raw) / 2**20:,.1f} MiB"
                raise Refuse(
                    "zip-bomb",
                    f"it would unpack to {size}, which no model needs: save it again, {raise_unpacking()}",
                )
            schema = json.loads(archive.read("schema.json"))
            check_held(archive, _nodes(schema))
    except zipfile.BadZipFile:
        raise Refuse(
            "truncated",
            "it begins like a skops file but is cut short or damaged; upload the whole file again",
        ) from None
    except (KeyError, ValueError, RecursionError):
        raise Refuse(
            "not-skops", "it is a zip archive but not a skops file; save the model with `skops.io.dump`"
        ) from None
    if not isinstance(schema, dict):
        raise Refuse(
            "not-skops", "its schema is not that of a skops file; save the model with `skops.io.dump`"
        )
    return schema


def _nodes(value: Any) -> Iterator[dict[str, Any]]:
    waiting = [value]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            yield node
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)


def _types(schema: Any, loaders: tuple[str, ...] = ()) -> Iterator[str]:
    """Yield the types that the file names; with *loaders*, those that it names to be used by these alone."""
    for node in _nodes(schema):
        module, name = node.get("__module__"), node.get("__class__")
        wanted = not loaders or node.get("__loader__") in loaders
        if isinstance(module, str) and isinstance(name, str) and wanted:
            yield f"{module}.{name}"


def _versions(schema: Any) -> dict[str, str]:
    """Return the library versions that wrote the file, as it states them."""
    found = {"skops": str(schema.get("_skops_version", "not stated"))}
    for node in _nodes(schema):
        stated = node.get("_sklearn_version")
        if isinstance(stated, dict) and isinstance(stated.get("content"), str):
            version = stated["content"].strip('"')
            if re.fullmatch(r"[0-9a-z.+]{1,32}", version):
                found["scikit-learn"] = version
    return found


def _load(raw: bytes, versions: Mapping[str, str], called: set[str]) -> Any:
    refuse_other_version(versions)  # before two seconds of imports
    bare_threads()
    import skops.io  # which looks for the libraries at once

    unexpected = sorted(
        (set(skops.io.get_untrusted_types(data=raw)) - ALLOWED) | (called & (ALLOWED - CALLED))
    )
    if unexpected:
        named = ", ".join(f"`{name}`" for name in unexpected[:5])
        more = f" and {len(unexpected) - 5} more" if len(unexpected) > 5 else ""
        raise Refuse(
            "type-not-allowed",
            f"the file uses {named}{more}, which this service does not load; build the model from "
            "scikit-learn, xgboost, lightgbm or catboost parts, or export it to ONNX",
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a patch release apart: the versions are reported
            return skops.io.loads(raw, trusted=sorted(ALLOWED))
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - any class may refuse its own state
        raise Refuse("unreadable", f"skops could not load it: {brief(error)}; save it again") from None
