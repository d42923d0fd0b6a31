"""Changing the master key."""

from __future__ import annotations

from visavis.audit.entry import Action
from visavis.errors import MasterKeyMissingError
from visavis.services.registry import Registry
from visavis.services.work import working
from visavis.store.master_key import decode


def rotate_master_key(registry: Registry) -> int:
    """Seal every data key and every secret of an access key under a new master key; how many those were.

    Where the key lies in a file, a new one takes its place. Where it comes from the environment, VISAVIS_NEW_MASTER_KEY
    is the new one, and takes the place of VISAVIS_MASTER_KEY from the next start on. Cut off at any moment, one of the two still opens everything.
    """
    with working(registry) as work:
        work.log(Action.KEY_CHANGE)
        return _rotate(registry)


def _rotate(registry: Registry) -> int:
    if registry.settings.master_key:
        if not registry.settings.new_master_key:
            raise MasterKeyMissingError(
                "the new master key is not here", hint="set VISAVIS_NEW_MASTER_KEY beside VISAVIS_MASTER_KEY"
            )
        new_key = decode(registry.settings.new_master_key)
        return registry.keyring.rotate(lambda: new_key)
    count = registry.keyring.rotate(registry.master_key.prepare_upcoming)
    registry.keyring.finish_rotation()
    return count
