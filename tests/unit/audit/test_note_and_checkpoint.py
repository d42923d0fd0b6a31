from __future__ import annotations

import base64

import pytest
from audit_samples import KEY, NAME, OTHER_KEY, checkpoint, leaves, tree
from hypothesis import given
from hypothesis import strategies as st

from visavis.audit.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from visavis.audit.merkle import EMPTY_ROOT, MAX_LEAVES
from visavis.audit.note import MAX_NOTE_BYTES, MAX_SIGNATURES, SigningKey, VerifierKey, parse_note
from visavis.errors import CheckpointError, CheckpointKeyError, CheckpointSignatureError, VerifierKeyError

# The published example of golang.org/x/mod/sumdb/note, its test key included.
EXAMPLE_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
EXAMPLE_SEED = base64.b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
EXAMPLE_TEXT = (
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
)
EXAMPLE_NOTE = (
    EXAMPLE_TEXT
    + "\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
# A head of the Go checksum database, signed by its own key.
GO_KEY = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
GO_NOTE = (
    "go.sum database tree\n65209736\n5+uGFjx6xBZG8ip1+wi77v+grwbhhukIrxEUS8PXvRo=\n\n"
    "— sum.golang.org Az3grnbssgK7ubgFX36gVETtNv0U23qxyAhAMai2QUfeGa3nB/akvkMdlUErfcZz7l/R3cVtYspg3dxXABkGZZKdsQ8=\n"
)

NOTE = checkpoint(leaves())
TEXT, LINE = NOTE.decode().split("\n\n")
SIGNATURE = LINE.removesuffix("\n").split(" ")[2]


def test_the_example_of_the_reference_implementation() -> None:
    key = SigningKey("PeterNeumann", EXAMPLE_SEED)
    assert str(key.verifier) == EXAMPLE_KEY
    assert VerifierKey.parse(EXAMPLE_KEY) == key.verifier
    assert key.sign(EXAMPLE_TEXT) == EXAMPLE_NOTE.encode()
    parse_note(EXAMPLE_NOTE.encode()).verify(key.verifier)


def test_a_note_of_a_public_log() -> None:
    note = parse_note(GO_NOTE.encode())
    note.verify(VerifierKey.parse(GO_KEY))
    with pytest.raises(CheckpointSignatureError):
        parse_note(GO_NOTE.replace("65209736", "65209737").encode()).verify(VerifierKey.parse(GO_KEY))
    with pytest.raises(CheckpointKeyError, match="another log"):
        open_checkpoint(GO_NOTE.encode(), VerifierKey.parse(GO_KEY))


def test_a_checkpoint_goes_round() -> None:
    assert open_checkpoint(NOTE, KEY.verifier) == Checkpoint(NAME, 6, tree(leaves()).root())
    empty = sign_checkpoint(0, EMPTY_ROOT, KEY)
    assert open_checkpoint(empty, KEY.verifier).size == 0
    assert open_checkpoint(sign_checkpoint(MAX_LEAVES, b"r" * 32, KEY), KEY.verifier).size == MAX_LEAVES


def test_every_bit_of_a_checkpoint_counts() -> None:
    for place in range(len(NOTE)):
        for bit in range(8):
            changed = bytearray(NOTE)
            changed[place] ^= 1 << bit
            with pytest.raises(CheckpointError):
                open_checkpoint(bytes(changed), KEY.verifier)


def test_another_key_of_the_same_name() -> None:
    with pytest.raises(CheckpointKeyError):
        open_checkpoint(checkpoint(leaves(), OTHER_KEY), KEY.verifier)


def test_a_forged_key_id() -> None:
    forged = base64.b64decode(checkpoint(leaves(), OTHER_KEY).decode().split(" ")[-1])
    claimed = base64.b64encode(KEY.verifier.key_id + forged[4:]).decode()
    with pytest.raises(CheckpointSignatureError):
        open_checkpoint(f"{TEXT}\n\n— {NAME} {claimed}\n".encode(), KEY.verifier)


def test_signatures_of_others_are_ignored_and_a_bad_one_of_the_own_key_is_not() -> None:
    text = open_checkpoint(NOTE, KEY.verifier).text
    others = [
        SigningKey(f"witness{i}.example", bytes([i]) * 32).sign(text).decode().split("\n\n")[1]
        for i in range(16)
    ]
    for lines in ([LINE, *others], [*others, LINE], [others[0], LINE, others[1]]):
        assert open_checkpoint((text + "\n" + "".join(lines)).encode(), KEY.verifier).size == 6
    bad = f"— {NAME} {base64.b64encode(KEY.verifier.key_id + bytes(64)).decode()}\n"
    short = f"— {NAME} {base64.b64encode(KEY.verifier.key_id + bytes(63)).decode()}\n"
    for lines in ([LINE, bad], [bad, LINE], [short], [LINE, short]):
        with pytest.raises(CheckpointSignatureError):
            open_checkpoint((text + "\n" + "".join(lines)).encode(), KEY.verifier)


@pytest.mark.parametrize(
    "note",
    [
        "", "\n", "\n\n", f"{TEXT}\n", f"{TEXT}\n\n", f"{TEXT}\n{LINE}", f"{TEXT}\n\n{LINE}\n",
        f"{TEXT}\n\n{LINE}"[:-1], f"{TEXT}\n\n{LINE}".replace("\n", "\r\n"), f"\n\n{LINE}", f"{TEXT}\n\n{LINE}x\n",
        f"{TEXT}\n\n— {NAME}  {SIGNATURE}\n", f"{TEXT}\n\n—  {SIGNATURE}\n", f"{TEXT}\n\n- {NAME} {SIGNATURE}\n",
        f"{TEXT}\n\n— {NAME} {SIGNATURE} \n", f"{TEXT}\n\n— {NAME} {SIGNATURE} x\n", f"{TEXT}\n\n— {NAME}\n", f"{TEXT}\n\n{NAME} {SIGNATURE}\n",
        f"{TEXT}\n\n— {NAME} {SIGNATURE.rstrip('=')}\n", f"{TEXT}\n\n— a+b {SIGNATURE}\n", f"{TEXT}\n\n— {NAME} AAAA\n",
        f"{TEXT}\t\n\n{LINE}", f"{TEXT}\n\n{LINE * (MAX_SIGNATURES + 1)}", f"{'x' * MAX_NOTE_BYTES}\n\n{LINE}",
    ],
)  # fmt: skip
def test_what_is_no_note_is_refused(note: str) -> None:
    with pytest.raises(CheckpointError) as caught:
        open_checkpoint(note.encode(), KEY.verifier)
    assert type(caught.value) is CheckpointError


ROOT = base64.b64encode(b"r" * 32).decode()


@pytest.mark.parametrize(
    "text",
    [
        f"{NAME}\n6\n", f"{NAME}\n06\n{ROOT}\n", f"{NAME}\n-6\n{ROOT}\n", f"{NAME}\n+6\n{ROOT}\n", f"{NAME}\n6 \n{ROOT}\n",
        f"{NAME}\n\u0666\n{ROOT}\n", f"{NAME}\n6.0\n{ROOT}\n", f"{NAME}\n\n{ROOT}\n", f"{NAME}\n{2**53}\n{ROOT}\n",
        f"{NAME}\n{'9' * 5000}\n{ROOT}\n", f"{NAME}\n0\n{ROOT}\n", f"{NAME}\n6\n{ROOT}\nextension\n", f"\n{NAME}\n6\n{ROOT}\n",
        f"{NAME}\n6\n{ROOT[:-4]}\n", f"{NAME}\n6\n{ROOT} \n", f"{NAME}\n6\n{ROOT}\n\n", f"other.example\n6\n{ROOT}\n",
    ],
)  # fmt: skip
def test_signed_text_that_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(CheckpointError):
        open_checkpoint(KEY.sign(text), KEY.verifier)


@pytest.mark.parametrize("text", ["", "no newline", "control \x07\n", "\n"])
def test_a_text_that_no_note_can_hold_is_not_signed(text: str) -> None:
    with pytest.raises(CheckpointError):
        KEY.sign(text)


def test_a_checkpoint_that_cannot_be_is_not_signed() -> None:
    for size, root in ((-1, EMPTY_ROOT), (0, b"r" * 32), (1, b"r" * 31), (MAX_LEAVES + 1, b"r" * 32)):
        with pytest.raises(CheckpointError):
            sign_checkpoint(size, root, KEY)


@pytest.mark.parametrize(
    "name", ["", "a b", "a+b", "a\nb", "a\u00a0b", "a\u2003b", "a\x00b", "x" * 256, "\ud800"]
)
def test_names_that_no_signature_line_can_hold(name: str) -> None:
    with pytest.raises(VerifierKeyError):
        VerifierKey(name, bytes(32))


@pytest.mark.parametrize(
    "text",
    [
        "", "+", "++", EXAMPLE_KEY + " ", EXAMPLE_KEY[:-4], EXAMPLE_KEY.replace("c74f", "C74F"),
        EXAMPLE_KEY.replace("c74f", "c74e"), EXAMPLE_KEY.replace("Peter", "peter"), EXAMPLE_KEY.replace("+ARpc", "+AhpC"),
        EXAMPLE_KEY.replace("+c74f20a3", ""), "PRIVATE+KEY+" + EXAMPLE_KEY,
    ],
)  # fmt: skip
def test_public_keys_that_are_none(text: str) -> None:
    with pytest.raises(VerifierKeyError):
        VerifierKey.parse(text)


def test_a_seed_has_32_bytes_and_is_never_shown() -> None:
    with pytest.raises(VerifierKeyError):
        SigningKey(NAME, bytes(31))
    seed = b"very secret seed of 32 bytes !!!"
    assert "secret" not in repr(SigningKey(NAME, seed))


@given(
    st.binary(max_size=200)
    | st.text(max_size=200).map(lambda text: f"{text}\n\n{LINE}".encode("utf-8", "replace"))
)
def test_arbitrary_notes_are_refused(data: bytes) -> None:
    with pytest.raises(CheckpointError):
        open_checkpoint(data, KEY.verifier)


@given(st.text(max_size=80))
def test_arbitrary_keys_are_refused(text: str) -> None:
    with pytest.raises(VerifierKeyError):
        VerifierKey.parse(text)
