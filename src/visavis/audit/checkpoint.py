"""Checkpoints (https://c2sp.org/tlog-checkpoint): the size and the root of a log, in a signed note.

The text has three lines: the log's name (its origin), its size in decimal, its root in base64.
The name of the signing key is the origin. There are no extension lines.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from visavis.audit.canonical import from_base64, to_base64
from visavis.audit.merkle import EMPTY_ROOT, HASH_BYTES, MAX_LEAVES
from visavis.audit.note import Note, SigningKey, VerifierKey, parse_note
from visavis.errors import CheckpointError, CheckpointKeyError, NotCanonicalError


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log was at a moment. origin: its name; size: in leaves; root: 32 bytes."""

    origin: str
    size: int
    root: bytes

    def __post_init__(self) -> None:
        if not 0 <= self.size <= MAX_LEAVES or len(self.root) != HASH_BYTES:
            raise CheckpointError
        if self.size == 0 and self.root != EMPTY_ROOT:
            raise CheckpointError("a log without leaves has another root")

    @property
    def text(self) -> str:
        """What is signed."""
        return f"{self.origin}\n{self.size}\n{to_base64(self.root)}\n"


def sign_checkpoint(size: int, root: bytes, key: SigningKey) -> bytes:
    """A checkpoint of the log of this key, as a signed note.

    It is the caller who must never sign two that contradict each other: not a smaller one after a larger, not another root for one size.
    """
    return key.sign(Checkpoint(key.verifier.name, size, root).text)


def open_checkpoint(data: bytes, key: VerifierKey) -> Checkpoint:
    """The checkpoint in a signed note, verified.

    Raises CheckpointError where it is malformed, CheckpointKeyError where it is of another key
    or another log, CheckpointSignatureError where it was altered.
    """
    return checkpoint_of(parse_note(data), key)


def checkpoint_of(note: Note, key: VerifierKey) -> Checkpoint:
    """The checkpoint in a note that was read already; verifies and raises as `open_checkpoint` does."""
    note.verify(key)
    lines = note.text.split("\n")
    if len(lines) != 4 or not re.fullmatch(r"0|[1-9][0-9]{0,15}", lines[1]):
        raise CheckpointError
    try:
        checkpoint = Checkpoint(lines[0], int(lines[1]), from_base64(lines[2], HASH_BYTES))
    except NotCanonicalError:
        raise CheckpointError from None
    if checkpoint.origin != key.name:
        raise CheckpointKeyError("the checkpoint is of another log")
    return checkpoint
