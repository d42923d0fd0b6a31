"""Verifying a log from its export alone, offline, and naming what was done to it.

What can be said depends on who did it. Somebody without the log's key can alter, drop, add or move leaves and compute every hash
anew; then no leaf can be named, only that these are not the leaves that were signed. Somebody with the key
can sign another log; only a checkpoint that others kept shows that. A log that was false from its start shows nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import IO

from visavis.audit.checkpoint import Checkpoint, open_checkpoint
from visavis.audit.entry import Entry
from visavis.audit.export import ExportedLeaf, ExportLines
from visavis.audit.merkle import Frontier, leaf_hash
from visavis.audit.note import VerifierKey
from visavis.errors import (
    AuditError,
    CheckpointError,
    CheckpointKeyError,
    EntryError,
    LeafAddedError,
    LeafAlteredError,
    LeafDroppedError,
    LeafMovedError,
    NotTheSignedLogError,
    RewrittenError,
    RolledBackError,
)


@dataclass(frozen=True, slots=True)
class VerifiedLog:
    """A log whose leaves are those that were signed. root: 32 bytes; first_at, last_at: UTC, None where it has no leaves.

    key: who signed it. Unless the caller gave it, it is the export's own word.
    """

    key: VerifierKey
    size: int
    root: bytes
    first_at: datetime | None
    last_at: datetime | None


def verify_export(
    file: IO[bytes],
    *,
    expected_key: VerifierKey | None = None,
    earlier_checkpoints: Sequence[bytes] = (),
) -> VerifiedLog:
    """Verify an export, and that it continues every earlier checkpoint (signed notes, as they were saved).

    Memory does not grow with the log. Raises the AuditError that names what is wrong, and OSError.
    """
    lines = ExportLines(file)
    key = lines.header()
    if expected_key is not None and expected_key != key:
        raise CheckpointKeyError("the export is of another log than the expected, or signed by another key")
    earlier = [_open_earlier(i, note, key) for i, note in enumerate(earlier_checkpoints, start=1)]
    reading = _Reading({checkpoint.size for checkpoint in earlier})
    for leaf in lines.leaves():
        if leaf.index != reading.found.size:
            raise _misplaced(leaf.index, reading.found.size, lines)
        reading.add(leaf)
    signed = lines.checkpoint(key)
    _check_leaves(reading, signed)
    _check_earlier(earlier, signed.size, reading)
    return VerifiedLog(key, signed.size, signed.root, reading.first_at, reading.last_at)


@dataclass(slots=True)
class _Reading:
    """What was read so far. sizes: where the roots are to be kept, in `roots`."""

    sizes: set[int]
    found: Frontier = field(default_factory=Frontier)
    stated: Frontier = field(default_factory=Frontier)
    """The tree of the hashes that stand beside the leaves: it is `found`, unless somebody altered one of both."""

    roots: dict[int, bytes] = field(default_factory=dict)
    altered: int | None = None
    """The first leaf that does not have the hash beside it."""

    first_at: datetime | None = None
    last_at: datetime | None = None

    def __post_init__(self) -> None:
        self._keep_root()

    def add(self, leaf: ExportedLeaf) -> None:
        """Take the next leaf."""
        hashed = leaf_hash(leaf.leaf)
        if hashed == leaf.hash:
            self._keep_times(leaf)
        elif self.altered is None:
            self.altered = leaf.index
        self.found, _ = self.found.append(hashed)
        self.stated, _ = self.stated.append(leaf.hash)
        self._keep_root()

    def _keep_times(self, leaf: ExportedLeaf) -> None:
        try:
            self.last_at = Entry.from_bytes(leaf.leaf).at
        except AuditError:
            raise EntryError(f"leaf {leaf.index} is not an entry of the audit log") from None
        self.first_at = self.first_at or self.last_at

    def _keep_root(self) -> None:
        if self.found.size in self.sizes:
            self.roots[self.found.size] = self.found.root()


def _open_earlier(number: int, note: bytes, key: VerifierKey) -> Checkpoint:
    try:
        return open_checkpoint(note, key)
    except CheckpointError as error:
        raise type(error)(f"earlier checkpoint {number}: {error.message}") from None


def _misplaced(index: int, place: int, lines: ExportLines) -> AuditError:
    """What was done, where leaf `index` stands at a place that is another's and all before are right."""
    if index < place:
        return LeafAddedError(
            f"leaf {place} was added: it says that it is leaf {index}, which stands before it"
        )
    with suppress(AuditError):
        if any(leaf.index == place for leaf in lines.leaves()):
            return LeafMovedError(
                f"leaves were put in another order: leaf {index} stands before leaf {place}"
            )
    return LeafDroppedError(f"leaf {place} was dropped: leaf {index} stands in its place")


def _check_leaves(reading: _Reading, signed: Checkpoint) -> None:
    size = reading.found.size
    if size != signed.size:
        counts = f"{signed.size} leaves were signed, and the export holds {size}"
        if size < signed.size:
            raise LeafDroppedError(f"leaves were dropped: {counts}")
        raise LeafAddedError(f"leaves were added, or the checkpoint is an older one: {counts}")
    if reading.altered is not None:
        raise _altered(reading, reading.altered, signed.root)
    if reading.found.root() != signed.root:
        raise NotTheSignedLogError(
            "these leaves are not the log that was signed; each has the hash beside it, "
            "so the hashes were computed anew and which leaf is wrong cannot be told"
        )


def _altered(reading: _Reading, first: int, signed_root: bytes) -> AuditError:
    if reading.stated.root() == signed_root:
        return LeafAlteredError(
            f"leaf {first} was altered: the hash beside it was signed, that of the leaf was not"
        )
    if reading.found.root() == signed_root:
        return LeafAlteredError(
            f"the hash beside leaf {first} was altered; the leaves are those that were signed"
        )
    return NotTheSignedLogError(
        f"these leaves are not the log that was signed; leaf {first} does not have the hash beside it, "
        "but that hash was not signed either"
    )


def _check_earlier(earlier: Sequence[Checkpoint], size: int, reading: _Reading) -> None:
    for checkpoint in earlier:
        if checkpoint.size > size:
            raise RolledBackError(
                f"the log was rolled back: it has {size} leaves, an earlier checkpoint counts {checkpoint.size}"
            )
        if reading.roots[checkpoint.size] != checkpoint.root:
            raise RewrittenError(
                f"the log was rewritten: its first {checkpoint.size} leaves are not those of an earlier checkpoint"
            )
