"""What cannot be done, as a person types it: one line that says why, a hint, and nothing half done."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner
from commands import refused
from commands import visavis as in_a_process
from commands import visavis_here as visavis
from PIL import Image, ImageFilter

from visavis.cli import commands
from visavis.consent.terms import Terms
from visavis.services import galleries
from visavis.services.consents import Given, give, refuse, request, withdraw
from visavis.services.folders import HowToEnrol, PhotoOf, enrol_photos
from visavis.services.registry import opened
from visavis.settings import load_settings

SUBJECT = "zebulon-quartz"
PURPOSE = "entry to the workshop"
OTHER_PURPOSE = "photos of the summer party"
NO_PROOF = {"leaves", "nodes", "salts", "store_state", "alembic_version"}


@pytest.fixture(scope="module")
def prepared(astronaut: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state folder: the gallery `staff`, in which one person is enrolled, and others who said other things."""
    folder = tmp_path_factory.mktemp("prepared")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("VISAVIS_HOME", str(folder))
        with opened(load_settings()) as registry:
            galleries.create(registry, "staff", PURPOSE)
            give(registry, Given(SUBJECT, PURPOSE, Terms()))
            ((_, outcome),) = enrol_photos(registry, "staff", [PhotoOf(SUBJECT, astronaut)], HowToEnrol())
            assert not isinstance(outcome, Exception), outcome
            give(registry, Given(f"{SUBJECT}-party", OTHER_PURPOSE, Terms()))
            give(registry, Given(f"{SUBJECT}-new", PURPOSE, Terms()))
            request(registry, Given(f"{SUBJECT}-asked", PURPOSE, Terms()))
            refuse(registry, Given(f"{SUBJECT}-no", PURPOSE, Terms()))
            give(registry, Given(f"{SUBJECT}-gone", PURPOSE, Terms()))
            withdraw(registry, f"{SUBJECT}-gone", PURPOSE)
    return folder


