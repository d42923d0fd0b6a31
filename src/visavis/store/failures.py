"""What a database driver reports, as errors of visavis. None of them carries a statement, a parameter or a URL."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from visavis.errors import (
    StoreBusyError,
    StoreDamagedError,
    StoreError,
    StoreFullError,
    StoreReadOnlyError,
    StoreUnreachableError,
)

_BY_SQLITE_CODE: dict[int, type[StoreError]] = {
    sqlite3.SQLITE_BUSY: StoreBusyError,
    sqlite3.SQLITE_LOCKED: StoreBusyError,
    sqlite3.SQLITE_FULL: StoreFullError,
    sqlite3.SQLITE_READONLY: StoreReadOnlyError,
    sqlite3.SQLITE_PERM: StoreUnreachableError,
    sqlite3.SQLITE_CANTOPEN: StoreUnreachableError,
    sqlite3.SQLITE_CORRUPT: StoreDamagedError,
    sqlite3.SQLITE_NOTADB: StoreDamagedError,
}
# Classes and codes of SQLSTATE (PostgreSQL, appendix A), the longer first.
_BY_SQLSTATE: tuple[tuple[str, type[StoreError]], ...] = (
    ("53100", StoreFullError),
    ("25006", StoreReadOnlyError),
    ("42501", StoreReadOnlyError),
    ("55P03", StoreBusyError),
    ("40", StoreBusyError),
    ("53", StoreBusyError),
    ("08", StoreUnreachableError),
    ("28", StoreUnreachableError),
    ("3D", StoreUnreachableError),
    ("57", StoreUnreachableError),
    ("XX", StoreDamagedError),
)


@contextmanager
def failures_named() -> Iterator[None]:
    """Turn what the driver raises within into the StoreError that fits."""
    try:
        yield
    except DBAPIError as error:
        raise _named(error) from None
    except SQLAlchemyError as error:
        raise StoreError(f"the database driver gave up: {type(error).__name__}") from None


def _named(error: DBAPIError) -> type[StoreError]:
    original = error.orig
    if isinstance(original, sqlite3.Error):
        code = getattr(original, "sqlite_errorcode", 0) & 0xFF  # the rest of it are details
        if code == sqlite3.SQLITE_IOERR:  # what a full disk looks like while a shared-memory file grows
            return (
                StoreFullError
                if "disk" in str(original) and "full" in str(original)
                else StoreUnreachableError
            )
        return _BY_SQLITE_CODE.get(code, StoreError)
    state = getattr(original, "sqlstate", None) or ("08" if error.connection_invalidated or original else "")
    return next((found for prefix, found in _BY_SQLSTATE if str(state).startswith(prefix)), StoreError)
