"""Inside the child: a zipped MLflow model folder, of which one data-only file is taken by its name.

Nothing is extracted. `MLmodel` says which files hold the model; what each of them is, its bytes say.
"""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

import pyarrow as pa
import yaml

from auditor.sandbox.formats import UNSAFE, format_of
from auditor.sandbox.inside.answers import Refuse
from auditor.sandbox.limits import raise_it, raise_unpacking
from auditor.shallow import flaw

MANIFEST_BYTES = 1 << 20
FLAVOURS = ("onnx", "xgboost", "lightgbm", "catboost", "sklearn", "python_function")
DATA_ONLY = ("onnx", "xgboost", "lightgbm", "catboost", "skops")
_FILE_KEYS = ("data", "pickled_model", "model_path")
_ASK = (
    'log it with `serialization_format="skops"`, as an XGBoost, LightGBM, CatBoost or ONNX model, '
    "or upload the exported file itself"
)


class MlflowModel:
    """The model inside the folder, with the names of its columns from the signature."""

    def __init__(self, raw: bytes, limits: Mapping[str, Any]) -> None:
        folder = _Folder(raw, limits)
        held = folder.model_files()
        found = next(((name, form) for name, form in held if form in DATA_ONLY), None)
        if found is None:
            raise _only(held, limits)
        name, form = found
        from auditor.sandbox.inside.model import OPENERS

        module, opener = OPENERS[form]
        self._model = getattr(import_module(f"auditor.sandbox.inside.{module}"), opener)(
            folder.read(name), limits
        )
        self._said = {
            "mlflow": str(folder.manifest.get("mlflow_version", "not stated")),
            "file": f"{name} ({form})",
        }
        self._columns = _signature(folder.manifest)

    def describe(self) -> Mapping[str, Any]:
        """Return what the parent is told once: the model's own words, and where it lacks names, MLflow's."""
        told = dict(self._model.describe())
        told["versions"] = {**told["versions"], **self._said}
        if told["features"] is None and told["n_features"] in {None, len(self._columns)} and self._columns:
            told["features"] = self._columns
        return told

    def predict(self, rows: pa.Table) -> Any:
        """Return one number a row: the position of the class, or the value."""
        return self._model.predict(rows)

    def predict_proba(self, rows: pa.Table) -> Any:
        """Return one number a row and class."""
        return self._model.predict_proba(rows)

    def contributions(self, rows: pa.Table) -> Any:
        """Return one number a row and feature, and the base last, where the model inside can."""
        if not hasattr(self._model, "contributions"):
            raise Refuse("no-contributions", "the model gives no contributions")
        return self._model.contributions(rows)

    def stored(self, rows: pa.Table) -> Any:
        """Return one number a row, where the model inside can; see `Keeping`."""
        return self._keeping().stored(rows)

    def listed(self, rows: pa.Table) -> Any:
        """Return one number a row and column, where the model inside can."""
        return self._keeping().listed(rows)

    def leaves(self, rows: pa.Table) -> Any:
        """Return one number a row and tree, where the model inside can."""
        return self._keeping().leaves(rows)

    def _keeping(self) -> Any:
        if not hasattr(self._model, "stored"):
            raise Refuse("not-told", "the file does not tell what it keeps")
        return self._model


def pickle_in(raw: bytes, limits: Mapping[str, Any], form: str) -> bytes:
    """Return the pickled model of a folder, for an operator who allows its *form*."""
    folder = _Folder(raw, limits)
    for name, found in folder.model_files():
        if found == form or (found == "pickle" and form in UNSAFE):
            return folder.read(name)
    raise Refuse("not-a-model", f"the MLflow folder holds no {form} model; leave `format` out, or correct it")


