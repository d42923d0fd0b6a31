"""Settings: where each comes from, what cannot be one, and where a keyring lies."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.errors import SettingsError
from visavis.settings import FILE_NAME, beside, calibration_folder, home, load_settings, model_folder
from visavis.store.database import Database
from visavis.store.migrate import prepare

HIDDEN = "correct-horse"


def write(text: str) -> None:
    home().mkdir(parents=True, exist_ok=True)
    (home() / FILE_NAME).write_text(text, "utf-8")


def test_without_any() -> None:
    settings = load_settings()
    assert settings.home == home()
    assert settings.database_url == f"sqlite:///{home() / 'visavis.db'}"
    assert settings.keyring_url == f"sqlite:///{home() / 'visavis-keyring.db'}"
    assert settings.master_key_file == home() / "master.key"
    assert (settings.retention_days, settings.proof_days) == (1096, 1096)
    assert (settings.default_purpose, settings.calls_per_second) == ("", 50)
    assert set(settings.sources.values()) == {"default"}
    assert list(home().iterdir()) == [], "nothing is made by reading"
    assert model_folder().parent == calibration_folder().parent == home()


def test_the_nearer_source_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    write(
        'database_url = "postgresql:///file"\nproof_days = 10\nretention_days = 20\nlog_name = "visavis/file"\n'
    )
    monkeypatch.setenv("VISAVIS_DATABASE_URL", "postgresql:///environment")
    monkeypatch.setenv("VISAVIS_PROOF_DAYS", "30")
    monkeypatch.setenv("VISAVIS_LOG_NAME", "")
    settings = load_settings("postgresql:///line")
    assert (settings.database_url, settings.keyring_url) == (
        "postgresql:///line",
        "postgresql:///line_keyring",
    )
    assert (settings.retention_days, settings.proof_days, settings.log_name) == (20, 30, "visavis/file")
    assert dict(settings.sources) == {
        "database_url": "command line",
        "keyring_url": "default",
        "controller_name": "default",
        "controller_contact": "default",
        "log_name": FILE_NAME,
        "retention_days": FILE_NAME,
        "proof_days": "environment",
        "default_purpose": "default",
        "calls_per_second": "default",
    }
    assert load_settings().database_url == "postgresql:///environment"


def test_secrets_come_from_the_environment_alone_and_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MASTER_KEY", "NEW_MASTER_KEY"):
        monkeypatch.setenv(f"VISAVIS_{name}", HIDDEN)
    url = f"postgresql://me:{HIDDEN}@host/store"
    monkeypatch.setenv("VISAVIS_KEYRING_URL", url)
    settings = load_settings(url)
    assert settings.master_key == settings.new_master_key == HIDDEN
    assert settings.database_url == settings.keyring_url == url
    assert HIDDEN not in repr(settings)
    write(f'master_key = "{HIDDEN}"')
    with pytest.raises(SettingsError, match="unknown setting: master_key") as caught:
        load_settings()
    assert HIDDEN not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("retention = 3", "unknown setting: retention"),
        ("[store]\nurl = 1", "unknown setting: store"),
        ('retention_days = "3"', "retention_days is not of the right type"),
        ("retention_days = true", "retention_days is not of the right type"),
        ("retention_days = 3.0", "retention_days is not of the right type"),
        ("database_url = 3", "database_url is not of the right type"),
        ("retention_days = 0", "from 1 to 1096"),
        ("retention_days = 1097", "from 1 to 1096"),
        ("proof_days = -1", "from 0 to 3653"),
        ("proof_days = 3654", "from 0 to 3653"),
        ("calls_per_second = 0", "from 1 to 100000"),
        ('default_purpose = " entry"', "printable characters"),
        ('default_purpose = "a\\nb"', "printable characters"),
        (f'default_purpose = "{257 * "a"}"', "printable characters"),
        ("not toml", "cannot be read as TOML"),
        ("log_name = 'a'\nlog_name = 'b'", "cannot be read as TOML"),
    ],
)
def test_what_is_no_setting(text: str, said: str) -> None:
    write(text)
    with pytest.raises(SettingsError, match=said):
        load_settings()


def test_a_file_that_cannot_be_read() -> None:
    home().mkdir(parents=True, exist_ok=True)
    (home() / FILE_NAME).write_bytes(b"log_name = '\xff'")
    with pytest.raises(SettingsError):
        load_settings()
    (home() / FILE_NAME).unlink()
    (home() / FILE_NAME).mkdir()
    with pytest.raises(SettingsError):
        load_settings()


@given(
    st.text().filter(lambda text: "\0" not in text and not text.isprintable())
    | st.sampled_from(["many", "1e3", "-1", "9" * 5000])
)
def test_an_environment_that_is_no_number(text: str) -> None:
    with pytest.MonkeyPatch.context() as patched:
        try:
            patched.setenv("VISAVIS_RETENTION_DAYS", text)
        except UnicodeEncodeError:
            return
        try:
            assert 1 <= load_settings().retention_days <= 1096
        except SettingsError as error:
            assert "from 1 to 1096" in error.message


@pytest.mark.parametrize(("days", "proof"), [("1", "0"), ("1096", "3653")])
def test_bounds_are_in(days: str, proof: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VISAVIS_RETENTION_DAYS", days)
    monkeypatch.setenv("VISAVIS_PROOF_DAYS", proof)
    settings = load_settings()
    assert (settings.retention_days, settings.proof_days) == (int(days), int(proof))


@pytest.mark.parametrize(
    ("store", "keyring"),
    [
        ("sqlite:///visavis.db", "sqlite:///visavis-keyring.db"),
        ("sqlite:////a/b.c/store", "sqlite:////a/b.c/store-keyring"),
        ("sqlite:////a/why?/store.db", "sqlite:////a/why?/store-keyring.db"),
        ("sqlite:////a/b.db/b.db", "sqlite:////a/b.db/b-keyring.db"),
        ("postgresql://me:pw@host:5/visavis", "postgresql://me:pw@host:5/visavis_keyring"),
        ("postgresql:///visavis?host=/run/pg", "postgresql:///visavis_keyring?host=/run/pg"),
    ],
)
def test_a_keyring_lies_beside_its_store(store: str, keyring: str) -> None:
    assert beside(store) == keyring


@pytest.mark.parametrize(
    "name", ["plain", "with space", "why?", "100%25", "#1", "ü ß 人", "a&b=c;d", "it's", "new\nline"]
)
def test_a_state_folder_of_any_name(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / name
    monkeypatch.setenv("VISAVIS_HOME", str(folder))
    settings = load_settings()
    for url, schema in ((settings.database_url, "store"), (settings.keyring_url, "keyring")):
        database = Database(url)
        prepare(database, schema)
        database.close()
    assert sorted(path.name for path in folder.iterdir()) == ["visavis-keyring.db", "visavis.db"]
    assert [path.name for path in tmp_path.iterdir()] == [name]
