"""What an attacker can do to an export, and what is said about it."""

from __future__ import annotations

import io
import json
from collections.abc import Callable

import pytest
from audit_samples import KEY, OTHER_KEY, START, checkpoint, entries, export, leaves, tree
from hypothesis import given
from hypothesis import strategies as st

from visavis.audit import export as export_module
from visavis.audit.canonical import canonical, to_base64
from visavis.audit.checkpoint import sign_checkpoint
from visavis.audit.entry import Action, Entry
from visavis.audit.export import MAX_LINE_BYTES, write_export
from visavis.audit.merkle import EMPTY_ROOT, leaf_hash
from visavis.audit.note import SigningKey
from visavis.audit.verify import VerifiedLog, verify_export
from visavis.errors import (
    AuditError,
    CheckpointError,
    CheckpointKeyError,
    CheckpointSignatureError,
    EntryError,
    ExportFormatError,
    LeafAddedError,
    LeafAlteredError,
    LeafDroppedError,
    LeafMovedError,
    NotCanonicalError,
    NotTheSignedLogError,
    RewrittenError,
    RolledBackError,
    TrailingDataError,
    TruncatedExportError,
    VisavisError,
)

LEAVES = leaves()
EXPORT = export(LEAVES)
HEADER, *LINES, LAST = EXPORT.splitlines(keepends=True)
FOREIGN = Entry(Action.VIEW, START).to_bytes()


def verify(data: bytes, **options: object) -> VerifiedLog:
    return verify_export(io.BytesIO(data), **options)  # type: ignore[arg-type]


def line(index: int, leaf: bytes, hashed: bytes | None = None) -> bytes:
    return b'{"hash":"%b","index":%d,"leaf":%b}\n' % (
        to_base64(hashed or leaf_hash(leaf)).encode(),
        index,
        leaf,
    )


def forged(data: list[bytes], last: bytes = LAST) -> bytes:
    """Leaves of the attacker's choice, numbered and hashed anew, under a checkpoint that was signed."""
    return b"".join([HEADER, *(line(i, leaf) for i, leaf in enumerate(data)), last])


def test_a_good_export() -> None:
    log = verify(
        EXPORT, expected_key=KEY.verifier, earlier_checkpoints=[checkpoint(LEAVES[:n]) for n in range(7)]
    )
    assert log == VerifiedLog(KEY.verifier, 6, tree(LEAVES).root(), entries()[0].at, entries()[-1].at)
    assert forged(LEAVES) == EXPORT, "the attacker of these tests writes what the writer writes"


def test_logs_of_every_small_size() -> None:
    for size in range(len(LEAVES) + 1):
        assert verify(export(LEAVES[:size])).size == size
    empty = verify(export([]))
    assert (empty.root, empty.first_at, empty.last_at) == (EMPTY_ROOT, None, None)


@pytest.mark.parametrize("flip", [0x01, 0x20, 0x80])
def test_every_byte_counts(flip: int) -> None:
    small = export(LEAVES[:3])
    for place in range(len(small)):
        changed = bytearray(small)
        changed[place] ^= flip
        with pytest.raises(VisavisError):
            verify(bytes(changed))


def test_every_byte_is_needed() -> None:
    small = export(LEAVES[:2])
    for place in range(len(small)):
        with pytest.raises(VisavisError):
            verify(small[:place] + small[place + 1 :])
        with pytest.raises(VisavisError):
            verify(small[:place] + b" " + small[place:])
        with pytest.raises(VisavisError):
            verify(small[:place])
    with pytest.raises(TruncatedExportError):
        verify(small[:-1])


def test_an_altered_leaf_is_named() -> None:
    for index, leaf in enumerate(LEAVES):
        for altered in (leaf.replace(b"2026", b"2025"), FOREIGN, b'{"not":"an entry"}', b"{not json}"):
            lines = [*LINES]
            lines[index] = line(index, altered, leaf_hash(leaf))
            with pytest.raises(LeafAlteredError, match=f"^leaf {index} was altered"):
                verify(b"".join([HEADER, *lines, LAST]))


