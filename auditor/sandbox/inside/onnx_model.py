"""Inside the child: ONNX models, from bytes, of standard operators, on one thread."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pyarrow as pa
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]  # ships no types

from auditor.sandbox.inside import onnx_keeping
from auditor.sandbox.inside.answers import Refuse, brief
from auditor.sandbox.inside.model import is_text, positions, text_for_number
from checks.model import spell

DOMAINS = {"", "ai.onnx", "ai.onnx.ml"}
NUMPY = {
    "tensor(float)": np.float32,
    "tensor(double)": np.float64,
    "tensor(int64)": np.int64,
    "tensor(int32)": np.int32,
    "tensor(bool)": np.bool_,
}


class OnnxModel:
    """One ONNX classifier or regressor."""

    def __init__(self, raw: bytes, limits: Mapping[str, Any]) -> None:
        try:
            proto = onnx.load_model_from_string(raw)
        except DecodeError:
            raise Refuse(
                "truncated",
                "it is not a whole ONNX file: it is cut short, damaged or of another format; upload it again",
            ) from None
        _inspect(proto)
        self._types = sorted(
            {f"{n.domain or 'ai.onnx'}.{n.op_type}" for g in _graphs(proto.graph) for n in g.node}
        )
        self._producer = f"{proto.producer_name} {proto.producer_version}".strip() or "not stated"
        self._session = _session(raw)
        self._proto = proto
        self._inputs = self._session.get_inputs()
        self._matrix_width = _matrix_width(self._inputs, limits["columns"])
        self._label, self._scores, self._scores_are_maps = _outputs(self._session.get_outputs())
        self._classes = _classes(proto, self._width_of_scores())
        if self._label is None and not self._classes and self._scores is None:
            raise Refuse(
                "not-a-predictor", "the ONNX graph has no output that is a label, a score or a value"
            )

    def describe(self) -> Mapping[str, Any]:
        """Return what the parent is told once."""
        one_matrix = self._matrix_width is not None
        return {
            "kind": "classifier" if self._classes else "regressor",
            "classes": [spell(value) for value in self._classes],
            "features": None if one_matrix else [given.name for given in self._inputs],
            "n_features": self._matrix_width if one_matrix else len(self._inputs),
            "has_probabilities": bool(self._classes) and self._scores is not None,
            "types": self._types,
            "versions": {"producer": self._producer, "onnxruntime": onnxruntime.__version__},
            "memory": {
                "numbers": onnx_keeping.numbers(self._proto.graph),
                "rows": "asked",
                "lists": False,
                "trees": 0,
            },
        }

    @cached_property
    def _watched(self) -> tuple[onnx_keeping.Matrices, Any]:
        matrices = onnx_keeping.Matrices(self._proto)
        return matrices, _session(matrices.watched(self._proto))

    def stored(self, rows: pa.Table) -> Any:
        """Return one number a row: 1 where the row stands in the graph, as it reaches a node."""
        matrices, session = self._watched
        given = self._given(rows)
        return matrices.stored(rows.num_rows, given, lambda names: session.run(names, given))

    def listed(self, rows: pa.Table) -> Any:
        """Return NaN for every value: a graph does not tell the columns of its lists."""
        return np.full((rows.num_rows, rows.num_columns), np.nan)

    def leaves(self, rows: pa.Table) -> Any:
        """Return no leaf: a graph does not tell them."""
        return np.empty((rows.num_rows, 0))

    def predict(self, rows: pa.Table) -> Any:
        """Return one number a row: the position of the class, or the value."""
        if not self._classes:
            return np.asarray(self._run(self._label or self._scores, rows), dtype=np.float64).reshape(
                len(rows), -1
            )[:, 0]
        if self._label is None:
            return np.argmax(self.predict_proba(rows), axis=1)
        labels = np.asarray(self._run(self._label, rows)).ravel().tolist()
        return positions(np.array(labels, dtype=object), [spell(c) for c in self._classes], spell)

    def predict_proba(self, rows: pa.Table) -> Any:
        """Return one number a row and class."""
        answer = self._run(self._scores, rows)
        if self._scores_are_maps:
            return np.array([[row[name] for name in self._classes] for row in answer], dtype=np.float64)
        matrix = np.asarray(answer, dtype=np.float64).reshape(len(rows), -1)
        if matrix.shape[1] == 1 and len(self._classes) == 2:
            return np.hstack([1 - matrix, matrix])
        return matrix

    def _run(self, output: str | None, rows: pa.Table) -> Any:
        try:
            return self._session.run([output], self._given(rows))[0]
        except (onnxruntime.capi.onnxruntime_pybind11_state.Fail, RuntimeError) as error:
            raise Refuse("model-failed", brief(error)) from None

    def _given(self, rows: pa.Table) -> dict[str, Any]:
        if self._matrix_width is not None:
            wanted = self._inputs[0]
            columns = [
                _column(rows.column(i), rows.column_names[i], wanted.type) for i in range(rows.num_columns)
            ]
            return {wanted.name: np.column_stack(columns)}
        shaped = {}
        for wanted in self._inputs:
            values = _column(rows.column(wanted.name), wanted.name, wanted.type)
            shaped[wanted.name] = values if len(wanted.shape) == 1 else values.reshape(-1, 1)
        return shaped

    def _width_of_scores(self) -> int | None:
        """Return how many columns the probabilities have, where the graph states it."""
        if self._scores is None or self._scores_are_maps:
            return None
        shape = next(o.shape for o in self._session.get_outputs() if o.name == self._scores)
        return shape[1] if len(shape) == 2 and isinstance(shape[1], int) else None


def _graphs(graph: Any) -> Iterator[Any]:
    waiting = [graph]
    while waiting:
        one = waiting.pop()
        yield one
        for node in one.node:
            for attribute in node.attribute:
                waiting.extend([attribute.g] if attribute.HasField("g") else [])
                waiting.extend(attribute.graphs)


def _inspect(proto: Any) -> None:
    """Refuse operators that are not standard, and weights that lie outside the file."""
    domains = {used.domain for used in proto.opset_import} | {f.domain for f in proto.functions}
    for graph in _graphs(proto.graph):
        domains |= {node.domain for node in graph.node}
        tensors = [*graph.initializer, *(s.values for s in graph.sparse_initializer)]
        tensors += [a.t for node in graph.node for a in node.attribute if a.HasField("t")]
        if any(
            tensor.data_location == onnx.TensorProto.EXTERNAL or tensor.external_data for tensor in tensors
        ):
            raise Refuse(
                "external-data",
                "its weights lie in another file; save the model as one file, without external data",
            )
    strange = sorted(domains - DOMAINS)
    if strange:
        named = ", ".join(f"`{domain}`" for domain in strange[:5])
        raise Refuse(
            "operator-not-allowed",
            f"it uses operators of {named}; only those of ai.onnx and ai.onnx.ml are run",
        )


def _session(raw: bytes) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    options.use_deterministic_compute = True
    options.log_severity_level = 4
    try:
        return onnxruntime.InferenceSession(raw, options, providers=["CPUExecutionProvider"])
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - onnxruntime raises a class of its own for each status
        raise Refuse("unreadable", f"onnxruntime refuses it: {brief(error)}") from None


def _matrix_width(inputs: Sequence[Any], most: int) -> int | None:
    """Return the width of the one input that takes all features at once, or None for one input a feature."""
    if len(inputs) > most:
        raise Refuse("too-many-columns", f"the model takes {len(inputs):,} inputs; {most:,} are allowed")
    for given in inputs:
        if given.type not in {*NUMPY, "tensor(string)"} or len(given.shape) > 2:
            shape = "x".join(map(str, given.shape))
            raise Refuse(
                "input-not-supported",
                f"its input `{given.name}` is {given.type} of shape {shape}; "
                "it must take numbers, booleans or text, one row a line",
            )
    if len(inputs) != 1 or len(inputs[0].shape) < 2:
        return None
    width = inputs[0].shape[1]
    return width if isinstance(width, int) and width > 1 else None


def _outputs(outputs: Sequence[Any]) -> tuple[str | None, str | None, bool]:
    """Return the output that is the label (or value), that of probabilities, and whether these are maps."""
    label = scores = None
    maps = False
    for output in outputs:
        if output.type.startswith("seq(map("):
            scores, maps = scores or output.name, True
        elif output.type in {"tensor(int64)", "tensor(string)", "tensor(int32)", "tensor(bool)"}:
            label = label or output.name
        elif output.type in {"tensor(float)", "tensor(double)"} and scores is None:
            scores = output.name
    return label, scores, maps


def _classes(proto: Any, width: int | None) -> list[Any]:
    """Return the classes in the order of the probabilities: as the graph states them, else counted from 0."""
    stated: list[Any] = []
    for node in proto.graph.node:
        for attribute in node.attribute:
            if attribute.name in {"classlabels_int64s", "classlabels_ints"} and attribute.ints:
                stated = list(attribute.ints)
            elif attribute.name == "classlabels_strings" and attribute.strings:
                stated = [value.decode("utf-8", "replace") for value in attribute.strings]
    if stated:
        return stated
    for tensor in proto.graph.initializer:
        if "classes" in tensor.name and len(tensor.dims) == 1 and tensor.dims[0] == (width or tensor.dims[0]):
            values = onnx.numpy_helper.to_array(tensor).tolist()
            return [v.decode("utf-8", "replace") if isinstance(v, bytes) else v for v in values]
    return list(range(width or 0)) if (width or 0) > 1 else []


def _column(values: Any, name: str, wanted: str) -> Any:
    """Return one column in the type that the model's input wants."""
    if wanted == "tensor(string)":
        return np.array([("" if v is None else spell(v)) for v in values.to_pylist()], dtype=object)
    if is_text(values.type):
        first = next((v for v in values.to_pylist() if v is not None), "")
        raise text_for_number(name, first)
    kind = NUMPY[wanted]
    if kind not in {np.float32, np.float64}:
        if values.null_count:
            raise Refuse(
                "missing-values",
                f"column `{name}` has {values.null_count:,} missing values, but the model cannot take any",
            )
        return values.to_numpy().astype(kind)
    return values.cast(pa.float64()).to_numpy(zero_copy_only=False).astype(kind)
