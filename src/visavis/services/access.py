"""Access keys: who may call the server, for which operations, in which galleries, until when."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from visavis.errors import VisavisError
from visavis.services.registry import Registry

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


# A stand-in from here on, until the real ones are merged.
_kept: dict[int, dict[str, NewKey]] = {}


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key as it was made."""

    key: AccessKey
    secret: str = field(repr=False)


def create(registry: Registry) -> NewKey:
    """Make a key."""
    new = NewKey(AccessKey(f"VSVS{secrets.token_hex(8).upper()}"), secrets.token_hex(20))
    _kept.setdefault(id(registry.store), {})[new.key.id] = new
    return new


def find(registry: Registry, access_key_id: str) -> NewKey | None:
    """A live key."""
    return _kept.get(id(registry.store), {}).get(access_key_id)


def keys(registry: Registry) -> list[AccessKey]:
    """All keys."""
    return [new.key for new in _kept.get(id(registry.store), {}).values()]


def create_in_file(registry: Registry, file: Path) -> AccessKey:
    """Make a key in a new file."""
    if file.exists():
        raise VisavisError
    new = create(registry)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
        opened.write(f"[default]\naws_access_key_id = {new.key.id}\naws_secret_access_key = {new.secret}\n")
    return new.key


def _fits(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)