def test_of_several_altered_leaves_the_first_is_named() -> None:
    lines = [*LINES]
    for index in (4, 2):
        lines[index] = line(index, FOREIGN, leaf_hash(LEAVES[index]))
    with pytest.raises(LeafAlteredError, match=r"^leaf 2 was altered"):
        verify(b"".join([HEADER, *lines, LAST]))


def test_an_altered_hash_does_not_accuse_the_leaf() -> None:
    lines = [*LINES]
    lines[3] = line(3, LEAVES[3], leaf_hash(FOREIGN))
    with pytest.raises(LeafAlteredError, match=r"^the hash beside leaf 3 was altered; the leaves are those"):
        verify(b"".join([HEADER, *lines, LAST]))


def test_with_hashes_computed_anew_no_leaf_is_named() -> None:
    for index in range(len(LEAVES)):
        altered = [*LEAVES]
        altered[index] = FOREIGN
        with pytest.raises(NotTheSignedLogError, match="which leaf is wrong cannot be told"):
            verify(forged(altered))


def test_with_some_hashes_computed_anew_none_is_called_signed() -> None:
    lines = [line(i, leaf) for i, leaf in enumerate([FOREIGN, *LEAVES[1:]])]
    lines[2] = line(2, FOREIGN, leaf_hash(LEAVES[2]))
    with pytest.raises(NotTheSignedLogError, match="that hash was not signed either"):
        verify(b"".join([HEADER, *lines, LAST]))


def test_a_dropped_leaf_is_named_by_its_number() -> None:
    for index in range(len(LINES) - 1):
        with pytest.raises(LeafDroppedError, match=f"^leaf {index} was dropped"):
            verify(b"".join([HEADER, *LINES[:index], *LINES[index + 1 :], LAST]))
    with pytest.raises(LeafDroppedError, match="6 leaves were signed, and the export holds 5"):
        verify(b"".join([HEADER, *LINES[:-1], LAST]))
    with pytest.raises(LeafDroppedError, match="6 leaves were signed, and the export holds 0"):
        verify(HEADER + LAST)


def test_a_dropped_leaf_is_named_though_the_rest_is_damaged() -> None:
    for rest in (b"", b"nonsense\n", LINES[2][:50]):
        with pytest.raises(LeafDroppedError, match=r"^leaf 0 was dropped"):
            verify(HEADER + LINES[1] + rest)


def test_a_dropped_leaf_with_the_rest_numbered_anew() -> None:
    for index in range(len(LEAVES)):
        with pytest.raises(LeafDroppedError, match="6 leaves were signed, and the export holds 5"):
            verify(forged(LEAVES[:index] + LEAVES[index + 1 :]))


def test_an_added_leaf() -> None:
    for place in range(len(LEAVES) + 1):
        with pytest.raises(LeafAddedError, match="6 leaves were signed, and the export holds 7"):
            verify(forged([*LEAVES[:place], FOREIGN, *LEAVES[place:]]))
    for place in range(1, len(LEAVES) + 1):
        for copied in range(place):
            with pytest.raises(
                LeafAddedError, match=f"^leaf {place} was added: it says that it is leaf {copied}"
            ):
                verify(b"".join([HEADER, *LINES[:place], LINES[copied], *LINES[place:], LAST]))


def test_moved_leaves() -> None:
    for first in range(len(LINES)):
        for second in range(first + 1, len(LINES)):
            swapped = [*LINES]
            swapped[first], swapped[second] = swapped[second], swapped[first]
            with pytest.raises(LeafMovedError, match=f"leaf {second} stands before leaf {first}"):
                verify(b"".join([HEADER, *swapped, LAST]))
            renumbered = [*LEAVES]
            renumbered[first], renumbered[second] = renumbered[second], renumbered[first]
            with pytest.raises(NotTheSignedLogError):
                verify(forged(renumbered))


