"""Whatever is not well is named, with what to do."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from registries import NOW, PURPOSE, Clock, agree, enrolled, registry_at, settings_at
from sqlalchemy import delete, text, update

from visavis.consent.terms import Terms
from visavis.errors import WeightsMissingError
from visavis.services import doctor, galleries
from visavis.services.consents import Given, give
from visavis.services.doctor import Check, Health, examine
from visavis.services.registry import Registry
from visavis.settings import Settings
from visavis.store import schema
from visavis.store.keyring_schema import data_keys


@pytest.fixture
def staff(registry: Registry) -> Registry:
    """A registry with a gallery in which anna is enrolled."""
    galleries.create(registry, "staff", PURPOSE)
    agree(registry, "anna")
    enrolled(registry, "staff", "anna")
    return registry


def checks(settings: Settings, now: int = NOW) -> dict[str, Check]:
    return {check.what: check for check in examine(settings, Clock(now))}


def not_well(settings: Settings, now: int = NOW) -> dict[str, Health]:
    """What is not well; each of it comes with what to do."""
    found = {what: check for what, check in checks(settings, now).items() if check.health is not Health.WELL}
    assert all(check.hint for check in found.values())
    return {what: check.health for what, check in found.items()}


def test_all_is_well(staff: Registry) -> None:
    assert list(checks(staff.settings)) == [
        "controller", "disk", "store", "clock", "log", "consents", "detector", "recogniser sface-2021dec",
    ]  # fmt: skip
    assert not_well(staff.settings) == {}
    assert not_well(staff.settings, NOW - 300) == {}
    assert not_well(staff.settings, NOW - 301) == {"clock": Health.ILL}
    for unnamed in (
        replace(staff.settings, controller_name=""),
        replace(staff.settings, controller_contact=""),
    ):
        assert not_well(unnamed) == {"controller": Health.DOUBTFUL}


def test_a_recogniser_of_many_galleries_is_looked_at_once(staff: Registry) -> None:
    galleries.create(staff, "visitors", PURPOSE)
    found = [check.what for check in examine(staff.settings, Clock())]
    assert len(found) == len(set(found))


def test_a_place_where_nothing_is_yet(tmp_path: Path) -> None:
    assert not_well(settings_at(tmp_path / "not" / "made" / "yet")) == {}


def test_a_disk_that_is_nearly_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=doctor.LEAST_FREE_BYTES - 1))
    assert not_well(settings_at(tmp_path)) == {"disk": Health.DOUBTFUL}


def test_consents_that_expired_or_have_no_key(staff: Registry) -> None:
    give(staff, Given("ben", PURPOSE, Terms(until=NOW + 1)))
    assert not_well(staff.settings, NOW + 1) == {"consents": Health.DOUBTFUL}
    with staff.keyring.database.write() as connection:
        connection.execute(delete(data_keys))
    assert not_well(staff.settings) == {"consents": Health.ILL}


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM nodes WHERE level = 1",
        "UPDATE store_state SET log_roots = (SELECT hash FROM nodes WHERE level = 0 AND position = 0)",
    ],
)
def test_a_log_that_does_not_hold_together(tmp_path: Path, damage: str) -> None:
    with registry_at(tmp_path) as registry:
        galleries.create(registry, "staff", PURPOSE)
        agree(registry, "anna", "ben")
        with registry.store.write() as connection:
            connection.execute(text(damage))
    assert not_well(settings_at(tmp_path)) == {"log": Health.ILL}


def test_weights_that_are_missing_and_a_recogniser_that_is_unknown(
    staff: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    galleries.create(staff, "visitors", PURPOSE)
    with staff.store.write() as connection:
        connection.execute(
            update(schema.galleries).where(schema.galleries.c.name == "visitors").values(recogniser="gone")
        )
    assert not_well(staff.settings) == {"recogniser gone": Health.ILL}

    def missing(*_: object) -> None:
        raise WeightsMissingError

    monkeypatch.setattr(doctor, "load_weights", missing)
    ill = ("detector", "recogniser gone", "recogniser sface-2021dec")
    assert not_well(staff.settings) == dict.fromkeys(ill, Health.ILL)


def test_a_gallery_too_large_for_its_recogniser(staff: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(galleries, "largest_size", lambda *_: 0)
    assert not_well(staff.settings) == {"gallery staff": Health.DOUBTFUL}
    assert checks(staff.settings)["gallery staff"].found.startswith("1 references; ")


def test_a_store_that_does_not_open(tmp_path: Path) -> None:
    with registry_at(tmp_path) as registry:
        agree(registry, "anna")
    (tmp_path / "master.key").chmod(0o644)
    found = checks(settings_at(tmp_path))
    assert (list(found), found["store"].health) == (["controller", "disk", "store"], Health.ILL)
    assert "chmod 600" in found["store"].hint
