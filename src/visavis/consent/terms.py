"""What a consent says: who gave it, after which notice, what shows it, and until when."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import IO

from visavis.consent.times import SECONDS_PER_DAY, is_time
from visavis.errors import ConsentTermsError

MAX_RETENTION_DAYS = 1096
"""Three years, a leap day among them."""

_READ_BYTES = 2**20


class Consenter(StrEnum):
    """Who said yes for the person."""

    PERSON = "person"
    GUARDIAN = "guardian"
    REPRESENTATIVE = "representative"


@dataclass(frozen=True, slots=True)
class Terms:
    """What was agreed besides the purpose. What is not known is None.

    notice_version: of what the person had read, 1 to 64 printable characters. language: of that notice, a BCP 47 tag.
    evidence_sha256: of what shows the consent (a scan, say), 64 hexadecimal digits in lower case.
    until: epoch seconds, UTC; the first second at which the consent no longer holds.
    Raises ConsentTermsError.
    """

    consented_by: Consenter = Consenter.PERSON
    notice_version: str | None = None
    language: str | None = None
    evidence_sha256: str | None = None
    until: int | None = None

    def __post_init__(self) -> None:
        if self.notice_version is not None:
            check_text(self.notice_version, "notice_version", 64)
        if self.language is not None and not _is_language(self.language):
            raise ConsentTermsError(
                "a language is a BCP 47 tag such as de or pt-BR, of at most 35 characters", field="language"
            )
        if self.evidence_sha256 is not None and not re.fullmatch(r"[0-9a-f]{64}", self.evidence_sha256):
            raise ConsentTermsError(
                "the evidence's SHA-256 is 64 hexadecimal digits in lower case", field="evidence_sha256"
            )
        if self.until is not None and not is_time(self.until):
            raise ConsentTermsError(
                "the end of a consent is in whole seconds between 1970 and 9999", field="until"
            )


def check_subject(subject: str) -> None:
    """Raise ConsentTermsError unless this can stand for a person: it is what stands before the first `:` of an id on the wire."""
    if not re.fullmatch(r"[A-Za-z0-9_.-]{1,255}", subject):
        raise ConsentTermsError(
            "a subject is 1 to 255 letters, digits, _, . and -",
            field="subject",
            hint="use a pseudonym, such as p-0417, and keep who is who elsewhere",
        )


def check_purpose(purpose: str) -> None:
    """Raise ConsentTermsError unless this can be a purpose: 1 to 256 printable characters, none of the outer ones a space."""
    check_text(purpose, "purpose", 256)


def check_text(text: str, field: str, longest: int) -> None:
    """Raise ConsentTermsError unless a text has 1 to `longest` printable characters, none of the outer ones a space."""
    if not (0 < len(text) <= longest and text.isprintable() and text == text.strip()):
        name = field.replace("_", " ")
        raise ConsentTermsError(
            f"a {name} is 1 to {longest} printable characters without spaces around them", field=field
        )


def expires_at(last_interaction_at: int, until: int | None, retention_days: int) -> int:
    """The first second at which a consent no longer holds: `until`, or sooner where the person has been away for too long.

    last_interaction_at: when the person last did something of their own, such as giving or renewing the consent;
    searches by the operator are not that. retention_days: 1 to 1096. Times are epoch seconds, UTC.
    Raises ConsentTermsError.
    """
    check_retention_days(retention_days)
    end = last_interaction_at + retention_days * SECONDS_PER_DAY
    return end if until is None else min(until, end)


def check_retention_days(retention_days: int) -> None:
    """Raise ConsentTermsError unless a consent may last that long without the person: 1 to 1096 days."""
    if not 1 <= retention_days <= MAX_RETENTION_DAYS:
        raise ConsentTermsError(
            f"a consent is retained for 1 to {MAX_RETENTION_DAYS} days after the person's last own interaction",
            field="retention_days",
        )


def evidence_digest(file: IO[bytes]) -> str:
    """The SHA-256 of the rest of a file, 64 hexadecimal digits in lower case; memory does not grow with it. Raises OSError."""
    digest = hashlib.sha256()
    while chunk := file.read(_READ_BYTES):
        digest.update(chunk)
    return digest.hexdigest()


def _is_language(tag: str) -> bool:
    """Whether a tag has the shape of RFC 5646; which tags are registered is not asked."""
    return len(tag) <= 35 and re.fullmatch(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*", tag) is not None
