"""An export of the log: a JSON Lines file that holds all that is needed to verify it.

    {"format":"visavis-audit-1","origin":NAME,"public_key":VERIFIER KEY}
    {"hash":BASE64,"index":0,"leaf":{...}}              one line a leaf, from the first to the last
    {"checkpoint":SIGNED NOTE}

Every line is RFC 8785 JSON and ends in a newline, so each byte of the file is either right or wrong.
A leaf's bytes are those between `"leaf":` and the line's last brace. `hash` is its leaf hash: it can be computed
and proves nothing, but lets a reader say which leaf was altered by somebody who did not think of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import IO, Any

from visavis.audit.canonical import MAX_DOCUMENT_BYTES, canonical, from_base64, read_canonical, to_base64
from visavis.audit.checkpoint import Checkpoint, checkpoint_of, open_checkpoint
from visavis.audit.entry import Entry
from visavis.audit.merkle import HASH_BYTES, Frontier, leaf_hash
from visavis.audit.note import VerifierKey, parse_note
from visavis.errors import (
    CheckpointError,
    ExportFormatError,
    NotCanonicalError,
    NotTheSignedLogError,
    TrailingDataError,
    TruncatedExportError,
)

FORMAT = "visavis-audit-1"
MAX_LINE_BYTES = MAX_DOCUMENT_BYTES + 256
MAX_EXPORT_BYTES = 2**36
_LEAF_LINE = re.compile(
    rb'\{"hash":"([A-Za-z0-9+/]{43}=)","index":(0|[1-9][0-9]{0,15}),"leaf":(\{.*\})\}\n', re.DOTALL
)
_CHECKPOINT_START = b'{"checkpoint":'


@dataclass(frozen=True, slots=True)
class ExportedLeaf:
    """One line. hash: as the line states it, 32 bytes; leaf: its bytes as they stand, whatever they say."""

    hash: bytes
    index: int
    leaf: bytes


def write_export(file: IO[bytes], leaves: Iterable[bytes], checkpoint: bytes, key: VerifierKey) -> None:
    """Write the lines of an export. Raises as `export_lines` does, and OSError."""
    for line in export_lines(leaves, checkpoint, key):
        file.write(line)


def export_lines(leaves: Iterable[bytes], checkpoint: bytes, key: VerifierKey) -> Iterator[bytes]:
    """The lines of an export: the leaves that a checkpoint (a signed note) was signed for, in order, each as `Entry.to_bytes` gives it.

    Raises an AuditError where the checkpoint is not this key's, a leaf is no entry, or (after all but the
    last line) where the leaves are not those that were signed.
    """
    signed, frontier = open_checkpoint(checkpoint, key), Frontier()
    yield canonical({"format": FORMAT, "origin": key.name, "public_key": str(key)}) + b"\n"
    for index, leaf in enumerate(leaves):
        Entry.from_bytes(leaf)
        hashed = leaf_hash(leaf)
        yield b'{"hash":"%b","index":%d,"leaf":%b}\n' % (to_base64(hashed).encode(), index, leaf)
        frontier, _ = frontier.append(hashed)
    if (frontier.size, frontier.root()) != (signed.size, signed.root):
        raise NotTheSignedLogError
    yield canonical({"checkpoint": checkpoint.decode()}) + b"\n"


class ExportLines:
    """The lines of an export, in bounded memory. number: of the line that was read last, from 1."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._bytes = 0
        self._last = b""
        self.number = 0

    def read(self) -> bytes:
        """The next line with its newline; raises TruncatedExportError where there is none, ExportFormatError past a bound."""
        line = self._file.readline(MAX_LINE_BYTES + 1)
        self.number += 1
        self._bytes += len(line)
        if len(line) > MAX_LINE_BYTES:
            raise ExportFormatError(f"line {self.number} has more than {MAX_LINE_BYTES:,} bytes")
        if self._bytes > MAX_EXPORT_BYTES:
            raise ExportFormatError(f"an export of more than {MAX_EXPORT_BYTES // 2**30} GiB")
        if not line.endswith(b"\n"):
            raise TruncatedExportError(
                f"the export is cut off in line {self.number}, before its checkpoint ends"
            )
        return line

    def header(self) -> VerifierKey:
        """The first line: whose log the file says it is."""
        header = self._document(self.read())
        if header.keys() != {"format", "origin", "public_key"} or header["format"] != FORMAT:
            raise ExportFormatError
        key = VerifierKey.parse(str(header["public_key"]))
        if header["origin"] != key.name:
            raise ExportFormatError("the export names one log and the key of another")
        return key

    def leaves(self) -> Iterator[ExportedLeaf]:
        """The leaf lines, up to the checkpoint's, which `checkpoint` then reads."""
        while not (line := self.read()).startswith(_CHECKPOINT_START):
            yield self._leaf(line)
        self._last = line

    def checkpoint(self, key: VerifierKey) -> Checkpoint:
        """The last line, verified; nothing may follow it. Raises TrailingDataError and as `open_checkpoint` does.

        A saved checkpoint may bear the signatures of others too, the one in an export may not: nothing vouches for them.
        """
        if self._file.read(1):
            raise TrailingDataError
        document = self._document(self._last)
        if document.keys() != {"checkpoint"} or not isinstance(document["checkpoint"], str):
            raise self._misshapen()
        note = parse_note(document["checkpoint"].encode())
        checkpoint = checkpoint_of(note, key)
        if len(note.signatures) != 1:
            raise CheckpointError("the export's checkpoint has signatures besides the log's")
        return checkpoint

    def _leaf(self, line: bytes) -> ExportedLeaf:
        match = _LEAF_LINE.fullmatch(line)
        if match is None:
            raise self._misshapen()
        try:
            return ExportedLeaf(from_base64(match[1].decode(), HASH_BYTES), int(match[2]), match[3])
        except NotCanonicalError:
            raise self._misshapen() from None

    def _document(self, line: bytes) -> dict[str, Any]:
        try:
            return read_canonical(line[:-1])
        except NotCanonicalError:
            raise self._misshapen() from None

    def _misshapen(self) -> NotCanonicalError:
        return NotCanonicalError(f"line {self.number} is not as visavis writes it: it was altered or damaged")
