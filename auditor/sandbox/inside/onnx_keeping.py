"""Inside the child: what an ONNX file holds of its training data, as far as a graph of operators tells.

A graph does not say what it was trained as. Matrices that a node is given beside the rows (those that
neighbours, support vectors and Gaussian processes are exported to) are compared with the rows that reach
that node; trees tell no leaf, and lists of categories no column.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import onnx

from auditor.sandbox.inside.prints import near

PREPARING = {"Scaler", "Imputer", "Normalizer"}
"""Operators whose numbers describe columns, and were not learnt from labels."""
OF_NODES = {"coefficients", "intercepts", "support_vectors", "class_weights", "target_weights", "rho"}
FLOATS = {onnx.TensorProto.FLOAT, onnx.TensorProto.DOUBLE}
MOST_MATRICES = 200


def numbers(graph: Any) -> int | None:
    """Return how many numbers the graph holds that were learnt; None where there are none."""
    whole = sum(int(np.prod(one.dims)) for one in graph.initializer if one.data_type in FLOATS)
    for node in graph.node:
        if node.op_type in PREPARING:
            continue
        for attribute in node.attribute:
            if attribute.name in OF_NODES:
                whole += len(attribute.floats)
            elif attribute.name == "nodes_modes":
                whole += 2 * sum(mode != b"LEAF" for mode in attribute.strings)
    return whole or None


class Matrices:
    """The matrices of one graph, each with the tensors that stand beside it."""

    def __init__(self, proto: Any) -> None:
        self._beside: list[tuple[Any, list[str]]] = list(_matrices(proto.graph))[:MOST_MATRICES]
        wanted = {name for _, names in self._beside for name in names}
        given = {one.name for one in proto.graph.input}
        self.tensors = sorted(wanted - given)
        self._given = sorted(wanted & given)

    def watched(self, proto: Any) -> bytes:
        """Return the model with those tensors among its outputs."""
        known = {output.name for output in proto.graph.output}
        seen = onnx.ModelProto()
        seen.CopyFrom(proto)
        seen.graph.output.extend(onnx.ValueInfoProto(name=name) for name in self.tensors if name not in known)
        whole: bytes = seen.SerializeToString()
        return whole

    def stored(self, rows: int, given: Mapping[str, Any], run: Callable[[list[str]], list[Any]]) -> Any:
        """Return 1 for each row that equals one of a matrix beside it."""
        seen = dict(zip(self.tensors, run(self.tensors), strict=True)) if self.tensors else {}
        seen |= {name: given[name] for name in self._given}
        found = np.zeros(rows)
        for matrix, names in self._beside:
            for name in names:
                tensor = np.asarray(seen[name])
                if tensor.shape == (rows, matrix.shape[1]):
                    found = np.maximum(found, near(matrix, tensor))
        return found


def _matrices(graph: Any) -> Iterator[tuple[Any, list[str]]]:
    """Yield every matrix of two rows and more, with the names of the tensors that its node takes too."""
    held = {one.name: one for one in graph.initializer}
    for node in graph.node:
        others = [name for name in node.input if name and name not in held]
        for one in (held[name] for name in node.input if name in held and others):
            if len(one.dims) == 2 and one.dims[0] > 1 and one.data_type in FLOATS:
                yield onnx.numpy_helper.to_array(one), others
        attributes = {attribute.name: attribute for attribute in node.attribute}
        if "support_vectors" in attributes and others:
            flat = np.array(attributes["support_vectors"].floats, dtype=np.float32)
            count = sum(attributes["vectors_per_class"].ints) if "vectors_per_class" in attributes else 0
            count = count or (attributes["n_supports"].i if "n_supports" in attributes else 0)
            if count and len(flat) % count == 0:
                yield flat.reshape(count, -1), others