def test_a_leaf_replaced_by_another_and_the_count_kept() -> None:
    with pytest.raises(NotTheSignedLogError):
        verify(forged([*LEAVES[1:], FOREIGN]))


def test_the_checkpoint_of_another_size_or_root() -> None:
    older = canonical({"checkpoint": checkpoint(LEAVES[:5]).decode()}) + b"\n"
    with pytest.raises(LeafAddedError, match="or the checkpoint is an older one: 5 leaves were signed"):
        verify(b"".join([HEADER, *LINES, older]))
    with pytest.raises(NotTheSignedLogError):
        verify(b"".join([HEADER, *LINES, _last(sign_checkpoint(6, leaf_hash(b"other"), KEY))]))


def _last(note: bytes) -> bytes:
    return canonical({"checkpoint": note.decode()}) + b"\n"


def test_an_altered_checkpoint() -> None:
    for old, new in ((b"\n6\n", b"\n7\n"), (b"qC1Q", b"rC1Q"), (b"Nqblc", b"Nqbld")):
        note = checkpoint(LEAVES)
        assert old in note
        with pytest.raises(CheckpointSignatureError):
            verify(b"".join([HEADER, *LINES, _last(note.replace(old, new))]))


def test_a_checkpoint_by_another_key() -> None:
    with pytest.raises(CheckpointKeyError):
        verify(b"".join([HEADER, *LINES, _last(checkpoint(LEAVES, OTHER_KEY))]))
    resigned = export(LEAVES, OTHER_KEY)
    assert verify(resigned).key == OTHER_KEY.verifier, "an export's own word for its key proves nothing"
    with pytest.raises(CheckpointKeyError, match="another log than the expected"):
        verify(resigned, expected_key=KEY.verifier)
    with pytest.raises(CheckpointKeyError, match="earlier checkpoint 1"):
        verify(resigned, earlier_checkpoints=[checkpoint(LEAVES)])


def test_a_signature_of_somebody_else_beside_the_logs() -> None:
    witness = SigningKey("witness.example", b"w" * 32)
    text, own = checkpoint(LEAVES).decode().split("\n\n")
    cosigned = f"{text}\n\n{own}{witness.sign(text + chr(10)).decode().split(chr(10) * 2)[1]}".encode()
    with pytest.raises(CheckpointError, match="besides the log's"):
        verify(b"".join([HEADER, *LINES, _last(cosigned)]))
    assert verify(EXPORT, earlier_checkpoints=[cosigned]).size == 6, "a saved one may be witnessed"


def test_a_log_that_was_rolled_back() -> None:
    with pytest.raises(RolledBackError, match="it has 5 leaves, an earlier checkpoint counts 6"):
        verify(export(LEAVES[:5]), earlier_checkpoints=[checkpoint(LEAVES[:2]), checkpoint(LEAVES)])


def test_a_log_that_was_rewritten() -> None:
    for index in range(len(LEAVES)):
        rewritten = [*LEAVES]
        rewritten[index] = FOREIGN
        resigned = export(rewritten)
        assert verify(resigned).size == 6, "without an earlier checkpoint nothing shows"
        for size in range(len(LEAVES) + 1):
            kept = [checkpoint(LEAVES[:size])]
            if size <= index:
                assert verify(resigned, earlier_checkpoints=kept).size == 6
            else:
                with pytest.raises(RewrittenError, match=f"its first {size} leaves"):
                    verify(resigned, earlier_checkpoints=kept)


def test_two_earlier_checkpoints_that_contradict_each_other() -> None:
    one, other = checkpoint(LEAVES[:2]), checkpoint([FOREIGN, LEAVES[1]])
    for kept in ([one, other], [other, one]):
        with pytest.raises(RewrittenError):
            verify(EXPORT, earlier_checkpoints=kept)


