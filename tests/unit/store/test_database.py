"""Connections, transactions and what stands in their way, as errors that say so."""

from __future__ import annotations

import os
import resource
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from visavis.errors import (
    StoreBusyError,
    StoreDamagedError,
    StoreError,
    StoreFullError,
    StoreReadOnlyError,
    StoreUnreachableError,
    VisavisError,
)
from visavis.store import database as room
from visavis.store.database import Database

HIDDEN = "correct-horse"


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits long for a lock."""
    monkeypatch.setattr(room, "_PATIENCE_S", 0.05)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """An SQLite database with a table and a row."""
    path = tmp_path / "some.db"
    with opened(path) as database, database.write() as connection:
        connection.execute(text("CREATE TABLE words (word TEXT)"))
        connection.execute(text("INSERT INTO words VALUES ('first')"))
    return path


@pytest.fixture
def words(database_url: str) -> Iterator[Database]:
    """A database of either kind with an empty table."""
    database = Database(database_url)
    with database.write() as connection:
        connection.execute(text("CREATE TABLE words (word TEXT)"))
    yield database
    database.close()


@contextmanager
def opened(path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{path}")
    try:
        yield database
    finally:
        database.close()


def add(database: Database, word: str = "more") -> None:
    with database.write() as connection:
        connection.execute(text("INSERT INTO words VALUES (:word)"), {"word": word})


def write_much(database: Database, first: str = "SELECT 1") -> None:
    """2 MB in one transaction."""
    with database.write() as connection:
        connection.execute(text(first))
        for _ in range(500):
            connection.execute(text("INSERT INTO words VALUES (hex(randomblob(2000)))"))


def count(database: Database) -> int:
    with database.read() as connection:
        return int(connection.execute(text("SELECT count(*) FROM words")).scalar_one())


def test_every_connection_is_set_up(file: Path) -> None:
    wanted = {"journal_mode": "wal", "synchronous": 2, "secure_delete": 1, "foreign_keys": 1, "temp_store": 2}
    with opened(file) as database:
        for _ in range(3):
            with database.read() as one, database.read() as other, database.write() as third:
                for connection in (one, other, third):
                    found = {name: connection.execute(text(f"PRAGMA {name}")).scalar() for name in wanted}
                    assert found == wanted
            database.close()


def test_files_are_their_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "some.db"
    mask = os.umask(0)
    try:
        with opened(path) as database, database.write() as connection:
            connection.execute(text("CREATE TABLE words (word TEXT)"))
            names = sorted(entry.name for entry in path.parent.iterdir())
            modes = {stat.S_IMODE(entry.stat().st_mode) for entry in path.parent.iterdir()}
    finally:
        os.umask(mask)
    assert names == ["some.db", "some.db-shm", "some.db-wal"]
    assert modes == {0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "name", ["with space", "100%25", "why?", "#1", "ü ß 人", "a&b=c", "it's", "mode=memory?uri=true"]
)
def test_a_path_is_taken_as_it_is(name: str, tmp_path: Path) -> None:
    path = tmp_path / name / f"{name}.db"
    with opened(path) as database:
        with database.write() as connection:
            connection.execute(text("CREATE TABLE words (word TEXT)"))
        assert database.path == path
    assert path.is_file()
    assert [entry.name for entry in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize(
    "url",
    [
        "",
        "garbage",
        f"mysql://me:{HIDDEN}@host/store",
        f"oracle+nothing://me:{HIDDEN}@host",
        f"postgresql://me:{HIDDEN}@host:port/store",
        f"postgresql://me:{HIDDEN}@[::1/store",
        f"postgresql://me:{HIDDEN}@host",
        f"postgresql://me:{HIDDEN}@host/",
        f"postgresql://me:{HIDDEN}@host/store?host=a:1&host=b&port=3",
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite://host/some.db",
        "sqlite:////tmp/nul\0.db",
        "sqlite+other:////tmp/some.db",
    ],
)
def test_what_is_no_database(url: str) -> None:
    with pytest.raises(StoreUnreachableError) as caught:
        Database(url)
    assert HIDDEN not in str(caught.value)
    assert "\n" not in str(caught.value)


@settings(max_examples=30, deadline=None)
@given(st.text(max_size=60))
def test_no_url_does_more_harm_than_an_error(url: str) -> None:
    try:
        Database(f"postgresql://me:{HIDDEN}@{url}")
        Database(url)
    except VisavisError as error:
        assert HIDDEN not in str(error)


def test_a_password_is_not_shown() -> None:
    database = Database(f"postgresql://me:{HIDDEN}@127.0.0.1:1/store?connect_timeout=1")
    with pytest.raises(StoreUnreachableError) as caught:
        count(database)
    shown = f"{database!r} {database.url} {vars(database)} {caught.value} {caught.value.hint}"
    assert HIDDEN not in shown
    assert caught.value.__suppress_context__


def test_a_transaction_is_whole_or_not_there(words: Database) -> None:
    def stop_halfway() -> None:
        with words.write() as connection:
            connection.execute(text("INSERT INTO words VALUES ('half')"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        stop_halfway()
    assert count(words) == 0


def test_a_reader_sees_one_state(words: Database) -> None:
    add(words)
    with words.read() as connection:
        before = connection.execute(text("SELECT count(*) FROM words")).scalar()
        add(words)
        assert connection.execute(text("SELECT count(*) FROM words")).scalar() == before == 1
    assert count(words) == 2


def test_writers_come_one_after_the_other(file: Path) -> None:
    """Each reads what it then replaces; with a lock taken only at the first change, some would be refused or lost."""
    with opened(file) as database:
        add(database, "0")

        def count_up() -> None:
            for _ in range(20):
                with database.write() as connection:
                    most = connection.execute(
                        text("SELECT max(CAST(word AS INTEGER)) FROM words")
                    ).scalar_one()
                    connection.execute(text("INSERT INTO words VALUES (:word)"), {"word": str(most + 1)})

        threads = [threading.Thread(target=count_up) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with database.read() as connection:
            assert connection.execute(text("SELECT max(CAST(word AS INTEGER)) FROM words")).scalar() == 80


def test_threads_of_a_process_wait_for_each_other_and_not_for_sqlite(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite's own patience is none here: whoever asked it would be refused at once."""
    with monkeypatch.context() as hurried:
        hurried.setattr(room, "_PATIENCE_S", 0)
        database = Database(f"sqlite:///{file}")
    came: list[str] = []
    refused: list[StoreError] = []

    def write(word: str) -> None:
        came.append(word)
        try:
            add(database, word)
            database.overwrite_freed()
        except StoreError as error:
            refused.append(error)

    with closing(database):
        with database.write():
            waiting = [threading.Thread(target=write, args=(str(i),)) for i in range(3)]
            for thread in waiting:
                thread.start()
            for thread in waiting:
                thread.join(0.1)
            assert [thread.is_alive() for thread in waiting] == [True] * 3
        for thread in waiting:
            thread.join()
        assert (len(came), refused) == (3, [])


