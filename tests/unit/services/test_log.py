"""The log is shown and exported as it is."""

from __future__ import annotations

import io

import pytest
from registries import PURPOSE, agree, enrolled, template_of

from visavis.audit.entry import Action
from visavis.audit.verify import verify_export
from visavis.services import consents, galleries
from visavis.services.identify import identify
from visavis.services.log import entries_from, export_log, latest_entries, log_key
from visavis.services.registry import Registry
from visavis.store import log


def test_an_export_verifies_and_names_nobody(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "_PAGE", 3)  # so that it is read in several
    galleries.create(registry, "staff", PURPOSE)
    agree(registry, "anna-the-first", "ben-the-second")
    enrolled(registry, "staff", "anna-the-first", "ben-the-second")
    identify(registry, "staff", [template_of("anna-the-first", 3)])
    consents.withdraw(registry, "anna-the-first", PURPOSE)
    file = io.BytesIO()
    assert export_log(registry, file) == 8
    file.seek(0)
    assert verify_export(file, expected_key=log_key(registry)).size == 8
    assert b"the-first" not in file.getvalue()
    assert b"the-second" not in file.getvalue()


def test_the_last_entries_are_shown_the_oldest_first(registry: Registry) -> None:
    assert latest_entries(registry, 5) == []
    galleries.create(registry, "staff", PURPOSE)
    agree(registry, "anna", "ben")
    shown = latest_entries(registry.acting_as("somebody"), 2)
    assert [(n.number, n.entry.action) for n in shown] == [(1, Action.GRANT), (2, Action.GRANT)]
    assert latest_entries(registry, 0) == []
    assert len(latest_entries(registry, 99)) == 3  # looking at it leaves no leaf


def test_each_leaf_says_who_acted(registry: Registry) -> None:
    agree(registry.acting_as("AKEXAMPLE"), "anna")
    agree(registry, "ben")
    assert [numbered.entry.by for numbered in latest_entries(registry, 2)] == ["AKEXAMPLE", "local"]


def test_entries_are_read_in_parts(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "_PAGE", 2)
    agree(registry, "anna", "ben", "carl", "dora")
    assert [n.number for n in entries_from(registry, 1, 3)] == [1, 2, 3]
    assert [n.number for n in entries_from(registry, 3, 3)] == [3]
    assert entries_from(registry, 4, 3) == []
