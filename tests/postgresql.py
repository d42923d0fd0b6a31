"""A PostgreSQL server of the tests' own, on a socket in a folder of its own, gone when they end."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from sqlalchemy import make_url

from visavis.store.database import Database
from visavis.store.migrate import HEADS, prepare

USER = "visavis"
_numbers = count(1)


def why_not() -> str | None:
    """Why no server can be started here; None where one can."""
    if _programs() is None:
        return "PostgreSQL is not installed (CONTRIBUTING.md, PostgreSQL)"
    if os.geteuid() == 0 and not (shutil.which("runuser") and _has_user("postgres")):
        return "PostgreSQL does not run as root, and there is no user postgres"
    return None


class Server:
    """A server that trusts whoever reaches its socket."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket
        for schema in HEADS:
            self._create(schema)
            database = Database(self.url(schema))
            prepare(database, schema)
            database.close()

    def url(self, database: str) -> str:
        return f"postgresql://{USER}@/{database}?host={self._socket}"

    def new_store(self, *, tables: bool = True) -> str:
        """The URL of an empty store, with its tables or without; its keyring is beside it."""
        name = f"visavis{next(_numbers)}"
        self._create(name, "store" if tables else "template1")
        self._create(f"{name}_keyring", "keyring" if tables else "template1")
        return self.url(name)

    def new_database(self) -> str:
        """The URL of a database without tables."""
        name = f"visavis{next(_numbers)}"
        self._create(name)
        return self.url(name)

    def drop_store(self, url: str) -> None:
        """Drop a store and its keyring: a thousand files less to remove in the end."""
        name = make_url(url).database
        for each in (name, f"{name}_keyring"):
            self._run(f'DROP DATABASE IF EXISTS "{each}" WITH (FORCE)')

    def _create(self, name: str, template: str = "template1") -> None:
        self._run(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')

    def _run(self, command: str) -> None:
        database = Database(self.url("postgres"))
        try:
            with database._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.connection.driver_connection.execute(command)  # type: ignore[union-attr]  # it is psycopg's
        finally:
            database.close()


@contextmanager
def server(*options: str) -> Iterator[Server]:
    """Start a server; options: of its configuration, such as `fsync=off`."""
    programs = _programs()
    assert programs is not None
    folder = Path(tempfile.mkdtemp(prefix="visavis-pg-", dir=_fast_folder()))
    data = folder / "data"
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres")
        settings = " ".join(f"-c {option}" for option in ("listen_addresses=", *options))
        _run(programs / "initdb", "-D", data, "-U", USER, "-A", "trust", "--no-sync", "-E", "UTF8")
        _run(
            programs / "pg_ctl",
            "-D",
            data,
            "-w",
            "-l",
            folder / "log",
            "-o",
            f"-k {folder} {settings}",
            "start",
        )
        try:
            yield Server(folder)
        finally:
            _run(programs / "pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(*command: str | Path) -> None:
    as_postgres = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    done = subprocess.run(
        [*as_postgres, *map(str, command)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        cwd="/",
        check=False,
    )
    assert done.returncode == 0, done.stderr


def _fast_folder() -> Path | None:
    """Memory, where there is enough: hundreds of databases come and go. Else wherever temporary files are."""
    memory = Path("/dev/shm")  # noqa: S108  the folder made in it has a name that nobody guesses
    return memory if memory.is_dir() and shutil.disk_usage(memory).free > 4 * 2**30 else None


def _programs() -> Path | None:
    """The folder of initdb and pg_ctl: Debian keeps them off the path."""
    found = shutil.which("initdb")
    if found:
        return Path(found).parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]))
    return versions[-1].parent if versions else None


def _has_user(name: str) -> bool:
    import pwd

    return any(user.pw_name == name for user in pwd.getpwall())
