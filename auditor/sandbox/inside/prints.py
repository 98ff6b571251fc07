"""Inside the child: which rows stand in a matrix, to the last digits that their arithmetic keeps."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse

CHUNK = 4_096
NEAR = 2e-5
"""Standard deviations of a column that 32-bit arithmetic may lose on the way to a node."""


def is_sparse(matrix: Any) -> bool:
    """Say whether *matrix* is a sparse one of scipy."""
    return bool(scipy.sparse.issparse(matrix))


def prints(matrix: Any) -> list[int] | None:
    """Return a fingerprint of each row, to seven digits; None where they are not numbers."""
    found: list[int] = []
    sparse = is_sparse(matrix)
    rows = matrix.tocsr() if sparse else matrix
    try:
        for start in range(0, rows.shape[0], CHUNK):
            part = rows.iloc[start : start + CHUNK] if hasattr(rows, "iloc") else rows[start : start + CHUNK]
            dense = part.toarray() if sparse else np.asarray(part)
            with np.errstate(over="ignore"):
                plain = dense.astype(np.float32) + np.float32(0)  # one zero for both
            plain[np.isnan(plain)] = np.nan
            found.extend(hash(row.tobytes()) for row in plain)
    except (TypeError, ValueError):
        return None
    return found


def equal(matrix: Any, rows: Any) -> Any:
    """Return which of *rows* equal a row of *matrix*."""
    known, asked = prints(matrix), prints(rows)
    if known is None or asked is None:
        return np.zeros(rows.shape[0], dtype=bool)
    held = set(known)
    return np.array([one in held for one in asked], dtype=bool)


def near(matrix: Any, rows: Any) -> Any:
    """Return which of *rows* lie so near to a row of *matrix* that 32-bit arithmetic explains the rest."""
    from scipy.spatial import cKDTree

    width = np.std(matrix, axis=0)
    width = np.where(np.isfinite(width) & (width > 0), width, 1.0)
    scaled = [np.nan_to_num(np.asarray(side, dtype=np.float64) / width) for side in (matrix, rows)]
    distance, _ = cKDTree(scaled[0]).query(scaled[1], p=np.inf, distance_upper_bound=NEAR)
    return np.isfinite(distance)
