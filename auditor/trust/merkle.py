"""Merkle trees of an append-only log, as RFC 9162 (section 2.1) defines them: roots, proofs, their checks.

The maintained Python library for them is under the GPL, which this project's licence does not admit; these
are the definitions of the standard, held against its published vectors in the tests.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence


def leaf(entry: bytes) -> bytes:
    """Return the hash of an entry."""
    return hashlib.sha256(b"\0" + entry).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


def _split(n: int) -> int:
    """Return the largest power of two below *n*."""
    return 1 << ((n - 1).bit_length() - 1)


def root(leaves: Sequence[bytes]) -> bytes:
    """Return the root over the hashes of all entries; of none, the hash of nothing."""
    level = list(leaves)
    if not level:
        return hashlib.sha256().digest()
    while len(level) > 1:  # an odd one at the end goes up as it is, which is the standard's split
        pairs = [_node(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
        level = pairs + level[len(level) - len(level) % 2 :]
    return level[0]


def inclusion(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """Return the proof that entry *index* is in the tree of *leaves*."""
    n = len(leaves)
    if not 0 <= index < n:
        raise ValueError(f"there is no entry {index} among {n}")
    if n == 1:
        return []
    k = _split(n)
    if index < k:
        return [*inclusion(index, leaves[:k]), root(leaves[k:])]
    return [*inclusion(index - k, leaves[k:]), root(leaves[:k])]


def consistency(size: int, leaves: Sequence[bytes]) -> list[bytes]:
    """Return the proof that the tree of the first *size* leaves is the beginning of the tree of all."""
    if not 0 < size <= len(leaves):
        raise ValueError(f"there is no tree of {size} entries among {len(leaves)}")
    return _subproof(size, leaves, whole=True)


def _subproof(size: int, leaves: Sequence[bytes], *, whole: bool) -> list[bytes]:
    n = len(leaves)
    if size == n:
        return [] if whole else [root(leaves)]
    k = _split(n)
    if size <= k:
        return [*_subproof(size, leaves[:k], whole=whole), root(leaves[k:])]
    return [*_subproof(size - k, leaves[k:], whole=False), root(leaves[:k])]


def includes(entry: bytes, index: int, size: int, proof: Sequence[bytes], top: bytes) -> bool:
    """Check the proof that *entry* (a hash) stands at *index* of a tree of *size* with the root *top*."""
    if not 0 <= index < size:
        return False
    at, last, found = index, size - 1, entry
    for one in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            found = _node(one, found)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            found = _node(found, one)
        at, last = at >> 1, last >> 1
    return last == 0 and found == top


def consistent(size: int, later: int, before: bytes, after: bytes, proof: Sequence[bytes]) -> bool:
    """Check the proof that the tree of *size* (root *before*) is the beginning of that of *later*."""
    if not 0 < size <= later:
        return False
    if size == later:
        return not proof and before == after
    path = [before, *proof] if size & (size - 1) == 0 else list(proof)
    if not path:
        return False
    at, last = size - 1, later - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    old = new = path[0]
    for one in path[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            old, new = _node(one, old), _node(one, new)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            new = _node(new, one)
        at, last = at >> 1, last >> 1
    return last == 0 and old == before and new == after
