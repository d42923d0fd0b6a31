"""What a key may hand on to another key: never more than it may do itself."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from visavis.services.access import AccessKey


def is_unlimited(key: AccessKey) -> bool:
    """Whether a key is for all galleries, those to come as well."""
    return is_within(("*",), key.galleries)


def covers(
    key: AccessKey, operations: Sequence[str], galleries: Sequence[str], expires_at: int | None
) -> bool:
    """Whether a key may make another that is limited so: no operation, no gallery and no day that it has not itself."""
    lasts = key.expires_at is None or (expires_at is not None and expires_at <= key.expires_at)
    return lasts and is_within(operations, key.operations) and is_within(galleries, key.galleries)


def is_within(patterns: Sequence[str], limits: Sequence[str]) -> bool:
    """Whether whatever fits one of the patterns fits one of the limits; no, where it would take several limits for one pattern."""
    return all(any(_is_within(pattern, limit) for limit in limits) for pattern in patterns)


def _is_within(pattern: str, limit: str) -> bool:
    """The star of a pattern is compared as the text that it is, and only a star of the limit fits that.

    Other signs that fnmatch knows stand in no key; where they did, only a pattern that is the limit would be within it.
    """
    plain = not set("?[") & set(pattern + limit)
    return pattern == limit or (plain and fnmatchcase(pattern, limit))
