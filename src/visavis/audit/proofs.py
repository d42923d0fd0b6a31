"""Proofs about the tree: that a leaf is in it, and that a later tree begins with an earlier one.

Made as in RFC 6962, sections 2.1.1 and 2.1.2, and verified as in RFC 9162, sections 2.1.3.2
and 2.1.4.2. A proof is a list of hashes, the one nearest to the leaves first. Verifiers return nothing or raise.
"""

from __future__ import annotations

from collections.abc import Sequence

from visavis.audit.merkle import EMPTY_ROOT, HASH_BYTES, MAX_LEAVES, ReadNode, node_hash, range_hash
from visavis.errors import ConsistencyError, InclusionError, ProofError


def inclusion_proof(index: int, size: int, node: ReadNode) -> list[bytes]:
    """The proof that leaf `index` is in the tree of `size` leaves, from O(log size) stored nodes.

    Raises ProofError unless 0 <= index < size.
    """
    _check_leaf(index, size, ProofError)
    start, end, path = 0, size, []
    while end - start > 1:
        middle = _middle(start, end)
        if index < middle:
            path.append(range_hash(middle, end, node))
            end = middle
        else:
            path.append(range_hash(start, middle, node))
            start = middle
    return path[::-1]


def consistency_proof(first: int, second: int, node: ReadNode) -> list[bytes]:
    """The proof that the tree of `second` leaves begins with the `first` leaves, from O(log second) stored nodes.

    Empty where first is 0 or second. Raises ProofError unless 0 <= first <= second.
    """
    _check_sizes(first, second, ProofError)
    if first == 0:
        return []
    start, end, proof = 0, second, []
    while end != first:
        middle = _middle(start, end)
        if first <= middle:
            proof.append(range_hash(middle, end, node))
            end = middle
        else:
            proof.append(range_hash(start, middle, node))
            start = middle
    if start:  # else the last range is the earlier tree, whose root the verifier has
        proof.append(range_hash(start, end, node))
    return proof[::-1]


def verify_inclusion(index: int, size: int, hashed_leaf: bytes, path: Sequence[bytes], root: bytes) -> None:
    """Raise InclusionError unless `path` leads from leaf `index`, of this hash, to the root of `size` leaves.

    Hashes are 32 bytes.
    """
    _check_leaf(index, size, InclusionError)
    _check_hashes([hashed_leaf, root, *path], InclusionError)
    place, last, found = index, size - 1, hashed_leaf
    for sibling in path:
        if last == 0:
            raise InclusionError("the proof is longer than the tree is high")
        if place & 1 or place == last:
            found = node_hash(sibling, found)
            place, last = _up_to_right_child(place, last)
        else:
            found = node_hash(found, sibling)
        place, last = place >> 1, last >> 1
    if last != 0:
        raise InclusionError("the proof is shorter than the tree is high")
    if found != root:
        raise InclusionError


def verify_consistency(
    first: int, second: int, first_root: bytes, second_root: bytes, proof: Sequence[bytes]
) -> None:
    """Raise ConsistencyError unless the tree of `second` leaves begins with the tree of `first` leaves.

    Hashes are 32 bytes. Trees of one size are consistent where their roots are equal, and any tree
    begins with the empty one; both need an empty proof.
    """
    _check_sizes(first, second, ConsistencyError)
    _check_hashes([first_root, second_root, *proof], ConsistencyError)
    if first in {0, second}:
        if proof:
            raise ConsistencyError("the proof should be empty")
        if first_root != (EMPTY_ROOT if first == 0 else second_root):
            raise ConsistencyError
        if second == 0 and second_root != EMPTY_ROOT:
            raise ConsistencyError
        return
    if first & (first - 1) == 0:  # the earlier tree is one complete subtree of the later
        proof = [first_root, *proof]
    if _both_roots(first, second, proof) != (first_root, second_root):
        raise ConsistencyError


def _both_roots(first: int, second: int, proof: Sequence[bytes]) -> tuple[bytes, bytes]:
    """The roots of both trees as the proof has them."""
    if not proof:
        raise ConsistencyError("the proof is empty")
    place, last = first - 1, second - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    earlier = later = proof[0]
    for sibling in proof[1:]:
        if last == 0:
            raise ConsistencyError("the proof is longer than the tree is high")
        if place & 1 or place == last:
            earlier, later = node_hash(sibling, earlier), node_hash(sibling, later)
            place, last = _up_to_right_child(place, last)
        else:
            later = node_hash(later, sibling)
        place, last = place >> 1, last >> 1
    if last != 0:
        raise ConsistencyError("the proof is shorter than the tree is high")
    return earlier, later


def _middle(start: int, end: int) -> int:
    """Where RFC 6962 cuts a range of two leaves or more: after the largest power of two that leaves a rest."""
    return start + (1 << ((end - start - 1).bit_length() - 1))


def _up_to_right_child(place: int, last: int) -> tuple[int, int]:
    """Skip the levels on which the last node has no sibling."""
    while place and not place & 1:
        place, last = place >> 1, last >> 1
    return place, last


def _check_leaf(index: int, size: int, error: type[ProofError]) -> None:
    if not 0 <= index < size <= MAX_LEAVES:
        raise error(f"there is no leaf {index} in a log of {size}")


def _check_sizes(first: int, second: int, error: type[ProofError]) -> None:
    if not 0 <= first <= second <= MAX_LEAVES:
        raise error(f"a log of {second} leaves cannot follow one of {first}")


def _check_hashes(hashes: Sequence[bytes], error: type[ProofError]) -> None:
    if any(len(value) != HASH_BYTES for value in hashes):
        raise error(f"a hash has {HASH_BYTES} bytes")
