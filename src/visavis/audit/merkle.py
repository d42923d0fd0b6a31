"""The Merkle tree of RFC 6962, section 2.1, that grows by one leaf at a time.

A node is named by its level and index: node (level, index) is the root of the complete subtree
over the leaves index * 2**level up to (index + 1) * 2**level, so (0, i) is the hash of leaf i.
Complete subtrees never change. Whoever keeps each node that an append creates can
give any root or proof, of now or of any earlier size, from O(log size) of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from visavis.errors import AuditError

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()

MAX_LEAVES = 2**53 - 1
"""The largest tree: its size is still an integer in any JSON."""

ReadNode = Callable[[int, int], bytes]
"""Gives the hash of the node (level, index)."""


@dataclass(frozen=True, slots=True)
class Node:
    """The root of a complete subtree; hash: 32 bytes."""

    level: int
    index: int
    hash: bytes


def leaf_hash(leaf: bytes) -> bytes:
    """The hash of a leaf's bytes: SHA-256 of 0x00 and the leaf (RFC 6962, section 2.1)."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash over two nodes: SHA-256 of 0x01, left and right (RFC 6962, section 2.1)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True)
class Frontier:
    """All that is needed to append to a tree and to know its root: the roots of its complete subtrees.

    roots: one for each 1 in the binary form of `size`, the largest subtree (the leftmost) first.
    """

    size: int = 0
    roots: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.size <= MAX_LEAVES:
            raise AuditError(f"a log of {self.size} leaves cannot be")
        if len(self.roots) != self.size.bit_count():
            raise AuditError(f"{len(self.roots)} roots do not make a tree of {self.size} leaves")
        if any(len(root) != HASH_BYTES for root in self.roots):
            raise AuditError(f"a hash has {HASH_BYTES} bytes")

    def append(self, hashed_leaf: bytes) -> tuple[Frontier, list[Node]]:
        """The frontier with one leaf more, and the nodes that became complete, from the leaf upwards."""
        roots, nodes = list(self.roots), [Node(0, self.size, hashed_leaf)]
        while nodes[-1].index & 1:
            right = nodes[-1]
            nodes.append(Node(right.level + 1, right.index >> 1, node_hash(roots.pop(), right.hash)))
        return Frontier(self.size + 1, (*roots, nodes[-1].hash)), nodes

    def root(self) -> bytes:
        """The root of the tree: 32 bytes; of no leaves, the SHA-256 of nothing."""
        return _joined(self.roots) if self.roots else EMPTY_ROOT


def frontier_of(size: int, node: ReadNode) -> Frontier:
    """The frontier of a tree of `size` leaves, from its stored nodes."""
    return Frontier(size, tuple(node(*place) for place in _subtrees(0, size)))


def range_hash(start: int, end: int, node: ReadNode) -> bytes:
    """The root over the leaves from start up to, not including, end, which is more.

    `start` is a multiple of the largest power of two that fits between the two, as in every range that RFC 6962 cuts.
    """
    return _joined(tuple(node(*place) for place in _subtrees(start, end)))


def _subtrees(start: int, end: int) -> Iterator[tuple[int, int]]:
    """Level and index of the complete subtrees that leaves from start to end fall into, the largest first."""
    while start < end:
        level = (end - start).bit_length() - 1
        yield level, start >> level
        start += 1 << level


def _joined(roots: tuple[bytes, ...]) -> bytes:
    joined = roots[-1]
    for left in reversed(roots[:-1]):
        joined = node_hash(left, joined)
    return joined
