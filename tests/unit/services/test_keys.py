"""The master key is changed whole or not at all."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from registries import PURPOSE, agree, enrolled, registry_at, template_of

from visavis.audit.entry import Action
from visavis.errors import MasterKeyFormatError, StoreBusyError
from visavis.services import galleries
from visavis.services.checkpoints import sign_log
from visavis.services.identify import identify
from visavis.services.keys import rotate_master_key
from visavis.services.log import latest_entries, log_key
from visavis.services.registry import Registry
from visavis.store.crypto import fresh_key


def found(registry: Registry) -> list[str]:
    return [c.subject for c in identify(registry, "staff", [template_of("anna", 5)]).candidates]


def test_a_change_of_the_key_changes_nothing_else(registry: Registry, database_url: str) -> None:
    galleries.create(registry, "staff", PURPOSE)
    agree(registry, "anna", "ben")
    enrolled(registry, "staff", "anna", "ben")
    key, signed = log_key(registry), sign_log(registry)
    assert rotate_master_key(registry) == 2
    assert rotate_master_key(registry) == 2
    assert [n.entry.action for n in latest_entries(registry, 2)] == [Action.KEY_CHANGE] * 2
    with registry_at(registry.settings.home, database_url) as again:
        assert found(again) == ["anna"]
        assert log_key(again) == key
        assert sign_log(again).size == signed.size + 3
        assert rotate_master_key(again) == 2
    assert found(registry) == ["anna"]  # it reads the key again


def test_a_change_that_fails_leaves_the_old_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with registry_at(tmp_path) as registry:
        galleries.create(registry, "staff", PURPOSE)
        agree(registry, "anna")
        enrolled(registry, "staff", "anna")
        with monkeypatch.context() as patch:
            patch.setattr("visavis.store.keyring._resealed", busy)
            with pytest.raises(StoreBusyError):
                rotate_master_key(registry)
        assert found(registry) == ["anna"]
    with registry_at(tmp_path) as registry:
        assert found(registry) == ["anna"]
        assert rotate_master_key(registry) == 1
        assert found(registry) == ["anna"]


def busy(*_: object) -> bytes:
    raise StoreBusyError


def test_a_new_key_that_is_none_is_refused(tmp_path: Path) -> None:
    key = base64.b64encode(fresh_key()).decode()
    for new in ("short", base64.b64encode(bytes(33)).decode()):
        with registry_at(tmp_path, master_key=key, new_master_key=new) as registry:
            with pytest.raises(MasterKeyFormatError):
                rotate_master_key(registry)
            assert latest_entries(registry, 9) == []
