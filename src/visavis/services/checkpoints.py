"""Signing the log, and proofs from it. Two checkpoints that contradict each other are never signed: the keyring remembers the last one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from sqlalchemy import Connection

from visavis.audit.checkpoint import sign_checkpoint
from visavis.audit.merkle import Frontier, frontier_of
from visavis.audit.proofs import consistency_proof, inclusion_proof
from visavis.audit.receipt import LeafReceipt
from visavis.errors import ProofError, StoreBehindError
from visavis.services.registry import Registry
from visavis.store.log import leaf_at, node_hash_at, read_head

_ATTEMPTS = 100


@dataclass(frozen=True, slots=True)
class SignedLog:
    """The log as it was signed. checkpoint: a signed note; size: in leaves."""

    checkpoint: bytes
    size: int


def sign_log(registry: Registry) -> SignedLog:
    """Sign the log as it is. Raises StoreBehindError where it does not continue what was signed last."""
    key = registry.signing_key()
    for _ in range(_ATTEMPTS):  # another process may sign a longer log between the two lines
        with registry.store.read() as connection:
            head = read_head(connection)
            root = Frontier(head.size, head.roots).root()

            if registry.keyring.advance(head.size, root, partial(root_at, connection)):
                return SignedLog(sign_checkpoint(head.size, root, key), head.size)
    raise StoreBehindError


def root_at(connection: Connection, size: int) -> bytes:
    """The root that a store's log had at a size, from its nodes."""
    return frontier_of(size, partial(node_hash_at, connection)).root()


def leaf_receipts(registry: Registry, numbers: Sequence[int]) -> list[LeafReceipt]:
    """Leaves by number, each with the proof that it is in the log as it is signed now."""
    signed = sign_log(registry)
    with registry.store.read() as connection:
        node = partial(node_hash_at, connection)
        return [
            LeafReceipt(
                leaf_at(connection, number),
                number,
                tuple(inclusion_proof(number, signed.size, node)),
                signed.checkpoint,
            )
            for number in numbers
        ]


def prove_inclusion(registry: Registry, number: int, size: int) -> list[bytes]:
    """The proof that a leaf is in the first `size` leaves of the log. Raises ProofError where one of the two is not there."""
    with registry.store.read() as connection:
        _check_size(connection, size)
        return inclusion_proof(number, size, partial(node_hash_at, connection))


def prove_consistency(registry: Registry, first: int, second: int) -> list[bytes]:
    """The proof that the log of `second` leaves begins with that of `first`. Raises ProofError where one of them never was."""
    with registry.store.read() as connection:
        _check_size(connection, second)
        return consistency_proof(first, second, partial(node_hash_at, connection))


def _check_size(connection: Connection, size: int) -> None:
    if size > (has := read_head(connection).size):
        raise ProofError(f"the log has no more than {has} leaves")
