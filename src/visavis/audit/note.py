"""Signed notes (https://c2sp.org/signed-note): a text, an empty line, and a line for each signature, by Ed25519.

    — NAME BASE64(key id || signature)

The key id is the first 4 bytes of SHA-256(name || 0x0A || 0x01 || public key). The signature
covers the text with its last newline. Signatures by keys that the reader does not know are ignored.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from visavis.audit.canonical import from_base64, to_base64
from visavis.errors import (
    CheckpointError,
    CheckpointKeyError,
    CheckpointSignatureError,
    NotCanonicalError,
    VerifierKeyError,
)

MAX_NOTE_BYTES = 2**17
MAX_SIGNATURES = 32
MAX_NAME_BYTES = 255
KEY_ID_BYTES = 4
ED25519 = b"\x01"
DASH = "\u2014 "


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """The public key of a log. name: no spaces and no plus; public_key: 32 bytes (RFC 8032).

    Its text form is name+key id in hexadecimal+base64(0x01 || public key).
    """

    name: str
    public_key: bytes

    def __post_init__(self) -> None:
        if not _is_name(self.name):
            raise VerifierKeyError("a log's name is 1 to 255 bytes of text without spaces and without a plus")
        if len(self.public_key) != 32:
            raise VerifierKeyError("an Ed25519 public key has 32 bytes")

    @property
    def key_id(self) -> bytes:
        """The 4 bytes by which a signature says whose it is."""
        hashed = hashlib.sha256(self.name.encode() + b"\n" + ED25519 + self.public_key)
        return hashed.digest()[:KEY_ID_BYTES]

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{to_base64(ED25519 + self.public_key)}"

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """Read the text form; raises VerifierKeyError."""
        name, _, rest = text.partition("+")
        try:
            encoded = from_base64(rest.partition("+")[2], size=33)
        except NotCanonicalError:
            raise VerifierKeyError from None
        key = cls(name, encoded[1:])
        if str(key) != text:
            raise VerifierKeyError("the parts of this public key do not fit together")
        return key


class SigningKey:
    """The private key of a log: whoever holds it can sign any log of that name. seed: 32 secret bytes (RFC 8032)."""

    __slots__ = ("_key", "verifier")

    def __init__(self, name: str, seed: bytes) -> None:
        if len(seed) != 32:
            raise VerifierKeyError("the seed of an Ed25519 key has 32 bytes")
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.verifier = VerifierKey(name, self._key.public_key().public_bytes_raw())

    def sign(self, text: str) -> bytes:
        """The signed note of a text that ends in a newline; raises CheckpointError where no note can hold it."""
        signature = to_base64(self.verifier.key_id + self._key.sign(text.encode()))
        note = f"{text}\n{DASH}{self.verifier.name} {signature}\n".encode()
        if parse_note(note).text != text:
            raise CheckpointError("a note cannot hold this text")
        return note


@dataclass(frozen=True, slots=True)
class Signature:
    """One line of a note. key_id: 4 bytes; signature: whatever that key's algorithm makes."""

    name: str
    key_id: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Note:
    """A note as it is written, its signatures not yet verified; text: with its last newline."""

    text: str
    signatures: tuple[Signature, ...]

    def verify(self, key: VerifierKey) -> None:
        """Raise CheckpointKeyError where `key` signed nothing here, CheckpointSignatureError where not this text."""
        own = [s.signature for s in self.signatures if (s.name, s.key_id) == (key.name, key.key_id)]
        if not own:
            raise CheckpointKeyError
        try:
            public = Ed25519PublicKey.from_public_bytes(key.public_key)
            for signature in own:
                public.verify(signature, self.text.encode())
        except (InvalidSignature, ValueError):
            raise CheckpointSignatureError from None


def parse_note(data: bytes) -> Note:
    """Read a note; raises CheckpointError unless it has the form of one, to the byte."""
    if len(data) > MAX_NOTE_BYTES:
        raise CheckpointError(f"a checkpoint of more than {MAX_NOTE_BYTES:,} bytes")
    try:
        note = data.decode("utf-8")
    except UnicodeDecodeError:
        raise CheckpointError from None
    text, _, lines = note.rpartition("\n\n")
    if not text or not lines.endswith("\n") or any(c < " " and c != "\n" for c in note):
        raise CheckpointError
    signatures = lines[:-1].split("\n")
    if len(signatures) > MAX_SIGNATURES:
        raise CheckpointError(f"a checkpoint with more than {MAX_SIGNATURES} signatures")
    return Note(text + "\n", tuple(_parse_signature(line) for line in signatures))


def _parse_signature(line: str) -> Signature:
    name, _, encoded = line.removeprefix(DASH).partition(" ")
    try:
        signature = from_base64(encoded)
    except NotCanonicalError:
        raise CheckpointError from None
    if not line.startswith(DASH) or not _is_name(name) or len(signature) <= KEY_ID_BYTES:
        raise CheckpointError
    return Signature(name, signature[:KEY_ID_BYTES], signature[KEY_ID_BYTES:])


def _is_name(name: str) -> bool:
    try:
        size = len(name.encode())
    except UnicodeEncodeError:  # half of a surrogate pair
        return False
    return 0 < size <= MAX_NAME_BYTES and not any(c.isspace() or c < " " or c == "+" for c in name)
