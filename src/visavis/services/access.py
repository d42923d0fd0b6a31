"""Access keys: who may call the server, for which operations, in which galleries, until when.

A key counts only while its row in the store and its secret in the keyring are both there. It is made secret first and
ends secret first. Cut off while it is made, a secret is left without a row, which nobody was told and nothing asks for;
cut off while it ends, a row without a secret, which opens nothing and is revoked when a registry is next opened. So is a
key that an older store brings back: what was deleted from the keyring is in no copy of the store.
"""

from __future__ import annotations

import base64
import os
import re
import secrets
import string
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import astuple, dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from visavis.audit.entry import Action
from visavis.consent.times import is_time
from visavis.errors import (
    AccessKeyError,
    ClockError,
    CredentialsFileError,
    RevokeUnfinishedError,
    StoreError,
    UnknownAccessKeyError,
)
from visavis.files import why, write_new_file
from visavis.services.registry import Registry
from visavis.services.work import working
from visavis.store.access import (
    AccessRow,
    all_access_keys,
    find_access_key,
    ids_of_unrevoked,
    insert_access_key,
    revoke_access_key,
)
from visavis.store.access_secrets import delete_secret, ids_with_secret, keep_secret, read_secret

ALL = ("*",)
MAX_PATTERNS = 100
SECRET_CHARACTERS = 40

_ID = re.compile(r"VSVS[A-Z2-7]{16}")
_ID_RANDOM_BYTES = 10
_PATTERN = re.compile(r"[A-Za-z0-9_.*-]{1,255}")
_ALPHABET = string.ascii_letters + string.digits


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


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key as it was made. secret: 40 letters and digits, told this once."""

    key: AccessKey
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Live:
    """A key that may be used now, and the secret that its holder signs with."""

    key: AccessKey
    secret: str = field(repr=False)


def create(
    registry: Registry,
    operations: Sequence[str] = ALL,
    galleries: Sequence[str] = ALL,
    expires_at: int | None = None,
) -> NewKey:
    """Make a key. operations, galleries: 1 to 100 patterns each: letters, digits, `_`, `.`, `-`, and `*` for any text.

    expires_at: from then on it may not be used; UTC, in seconds since 1970. Raises AccessKeyError, and ClockError and StoreError
    before there is a secret.
    """
    limits = _checked(operations, "operations"), _checked(galleries, "galleries")
    access_key_id = f"VSVS{base64.b32encode(secrets.token_bytes(_ID_RANDOM_BYTES)).decode()}"
    secret = "".join(secrets.choice(_ALPHABET) for _ in range(SECRET_CHARACTERS))
    with working(registry) as work:
        if expires_at is not None and not (is_time(expires_at) and expires_at > work.now):
            raise AccessKeyError("the time from which a key may not be used is over")
        row = AccessRow(access_key_id, *limits, work.now, expires_at, revoked_at=None)
        keep_secret(registry.keyring, access_key_id, secret)
        insert_access_key(work.connection, row)
        work.log(Action.KEY_CREATE)
    return NewKey(_key(row), secret)


def find(registry: Registry, access_key_id: str) -> Live | None:
    """The key of that id with its secret, if it may be used now; None where it is unknown, expired or revoked.

    Both databases are read each time, so that a key that any process revoked is None in all of them. Raises StoreError and KeyringError.
    """
    if not _ID.fullmatch(access_key_id):  # not every text can be asked a database for
        return None
    try:
        with registry.store.read() as connection:
            key = _key(find_access_key(connection, access_key_id))
    except UnknownAccessKeyError:
        return None
    if not key.lives(registry.clock()):
        return None
    secret = read_secret(registry.keyring, access_key_id)
    return None if secret is None else Live(key, secret)


def keys(registry: Registry) -> list[AccessKey]:
    """Every key that was ever made, the first first."""
    with registry.store.read() as connection:
        return [_key(row) for row in all_access_keys(connection)]


def revoke(registry: Registry, access_key_id: str) -> AccessKey:
    """End a key for good; once this returned, no process takes it any more. Safe to repeat: each call leaves a leaf.

    Raises UnknownAccessKeyError; StoreError and KeyringError where the secret cannot be deleted; RevokeUnfinishedError where it is, so that
    nobody can use the key, but the store could not be brought to say so, or the clock is wrong.
    """
    if not _ID.fullmatch(access_key_id):
        raise UnknownAccessKeyError
    delete_secret(registry.keyring, access_key_id)
    try:
        return _revoke_row(registry, access_key_id)
    except (StoreError, ClockError) as error:
        raise RevokeUnfinishedError(f"{RevokeUnfinishedError.__doc__} It failed: {error.message}") from None


def finish_revocations(registry: Registry) -> None:
    """Revoke the keys that have no secret any more: a revocation was cut off, or an older store brought them back.

    Under a wrong clock it waits: nobody can use them meanwhile.
    """
    with registry.store.read() as connection:
        unrevoked = ids_of_unrevoked(connection)
    if not unrevoked:
        return
    kept = ids_with_secret(registry.keyring)  # read after the rows: no key has a row before its secret
    for access_key_id in unrevoked:
        if access_key_id not in kept:
            with suppress(ClockError):
                _revoke_row(registry, access_key_id)


def check_operations(patterns: Collection[str], known: Collection[str]) -> None:
    """Raise AccessKeyError where one of these patterns fits no operation that there is."""
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in known):
            raise AccessKeyError(
                "no operation has one of these names", hint="they are written as in DetectFaces, Search*"
            )


def create_in_file(
    registry: Registry,
    file: Path,
    operations: Sequence[str] = ALL,
    galleries: Sequence[str] = ALL,
    expires_at: int | None = None,
) -> AccessKey:
    """Make a key, as `create` does, whose secret is told to a new file alone (`write_credentials`).

    Where the file cannot be written, the key is revoked again.
    """
    if os.path.lexists(file):
        raise CredentialsFileError("the key's file cannot be written: file exists")
    new = create(registry, operations, galleries, expires_at)
    try:
        write_credentials(file, new)
    except BaseException:
        revoke(registry, new.key.id)
        raise
    return new.key


def write_credentials(file: Path, new: NewKey) -> None:
    """Write a key where AWS's tools read it (AWS_SHARED_CREDENTIALS_FILE), in the profile `default`: a new file, its owner's alone.

    Raises CredentialsFileError where there is one of that name, or it cannot be written.
    """
    text = f"[default]\naws_access_key_id = {new.key.id}\naws_secret_access_key = {new.secret}\n"
    try:
        write_new_file(file, text.encode())
    except OSError as error:
        raise CredentialsFileError(f"the key's file cannot be written: {why(error, 'no room')}") from None


def _revoke_row(registry: Registry, access_key_id: str) -> AccessKey:
    with working(registry) as work:
        revoke_access_key(work.connection, access_key_id, work.now)
        row = find_access_key(work.connection, access_key_id)
        work.log(Action.KEY_REVOKE)
    return _key(row)


def _checked(patterns: Sequence[str], what: str) -> tuple[str, ...]:
    if not 0 < len(patterns) <= MAX_PATTERNS or not all(_PATTERN.fullmatch(pattern) for pattern in patterns):
        raise AccessKeyError(
            f"the {what} of a key are 1 to {MAX_PATTERNS} names of letters, digits, _, . and -, in which * stands for any text"
        )
    return tuple(dict.fromkeys(patterns))


def _key(row: AccessRow) -> AccessKey:
    return AccessKey(*astuple(row))


def _fits(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)
