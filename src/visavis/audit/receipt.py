"""A receipt: one leaf, and the proof that it is in the log, for whoever it concerns to keep."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from visavis.audit.canonical import canonical, from_base64, read_canonical, to_base64
from visavis.audit.checkpoint import Checkpoint, open_checkpoint
from visavis.audit.entry import Entry
from visavis.audit.merkle import HASH_BYTES, MAX_LEAVES, leaf_hash
from visavis.audit.note import VerifierKey
from visavis.audit.proofs import verify_inclusion
from visavis.errors import NotCanonicalError, ProofError

FORMAT = "visavis-audit-receipt-1"


@dataclass(frozen=True, slots=True)
class LeafReceipt:
    """A leaf in the log of a checkpoint.

    leaf: as `Entry.to_bytes` gives it; path: its inclusion proof, hashes of 32 bytes; checkpoint: a signed note.
    """

    leaf: bytes
    index: int
    path: tuple[bytes, ...]
    checkpoint: bytes

    def verify(self, key: VerifierKey) -> Checkpoint:
        """The checkpoint that covers the leaf, worth keeping.

        Raises CheckpointError unless it is signed by `key`, InclusionError unless the leaf is in its log.
        """
        checkpoint = open_checkpoint(self.checkpoint, key)
        verify_inclusion(self.index, checkpoint.size, leaf_hash(self.leaf), self.path, checkpoint.root)
        return checkpoint

    def entry(self) -> Entry:
        """What the leaf says."""
        return Entry.from_bytes(self.leaf)

    def to_json(self) -> bytes:
        """RFC 8785 JSON: checkpoint, format, index, leaf, path."""
        return canonical(
            {
                "checkpoint": self.checkpoint.decode(),
                "format": FORMAT,
                "index": self.index,
                "leaf": read_canonical(self.leaf),
                "path": [to_base64(value) for value in self.path],
            }
        )

    @classmethod
    def from_json(cls, data: bytes) -> LeafReceipt:
        """Read a receipt; nothing is verified yet. Raises ProofError unless it is one, as `to_json` writes it."""
        try:
            return _receipt(read_canonical(data))
        except (NotCanonicalError, KeyError, TypeError, AttributeError):
            raise ProofError("this is not a receipt of an audit log") from None


def _receipt(document: dict[str, Any]) -> LeafReceipt:
    fields = {"checkpoint", "format", "index", "leaf", "path"}
    index, path = document["index"], document["path"]
    if document.keys() != fields or document["format"] != FORMAT or type(index) is not int:
        raise KeyError
    if (
        not isinstance(document["leaf"], dict)
        or not isinstance(path, list)
        or len(path) > MAX_LEAVES.bit_length()
    ):
        raise KeyError
    return LeafReceipt(
        canonical(document["leaf"]),
        index,
        tuple(from_base64(value, HASH_BYTES) for value in path),
        document["checkpoint"].encode(),
    )
