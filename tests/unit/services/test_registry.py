"""A store opens with its own keyring and master key, and with no other."""

from __future__ import annotations

import base64
import shutil
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from registries import NOW, PURPOSE, Clock, agree, enrolled, registry_at, settings_at, template_of
from sqlalchemy import text

from visavis.audit.entry import Action
from visavis.errors import (
    ClockError,
    KeyringMissingError,
    MasterKeyExposedError,
    MasterKeyFormatError,
    MasterKeyMissingError,
    MasterKeyWrongError,
    StoreBehindError,
    StoreMissingError,
    VisavisError,
)
from visavis.services import doctor, galleries, identify
from visavis.services.checkpoints import sign_log
from visavis.services.doctor import Health, examine
from visavis.services.keys import rotate_master_key
from visavis.services.log import latest_entries
from visavis.services.registry import Registry, opened
from visavis.services.work import working
from visavis.store.crypto import fresh_key


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The home of a store on SQLite, in which anna is enrolled."""
    with registry_at(tmp_path) as registry:
        galleries.create(registry, "staff", PURPOSE)
        agree(registry, "anna")
        enrolled(registry, "staff", "anna")
        sign_log(registry)
    return tmp_path


def found(registry: Registry) -> list[str]:
    return [c.subject for c in identify.identify(registry, "staff", [template_of("anna", 1)]).candidates]


def remove(home: Path, name: str) -> None:
    for path in home.glob(f"{name}*"):
        path.unlink()


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("master.key", MasterKeyMissingError),
        ("visavis.db", StoreMissingError),
        ("visavis-keyring.db", KeyringMissingError),
    ],
)
def test_what_is_missing_is_named_and_not_made_anew(home: Path, name: str, error: type[VisavisError]) -> None:
    kept = (home / name).read_bytes()
    remove(home, name)
    for _ in range(2):
        with pytest.raises(error), registry_at(home):
            pass
    remove(home, name)
    (home / name).write_bytes(kept)
    (home / name).chmod(0o600)
    with registry_at(home) as registry:
        assert found(registry) == ["anna"]


@pytest.mark.parametrize(
    ("content", "mode", "error"),
    [
        (base64.b64encode(bytes(32)), 0o600, MasterKeyWrongError),
        (None, 0o640, MasterKeyExposedError),
        (b"no base64", 0o600, MasterKeyFormatError),
        (base64.b64encode(bytes(31)), 0o600, MasterKeyFormatError),
        (b"\xff\xfe", 0o600, MasterKeyFormatError),
    ],
)
def test_a_master_key_that_is_not_right(
    home: Path, content: bytes | None, mode: int, error: type[VisavisError]
) -> None:
    file = home / "master.key"
    if content is not None:
        file.write_bytes(content)
    file.chmod(mode)
    with pytest.raises(error), registry_at(home):
        pass


def test_a_master_key_of_the_environment(tmp_path: Path) -> None:
    key, new = (base64.b64encode(fresh_key()).decode() for _ in range(2))
    with registry_at(tmp_path, master_key=key, new_master_key=new) as registry:
        galleries.create(registry, "staff", PURPOSE)
        agree(registry, "anna")
        enrolled(registry, "staff", "anna")
        assert rotate_master_key(registry) == 1
        assert found(registry) == ["anna"]
    assert not (tmp_path / "master.key").exists()
    with pytest.raises(MasterKeyWrongError), registry_at(tmp_path, master_key=key):
        pass
    with registry_at(tmp_path, master_key=new) as registry:
        assert found(registry) == ["anna"]
        with pytest.raises(MasterKeyMissingError, match="new"):
            rotate_master_key(registry)


def test_the_master_key_is_changed_under_the_feet_of_others(
    registry: Registry, database_url: str, clock: Clock
) -> None:
    galleries.create(registry, "staff", PURPOSE)
    agree(registry, "anna")
    enrolled(registry, "staff", "anna")
    with registry_at(registry.settings.home, database_url, clock) as other:
        assert found(other) == ["anna"]
        former = registry.settings.master_key_file.read_bytes()
        assert rotate_master_key(registry) == 1
        assert registry.settings.master_key_file.read_bytes() != former
        assert found(other) == ["anna"]
        agree(other, "ben")
    assert registry.settings.master_key_file.stat().st_mode & 0o777 == 0o600
    assert not list(registry.settings.home.glob("master.key.*"))


def test_a_change_of_the_key_that_was_cut_off_is_finished(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with registry_at(home) as registry:
        former = (home / "master.key").read_bytes()
        with monkeypatch.context() as patch:
            patch.setattr(registry.keyring, "finish_rotation", lambda: None)
            rotate_master_key(registry)
        assert (home / "master.key").read_bytes() == former
        with registry_at(home) as other:
            assert found(other) == ["anna"]
        assert (home / "master.key").read_bytes() != former
        assert found(registry) == ["anna"]
    with registry_at(home) as registry:
        assert found(registry) == ["anna"]


def test_a_key_that_was_prepared_and_not_used_is_no_harm(home: Path) -> None:
    with registry_at(home) as registry:
        registry.master_key.prepare_upcoming()
    with registry_at(home) as registry:
        assert found(registry) == ["anna"]
        rotate_master_key(registry)
        assert found(registry) == ["anna"]
    assert not list(home.glob("master.key.*"))


def test_an_older_store_put_back_by_hand_is_refused(home: Path, tmp_path: Path) -> None:
    shutil.copy(home / "visavis.db", tmp_path / "older")
    with registry_at(home) as registry:
        agree(registry, "ben")
        sign_log(registry)
    shutil.copy(tmp_path / "older", home / "visavis.db")
    with pytest.raises(StoreBehindError), registry_at(home):
        pass


def test_a_log_that_was_rewritten_is_not_signed(home: Path) -> None:
    with registry_at(home) as registry:
        with registry.store.write() as connection:
            connection.execute(text("UPDATE nodes SET hash = zeroblob(32) WHERE level = 0 AND position = 2"))
        agree(registry, "ben")
        with pytest.raises(StoreBehindError, match="rewritten"):
            sign_log(registry)
    log = next(check for check in examine(settings_at(home), Clock()) if check.what == "log")
    assert log.health is Health.ILL


def test_several_open_a_new_store_at_once(tmp_path: Path, database_url: str) -> None:
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            with opened(settings_at(tmp_path, database_url), clock=Clock()) as registry:
                agree(registry, f"p{number}")
        except BaseException as error:  # noqa: BLE001  a thread's own are not seen
            failures.append(error)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with registry_at(tmp_path, database_url) as registry:
        assert len(latest_entries(registry, 100)) == 6


def test_a_clock_that_was_set_back(registry: Registry, clock: Clock) -> None:
    agree(registry, "anna")
    clock.now -= 300
    agree(registry, "ben")  # clocks of machines differ by so much
    assert [e.entry.at.timestamp() for e in latest_entries(registry, 9)] == [NOW, NOW]
    clock.now -= 1
    with pytest.raises(ClockError):
        agree(registry, "eva")
    doctor.accept_the_clock(registry)
    agree(registry, "eva")
    assert [e.entry.action for e in latest_entries(registry, 2)] == [Action.CLOCK, Action.GRANT]


def test_a_work_without_a_leaf_is_none(registry: Registry) -> None:
    with pytest.raises(AssertionError), working(registry) as work:
        work.connection.execute(text("DELETE FROM erased"))


def test_the_doctor(home: Path) -> None:
    settings = settings_at(home)
    checks = {check.what: check for check in examine(settings, Clock())}
    assert {check.health for check in checks.values()} == {Health.WELL}
    named = {
        check.what: check for check in examine(replace(settings, controller_name=""), Clock(NOW - 9_999))
    }
    assert named["controller"].health is Health.DOUBTFUL
    assert named["clock"].health is Health.ILL
    remove(home, "master.key")
    assert [c.health for c in examine(settings, Clock()) if c.what == "store"] == [Health.ILL]