def test_a_bad_earlier_checkpoint_is_told_by_its_number() -> None:
    good = checkpoint(LEAVES[:2])
    with pytest.raises(CheckpointSignatureError, match=r"^earlier checkpoint 2: "):
        verify(EXPORT, earlier_checkpoints=[good, good.replace(b"\n2\n", b"\n3\n")])
    with pytest.raises(CheckpointError, match=r"^earlier checkpoint 1: "):
        verify(EXPORT, earlier_checkpoints=[b"nonsense", good])


def test_an_export_that_was_altered_is_not_called_a_rewritten_log() -> None:
    with pytest.raises(NotTheSignedLogError):
        verify(forged([FOREIGN, *LEAVES[1:]]), earlier_checkpoints=[checkpoint(LEAVES[:2])])


@pytest.mark.parametrize("tail", [b"\n", b" ", b"{}\n", LAST, LINES[0], b"\x00"])
def test_what_follows_the_checkpoint(tail: bytes) -> None:
    with pytest.raises(TrailingDataError):
        verify(EXPORT + tail)


def test_a_truncated_file() -> None:
    assert len(HEADER) < 1000
    for cut in (
        b"",
        HEADER,
        HEADER + LINES[0],
        HEADER[:-1],
        b"".join([HEADER, *LINES]),
        EXPORT[:-1],
        EXPORT[:-50],
    ):
        with pytest.raises(TruncatedExportError):
            verify(cut)


def _header(**fields: object) -> bytes:
    return canonical(json.loads(HEADER) | fields) + b"\n"


@pytest.mark.parametrize(
    ("header", "error"),
    [
        (b"\xef\xbb\xbf" + HEADER, NotCanonicalError), (HEADER.replace(b":", b": ", 1), NotCanonicalError),
        (HEADER[:-1] + b"\r\n", NotCanonicalError), (b"\n" + HEADER, NotCanonicalError), (b"", ExportFormatError),
        (b'{"format":"visavis-audit-1"}\n', ExportFormatError), (_header(format="visavis-audit-2"), ExportFormatError),
        (_header(more=1), ExportFormatError), (_header(format=["visavis-audit-1"]), ExportFormatError),
        (_header(origin="other.example"), ExportFormatError), (_header(public_key=5), AuditError),
        (_header(public_key=None), AuditError), (_header(public_key="nonsense"), AuditError),
    ],
)  # fmt: skip
def test_a_bad_header(header: bytes, error: type[AuditError]) -> None:
    with pytest.raises(error):
        verify(b"".join([header, *LINES, LAST]))


HASH = to_base64(leaf_hash(LEAVES[1]))


@pytest.mark.parametrize(
    "bad",
    [
        b"\n", b"{}\n", b"null\n", HEADER, LINES[1][:-1] + b"\r\n", LINES[1].replace(b'"index":1', b'"index":01'),
        LINES[1].replace(b'"index":1', b'"index": 1'), LINES[1].replace(b'"index":1', b'"index":1.0'),
        LINES[1].replace(b'"index":1', b'"index":-1'), LINES[1].replace(b'"index":1', b'"index":' + b"9" * 17),
        LINES[1].replace(b'"index":1', b'"index":"1"'), LINES[1].replace(b'"hash":"', b'"hash":"A'),
        LINES[1].replace(HASH.encode(), HASH.replace("o=", "p=").encode()), LINES[1][:-2] + b',"more":1\n',
        LINES[1].replace(b'{"hash"', b' {"hash"'), b"\xff" + LINES[1], LINES[1].replace(b',"leaf":{', b',"leaf":[{'),
    ],
)  # fmt: skip
def test_a_line_that_visavis_does_not_write(bad: bytes) -> None:
    with pytest.raises(NotCanonicalError, match=r"^line 3 "):
        verify(b"".join([HEADER, LINES[0], bad, *LINES[2:], LAST]))


def test_a_signed_leaf_that_is_no_entry() -> None:
    for leaf in (b'{"not":"an entry"}', LEAVES[0].replace(b":", b": "), b'{"a":1,"a":1}', b"{}"):
        data = [LEAVES[0], leaf]
        with pytest.raises(EntryError, match=r"^leaf 1 is not an entry"):
            verify(forged(data, _last(checkpoint(data))))


