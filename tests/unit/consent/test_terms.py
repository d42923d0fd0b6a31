from __future__ import annotations

import hashlib
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.consent.terms import (
    MAX_RETENTION_DAYS,
    Terms,
    check_purpose,
    check_subject,
    evidence_digest,
    expires_at,
)
from visavis.consent.times import MAX_TIME
from visavis.errors import ConsentTermsError

DAY = 86_400


@pytest.mark.parametrize(
    "fields",
    [
        {}, {"notice_version": "v" * 64}, {"notice_version": "2026-09 (kurz)"}, {"language": "de"}, {"language": "zh-Hant-HK"},
        {"language": "de-aaaaaaaa-bbbbbbbb-cccccccc-ddddd"}, {"evidence_sha256": "0a" * 32}, {"until": 0}, {"until": MAX_TIME},
    ],
)  # fmt: skip
def test_terms(fields: dict[str, Any]) -> None:
    assert all(getattr(Terms(**fields), name) == value for name, value in fields.items())


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("notice_version", ""), ("notice_version", "v" * 65), ("notice_version", "a\nb"), ("notice_version", " a"),
        ("notice_version", "\ud800"), ("language", ""), ("language", "d"), ("language", "de_CH"), ("language", "de-"),
        ("language", "de-aaaaaaaa-bbbbbbbb-cccccccc-dddddd"), ("language", "dé"), ("language", "de\n"), ("evidence_sha256", "0a" * 31),
        ("evidence_sha256", "0A" * 32), ("evidence_sha256", "0g" * 32), ("evidence_sha256", "0a" * 32 + "\n"),
        ("until", -1), ("until", MAX_TIME + 1), ("until", 1.5), ("until", True),
    ],
)  # fmt: skip
def test_terms_that_are_not_valid(field: str, value: Any) -> None:
    with pytest.raises(ConsentTermsError) as raised:
        Terms(**{field: value})
    assert raised.value.field == field


@pytest.mark.parametrize("subject", ["p-0417", "a", "A_b.c-9", "x" * 255])
def test_subjects(subject: str) -> None:
    check_subject(subject)


@pytest.mark.parametrize("subject", ["", "x" * 256, "anna:img12", "Anna Müller", "anna\n", "ä", "a/b"])
def test_what_is_no_subject(subject: str) -> None:
    with pytest.raises(ConsentTermsError) as raised:
        check_subject(subject)
    assert raised.value.field == "subject"
    assert "pseudonym" in raised.value.hint
    assert len(subject) < 3 or subject not in raised.value.message + raised.value.hint


@pytest.mark.parametrize("purpose", ["a", "Zutritt zur Werkstatt – Zürich", "入館", "x" * 256])  # noqa: RUF001
def test_purposes(purpose: str) -> None:
    check_purpose(purpose)


@pytest.mark.parametrize(
    "purpose", ["", " ", "a ", " a", "\u3000a", "x" * 257, "a\nb", "a\x00", "a\u202eb", "\udfff"]
)
def test_what_is_no_purpose(purpose: str) -> None:
    with pytest.raises(ConsentTermsError) as raised:
        check_purpose(purpose)
    assert raised.value.field == "purpose"


@given(
    st.integers(0, 2**33), st.none() | st.integers(0, 2**34), st.integers(1, MAX_RETENTION_DAYS), st.integers(0, 2**31)
)  # fmt: skip
def test_whichever_comes_first(last: int, until: int | None, days: int, later: int) -> None:
    end = expires_at(last, until, days)
    assert end <= last + days * DAY <= last + 3 * 366 * DAY
    assert until is None or end <= until
    assert end in {until, last + days * DAY}
    assert expires_at(last + later, until, days) >= end, "staying in touch never shortens a consent"


@pytest.mark.parametrize("days", [-1, 0, MAX_RETENTION_DAYS + 1])
def test_retention_is_bounded(days: int) -> None:
    with pytest.raises(ConsentTermsError) as raised:
        expires_at(0, None, days)
    assert raised.value.field == "retention_days"


class Trickle(io.RawIOBase):
    """A file that gives a few bytes at a time, and counts the most that was asked for at once."""

    def __init__(self, data: bytes) -> None:
        self._data = io.BytesIO(data)
        self.most = 0

    def read(self, size: int = -1) -> bytes:
        self.most = max(self.most, 2**63 if size < 0 else size)
        return self._data.read(min(size, 3))


@given(st.binary(max_size=64))
def test_evidence_digest(data: bytes) -> None:
    file = Trickle(data)
    assert evidence_digest(file) == hashlib.sha256(data).hexdigest()  # type: ignore[arg-type]
    assert file.most <= 2**20
