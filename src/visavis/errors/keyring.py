"""The keyring, its master key, and what it seals."""

from __future__ import annotations

from visavis.errors.base import VisavisError


class KeyringError(VisavisError):
    """The keyring cannot be used."""

    hint = "`visavis doctor` says what is wrong"


class KeyringMissingError(KeyringError):
    """The store is here, but its keyring is not, and without it nobody's template can be read."""

    hint = "check VISAVIS_KEYRING_URL, or `visavis restore FILE --keys FILE`"


class MasterKeyMissingError(KeyringError):
    """The master key of the keyring is not here."""

    hint = "bring back master.key in the state folder, or set VISAVIS_MASTER_KEY; there is no other way to the templates"


class MasterKeyWrongError(KeyringError):
    """The master key is not the one that the keyring was made with."""

    hint = "bring back the right master.key, or the right VISAVIS_MASTER_KEY"


class MasterKeyExposedError(KeyringError):
    """Others on this machine can read the master key."""

    hint = "`chmod 600 master.key` in the state folder, and think about `visavis keyring rotate`"


class MasterKeyFormatError(KeyringError):
    """The master key is not 32 bytes in base64."""

    hint = "`openssl rand -base64 32` makes one"


class KeyErasedError(KeyringError):
    """The key of this consent was erased."""

    hint = "what was kept under it cannot be read any more, by anybody"


class SealError(KeyringError):
    """A sealed value does not open: it was altered, or belongs to another place."""

    hint = "`visavis restore FILE` brings back a backup"