@pytest.mark.parametrize(
    "last",
    [
        b'{"checkpoint":1}\n', b'{"checkpoint":null}\n', LAST[:-2] + b',"more":1}\n', b'{"checkpoint":""}\n',
        LAST.replace(b":", b": ", 1), LAST.replace("—".encode(), b"\\u2014"), b'{"checkpoint":\n',
    ],
)  # fmt: skip
def test_a_bad_last_line(last: bytes) -> None:
    with pytest.raises((NotCanonicalError, CheckpointError)):
        verify(b"".join([HEADER, *LINES, last]))


def test_lines_and_files_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ExportFormatError, match="line 1 has more than"):
        verify(b"x" * (MAX_LINE_BYTES + 1))
    with pytest.raises(ExportFormatError, match="line 2 has more than"):
        verify(HEADER + b'{"hash":' + b" " * MAX_LINE_BYTES + b"\n")
    monkeypatch.setattr(export_module, "MAX_EXPORT_BYTES", len(EXPORT))
    assert verify(EXPORT).size == 6
    monkeypatch.setattr(export_module, "MAX_EXPORT_BYTES", len(EXPORT) - 1)
    with pytest.raises(ExportFormatError, match="GiB"):
        verify(EXPORT)


class _Endless(io.RawIOBase):
    """A file without an end and without newlines; counts what is read of it."""

    taken = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        buffer[:] = b"x" * len(buffer)
        self.taken += len(buffer)
        return len(buffer)


def test_a_line_without_an_end_is_not_read_to_its_end() -> None:
    endless = _Endless()
    with pytest.raises(ExportFormatError):
        verify_export(io.BufferedReader(endless))
    assert endless.taken < 2 * MAX_LINE_BYTES


@given(st.data())
def test_arbitrary_damage_is_an_audit_error(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(EXPORT) - 1))
    length = data.draw(st.integers(0, 40))
    inserted = data.draw(st.binary(max_size=40) | st.sampled_from([HEADER, *LINES, LAST, b"\n"]))
    damaged = EXPORT[:start] + inserted + EXPORT[start + length :]
    if damaged == EXPORT:
        return
    with pytest.raises(AuditError):
        verify(damaged, earlier_checkpoints=[checkpoint(LEAVES[:2])])


@given(
    st.binary(max_size=300) | st.lists(st.sampled_from([HEADER, *LINES, LAST, b"\n", b"{}\n"])).map(b"".join)
)
def test_arbitrary_files_are_refused(data: bytes) -> None:
    if data == EXPORT:
        return
    with pytest.raises(AuditError):
        verify(data)


@pytest.mark.parametrize(
    ("write", "error"),
    [
        (lambda file: write_export(file, LEAVES[:5], checkpoint(LEAVES), KEY.verifier), NotTheSignedLogError),
        (lambda file: write_export(file, [*LEAVES, FOREIGN], checkpoint(LEAVES), KEY.verifier), NotTheSignedLogError),
        (lambda file: write_export(file, [FOREIGN, *LEAVES[1:]], checkpoint(LEAVES), KEY.verifier), NotTheSignedLogError),
        (lambda file: write_export(file, LEAVES, checkpoint(LEAVES, OTHER_KEY), KEY.verifier), CheckpointKeyError),
        (lambda file: write_export(file, [b"{}"], checkpoint([b"{}"]), KEY.verifier), EntryError),
        (lambda file: write_export(file, [LEAVES[0] + b"\n"], checkpoint([LEAVES[0]]), KEY.verifier), NotCanonicalError),
    ],
)  # fmt: skip
def test_no_export_is_completed_that_would_not_verify(
    write: Callable[[io.BytesIO], None], error: type[AuditError]
) -> None:
    file = io.BytesIO()
    with pytest.raises(error):
        write(file)
    with pytest.raises(AuditError):
        verify(file.getvalue())
