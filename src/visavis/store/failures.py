"""What a database driver reports, as errors of visavis. None of them carries a statement, a parameter or a URL."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DataError, DBAPIError, SQLAlchemyError

from visavis.errors import (
    StoreBusyError,
    StoreDamagedError,
    StoreError,
    StoreFullError,
    StoreReadOnlyError,
    StoreUnreachableError,
)

_BY_SQLITE_CODE: dict[int, type[StoreError]] = {
    # A quota and a limit on file sizes are no SQLITE_FULL, nor is a full disk while the shared-memory file grows.
    sqlite3.SQLITE_IOERR_WRITE: StoreFullError,
    sqlite3.SQLITE_IOERR_FSYNC: StoreFullError,
    sqlite3.SQLITE_IOERR_SHMSIZE: StoreFullError,
    sqlite3.SQLITE_IOERR: StoreUnreachableError,
    sqlite3.SQLITE_BUSY: StoreBusyError,
    sqlite3.SQLITE_LOCKED: StoreBusyError,
    sqlite3.SQLITE_PROTOCOL: StoreBusyError,
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
    ("57014", StoreBusyError),
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
    except sqlite3.Error as error:
        raise _named_by_sqlite(error) from None
    except SQLAlchemyError as error:
        raise StoreError(f"the database driver gave up: {type(error).__name__}") from None
    except UnicodeDecodeError:  # of a damaged text, or of what SQLite says about one
        raise StoreDamagedError from None
    except UnicodeEncodeError:
        raise StoreError("a text that was given is not Unicode", hint="") from None


def _named(error: DBAPIError) -> type[StoreError]:
    if isinstance(error.orig, sqlite3.Error):
        return _named_by_sqlite(error.orig)
    # Where the driver itself gave up, there is no SQLSTATE: it did not like the values, or lost the server.
    state = getattr(error.orig, "sqlstate", None) or ("22" if isinstance(error, DataError) else "08")
    return next((found for prefix, found in _BY_SQLSTATE if str(state).startswith(prefix)), StoreError)


def _named_by_sqlite(error: sqlite3.Error) -> type[StoreError]:
    code = getattr(error, "sqlite_errorcode", 0)
    primary = code & 0xFF  # the rest of it are details
    return _BY_SQLITE_CODE.get(code) or _BY_SQLITE_CODE.get(primary, StoreError)
