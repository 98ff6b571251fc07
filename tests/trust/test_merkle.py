"""Merkle trees give the published roots, and their proofs hold for the truth and for nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.trust.merkle import consistency, consistent, includes, inclusion, leaf, root
from tests.budgets import budget

ENTRIES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
"""Of the first 0 to 8 entries, as the test data of Certificate Transparency has them."""


@pytest.mark.parametrize("size", range(9))
def test_roots_are_the_published_ones(size):
    assert root([leaf(bytes.fromhex(entry)) for entry in ENTRIES[:size]]).hex() == ROOTS[size]


def grown(size):
    return [leaf(str(i).encode()) for i in range(size)]


@given(st.integers(1, 200), st.data())
@settings(max_examples=budget(60, 2000), deadline=None)
def test_a_proof_of_inclusion_holds_for_its_entry_place_and_tree_alone(size, data):
    leaves = grown(size)
    place = data.draw(st.integers(0, size - 1))
    proof, top = inclusion(place, leaves), root(leaves)
    assert includes(leaves[place], place, size, proof, top)
    assert not includes(leaf(b"other"), place, size, proof, top)
    assert not includes(leaves[place], place, size, [*proof, top], top)
    assert not includes(leaves[place], size, size, proof, top)
    other = data.draw(st.integers(0, size - 1))
    assert includes(leaves[place], other, size, proof, top) is (other == place)
    if proof:
        assert not includes(leaves[place], place, size, proof[:-1], top)


@given(st.integers(1, 200), st.data())
@settings(max_examples=budget(60, 2000), deadline=None)
def test_a_proof_of_growth_holds_only_where_nothing_was_changed(size, data):
    leaves = grown(size)
    before = data.draw(st.integers(1, size))
    proof, old, new = consistency(before, leaves), root(leaves[:before]), root(leaves)
    assert consistent(before, size, old, new, proof)
    rewritten = [leaf(b"rewritten"), *leaves[1:]]
    assert not consistent(before, size, root(rewritten[:before]), new, proof)
    assert not consistent(before, size, old, root(rewritten), consistency(before, rewritten))
    if proof:
        assert not consistent(before, size, old, new, proof[:-1])


def test_what_is_not_there_has_no_proof():
    for place in (-1, 3):
        with pytest.raises(ValueError, match="among 3"):
            inclusion(place, grown(3))
    for size in (0, 4):
        with pytest.raises(ValueError, match="among 3"):
            consistency(size, grown(3))
