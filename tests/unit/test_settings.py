"""Settings: where each comes from, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from visavis.errors import SettingsError
from visavis.settings import beside, load_settings


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VISAVIS_HOME", str(tmp_path))
    return tmp_path


def test_by_default_all_lies_in_the_state_folder(folder: Path) -> None:
    settings = load_settings()
    assert settings.database_url == f"sqlite:///{folder / 'visavis.db'}"
    assert settings.keyring_url == f"sqlite:///{folder / 'visavis-keyring.db'}"
    assert settings.master_key_file == folder / "master.key"
    assert (settings.retention_days, settings.proof_days) == (1096, 1096)
    assert set(settings.sources.values()) == {"default"}


def test_the_command_line_goes_before_the_environment_and_that_before_the_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "visavis.toml").write_text(
        'database_url = "sqlite:///a.db"\nretention_days = 30\nproof_days = 7\n'
    )
    monkeypatch.setenv("VISAVIS_DATABASE_URL", "sqlite:///b.db")
    monkeypatch.setenv("VISAVIS_RETENTION_DAYS", "40")
    settings = load_settings()
    assert (settings.database_url, settings.retention_days, settings.proof_days) == ("sqlite:///b.db", 40, 7)
    settings = load_settings("sqlite:///c.db")
    assert settings.database_url == "sqlite:///c.db"
    assert settings.sources["database_url"] == "command line"
    assert settings.sources["retention_days"] == "environment"
    assert settings.sources["proof_days"] == "visavis.toml"


@pytest.mark.parametrize(
    "content",
    ["x", "unknown = 1", "retention_days = 0", "retention_days = 1097", "proof_days = -1", "proof_days = 3654",
     'retention_days = "30"', "database_url = 3", "\xff"],
)  # fmt: skip
def test_what_cannot_be_a_setting(folder: Path, content: str) -> None:
    (folder / "visavis.toml").write_bytes(content.encode("latin-1"))
    with pytest.raises(SettingsError):
        load_settings()


def test_secrets_are_not_shown(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VISAVIS_MASTER_KEY", "hidden-key")
    monkeypatch.setenv("VISAVIS_DATABASE_URL", "postgresql://u:hidden-word@x/y")
    shown = repr(load_settings())
    assert "hidden" not in shown
    assert str(folder) in shown


@pytest.mark.parametrize(
    ("store", "keyring"),
    [
        ("sqlite:////a/visavis.db", "sqlite:////a/visavis-keyring.db"),
        ("sqlite:///x", "sqlite:///x-keyring"),
        ("postgresql://u:p@host/visavis", "postgresql://u:p@host/visavis_keyring"),
        ("postgresql://u@/v?host=/run", "postgresql://u@/v_keyring?host=/run"),
    ],
)
def test_the_keyring_is_beside_the_store(store: str, keyring: str) -> None:
    assert beside(store) == keyring
