"""The master key: in a file that only its owner can read, or in the environment. It never touches a database."""

from __future__ import annotations

import base64
import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from visavis.errors import KeyringError, MasterKeyExposedError, MasterKeyFormatError, MasterKeyMissingError
from visavis.files import sync_folder, why
from visavis.store.crypto import KEY_BYTES, fresh_key

_DRAFT = ".draft"


@dataclass(frozen=True, slots=True)
class MasterKeySource:
    """Where the master key is looked for: given (base64, from the environment), else in a file."""

    given: str
    file: Path

    def __repr__(self) -> str:
        return f"MasterKeySource({'environment' if self.given else 'file'})"

    @property
    def _upcoming_file(self) -> Path:
        return self.file.with_name(self.file.name + ".new")

    def read(self) -> bytes:
        """The key, 32 bytes; raises MasterKeyMissingError, MasterKeyExposedError, MasterKeyFormatError."""
        return decode(self.given) if self.given else _read_file(self.file)

    def read_or_make(self) -> bytes:
        """The key of a keyring that is new: made, where there is none yet."""
        if not self.given and not self.file.exists():
            _write_file(self.file, fresh_key())
        return self.read()

    def prepare_upcoming(self) -> bytes:
        """A new key beside the old one, kept before the keyring changes over to it; one that is there already is taken."""
        _write_file(self._upcoming_file, fresh_key())
        return _read_file(self._upcoming_file)

    def upcoming(self) -> bytes | None:
        """The new key, where a change of the key was begun."""
        return _read_file(self._upcoming_file) if not self.given and self._upcoming_file.exists() else None

    def adopt(self) -> None:
        """Put the new key in the place of the old one, and leave no draft of either that a process left behind when it was killed."""
        for left in self.file.parent.glob(f"{self.file.name}.*{_DRAFT}"):
            left.unlink(missing_ok=True)
        with suppress(FileNotFoundError):  # another process was faster
            self._upcoming_file.replace(self.file)
        sync_folder(self.file.parent)


def decode(text: str) -> bytes:
    """32 bytes out of their base64; raises MasterKeyFormatError."""
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except ValueError:
        raise MasterKeyFormatError from None
    if len(key) != KEY_BYTES:
        raise MasterKeyFormatError
    return key


def _read_file(path: Path) -> bytes:
    """The key in a file that is its owner's alone."""
    try:
        if os.name == "posix" and path.stat().st_mode & 0o077:
            raise MasterKeyExposedError
        text = path.read_text("ascii")
    except FileNotFoundError:
        raise MasterKeyMissingError from None
    except UnicodeDecodeError:
        raise MasterKeyFormatError from None
    except OSError as error:
        raise KeyringError(f"the master key cannot be read: {why(error, 'no access')}") from None
    return decode(text)


def _write_file(path: Path, key: bytes) -> None:
    """Write a key to a new file of mode 0600, whole; a file that is there already stays, whoever made it."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f"{path.name}.", suffix=_DRAFT) as draft:
            draft.write(base64.b64encode(key) + b"\n")
            draft.flush()
            os.fsync(draft.fileno())
            with suppress(FileExistsError):
                os.link(draft.name, path)  # unlike a rename, never over another's
        sync_folder(path.parent)
    except OSError as error:
        raise KeyringError(f"the master key cannot be written: {why(error, 'no room')}") from None
