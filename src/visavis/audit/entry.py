"""What one leaf of the log says: who did what, when, in which gallery, with what outcome, and to how many.

Ids of subjects, references and grants are never in it, only commitments (commitments.py). Every other text is a word from
a list, or of the operator's making: the gallery's name, its purpose, the id of an access key.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from visavis.audit.canonical import LARGEST_INTEGER, canonical, from_base64, read_canonical, to_base64
from visavis.audit.commitments import COMMITMENT_BYTES, Commitment, Kind
from visavis.errors import EntryError

VERSION = 1
LOCAL = "local"
"""Who acts where no access key does: the command line, or visavis itself."""

MAX_COMMITMENTS = 12_291
"""Three for each of the 4,096 candidates that one search can return, and for the reference that is searched with."""


class Action(StrEnum):
    """What was done, or asked for."""

    GALLERY_CREATE = "gallery-create"
    GALLERY_CHANGE = "gallery-change"
    GALLERY_DELETE = "gallery-delete"
    ENROL = "enrol"
    REMOVE = "remove"
    USER_CREATE = "user-create"
    USER_DELETE = "user-delete"
    ASSOCIATE = "associate"
    DISASSOCIATE = "disassociate"
    VERIFY = "verify"
    IDENTIFY = "identify"
    REDACT = "redact"
    VIEW = "view"
    EXPORT = "export"
    CONSENT_REQUEST = "consent-request"
    GRANT = "grant"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"
    EXPIRE = "expire"
    ERASE = "erase"
    KEY_CREATE = "key-create"
    KEY_CHANGE = "key-change"
    KEY_REVOKE = "key-revoke"
    BACKUP = "backup"
    RESTORE = "restore"
    CLOCK = "clock"


class Refusal(StrEnum):
    """Why something asked for was not done."""

    NO_CONSENT = "no-consent"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    OTHER_PURPOSE = "other-purpose"
    NOT_ALLOWED = "not-allowed"
    NOT_FOUND = "not-found"
    UNUSABLE_PHOTO = "unusable-photo"
    NO_FACE = "no-face"
    BAD_REQUEST = "bad-request"
    FAILED = "failed"


class Counted(StrEnum):
    """What an entry counts."""

    PHOTOS = "photos"
    FACES = "faces"
    SUBJECTS = "subjects"
    REFERENCES = "references"
    CANDIDATES = "candidates"
    USERS = "users"


@dataclass(frozen=True, slots=True)
class Entry:
    """One use. at: UTC, whole seconds. by: the id of an access key, or "local". refusal: why not, None where it was done.

    Raises EntryError where a field holds what the log must not or cannot hold.
    """

    action: Action
    at: datetime
    by: str = LOCAL
    gallery: str | None = None
    purpose: str | None = None
    refusal: Refusal | None = None
    counts: Mapping[Counted, int] = field(default_factory=dict)
    commitments: tuple[Commitment, ...] = ()

    def __post_init__(self) -> None:
        if self.at.tzinfo is not UTC or self.at.microsecond:
            raise EntryError("a time is in UTC and whole seconds")
        if not re.fullmatch(r"[A-Za-z0-9_.-]{1,128}", self.by):
            raise EntryError("who acted is the id of an access key, or local")
        if self.gallery is not None and not re.fullmatch(r"[A-Za-z0-9_.-]{1,255}", self.gallery):
            raise EntryError("a gallery's name is 1 to 255 letters, digits, _, . and -")
        if self.purpose is not None and not (0 < len(self.purpose) <= 256 and self.purpose.isprintable()):
            raise EntryError("a purpose is 1 to 256 printable characters")
        if any(type(count) is not int or not 0 <= count <= LARGEST_INTEGER for count in self.counts.values()):
            raise EntryError("a count is an integer from 0 to 2**53 - 1")
        if len(self.commitments) > MAX_COMMITMENTS:
            raise EntryError(f"more than {MAX_COMMITMENTS:,} commitments")

    def to_bytes(self) -> bytes:
        """The leaf: RFC 8785 JSON. Fields that say nothing are left out."""
        document: dict[str, Any] = {
            "action": self.action,
            "at": utc_text(self.at),
            "by": self.by,
            "outcome": "refused" if self.refusal else "done",
            "version": VERSION,
        }
        optional: dict[str, Any] = {
            "commitments": [{"digest": to_base64(c.digest), "of": c.of} for c in self.commitments],
            "counts": dict(self.counts),
            "gallery": self.gallery,
            "purpose": self.purpose,
            "reason": self.refusal,
        }
        return canonical(document | {name: value for name, value in optional.items() if value})

    @classmethod
    def from_bytes(cls, leaf: bytes) -> Entry:
        """The entry in a leaf. Raises NotCanonicalError where it is not RFC 8785 JSON, EntryError where it is no entry."""
        try:
            entry = _entry(read_canonical(leaf))
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
            raise EntryError from None
        if entry.to_bytes() != leaf:  # a field that is unknown, superfluous or not as visavis writes it
            raise EntryError
        return entry


def utc_text(at: datetime) -> str:
    """A time in UTC as the log writes it: 2026-10-05T12:00:00Z."""
    return at.isoformat().replace("+00:00", "Z")


def _entry(document: dict[str, Any]) -> Entry:
    reason = document.get("reason")
    return Entry(
        action=Action(document["action"]),
        at=datetime.fromisoformat(document["at"]).astimezone(UTC),
        by=document["by"],
        gallery=document.get("gallery"),
        purpose=document.get("purpose"),
        refusal=None if reason is None else Refusal(reason),
        counts={Counted(name): count for name, count in document.get("counts", {}).items()},
        commitments=tuple(
            Commitment(Kind(c["of"]), from_base64(c["digest"], COMMITMENT_BYTES))
            for c in document.get("commitments", [])
        ),
    )
