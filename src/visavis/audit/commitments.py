"""Commitments: what stands in the log instead of the id of a subject, a reference or a grant.

A commitment is HMAC-SHA256 (RFC 2104) under a salt of 32 random bytes, over the kind, a zero byte and the id in UTF-8.
Without the salt it tells nothing, not even whether two of them are of one person; with the salt, it can be opened for one id only.
Salts are kept elsewhere, under the key of the person's grant. So a salt is fresh for each leaf *and each
person in it*: one salt shared by two people would outlive the erasure of the first in the keeping of the second.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from enum import StrEnum

from visavis.errors import EntryError

SALT_BYTES = 32
COMMITMENT_BYTES = 32


class Kind(StrEnum):
    """What a commitment is of."""

    SUBJECT = "subject"
    REFERENCE = "reference"
    GRANT = "grant"


@dataclass(frozen=True, slots=True)
class Commitment:
    """Stands for one id. digest: 32 bytes."""

    of: Kind
    digest: bytes

    def __post_init__(self) -> None:
        if len(self.digest) != COMMITMENT_BYTES:
            raise EntryError(f"a commitment has {COMMITMENT_BYTES} bytes, not {len(self.digest)}")

    def opens(self, salt: bytes, identifier: str) -> bool:
        """Whether it is the commitment of this id under this salt of 32 bytes."""
        return hmac.compare_digest(self.digest, commit(self.of, identifier, salt).digest)


def fresh_salt() -> bytes:
    """A salt for one person in one leaf: 32 bytes that nobody can guess."""
    return secrets.token_bytes(SALT_BYTES)


def commit(of: Kind, identifier: str, salt: bytes) -> Commitment:
    """The commitment of an id under a salt of 32 bytes; raises EntryError where either is not usable."""
    if len(salt) != SALT_BYTES:
        raise EntryError(f"a salt has {SALT_BYTES} bytes, not {len(salt)}")
    try:
        message = of.encode() + b"\x00" + identifier.encode()
    except UnicodeEncodeError:  # half of a surrogate pair
        raise EntryError("an id is not Unicode text") from None
    return Commitment(of, hmac.digest(salt, message, hashlib.sha256))
