"""What was backed up comes back, and who left since does not."""

from __future__ import annotations

import io
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from registries import NOW, PURPOSE, Clock, agree, enrolled, registry_at, settings_at, template_of

from visavis.audit.verify import verify_export
from visavis.errors import (
    BackupError,
    ConsentExpiredError,
    KeyringMissingError,
    NotABackupError,
    OldKeysError,
    StoreMismatchError,
)
from visavis.services import access, backup, consents, galleries, identify
from visavis.services.backup import Restored, Restoring, back_up, restore
from visavis.services.checkpoints import sign_log
from visavis.services.gate import live_grant
from visavis.services.log import export_log
from visavis.services.registry import Registry
from visavis.store import copies
from visavis.store.database import Database
from visavis.store.keyring import Keyring


def found(registry: Registry, person: str) -> list[str]:
    return [c.subject for c in identify.identify(registry, "staff", [template_of(person, 5)]).candidates]


@pytest.fixture
def backed_up(tmp_path: Path, database_url: str) -> tuple[Path, Path]:
    """Copies of a store in which anna and ben are enrolled; anna withdrew after they were made."""
    store, keys = tmp_path / "backup", tmp_path / "backup.keys"
    with registry_at(tmp_path, database_url) as registry:
        galleries.create(registry, "staff", PURPOSE)
        agree(registry, "anna", "ben")
        enrolled(registry, "staff", "anna", "ben")
        back_up(registry, store, keys)
        consents.withdraw(registry, "anna", PURPOSE)
    return store, keys


def other_store(database_url: str, request: pytest.FixtureRequest, home: Path) -> str:
    """An empty store of the same kind."""
    if database_url.startswith("sqlite"):
        return f"sqlite:///{home / 'restored.db'}"
    url: str = request.getfixturevalue("postgresql_server").new_store()
    return url