@pytest.fixture
def home(prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it, that the commands use."""
    folder = tmp_path / "home"
    shutil.copytree(prepared, folder)
    monkeypatch.setenv("VISAVIS_HOME", str(folder))
    return folder


@pytest.fixture(scope="module")
def photos(astronaut: Path, hopper: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Photos that cannot be enrolled, and one that can: Grace Hopper."""
    folder = tmp_path_factory.mktemp("photos")
    first, second = (Image.open(path).convert("RGB") for path in (astronaut, hopper))
    second.save(folder / "hopper.png")
    both = Image.new("RGB", (first.width + second.width, max(first.height, second.height)))
    both.paste(first, (0, 0))
    both.paste(second, (first.width, 0))
    both.save(folder / "two.png")
    Image.new("RGB", (200, 200), "grey").save(folder / "nobody.png")
    second.filter(ImageFilter.GaussianBlur(12)).resize((40, 47)).save(folder / "blurred.png")
    (folder / "text.jpg").write_text("no photo")
    (folder / "cut.png").write_bytes((folder / "hopper.png").read_bytes()[:5000])
    return folder


def rows(home: Path) -> dict[str, list[Any]]:
    """Everything that is kept of people; the log has its own test."""
    found = {}
    for name in ("visavis.db", "visavis-keyring.db"):
        with closing(sqlite3.connect(home / name)) as connection:
            tables = [
                row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            ]
            for table in set(tables) - NO_PROOF:
                found[f"{name} {table}"] = connection.execute(f'SELECT * FROM "{table}"').fetchall()  # noqa: S608  the schema's own names
    return found


def log_size(home: Path) -> int:
    with closing(sqlite3.connect(home / "visavis.db")) as connection:
        return int(connection.execute("SELECT log_size FROM store_state").fetchone()[0])


def execute(file: Path, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(statement, values)


class Watched:
    """Commands that must change nothing in a state folder but for the leaves that say that they were refused."""

    def __init__(self, home: Path) -> None:
        self._home = home

    def refused(self, *command: str | Path, said: str, leaves: int = 0) -> str:
        before, size = rows(self._home), log_size(self._home)
        run = visavis(*command)
        refused(run, said)
        assert SUBJECT not in run.stderr, "an error names nobody"
        assert rows(self._home) == before, command
        assert log_size(self._home) == size + leaves, command
        return run.stderr

    def misused(self, *command: str | Path, said: str) -> None:
        before, size = rows(self._home), log_size(self._home)
        run = visavis(*command)
        assert run.returncode == 2, run.stderr
        assert run.stdout == ""
        assert said in run.stderr
        assert "Traceback" not in run.stderr
        assert (rows(self._home), log_size(self._home)) == (before, size)


@pytest.fixture
def watched(home: Path) -> Watched:
    return Watched(home)


def test_without_a_consent_that_counts(home: Path, photos: Path) -> None:
    """Several people in one run: each is refused for their own reason, in their own leaf."""
    folder = photos / "folder"
    for name in ("-party", "-asked", "-no", "-gone", "-unheard-of"):
        (folder / f"{SUBJECT}{name}").mkdir(parents=True)
        shutil.copy(photos / "hopper.png", folder / f"{SUBJECT}{name}" / "photo.png")
    before, size = rows(home), log_size(home)
    run = visavis("enrol", "staff", "--folder", folder)
    assert run.returncode == 1
    assert run.stdout == "enrolled 0 photos, 5 refused\n"
    assert rows(home) == before
    assert log_size(home) == size + 5
    said = dict(
        line.removeprefix(f"visavis: {folder}/{SUBJECT}-").split("/photo.png: ")
        for line in run.stderr.splitlines()
    )
    assert [said[name].split(".")[0] for name in sorted(said)] == [
        "There is no consent of this person for this purpose",
        "The person withdrew their consent to this purpose",
        "The person refused to consent to this purpose",
        "The person consented, but to another purpose",
        "There is no consent of this person for this purpose",
    ]
    assert all("(" in line and SUBJECT not in line for line in said.values())


def test_verifying_without_a_consent_that_counts(watched: Watched, photos: Path) -> None:
    photo = photos / "hopper.png"
    watched.refused("verify", "staff", f"{SUBJECT}-gone", photo, said="withdrew", leaves=1)
    watched.refused("verify", "staff", f"{SUBJECT}-new", photo, said="no reference of this person", leaves=1)


def test_expired(home: Path, photos: Path) -> None:
    """Whoever's consent expired is erased by the next command, whichever it is."""
    execute(
        home / "visavis.db",
        "UPDATE grants SET expires_at = ? WHERE subject = ?",
        int(time.time()) - 1,
        SUBJECT,
    )
    run = visavis("verify", "staff", SUBJECT, photos / "hopper.png")
    refused(run, "has expired", "hint: ask the person again")
    assert SUBJECT not in run.stderr
    left = rows(home)
    assert left["visavis.db enrolled"] == []
    assert len(left["visavis-keyring.db tombstones"]) == 2


def test_photos_that_cannot_be_enrolled(home: Path, photos: Path) -> None:
    names = ["nobody.png", "two.png", "blurred.png", "text.jpg", "cut.png", "absent.png"]
    before, size = rows(home), log_size(home)
    run = visavis("enrol", "staff", f"{SUBJECT}-new", *(photos / name for name in names))
    assert run.returncode == 1
    assert run.stdout == "enrolled 0 photos, 6 refused\n"
    said = run.stderr.splitlines()
    for line, name, reason in zip(
        said,
        names,
        ["no face", "several people", "too poor", "not a photo", "damaged", "cannot be read"],
        strict=True,
    ):
        assert line.startswith(f"visavis: {photos / name}: ")
        assert reason in line
        assert SUBJECT not in line
    assert rows(home) == before
    assert log_size(home) == size + 6


def test_somebody_else(home: Path, photos: Path, astronaut: Path) -> None:
    before, size = rows(home), log_size(home)
    for subject, photo, reason in (
        (f"{SUBJECT}-new", astronaut, "looks like that of another person"),
        (SUBJECT, photos / "hopper.png", "does not look like the references"),
    ):
        run = visavis("enrol", "staff", subject, photo)
        assert run.returncode == 1
        assert reason in run.stderr
        assert "--confirm" in run.stderr
        assert SUBJECT not in run.stderr
    assert rows(home) == before
    assert log_size(home) == size + 2


def test_probes_that_cannot_be_looked_at(watched: Watched, photos: Path) -> None:
    watched.refused("identify", "staff", photos / "nobody.png", said="no face", leaves=1)
    watched.refused("identify", "staff", photos / "absent.png", said="cannot be read")
    watched.refused("identify", "nowhere", photos / "hopper.png", said="no gallery of that name")
    watched.misused("identify", "staff", photos / "hopper.png", "--fpir", "0", said="--fpir")


def test_galleries_that_cannot_be(watched: Watched) -> None:
    create = ("gallery", "create")
    watched.refused(*create, "staff", "--purpose", PURPOSE, said="a gallery of that name already")
    watched.refused(*create, "a b", "--purpose", PURPOSE, said="letters, digits, dots")
    watched.refused(*create, "new", "--purpose", " ", said="a purpose is")
    watched.refused(*create, "new", "--purpose", PURPOSE, "--recogniser", "nobody", said="no model is named")
    watched.refused("gallery", "show", "nowhere", said="no gallery of that name")
    watched.refused("gallery", "show", os.fsdecode(b"\xff"), said="no gallery of that name")
    watched.refused("gallery", "upgrade", "staff", "--to", "nobody", said="no model is named")
    unknown = "00000000-0000-0000-0000-000000000000"
    watched.refused("gallery", "remove", "staff", unknown, said="no such reference")
    watched.misused("gallery", "remove", "staff", "this-one", said="not a valid UUID")


def test_another_model(home: Path, photos: Path) -> None:
    """The gallery's recogniser is of a name that nobody knows any more."""
    execute(home / "visavis.db", "UPDATE galleries SET recogniser = 'former'")
    Watched(home).refused("enrol", "staff", f"{SUBJECT}-new", photos / "hopper.png", said="no model is named")


def test_consents_that_cannot_be(watched: Watched, tmp_path: Path) -> None:
    grant = ("consent", "grant", "--subject")
    watched.refused(*grant, "no spaces please", "--purpose", PURPOSE, said="a subject is")
    watched.refused(*grant, "new", "--purpose", "line\nbreak", said="a purpose is")
    watched.refused(*grant, "new", "--purpose", PURPOSE, "--until", "soon", said="a time is a day such as")
    watched.refused(*grant, "new", "--purpose", PURPOSE, "--until", "2020-01-01", said="has ended already")
    watched.refused(
        "consent", "withdraw", "--subject", "nobody", "--purpose", PURPOSE, said="no consent of this person"
    )
    watched.refused(
        "consent",
        "withdraw",
        "--subject",
        f"{SUBJECT}-no",
        "--purpose",
        PURPOSE,
        said="withdraw is not possible: the consent is refused",
    )
    watched.refused("consent", "refuse", "--subject", SUBJECT, "--purpose", PURPOSE, said="withdraw")
    watched.refused(*grant, "new", "--purpose", PURPOSE, "--language", "x", said="a language is")
    (tmp_path / "list.csv").write_text("subject;purpose;until\na;p;never\n")
    watched.refused("consent", "import", tmp_path / "list.csv", said="line 2")
    (tmp_path / "list.csv").write_text(f"subject,purpose\nfirst,{PURPOSE}\n{SUBJECT} x,{PURPOSE}\n")
    watched.refused("consent", "import", tmp_path / "list.csv", said="a subject is")
    (tmp_path / "list.csv").write_bytes(b"\x89PNG\r\n\0\xff")
    watched.refused("consent", "import", tmp_path / "list.csv", said="not UTF-8")
    watched.misused("consent", "grant", "--subject", "new", said="--purpose")
    watched.misused("consent", "import", tmp_path / "absent.csv", said="does not exist")


def test_receipts(watched: Watched, tmp_path: Path) -> None:
    receipt = tmp_path / "receipt.json"
    run = visavis("consent", "receipt", "--subject", SUBJECT, "--purpose", PURPOSE, receipt)
    assert run.returncode == 0, run.stderr
    whole = receipt.read_bytes()
    receipt.write_bytes(whole.replace(PURPOSE.encode(), b"entry to the dungeon!"))
    watched.refused("consent", "verify", receipt, said="altered")
    receipt.write_bytes(whole[:-1])
    watched.refused("consent", "verify", receipt, said="not a receipt")
    gone = ("consent", "receipt", "--subject", f"{SUBJECT}-gone", "--purpose", PURPOSE)
    watched.refused(*gone, tmp_path / "gone.json", said="no receipt to give again")
    assert not (tmp_path / "gone.json").exists()


def test_master_keys(home: Path, watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    key = home / "master.key"
    right = key.read_bytes()
    key.chmod(0o644)
    watched.refused("gallery", "list", said="Others on this machine can read the master key")
    key.chmod(0o600)
    key.write_bytes(b"nonsense")
    watched.refused("gallery", "list", said="not 32 bytes in base64")
    key.unlink()
    watched.refused("gallery", "list", said="not here")
    assert not key.exists(), "a new one would hide that the old one is lost"
    monkeypatch.setenv("VISAVIS_MASTER_KEY", "A" * 43 + "=")
    said = watched.refused(
        "consent", "withdraw", "--subject", SUBJECT, "--purpose", PURPOSE, said="not the one that the keyring"
    )
    assert "AAAA" not in said
    monkeypatch.setenv("VISAVIS_MASTER_KEY", right.decode())
    watched.refused("keyring", "rotate", said="the new master key is not here")
    assert visavis("gallery", "list").returncode == 0


def test_a_clock_that_was_set_back(home: Path, watched: Watched, photos: Path) -> None:
    execute(home / "visavis.db", "UPDATE store_state SET last_at = ?", int(time.time()) + 4_000)
    watched.refused(
        "gallery", "create", "new", "--purpose", PURPOSE, said="clock of this machine runs behind"
    )
    watched.refused("consent", "withdraw", "--subject", SUBJECT, "--purpose", PURPOSE, said="runs behind")
    watched.refused("keyring", "rotate", said="runs behind")
    watched.refused("identify", "staff", photos / "hopper.png", said="runs behind")
    assert visavis("doctor").returncode == 1
    # An erasure that was cut off under the right clock is no obstacle to setting it right.
    execute(
        home / "visavis-keyring.db",
        "INSERT INTO tombstones SELECT grant_id, 1, 'withdraw', 0 FROM data_keys LIMIT 1",
    )
    accepted = visavis("doctor", "--accept-clock")
    assert "runs" not in accepted.stdout
    assert visavis("gallery", "list").returncode == 0
    with closing(sqlite3.connect(home / "visavis-keyring.db")) as connection:
        assert connection.execute("SELECT count(*) FROM tombstones WHERE settled = 0").fetchone() == (0,)


@pytest.mark.slow
def test_databases_that_are_not_as_they_should_be(home: Path, watched: Watched, tmp_path: Path) -> None:
    store, keyring = home / "visavis.db", home / "visavis-keyring.db"
    listed = ("gallery", "list")
    (home / "visavis.toml").write_text("unknown = 1\n")
    watched.refused(*listed, said="an unknown setting")
    (home / "visavis.toml").unlink()
    for file in (store, keyring):
        execute(file, "UPDATE alembic_version SET version_num = '9' || version_num")
        watched.refused(*listed, said="made by a newer visavis")
        execute(file, "UPDATE alembic_version SET version_num = substr(version_num, 2)")
    for url in (
        "garbage",
        "mysql://me:correct-horse@host/x",
        "postgresql://me:correct-horse@host:port/x",
        "postgresql://me:correct-horse@127.0.0.1:1/x",
    ):
        said = watched.refused(*listed, "--database-url", url, said="database")
        assert "correct-horse" not in said
    watched.refused(*listed, "--database-url", f"sqlite:///{keyring}", said="is no store")
    keyring.rename(tmp_path / "keyring")
    refused(in_a_process(*listed), "its keyring is not", "--keys FILE")
    shutil.move(tmp_path / "keyring", keyring)
    store.rename(tmp_path / "store")
    refused(visavis(*listed), "its store is not", "visavis restore FILE")
    shutil.move(tmp_path / "store", store)
    store.write_bytes(b"nonsense" * 1000)
    refused(visavis(*listed), "The store is damaged", "visavis restore FILE")


def test_an_extra_that_is_missing(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    said = watched.refused(
        "gallery", "list", "--database-url", "postgresql:///x", said="not installed: psycopg"
    )
    assert "visavis[postgres]" in said


def test_backups(home: Path, watched: Watched, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    backup, keys = tmp_path / "backup", tmp_path / "backup.keys"
    keys.write_text("mine")
    watched.refused("backup", backup, said="a file of that name already")
    assert not backup.exists(), "half a backup is none"
    assert keys.read_text() == "mine"
    watched.refused("backup", backup, "--keys", backup, said="need a file each")
    watched.refused("backup", keys / "in-a-file", said="cannot be written", leaves=1)
    keys.unlink()
    assert visavis("backup", backup).returncode == 0
    watched.refused("restore", backup, said="a store already")
    monkeypatch.setenv("VISAVIS_HOME", str(tmp_path / "other"))
    (tmp_path / "other").mkdir()
    shutil.copy(home / "master.key", tmp_path / "other" / "master.key")
    assert visavis("backup", tmp_path / "theirs").returncode == 0
    monkeypatch.setenv("VISAVIS_HOME", str(tmp_path / "empty"))
    (tmp_path / "garbage").write_bytes(b"garbage" * 999)
    refused(visavis("restore", tmp_path / "garbage"), "not a backup")
    refused(visavis("restore", keys), "copy of the keyring, not of the store")
    refused(visavis("restore", backup), "the keyring is not here", "--keys")
    refused(visavis("restore", backup, "--keys", backup), "copy of the store, not of the keyring")
    refused(visavis("restore", backup, "--keys", keys), "master key of the keyring is not here")
    shutil.copy(home / "master.key", tmp_path / "empty" / "master.key")
    refused(visavis("restore", backup, "--keys", tmp_path / "theirs.keys"), "do not belong together")
    run = visavis("restore", backup, "--keys", keys)
    assert run.returncode == 0, run.stderr
    assert "new name and key" in run.stdout, "also after the attempts that failed"


@pytest.fixture
def small_disk(home: Path) -> Iterator[Path]:
    """The state folder on a file system of 4 MiB."""
    done = (
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=4m,mode=700", "tmpfs", home],
            capture_output=True,
            check=False,
        )
        if shutil.which("mount")
        else None
    )
    if done is None or done.returncode:
        pytest.skip("a file system can be mounted by root alone")
    try:
        yield home
    finally:
        subprocess.run(["umount", "-l", home], check=True)


@pytest.mark.slow
def test_a_disk_that_is_full_or_takes_no_writes(prepared: Path, small_disk: Path, photos: Path) -> None:
    shutil.copytree(prepared, small_disk, dirs_exist_ok=True)
    before, size = rows(small_disk), log_size(small_disk)
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    for command in (
        ("consent", "withdraw", "--subject", SUBJECT, "--purpose", PURPOSE),
        ("identify", "staff", photos / "hopper.png"),
    ):
        run = in_a_process(*command)
        refused(run, "cannot be written to; nothing was changed", "even a search needs to write")
        assert SUBJECT not in run.stderr
    subprocess.run(["mount", "-o", "remount,rw", small_disk], check=True)
    with (small_disk / "filling").open("wb", buffering=0) as file:
        while True:
            try:
                file.write(bytes(1024))
            except OSError:
                break
    people = photos.parent / "many.csv"
    people.write_text("subject,purpose\n" + "".join(f"{SUBJECT}-{i},{PURPOSE}\n" for i in range(1000)))
    run = in_a_process("consent", "import", people)
    refused(run, "no room left", "free some space")
    assert SUBJECT not in run.stderr
    (small_disk / "filling").unlink()
    assert (rows(small_disk), log_size(small_disk)) == (before, size)


def test_wrong_usage(watched: Watched, photos: Path, tmp_path: Path) -> None:
    watched.misused("enrol", "staff", said="give SUBJECT and IMAGE..., or --folder")
    watched.misused("enrol", "staff", "someone", "--folder", photos, said="name the subjects")
    watched.misused("nonsense", said="No such command")
    watched.refused("enrol", "staff", "--folder", tmp_path, said="no photos in the folder's folders")
    watched.refused("enrol", "staff", "someone", tmp_path, said="no photos there")


def all_commands(group: click.Group, *before: str) -> Iterator[tuple[str, ...]]:
    for name, command in group.commands.items():
        yield (*before, name)
        if isinstance(command, click.Group):
            yield from all_commands(command, *before, name)


@pytest.mark.parametrize("command", [(), *all_commands(commands)], ids=" ".join)
def test_every_command_explains_itself(command: tuple[str, ...]) -> None:
    result = CliRunner().invoke(commands, [*command, "--help"], prog_name="visavis")
    assert result.exit_code == 0, result.output
    assert result.output.startswith(f"Usage: {' '.join(('visavis', *command))} ")
    assert len(result.output.splitlines()) > 4
