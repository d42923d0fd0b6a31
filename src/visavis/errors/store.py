"""The store and its backups."""

from __future__ import annotations

from visavis.errors.base import VisavisError


class StoreError(VisavisError):
    """The store cannot be used."""

    hint = "`visavis doctor` says what is wrong"


class StoreUnreachableError(StoreError):
    """The store cannot be opened."""

    hint = "check the database URL, that its server runs, and that you may open it"


class StoreFullError(StoreError):
    """There is no room left to write to the store; nothing was changed."""

    hint = "free some space on its disk and repeat"


class StoreReadOnlyError(StoreError):
    """The store cannot be written to; nothing was changed."""

    hint = (
        "every use is logged, so even a search needs to write: check the rights of the files and their folder"
    )


class StoreBusyError(StoreError):
    """Another process holds the store for too long; nothing was changed."""

    hint = "repeat; if it stays, find the process that holds it"


class StoreDamagedError(StoreError):
    """The store is damaged."""

    hint = "`visavis restore FILE` brings back a backup"


class NewerStoreError(StoreError):
    """The store was made by a newer visavis."""

    hint = "use the newer visavis; nothing was changed"


class StoreMissingError(StoreError):
    """The keyring is here, but its store is not."""

    hint = "check the database URL, or `visavis restore FILE`"


class StoreMismatchError(StoreError):
    """The store and the keyring do not belong together."""

    hint = "check VISAVIS_DATABASE_URL and VISAVIS_KEYRING_URL"


class StoreBehindError(StoreError):
    """The store is older than what was signed of its log: it was rolled back."""

    hint = "bring it back with `visavis restore FILE`, which erases again what was erased since"


class EraseUnfinishedError(StoreError):
    """The key is erased, so nobody can be found by it any more; what it sealed is still in the store, unreadable."""

    hint = "repeat it once the store can be written to; opening it finishes it as well"


class RevokeUnfinishedError(StoreError):
    """Nobody can use the key any more; the store does not say so yet."""

    hint = "repeat it once the store can be written to; opening it finishes it as well"


class BackupError(VisavisError):
    """The backup cannot be used."""


class NotABackupError(BackupError):
    """This is not a backup that visavis made."""


class OldKeysError(BackupError):
    """This backup of the keyring is more than a week old: people who withdrew since would come back."""

    hint = "erase those who withdrew since, right after; --accept-old-keys restores it all the same"
