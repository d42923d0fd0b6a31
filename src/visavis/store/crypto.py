"""Sealing: AES-256-GCM (NIST SP 800-38D) with a fresh random nonce, bound to where the value belongs.

A sealed value is nonce (12 bytes) || ciphertext || tag (16 bytes). Its context, the associated data, says what it is
and of whom; a value that was moved to another row, gallery or person does not open.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from visavis.errors import SealError

KEY_BYTES = 32
_NONCE_BYTES = 12


def fresh_key() -> bytes:
    """32 bytes that nobody can guess."""
    return secrets.token_bytes(KEY_BYTES)


class Key:
    """A key that seals and opens; its bytes are not shown."""

    __slots__ = ("_aead", "_key")

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._aead = AESGCM(key)

    def seal(self, value: bytes, context: bytes) -> bytes:
        """The value, sealed for this context."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._aead.encrypt(nonce, value, context)

    def open(self, sealed: bytes, context: bytes) -> bytes:
        """The value; raises SealError unless it was sealed under this key for this context."""
        try:
            return self._aead.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], context)
        except (InvalidTag, ValueError):
            raise SealError from None

    def digest(self, data: bytes) -> bytes:
        """HMAC-SHA256 of data under this key: 32 bytes that tell nothing without it, and nothing once it is erased."""
        # A key of its own, so that no key serves two algorithms.
        own = hmac.digest(self._key, b"visavis digest", hashlib.sha256)
        return hmac.digest(own, data, hashlib.sha256)


def template_context(grant_id: bytes, gallery_id: bytes, reference_id: bytes, compatibility: str) -> bytes:
    """Where a template belongs: ids of 16 bytes each, and the models it compares with."""
    return b"template" + grant_id + gallery_id + reference_id + compatibility.encode()


def salt_context(grant_id: bytes, leaf_number: int) -> bytes:
    """Where the salt of a person in a leaf belongs."""
    return b"salt" + grant_id + leaf_number.to_bytes(8, "big")


def data_key_context(grant_id: bytes) -> bytes:
    """Where a data key belongs."""
    return b"data key" + grant_id


def access_secret_context(access_key_id: str) -> bytes:
    """Where the secret of an access key belongs."""
    return b"access secret" + access_key_id.encode()
