"""Inside the child: pickles, where the operator allows them.

Loading a pickle runs what its author wrote, and from then on every word of this process is that author's:
the lock holds it, the report says so, and nothing here is believed as a safeguard. What the stream names is
listed before it runs, to inform.
"""

from __future__ import annotations

import bz2
import io
import lzma
import pickle
import re
import warnings
import zlib
from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import Any

from auditor.sandbox.inside.answers import Refuse, brief
from auditor.sandbox.inside.estimator import Estimator, bare_threads, refuse_other_version
from auditor.sandbox.inside.imports import named_globals, stated_version
from auditor.sandbox.limits import raise_unpacking

_DECOMPRESSORS: tuple[tuple[bytes, Callable[[], Any]], ...] = (
    (b"\x1f\x8b", lambda: zlib.decompressobj(31)),
    (b"x", zlib.decompressobj),
    (b"BZh", bz2.BZ2Decompressor),
    (b"\xfd7zXZ", lzma.LZMADecompressor),
    (b"]\0\0", lambda: lzma.LZMADecompressor(lzma.FORMAT_ALONE)),
)
_ASK = "export it to ONNX, or build it from scikit-learn, XGBoost, LightGBM or CatBoost parts alone"


class _Pickled(Estimator):
    """An estimator that was pickled."""

    form = "pickle"

    def __init__(self, raw: bytes, limits: Mapping[str, Any]) -> None:
        if self.form not in limits["unsafe_formats"]:  # the parent asked already; ask again where it matters
            raise Refuse("pickle", "loading it could run code of its own, which this service does not allow")
        stream = self._unpacked(raw, limits)
        types, whole = named_globals(stream)
        written = stated_version(stream)
        versions = {} if written is None else {"scikit-learn": written}
        refuse_other_version(versions)  # before two seconds of imports
        bare_threads()
        seen: set[str] = set()
        model = self._load(stream, seen)
        _refuse_bare_booster(model)
        versions["imports read before loading"] = "all" if whole else "in part: raw arrays lie between them"
        super().__init__(model, sorted({*types, *seen}), versions)

    def _unpacked(self, raw: bytes, limits: Mapping[str, Any]) -> bytes:
        if raw.startswith(b"PK"):
            from auditor.sandbox.inside.mlflow_model import pickle_in

            return pickle_in(raw, limits, self.form)
        return raw

    def _unpickler(self) -> type[Any]:
        return pickle.Unpickler

    def _load(self, stream: bytes, seen: set[str]) -> Any:
        """Load the stream; note what it imports, and name what is not to be had."""

        class Noting(self._unpickler()):  # type: ignore[misc]  # one of two, by the format
            def find_class(self, module: str, name: str) -> Any:
                seen.add(f"{module}.{name}")
                try:
                    return super().find_class(module, name)
                except (ImportError, AttributeError) as error:
                    raise _missing(module, name, error) from None

        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # versions were compared already
                return Noting(*self._arguments(stream)).load()
        except (Refuse, MemoryError):
            raise
        except Exception as error:  # noqa: BLE001 - a pickle may raise anything
            raise Refuse(
                "unreadable",
                f"{self.form} could not load it: {brief(error)}; save it with the library versions of this "
                f"service (scikit-learn {version('scikit-learn')}), or {_ASK}",
            ) from None

    def _arguments(self, stream: bytes) -> tuple[Any, ...]:
        return (io.BytesIO(stream),)


class PickleModel(_Pickled):
    """A model written by `pickle.dump`."""


class CloudpickleModel(_Pickled):
    """A model written by cloudpickle, which carries classes of its author's own."""

    form = "cloudpickle"


class JoblibModel(_Pickled):
    """A model written by `joblib.dump`, compressed or not."""

    form = "joblib"

    def _unpacked(self, raw: bytes, limits: Mapping[str, Any]) -> bytes:
        raw = super()._unpacked(raw, limits)
        make = next((make for magic, make in _DECOMPRESSORS if raw.startswith(magic)), None)
        if make is None:
            if raw.startswith((b"\x04\x22\x4d\x18", b"\x28\xb5\x2f\xfd")):
                raise Refuse("compression", "it is compressed with LZ4 or Zstandard; save it with compress=3")
            return raw
        most = limits["model_unpacked_bytes"]
        try:
            unpacker = make()
            unpacked: bytes = unpacker.decompress(raw, most + 1)
        except (zlib.error, OSError, EOFError, lzma.LZMAError):
            raise Refuse("truncated", "it is cut short or damaged; upload the whole file again") from None
        ratio = limits["model_ratio"] * len(raw)
        if len(unpacked) > most or (len(unpacked) > 16 << 20 and len(unpacked) > ratio):
            raise Refuse(
                "zip-bomb",
                "it would unpack to far more than its size, which no model needs: save it again, "
                f"{raise_unpacking()}",
            )
        if not unpacker.eof:
            raise Refuse("truncated", "it is cut short or damaged; upload the whole file again")
        if not re.match(rb"\x80[\x02-\x05]", unpacked):
            raise Refuse(
                "not-a-model",
                "it is a compressed file that holds no pickle; a model of R is audited by its predictions, "
                "as a column of the table",
            )
        return unpacked

    def _unpickler(self) -> type[Any]:
        from joblib.numpy_pickle import NumpyUnpickler  # type: ignore[import-untyped]  # ships no types

        unpickler: type[Any] = NumpyUnpickler
        return unpickler

    def _arguments(self, stream: bytes) -> tuple[Any, ...]:
        return ("", io.BytesIO(stream), True)


def _missing(module: str, name: str, error: Exception) -> Refuse:
    """Return the refusal of a class that is neither in the file nor to be had here."""
    if module == "__main__":
        said = f"it needs `{name}`, a class of the script that wrote it, which is not in the file"
    elif isinstance(error, ModuleNotFoundError):
        said = f"it needs `{module}.{name}`, which is neither in the file nor installed here"
    else:
        said = f"it needs `{module}.{name}`, which {_release(module)} does not have"
    return Refuse("class-missing", f"{said}; {_ASK}")


def _release(module: str) -> str:
    """Return the installed library that *module* belongs to, with its version."""
    from importlib.metadata import packages_distributions

    top = module.partition(".")[0]
    names = packages_distributions().get(top)
    return f"{names[0]} {version(names[0])}" if names else f"`{module}` here"


def _refuse_bare_booster(model: Any) -> None:
    """Ask for the native file of a booster: pickled bare, it takes no table."""
    kind = type(model)
    library = kind.__module__.partition(".")[0]
    if kind.__name__ == "Booster" and library in {"xgboost", "lightgbm"}:
        file = "model.json" if library == "xgboost" else "model.txt"
        raise Refuse(
            "bare-booster",
            f'it holds a bare {library} Booster; save it by `booster.save_model("{file}")` instead',
        )
