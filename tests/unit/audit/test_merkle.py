"""The tree against RFC 6962: the known roots and proofs, and an independent recursive implementation."""

from __future__ import annotations

import hashlib
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.audit.merkle import EMPTY_ROOT, MAX_LEAVES, Frontier, frontier_of, leaf_hash, node_hash
from visavis.audit.proofs import consistency_proof, inclusion_proof, verify_consistency, verify_inclusion
from visavis.errors import AuditError, ConsistencyError, InclusionError, ProofError

# The leaves and roots of certificate-transparency's own tests.
KNOWN_LEAVES = [
    bytes.fromhex(leaf)
    for leaf in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
KNOWN_ROOTS = [
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
# Index, size and path; first, second and proof.
KNOWN_INCLUSIONS = [
    (0, 1, []),
    (0, 8, ["96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7", "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e", "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"]),
    (5, 8, ["bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b", "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"]),
    (2, 3, ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
    (1, 5, ["6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d", "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e", "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"]),
]  # fmt: skip
KNOWN_CONSISTENCIES = [
    (1, 1, []),
    (1, 8, ["96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7", "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e", "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"]),
    (6, 8, ["0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a", "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"]),
    (2, 5, ["5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e", "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"]),
]  # fmt: skip

MOST = 40
LEAVES = [b"leaf %d" % i for i in range(MOST)]


def naive_root(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962, as it is written there."""
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    cut = 1
    while cut * 2 < len(leaves):
        cut *= 2
    return hashlib.sha256(b"\x01" + naive_root(leaves[:cut]) + naive_root(leaves[cut:])).digest()


class Store:
    """Nodes as a table keeps them; counts how often it is read."""

    def __init__(self, leaves: list[bytes]) -> None:
        self.nodes: dict[tuple[int, int], bytes] = {}
        self.frontier = Frontier()
        self.reads = 0
        for leaf in leaves:
            self.frontier, created = self.frontier.append(leaf_hash(leaf))
            for node in created:
                assert (node.level, node.index) not in self.nodes, "a complete subtree never changes"
                self.nodes[node.level, node.index] = node.hash

    def read(self, level: int, index: int) -> bytes:
        self.reads += 1
        return self.nodes[level, index]


@cache
def store() -> Store:
    return Store(LEAVES)


@cache
def root(size: int) -> bytes:
    return naive_root(LEAVES[:size])


def test_known_roots() -> None:
    frontier = Frontier()
    assert frontier.root().hex() == KNOWN_ROOTS[0]
    for size, leaf in enumerate(KNOWN_LEAVES, start=1):
        frontier, _ = frontier.append(leaf_hash(leaf))
        assert frontier.root().hex() == KNOWN_ROOTS[size]
        assert naive_root(KNOWN_LEAVES[:size]).hex() == KNOWN_ROOTS[size]


def test_known_proofs() -> None:
    known = Store(KNOWN_LEAVES)
    for index, size, path in KNOWN_INCLUSIONS:
        assert [value.hex() for value in inclusion_proof(index, size, known.read)] == path
    for first, second, proof in KNOWN_CONSISTENCIES:
        assert [value.hex() for value in consistency_proof(first, second, known.read)] == proof


@given(st.lists(st.binary(max_size=8), max_size=70))
def test_growing_gives_the_naive_root(leaves: list[bytes]) -> None:
    grown = Store(leaves)
    assert grown.frontier.root() == naive_root(leaves)
    assert frontier_of(len(leaves), grown.read) == grown.frontier


def test_every_earlier_root_comes_from_the_nodes() -> None:
    for size in range(MOST + 1):
        assert frontier_of(size, store().read).root() == root(size)


def test_nodes_are_the_roots_of_their_leaves() -> None:
    for (level, index), value in store().nodes.items():
        assert value == naive_root(LEAVES[index << level : (index + 1) << level])
    assert len(store().nodes) == 2 * MOST - MOST.bit_count()


def test_every_inclusion_proof_holds_for_its_leaf_only() -> None:
    hashes = [leaf_hash(leaf) for leaf in LEAVES]
    for size in range(1, MOST + 1):
        for index in range(size):
            path = inclusion_proof(index, size, store().read)
            verify_inclusion(index, size, hashes[index], path, root(size))
            for other in range(size):
                if other != index:
                    with pytest.raises(InclusionError):
                        verify_inclusion(other, size, hashes[index], path, root(size))
                    with pytest.raises(InclusionError):
                        verify_inclusion(index, size, hashes[other], path, root(size))


@given(st.data())
def test_an_inclusion_proof_holds_for_nothing_else(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, MOST))
    index = data.draw(st.integers(0, size - 1))
    hashed, path = leaf_hash(LEAVES[index]), inclusion_proof(index, size, store().read)
    other = data.draw(st.integers(0, MOST).filter(lambda n: n != size))
    with pytest.raises(InclusionError):
        verify_inclusion(index, other, hashed, path, root(other))
    for wrong in (
        [*path, root(1)],
        [root(1), *path],
        path[:-1] if path else [EMPTY_ROOT],
        path[1:] or [EMPTY_ROOT],
    ):
        with pytest.raises(InclusionError):
            verify_inclusion(index, size, hashed, wrong, root(size))
    for place in range(len(path)):
        flipped = [*path]
        flipped[place] = bytes([flipped[place][0] ^ 1]) + flipped[place][1:]
        with pytest.raises(InclusionError):
            verify_inclusion(index, size, hashed, flipped, root(size))


def test_every_consistency_proof_holds_for_its_trees_only() -> None:
    for second in range(MOST + 1):
        for first in range(second + 1):
            proof = consistency_proof(first, second, store().read)
            verify_consistency(first, second, root(first), root(second), proof)
            for wrong in ([*proof, root(1)], proof[:-1] if proof else [EMPTY_ROOT]):
                with pytest.raises(ConsistencyError):
                    verify_consistency(first, second, root(first), root(second), wrong)
            if first:
                with pytest.raises(ConsistencyError):
                    verify_consistency(first, second, leaf_hash(b"other"), root(second), proof)
                with pytest.raises(ConsistencyError):
                    verify_consistency(first, second, root(first), leaf_hash(b"other"), proof)
            for place in range(len(proof)):
                flipped = [*proof]
                flipped[place] = bytes([flipped[place][0] ^ 1]) + flipped[place][1:]
                with pytest.raises(ConsistencyError):
                    verify_consistency(first, second, root(first), root(second), flipped)


def test_a_proof_is_as_long_as_the_tree_is_high() -> None:
    read, hashed = store().read, leaf_hash(LEAVES[0])
    path, proof = inclusion_proof(0, 8, read), consistency_proof(2, 8, read)
    for size, wrong in ((4, "longer"), (16, "shorter")):
        with pytest.raises(InclusionError, match=wrong):
            verify_inclusion(0, size, hashed, path, root(8))
        with pytest.raises(ConsistencyError, match=wrong):
            verify_consistency(2, size, root(2), root(8), proof)


def test_a_log_rewritten_before_the_earlier_size_has_no_consistency_proof() -> None:
    rewritten = Store([b"other", *LEAVES[1:]])
    for first in range(1, MOST + 1):
        proof = consistency_proof(first, MOST, rewritten.read)
        with pytest.raises(ConsistencyError):
            verify_consistency(first, MOST, root(first), rewritten.frontier.root(), proof)


def test_the_empty_tree() -> None:
    verify_consistency(0, 0, EMPTY_ROOT, EMPTY_ROOT, [])
    verify_consistency(0, 3, EMPTY_ROOT, root(3), [])
    for first_root, second_root, second in (
        (root(1), root(1), 0),
        (root(1), root(3), 3),
        (EMPTY_ROOT, root(1), 0),
    ):
        with pytest.raises(ConsistencyError):
            verify_consistency(0, second, first_root, second_root, [])


def test_bounds_are_checked() -> None:
    read, hashed = store().read, leaf_hash(LEAVES[0])
    for index, size in ((0, 0), (1, 1), (-1, 1), (5, 4), (0, -1), (0, MAX_LEAVES + 1)):
        with pytest.raises(ProofError):
            inclusion_proof(index, size, read)
        with pytest.raises(InclusionError):
            verify_inclusion(index, size, hashed, [], hashed)
    for first, second in ((-1, 1), (2, 1), (0, MAX_LEAVES + 1)):
        with pytest.raises(ProofError):
            consistency_proof(first, second, read)
        with pytest.raises(ConsistencyError):
            verify_consistency(first, second, hashed, hashed, [])


def test_a_node_cannot_be_taken_for_a_shorter_or_longer_hash() -> None:
    a, b = leaf_hash(LEAVES[0]), leaf_hash(LEAVES[1])
    assert node_hash(a, b) == node_hash(a[:-1], a[-1:] + b) == root(2), "so lengths must be checked"
    with pytest.raises(InclusionError, match="32 bytes"):
        verify_inclusion(0, 2, a[:-1], [a[-1:] + b], root(2))
    with pytest.raises(ConsistencyError, match="32 bytes"):
        verify_consistency(1, 2, a[:-1], root(2), [a[-1:] + b])
    with pytest.raises(AuditError, match="32 bytes"):
        Frontier().append(a[:-1])


@pytest.mark.parametrize(("size", "roots"), [(-1, 1), (MAX_LEAVES + 1, 1), (3, 1), (3, 3), (0, 1)])
def test_a_frontier_that_cannot_be_is_refused(size: int, roots: int) -> None:
    with pytest.raises(AuditError):
        Frontier(size, (EMPTY_ROOT,) * roots)


def test_a_large_tree_needs_few_reads() -> None:
    size, reads = 2**40 + 2**39 + 12_345, 0

    def read(level: int, index: int) -> bytes:
        nonlocal reads
        reads += 1
        assert (index + 1) << level <= size, "only complete subtrees are stored"
        return hashlib.sha256(b"%d %d" % (level, index)).digest()

    for make in (
        lambda: inclusion_proof(size - 2, size, read),
        lambda: inclusion_proof(0, size, read),
        lambda: consistency_proof(2**39 + 77, size, read),
        lambda: frontier_of(size, read).append(EMPTY_ROOT),
    ):
        reads = 0
        make()
        assert reads <= 2 * size.bit_length()
