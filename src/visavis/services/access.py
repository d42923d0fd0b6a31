"""Access keys: who may call the server, for which operations, in which galleries, until when."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

ALL = ("*",)


@dataclass(frozen=True, slots=True)
class AccessKey:
    """What a key may do. operations, galleries: names, in which `*` stands for any text; times: UTC, in seconds since 1970."""

    id: str
    operations: tuple[str, ...] = ALL
    galleries: tuple[str, ...] = ALL
    created_at: int = 0
    expires_at: int | None = None
    revoked_at: int | None = None

    def lives(self, now: int) -> bool:
        """Whether it may be used now."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now)

    def allows(self, operation: str, gallery: str | None = None) -> bool:
        """Whether it is for this operation and, where the operation is on one, for this gallery."""
        return _fits(operation, self.operations) and (gallery is None or self.reaches(gallery))

    def reaches(self, gallery: str) -> bool:
        """Whether it is for this gallery: of the others, its holder is not told."""
        return _fits(gallery, self.galleries)


def _fits(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)