@pytest.mark.usefixtures("quick")
def test_a_thread_that_waits_too_long_is_refused(file: Path) -> None:
    with opened(file) as database, database.write(), pytest.raises(StoreBusyError):
        add(database, "second")


def test_what_another_process_writes_and_closes_is_read(file: Path) -> None:
    """Whoever closes last removes the write-ahead log. Who else has the file open is seen by locks that the system takes from a process
    as soon as it closes any handle of the file: were there one beside SQLite's own, a second connection would end the first one's lock."""
    write = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('INSERT INTO words VALUES (1)'); c.commit(); c.close()"
    with opened(file) as database:
        with database.read() as one, database.read() as other:
            assert one.connection.dbapi_connection is not other.connection.dbapi_connection
        for seen in (2, 4):
            subprocess.run([sys.executable, "-c", write, file], check=True)
            assert count(database) == seen
            add(database)
    with opened(file) as database:
        assert count(database) == 5


@pytest.mark.usefixtures("quick")
def test_held_by_another_process(file: Path) -> None:
    hold = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('BEGIN IMMEDIATE'); print(1, flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", hold, file], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        with opened(file) as database:
            assert count(database) == 1, "who reads does not wait"
            with pytest.raises(StoreBusyError):
                add(database)
            process.communicate("\n")
            add(database)
            assert count(database) == 2


def test_what_was_deleted_leaves_the_files(file: Path) -> None:
    with opened(file) as database:
        add(database, "the secret of a person")
        with database.write() as connection:
            connection.execute(text("DELETE FROM words WHERE word LIKE 'the%'"))
        assert b"the secret of" in left_by(file), "else this test shows nothing"
        database.overwrite_freed()
        assert b"the secret of" not in left_by(file)
        assert file.with_name("some.db-wal").stat().st_size == 0
        assert count(database) == 1


def left_by(file: Path) -> bytes:
    return b"".join(path.read_bytes() for path in file.parent.glob(f"{file.name}*"))


@pytest.mark.usefixtures("quick")
def test_a_reader_that_never_ends(file: Path) -> None:
    with opened(file) as database:
        with opened(file) as other, other.read() as reader:
            reader.execute(text("SELECT * FROM words")).all()
            add(database)
            with pytest.raises(StoreBusyError, match="erased bytes cannot be overwritten yet"):
                database.overwrite_freed()
        database.overwrite_freed()


def test_what_fails_while_overwriting_is_named(file: Path) -> None:
    with opened(file) as database:
        database.overwrite_freed()
        add(database)
        with file.open("r+b") as raw:
            raw.write(b"not a database at all")
        database.close()
        with pytest.raises(StoreDamagedError):
            database.overwrite_freed()


def test_no_more_pages(file: Path) -> None:
    with opened(file) as database, pytest.raises(StoreFullError):
        write_much(database, "PRAGMA max_page_count = 3")
    with opened(file) as database:
        assert count(database) == 1


def test_a_limit_on_file_sizes(file: Path) -> None:
    """What a quota looks like too: not SQLite's own word for a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with opened(file) as database:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
        try:
            with pytest.raises(StoreFullError):
                write_much(database)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert count(database) == 1


@contextmanager
def small_disk(folder: Path) -> Iterator[Callable[[str], bool]]:
    """A file system of 1 MiB; yields what mounts it again with other options. Skips the test where none can be mounted."""

    def mount(*arguments: str) -> bool:
        try:
            return subprocess.run(["mount", *arguments], capture_output=True, check=False).returncode == 0
        except FileNotFoundError:
            return False

    if not mount("-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)):
        pytest.skip("a file system can be mounted by root alone")
    try:
        yield lambda option: mount("-o", f"remount,{option}", str(folder))
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def fill(folder: Path) -> None:
    with (folder / "filling").open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))


def test_a_full_disk(file: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    with small_disk(disk):
        there = disk / "some.db"
        there.write_bytes(file.read_bytes())
        with opened(there) as database:
            add(database)
            fill(disk)
            with pytest.raises(StoreFullError):
                write_much(database)
            assert count(database) == 2
            (disk / "filling").unlink()
            add(database)
            assert count(database) == 3


def test_a_file_system_that_takes_no_writes(file: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    with small_disk(disk) as remount:
        there = disk / "some.db"
        there.write_bytes(file.read_bytes())
        remount("ro")
        for use in (count, add):
            with opened(there) as database, pytest.raises(StoreReadOnlyError):
                use(database)
        with opened(disk / "new.db") as database, pytest.raises(StoreReadOnlyError, match="read-only"):
            count(database)


@pytest.mark.parametrize("closed", ["file", "folder", "everything"])
def test_without_rights(closed: str, file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "closed"
    folder.mkdir()
    there = folder / "some.db"
    there.write_bytes(file.read_bytes())
    there.chmod({"file": 0o444, "folder": 0o666, "everything": 0o600}[closed])
    folder.chmod({"file": 0o777, "folder": 0o555, "everything": 0o555}[closed])
    with as_nobody(tmp_path):
        for use in (count, add):
            with opened(there) as database, pytest.raises(StoreReadOnlyError):
                use(database)
    folder.chmod(0o755)
    with opened(there) as database:
        assert count(database) == 1


@contextmanager
def as_nobody(folder: Path) -> Iterator[None]:
    """Root may do everything; anybody else may not. Everything above the folder is opened to whoever passes through."""
    if os.geteuid() != 0:
        yield
        return
    modes = {parent: parent.stat().st_mode for parent in (folder, *folder.parents)}
    for parent, mode in modes.items():
        parent.chmod(mode | 0o111)
    os.setresuid(65534, 65534, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)
        for parent, mode in modes.items():
            parent.chmod(mode)


@pytest.mark.parametrize("content", [b"not a database" * 100, bytes(4096)])
def test_another_file(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "some.db"
    path.write_bytes(content)
    with opened(path) as database, pytest.raises(StoreDamagedError):
        add(database)
    assert path.read_bytes() == content


def test_damaged_pages(file: Path) -> None:
    with opened(file) as database:
        write_much(database)
    data = bytearray(file.read_bytes())
    data[4096:] = b"\xa5" * (len(data) - 4096)
    file.write_bytes(data)
    with opened(file) as database, pytest.raises(StoreDamagedError):
        count(database)


def test_a_folder_is_no_database(tmp_path: Path) -> None:
    with opened(tmp_path) as database, pytest.raises(StoreUnreachableError, match="is a directory"):
        count(database)


def test_a_text_that_no_database_keeps(words: Database) -> None:
    with pytest.raises(StoreError):
        add(words, "\udcff")
    assert count(words) == 0


def test_the_driver_of_sqlite_waits_as_long_as_we_do(file: Path) -> None:
    with opened(file) as database, database.read() as connection:
        waits = connection.execute(text("PRAGMA busy_timeout")).scalar()
    assert waits == room._PATIENCE_S * 1000
    assert sqlite3.threadsafety > 0