def test_with_the_keyring_that_is_there_who_left_is_erased_again(
    backed_up: tuple[Path, Path], database_url: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    url = other_store(database_url, request, tmp_path)
    settings = replace(settings_at(tmp_path, database_url), database_url=url)  # the keyring stays where it is
    restored = restore(settings, Restoring(backed_up[0]), Clock(NOW + 60))
    assert restored == Restored(erased_again=1, without_key=0, new_log=False)
    with registry_at(tmp_path, url, Clock(NOW + 60), keyring_url=settings.keyring_url) as registry:
        assert found(registry, "anna") == []
        assert found(registry, "ben") == ["ben"]
        enrolled(registry, "staff", "ben", photos=(7,))  # numbers go on from where they were


def test_without_any_keyring_its_copy_is_needed(
    backed_up: tuple[Path, Path], database_url: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    url = other_store(database_url, request, tmp_path)
    settings = settings_at(tmp_path, url)
    with pytest.raises(KeyringMissingError):
        restore(settings, Restoring(backed_up[0]), Clock())
    restored = restore(settings, Restoring(*backed_up), Clock(NOW + 60))
    assert restored == Restored(erased_again=0, without_key=0, new_log=True)
    with registry_at(tmp_path, url, Clock(NOW + 60)) as registry:
        assert found(registry, "ben") == ["ben"]
        assert found(registry, "anna") == ["anna"]  # why copies of a keyring are kept for days only
        file = io.BytesIO()
        export_log(registry, file)
        file.seek(0)
        verify_export(file)


def test_a_log_that_lost_signed_leaves_goes_on_under_another_name(
    backed_up: tuple[Path, Path], database_url: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    with registry_at(tmp_path, database_url) as registry:
        former = registry.signing_key().verifier
        sign_log(registry)  # of leaves that are not in the backup
    url = other_store(database_url, request, tmp_path)
    settings = replace(settings_at(tmp_path, database_url), database_url=url)
    assert restore(settings, Restoring(backed_up[0]), Clock(NOW + 60)).new_log
    with registry_at(tmp_path, url, Clock(NOW + 60), keyring_url=settings.keyring_url) as registry:
        assert registry.signing_key().verifier.name != former.name


def test_a_key_that_was_revoked_since_stays_so(
    database_url: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    with registry_at(tmp_path, database_url) as registry:
        stays, goes = access.create(registry), access.create(registry)
        back_up(registry, tmp_path / "b", tmp_path / "b.keys")
        access.revoke(registry, goes.key.id)
        later = access.create(registry)
    url = other_store(database_url, request, tmp_path)
    settings = replace(settings_at(tmp_path, database_url), database_url=url)
    restore(settings, Restoring(tmp_path / "b"), Clock(NOW + 60))
    with registry_at(tmp_path, url, Clock(NOW + 70), keyring_url=settings.keyring_url) as registry:
        assert access.find(registry, stays.key.id) == access.Live(stays.key, stays.secret)
        assert access.find(registry, goes.key.id) is None
        assert access.find(registry, later.key.id) is None
        revoked_at = {key.id: key.revoked_at for key in access.keys(registry)}
        assert revoked_at == {stays.key.id: None, goes.key.id: NOW + 60}, "the list says so as well"


def test_access_keys_come_back_with_the_keyring(
    database_url: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """Those revoked since, too: why copies of a keyring are kept for days only."""
    with registry_at(tmp_path, database_url) as registry:
        stays, goes = access.create(registry), access.create(registry)
        back_up(registry, tmp_path / "b", tmp_path / "b.keys")
        access.revoke(registry, goes.key.id)
    settings = settings_at(tmp_path, other_store(database_url, request, tmp_path))
    restore(settings, Restoring(tmp_path / "b", tmp_path / "b.keys"), Clock(NOW + 60))
    with registry_at(tmp_path, settings.database_url, Clock(NOW + 60)) as registry:
        for new in (stays, goes):
            assert access.find(registry, new.key.id) == access.Live(new.key, new.secret)


def test_old_copies_of_keys_are_refused(
    backed_up: tuple[Path, Path], database_url: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    settings = settings_at(tmp_path, other_store(database_url, request, tmp_path))
    late = Clock(NOW + 8 * 86_400)
    with pytest.raises(OldKeysError):
        restore(settings, Restoring(*backed_up), late)
    restore(settings, Restoring(*backed_up, accept_old_keys=True), late)


def test_a_store_that_is_there_is_not_written_over(
    backed_up: tuple[Path, Path], database_url: str, tmp_path: Path
) -> None:
    settings = settings_at(tmp_path, database_url)
    with pytest.raises(BackupError, match="there is a store already"):
        restore(settings, Restoring(backed_up[0]), Clock())


def test_neither_file_is_written_over(tmp_path: Path, registry: Registry) -> None:
    file = tmp_path / "taken"
    file.write_text("mine")
    with pytest.raises(BackupError, match="already"):
        back_up(registry, file, tmp_path / "keys")
    assert file.read_text() == "mine"
    assert not list(tmp_path.glob("*.draft*"))


def test_a_backup_is_readable_by_its_owner_alone(backed_up: tuple[Path, Path]) -> None:
    assert [file.stat().st_mode & 0o777 for file in backed_up] == [0o600, 0o600]


@pytest.mark.parametrize("content", [b"", b"no database", b"SQLite format 3\x00" + bytes(100)])
def test_what_is_no_backup_is_refused(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(content)
    with pytest.raises(NotABackupError):
        restore(settings_at(tmp_path / "home"), Restoring(file), Clock())


def test_another_database_is_no_backup(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "file") as connection:
        connection.execute("CREATE TABLE t (x)")
    connection.close()
    with pytest.raises(NotABackupError):
        restore(settings_at(tmp_path / "home"), Restoring(tmp_path / "file"), Clock())


def test_the_two_files_are_not_taken_for_each_other(backed_up: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(NotABackupError, match="a copy of the keyring"):
        restore(settings_at(tmp_path / "home"), Restoring(backed_up[1]), Clock())


def test_a_keyring_of_another_store_is_refused(backed_up: tuple[Path, Path], tmp_path: Path) -> None:
    other = tmp_path / "home"
    with registry_at(other) as registry:
        galleries.create(registry, "staff", PURPOSE)
        back_up(registry, tmp_path / "o", tmp_path / "o.keys")
    for name in ("visavis.db", "visavis.db-wal", "visavis.db-shm"):
        (other / name).unlink(missing_ok=True)
    with pytest.raises(StoreMismatchError):
        restore(settings_at(other), Restoring(backed_up[0]), Clock())
    assert restore(settings_at(other), Restoring(tmp_path / "o"), Clock()).new_log is False


def test_a_keyring_of_another_store_is_not_brought_back(
    backed_up: tuple[Path, Path], database_url: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    with registry_at(tmp_path / "other") as registry:
        back_up(registry, tmp_path / "o", tmp_path / "o.keys")
    settings = settings_at(tmp_path, other_store(database_url, request, tmp_path))
    with pytest.raises(StoreMismatchError):
        restore(settings, Restoring(backed_up[0], tmp_path / "o.keys"), Clock())
    assert (
        restore(settings, Restoring(*backed_up), Clock(NOW + 60)).without_key == 0
    )  # nothing was in its way


def test_a_restore_that_was_cut_off_is_repeated_and_trusts_no_old_keyring(
    backed_up: tuple[Path, Path],
    database_url: str,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing of it is there when it is repeated; the keyring is a copy: what was signed since it was made is not known."""
    settings = settings_at(tmp_path, other_store(database_url, request, tmp_path))
    with monkeypatch.context() as patch:
        patch.setattr(Keyring, "begin_log", cut_off)
        with pytest.raises(KeyboardInterrupt):
            restore(settings, Restoring(*backed_up), Clock(NOW + 60))
    with registry_at(tmp_path, database_url) as former:
        name = former.signing_key().verifier.name
    assert restore(settings, Restoring(*backed_up), Clock(NOW + 60)).new_log
    with registry_at(tmp_path, settings.database_url, Clock(NOW + 60)) as registry:
        assert registry.signing_key().verifier.name != name
        assert found(registry, "ben") == ["ben"]
        sign_log(registry)


def cut_off(*_: object) -> None:
    """What a process does that is killed at this point."""
    raise KeyboardInterrupt


def test_a_restore_that_was_cut_off_before_the_store_is_repeated(
    backed_up: tuple[Path, Path],
    database_url: str,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url = other_store(database_url, request, tmp_path)
    settings = replace(settings_at(tmp_path, database_url), database_url=url)
    with monkeypatch.context() as patch:
        patch.setattr(backup, "copy_rows", cut_off)
        with pytest.raises(KeyboardInterrupt):
            restore(settings, Restoring(backed_up[0]), Clock(NOW + 60))
    restored = restore(settings, Restoring(backed_up[0]), Clock(NOW + 60))
    assert restored == Restored(erased_again=1, without_key=0, new_log=False)


def test_consents_whose_key_is_in_no_keyring_end(
    backed_up: tuple[Path, Path], database_url: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """The keyring's copy is older than the store's."""
    with registry_at(tmp_path, database_url) as registry:
        agree(registry, "eva")
        back_up(registry, tmp_path / "later", tmp_path / "later.keys")
    settings = settings_at(tmp_path, other_store(database_url, request, tmp_path))
    restored = restore(settings, Restoring(tmp_path / "later", backed_up[1]), Clock(NOW + 60))
    assert restored == Restored(erased_again=0, without_key=1, new_log=True)
    with registry_at(tmp_path, settings.database_url, Clock(NOW + 60)) as registry:
        with registry.store.read() as connection, pytest.raises(ConsentExpiredError):
            live_grant(connection, PURPOSE, "eva", NOW + 60)
        assert found(registry, "ben") == ["ben"]


@pytest.mark.parametrize("target", ["sqlite", "postgresql"])
def test_a_backup_fits_the_other_kind_of_database(
    backed_up: tuple[Path, Path], target: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    settings = settings_at(tmp_path, other_store(target, request, tmp_path / "elsewhere"))
    assert restore(settings, Restoring(*backed_up), Clock(NOW + 60)).without_key == 0
    with registry_at(tmp_path, settings.database_url, Clock(NOW + 60)) as registry:
        assert found(registry, "ben") == ["ben"]
        agree(registry, "eva")
        enrolled(registry, "staff", "eva")
        assert found(registry, "eva") == ["eva"]


def test_of_a_backup_that_cannot_be_made_nothing_is_left(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, keys = tmp_path / "b", tmp_path / "b.keys"
    with pytest.raises(BackupError, match="a file each"):
        back_up(registry, store, store)
    keys.write_text("mine")
    with pytest.raises(BackupError, match="already"):
        back_up(registry, store, keys)
    assert keys.read_text() == "mine"
    keys.unlink()

    def without_room(database: Database, schema: str, file: Path, made_at: int) -> None:
        if schema == "keyring":
            raise BackupError
        copies.write_copy(database, schema, file, made_at)

    monkeypatch.setattr(backup, "write_copy", without_room)
    with pytest.raises(BackupError):
        back_up(registry, store, keys)
    assert not store.exists()
    monkeypatch.undo()
    back_up(registry, store, keys)
