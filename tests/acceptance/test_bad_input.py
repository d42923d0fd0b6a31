"""What galleries refuse, through whole command lines: one line that says why and a hint, and nothing is half done."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter
from registries import agree, enrolled, registry_at
from sqlalchemy import event, func, select, text

from visavis import cli
from visavis.services import galleries
from visavis.store.database import Database
from visavis.store.schema import enrolled as enrolled_rows
from visavis.store.schema import grants

PURPOSE = "entry to the workshop"
SUBJECT = "very-secret-subject"

Refused = Callable[..., None]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state folder with a gallery, to whose purpose the subject agreed."""
    folder = tmp_path / "state"
    monkeypatch.setenv("VISAVIS_HOME", str(folder))
    with registry_at(folder) as registry:
        galleries.create(registry, "staff", PURPOSE)
        agree(registry, SUBJECT)
    sql(folder, "UPDATE store_state SET last_at = 0")  # the tests' clock stands in another year
    return folder


def sql(home: Path, statement: str, name: str = "visavis.db") -> None:
    database = Database(f"sqlite:///{home / name}")
    with database.write() as connection:
        connection.execute(text(statement))
    database.close()


def state(home: Path) -> tuple[int, ...]:
    """How much there is of everything but the log."""
    database = Database(f"sqlite:///{home / 'visavis.db'}")
    with database.read() as connection:
        tables = (enrolled_rows, grants)
        found = tuple(
            int(connection.execute(select(func.count()).select_from(t)).scalar_one()) for t in tables
        )
    database.close()
    return found


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Refused:
    """Runs a command line, which must be refused with one line and at most one hint, in which no subject is named."""

    def run(said: str, *arguments: str | Path, code: int = 1) -> None:
        monkeypatch.setattr(sys, "argv", ["visavis", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            cli.main()
        out, err = capsys.readouterr()
        assert end.value.code == code, err
        assert said in err
        assert SUBJECT not in err
        if code == 1:
            lines = err.strip().splitlines()
            assert len(lines) <= 2
            assert lines[0].startswith("visavis: ")
            assert "Traceback" not in out + err

    return run


@pytest.fixture
def photo(tmp_path: Path, astronaut: Path) -> Path:
    return Path(shutil.copy(astronaut, tmp_path / "photo.png"))


def test_consents_and_photos(home: Path, refused: Refused, photo: Path, hopper: Path, tmp_path: Path) -> None:
    before = state(home)
    two, blurred, empty = tmp_path / "two.png", tmp_path / "blurred.png", tmp_path / "empty.png"
    pair = [np.asarray(Image.open(path).convert("RGB").resize((400, 400))) for path in (photo, hopper)]
    Image.fromarray(np.hstack(pair)).save(two)
    Image.open(photo).convert("RGB").filter(ImageFilter.GaussianBlur(7)).resize((160, 160)).save(blurred)
    Image.new("RGB", (300, 300), "grey").save(empty)
    (tmp_path / "broken.jpg").write_bytes(photo.read_bytes()[:3000])
    refused("There is no consent", "enrol", "staff", "nobody", photo)
    refused("several people", "enrol", "staff", SUBJECT, two)
    refused("too poor", "enrol", "staff", SUBJECT, blurred)
    refused("no face", "enrol", "staff", SUBJECT, empty)
    refused("damaged or incomplete", "enrol", "staff", SUBJECT, tmp_path / "broken.jpg")
    refused("cannot be read", "enrol", "staff", SUBJECT, tmp_path / "missing.jpg")
    refused("no gallery of that name", "enrol", "none", SUBJECT, photo)
    refused("no face", "identify", "staff", empty)
    refused("no gallery of that name", "identify", "none", photo)
    refused("no reference of this person", "verify", "staff", SUBJECT, photo)
    refused("give SUBJECT and IMAGE", "enrol", "staff", code=2)
    refused("no photos in the folder", "enrol", "staff", "--folder", tmp_path)
    assert state(home) == before


def test_consents_that_do_not_count(home: Path, refused: Refused, photo: Path) -> None:
    sql(home, "UPDATE grants SET expires_at = 1")
    refused("has expired", "enrol", "staff", SUBJECT, photo)
    refused("has expired", "verify", "staff", SUBJECT, photo)
    about = ("--subject", SUBJECT, "--purpose")
    refused("is not possible", "consent", "withdraw", *about, PURPOSE)
    refused("There is no consent", "consent", "withdraw", *about, "another purpose")
    refused("no receipt to give", "consent", "receipt", *about, PURPOSE, home / "r.json")
    refused("a time is a day", "consent", "grant", *about, PURPOSE, "--until", "soon")
    refused("has ended already", "consent", "grant", *about, PURPOSE, "--until", "2020-01-01")
    refused("a subject is", "consent", "grant", "--subject", "a b", "--purpose", PURPOSE)
    refused("a purpose is", "consent", "grant", "--subject", "a", "--purpose", " ")
    refused("a language is", "consent", "grant", *about, PURPOSE, "--language", "x")
    (home / "list.csv").write_text("subject;purpose;until\na;p;never\n")
    refused("line 2", "consent", "import", home / "list.csv")
    refused("not a receipt", "consent", "verify", home / "list.csv")


def test_another_purpose_and_another_model(home: Path, refused: Refused, photo: Path) -> None:
    with registry_at(home) as registry:
        galleries.create(registry, "other", "something else")
        enrolled(registry, "staff", SUBJECT)
    sql(home, "UPDATE store_state SET last_at = 0")
    refused("to another purpose", "enrol", "other", SUBJECT, photo)
    refused("does not look like", "enrol", "staff", SUBJECT, photo)
    refused("no model is named", "gallery", "create", "third", "--purpose", "x", "--recogniser", "none")
    refused("of that name already", "gallery", "create", "staff", "--purpose", "x")
    refused("A gallery's name is", "gallery", "create", "a b", "--purpose", "x")
    refused("no such reference", "gallery", "remove", "staff", "b9a0f3f0-0000-4000-8000-000000000000")


def test_state_that_does_not_open(home: Path, refused: Refused) -> None:
    listing = ("gallery", "list")
    key = home / "master.key"
    key.chmod(0o644)
    refused("Others on this machine can read", *listing)
    key.chmod(0o600)
    kept = key.read_text()
    key.write_text("x")
    refused("not 32 bytes", *listing)
    key.unlink()
    refused("The master key of the keyring is not here", *listing)
    key.write_text(kept)
    key.chmod(0o600)
    refused("not a database URL", *listing, "--database-url", "nonsense")
    refused(
        "a file of SQLite or a database of PostgreSQL",
        *listing,
        "--database-url",
        "mysql://secret-password@x/y",
    )
    refused("cannot be opened", *listing, "--database-url", "postgresql://u:secret@127.0.0.1:1/x")
    (home / "visavis.toml").write_text("unknown = 1\n")
    refused("an unknown setting", *listing)
    (home / "visavis.toml").unlink()
    sql(home, "UPDATE alembic_version SET version_num = '9999'")
    refused("made by a newer visavis", *listing)
    sql(home, "UPDATE alembic_version SET version_num = '0001'")
    sql(home, "UPDATE store_state SET last_at = 99999999999")
    refused("runs behind the audit log", "gallery", "create", "new", "--purpose", "x")
    (home / "visavis.db").write_bytes(b"no database at all" * 100)
    refused("damaged", *listing)


@pytest.mark.parametrize(
    ("pragma", "said"),
    [("max_page_count = 1", "no room left"), ("query_only = ON", "cannot be written to")],
)
def test_a_disk_without_room_and_a_store_that_is_read_only(
    home: Path, refused: Refused, monkeypatch: pytest.MonkeyPatch, pragma: str, said: str
) -> None:
    """SQLite itself is told so, of each connection: then it answers what it answers on such a disk."""
    before, set_up = state(home), Database.__init__

    def limited(self: Database, url: str) -> None:
        set_up(self, url)
        event.listen(self._engine, "connect", lambda connection, _: connection.execute(f"PRAGMA {pragma}"))

    (home / "list.csv").write_text("subject,purpose\n" + "".join(f"p{i},{PURPOSE}\n" for i in range(900)))
    with monkeypatch.context() as patch:
        patch.setattr(Database, "__init__", limited)
        refused(said, "consent", "import", home / "list.csv")
    assert state(home) == before


@pytest.mark.usefixtures("home")
def test_backups(refused: Refused, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"garbage")
    refused("a file of that name already", "backup", file)
    refused("not a backup", "restore", file)
    assert file.read_bytes() == b"garbage"
