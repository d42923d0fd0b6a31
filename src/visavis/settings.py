"""Where visavis keeps its state, and what an operator may set.

A setting comes from the environment (`VISAVIS_<NAME>`), else from `visavis.toml` in the state folder, else it is the default.
They are read once, where a program begins, and passed down.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import platformdirs

from visavis.errors import SettingsError

FILE_NAME = "visavis.toml"
MAX_RETENTION_DAYS = 1096
"""Three years, a leap day among them."""

MAX_PROOF_DAYS = 3653
"""Ten years."""

MAX_PURPOSE_CHARACTERS = 256
DEFAULT_CALLS_PER_SECOND = 50
MAX_CALLS_PER_SECOND = 100_000

_DEFAULTS: dict[str, str | int] = {
    "database_url": "",
    "keyring_url": "",
    "controller_name": "",
    "controller_contact": "",
    "log_name": "",
    "retention_days": MAX_RETENTION_DAYS,
    "proof_days": MAX_RETENTION_DAYS,
    "default_purpose": "",
    "calls_per_second": DEFAULT_CALLS_PER_SECOND,
}


def home() -> Path:
    """The state folder: `$VISAVIS_HOME`, else the platform's folder for user data. Not created here."""
    chosen = os.environ.get("VISAVIS_HOME")
    return Path(chosen) if chosen else Path(platformdirs.user_data_dir("visavis", appauthor=False))


def model_folder() -> Path:
    """Where weights that a user added lie."""
    return home() / "models"


def calibration_folder() -> Path:
    """Where calibrations that a user made lie."""
    return home() / "calibrations"


@dataclass(frozen=True, slots=True)
class Settings:
    """What an operator set.

    database_url, keyring_url: SQLAlchemy URLs of the store and of its keyring. controller_name, controller_contact: who
    answers for the data, as consent records and receipts name them. log_name: the name of a new audit log; empty, one is
    made up. retention_days: how long after a person's own last interaction their consent counts, 1 to 1096. proof_days: how long
    the record of an ended consent is kept, to prove it, 0 to 3653. default_purpose: that of a gallery which is made over the wire
    without one; empty, it needs one. calls_per_second: how many of one access key a server answers, 1 to 100000. sources: where each came from. master_key, new_master_key: base64, or
    empty where they lie in files; these come from the environment alone.
    """

    home: Path
    database_url: str = field(repr=False)  # it may hold a password
    keyring_url: str = field(repr=False)
    controller_name: str
    controller_contact: str
    log_name: str
    retention_days: int
    proof_days: int
    sources: Mapping[str, str]
    default_purpose: str = ""
    calls_per_second: int = DEFAULT_CALLS_PER_SECOND
    master_key: str = field(default="", repr=False)
    new_master_key: str = field(default="", repr=False)

    @property
    def master_key_file(self) -> Path:
        """Where the master key lies, unless it comes from the environment."""
        return self.home / "master.key"


def load_settings(database_url: str | None = None) -> Settings:
    """Read the settings; database_url, where given, goes before all others. Raises SettingsError."""
    folder = home()
    values, sources = dict(_DEFAULTS), dict.fromkeys(_DEFAULTS, "default")
    for origin, given in ((FILE_NAME, _from_file(folder / FILE_NAME)), ("environment", _from_environment())):
        for name, value in given.items():
            values[name], sources[name] = value, origin
    if database_url:
        values["database_url"], sources["database_url"] = database_url, "command line"
    url = str(values["database_url"]) or f"sqlite:///{folder / 'visavis.db'}"
    return Settings(
        home=folder,
        database_url=url,
        keyring_url=str(values["keyring_url"]) or beside(url),
        controller_name=str(values["controller_name"]),
        controller_contact=str(values["controller_contact"]),
        log_name=str(values["log_name"]),
        retention_days=_number(values, "retention_days", 1, MAX_RETENTION_DAYS),
        proof_days=_number(values, "proof_days", 0, MAX_PROOF_DAYS),
        sources=sources,
        default_purpose=_purpose(str(values["default_purpose"])),
        calls_per_second=_number(values, "calls_per_second", 1, MAX_CALLS_PER_SECOND),
        master_key=os.environ.get("VISAVIS_MASTER_KEY", ""),
        new_master_key=os.environ.get("VISAVIS_NEW_MASTER_KEY", ""),
    )


def beside(database_url: str) -> str:
    """The URL of the keyring of a store, where none is set: `visavis.db` has `visavis-keyring.db`, database `visavis` has `visavis_keyring`."""
    if database_url.startswith("sqlite"):  # no options follow: a path may hold a question mark
        path = Path(database_url)
        return f"{database_url.removesuffix(path.name)}{path.stem}-keyring{path.suffix}"
    address, question, options = database_url.partition("?")
    return f"{address}_keyring{question}{options}"


def _from_file(path: Path) -> dict[str, str | int]:
    try:
        given = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        raise SettingsError(f"{FILE_NAME} cannot be read as TOML") from None
    for name, value in given.items():
        if name not in _DEFAULTS:
            raise SettingsError(f"{FILE_NAME} has an unknown setting: {name}")
        if type(value) is not type(_DEFAULTS[name]):
            raise SettingsError(f"{FILE_NAME}: {name} is not of the right type")
    return given


def _from_environment() -> dict[str, str | int]:
    return {name: os.environ[key] for name in _DEFAULTS if os.environ.get(key := f"VISAVIS_{name.upper()}")}


def _number(values: Mapping[str, str | int], name: str, least: int, most: int) -> int:
    try:
        number = int(values[name])
    except ValueError:
        number = least - 1
    if not least <= number <= most:
        raise SettingsError(f"{name} is a number from {least} to {most}")
    return number


def _purpose(text: str) -> str:
    if len(text) > MAX_PURPOSE_CHARACTERS or not text.isprintable() or text != text.strip():
        raise SettingsError(
            f"default_purpose is up to {MAX_PURPOSE_CHARACTERS} printable characters, none of the outer ones a space"
        )
    return text