class _Folder:
    """A zip archive with an MLmodel at its root, or in its one folder."""

    def __init__(self, raw: bytes, limits: Mapping[str, Any]) -> None:
        self._limits, self._size = limits, len(raw)
        try:
            self._archive = zipfile.ZipFile(io.BytesIO(raw))
        except (zipfile.BadZipFile, ValueError, NotImplementedError):
            raise _damaged() from None
        names = self._archive.namelist()
        if len(names) > limits["model_members"]:
            raise Refuse(
                "zip-bomb",
                f"it holds {len(names):,} files; {limits['model_members']:,} are allowed: leave some out, "
                f"{raise_it('model_members')}",
            )
        self._names = frozenset(names)
        manifests = sorted(
            name for name in names if name.rpartition("/")[2] == "MLmodel" and name.count("/") < 2
        )
        if len(manifests) != 1:
            raise Refuse(
                "not-mlflow",
                f"it holds {len(manifests)} files named MLmodel where one is needed, at its root or in its "
                "one folder; zip one model folder",
            )
        self._root = manifests[0].removesuffix("MLmodel")
        self.manifest: dict[str, Any] = self._manifest(manifests[0])

    def model_files(self) -> list[tuple[str, str]]:
        """Return the files that the flavours name, each with the format that its bytes show."""
        return [
            (name, format_of(raw[:65_536], raw[-4_194_304:]))
            for name in self._named()
            if (raw := self.read(name))
        ]

    def read(self, name: str) -> bytes:
        """Return one member, of the size that the archive states and no more than the limits allow."""
        member = self._archive.getinfo(self._root + name)
        size, limits = member.file_size, self._limits
        if size > limits["model_unpacked_bytes"] or (
            size > 16 << 20 and size > limits["model_ratio"] * self._size
        ):
            said = f"{size / 2**20:,.0f} MiB from {self._size / 2**20:,.1f} MiB"
            raise Refuse(
                "zip-bomb",
                f"`{name}` would unpack to {said}, which no model needs: save it again, {raise_unpacking()}",
            )
        try:
            return self._archive.read(member)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError):
            raise _damaged() from None
        except (RuntimeError, NotImplementedError):
            raise Refuse(
                "encrypted", f"`{name}` is encrypted or packed in a rare way; zip the folder plainly"
            ) from None

    def _named(self) -> Iterator[str]:
        flavours = self.manifest.get("flavors")
        if not isinstance(flavours, dict):
            raise Refuse("not-mlflow", "its MLmodel names no flavors; save the model again with MLflow")
        seen = set()
        for flavour in FLAVOURS:
            told = flavours.get(flavour)
            if not isinstance(told, dict):
                continue
            for key in _FILE_KEYS:
                name = told.get(key)
                if isinstance(name, str) and name not in seen and self._root + name in self._names:
                    seen.add(name)
                    yield name

    def _manifest(self, name: str) -> dict[str, Any]:
        if self._archive.getinfo(name).file_size > MANIFEST_BYTES:
            raise Refuse("not-mlflow", f"its MLmodel is larger than {MANIFEST_BYTES:,} bytes; save it again")
        try:
            text = self.read(name.removeprefix(self._root)).decode("utf-8")
            _look_before_composing(text)
            manifest = yaml.safe_load(text)
        except (yaml.YAMLError, ValueError, RecursionError):
            manifest = None
        if not isinstance(manifest, dict):
            raise _not_yaml()
        return manifest


def _look_before_composing(text: str) -> None:
    """Refuse aliases, which make a small file unfold into a huge one, and depth, which takes time."""
    match flaw(text):
        case "alias", _:
            raise Refuse("not-mlflow", "its MLmodel uses a YAML alias (*name), which MLflow never writes")
        case "depth", _:
            raise Refuse("not-mlflow", "its MLmodel is nested more deeply than any that MLflow writes")
        case "tag", _:
            raise _not_yaml()


def _not_yaml() -> Refuse:
    return Refuse("not-mlflow", "its MLmodel cannot be read as YAML; save the model again with MLflow")


def _damaged() -> Refuse:
    return Refuse("truncated", "the zip archive is cut short or damaged; zip the folder and upload it again")


def _only(held: list[tuple[str, str]], limits: Mapping[str, Any]) -> Refuse:
    """Return the refusal of a folder without a data-only model; say how a pickle is allowed, if it is."""
    for name, form in held:
        if form in {*UNSAFE, "compressed"}:
            allowed = [f for f in UNSAFE if f in limits["unsafe_formats"] and form in {f, "pickle"}]
            use = f"declare `format: {allowed[0]}` to have it loaded all the same, or " if allowed else ""
            return Refuse(
                "pickle",
                f"the MLflow folder holds its model only as a pickle (`{name}`), and loading that could run "
                f"code of its own; {use}{_ASK}",
            )
    return Refuse("not-a-model", f"the MLflow folder holds no model of a format that is read here; {_ASK}")


def _signature(manifest: Mapping[str, Any]) -> list[str]:
    """Return the names of the input columns, where the signature has them all."""
    try:
        inputs = json.loads(manifest["signature"]["inputs"])
        names = [column["name"] for column in inputs]
    except (KeyError, TypeError, ValueError, RecursionError):
        return []
    return names if all(isinstance(name, str) and name for name in names) else []
