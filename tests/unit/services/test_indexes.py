"""What a process keeps in memory of people who are gone."""

from __future__ import annotations

from pathlib import Path
from threading import Event

import pytest
from registries import MODEL, PURPOSE, Clock, agree, enrolled, registry_at, template_of

from visavis.services import consents, galleries, indexes
from visavis.services.identify import identify
from visavis.services.registry import Registry


def test_a_process_that_does_nothing_drops_who_withdrew_in_another(
    registry: Registry, tmp_path: Path, database_url: str, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert indexes.REFRESH_S <= 5
    monkeypatch.setattr(indexes, "REFRESH_S", 0.01)
    gallery = galleries.create(registry, "staff", PURPOSE)
    agree(registry, "anna", "ben")
    enrolled(registry, "staff", "anna", "ben")
    with registry_at(tmp_path, database_url, clock) as idle:
        identify(idle, "staff", [template_of("anna", 1)])
        index = idle.indexes.of(gallery.id)[MODEL]
        assert len(index) == 2
        refreshed, refresh = Event(), idle.indexes.refresh

        def refresh_and_say_so() -> None:
            refresh()
            refreshed.set()

        monkeypatch.setattr(idle.indexes, "refresh", refresh_and_say_so)
        consents.withdraw(registry, "anna", PURPOSE)
        for _ in range(2):  # the first may have begun before
            refreshed.clear()
            assert refreshed.wait(30)
        assert len(index) == 1
        assert [c.subject for c in identify(idle, "staff", [template_of("ben", 1)]).candidates] == ["ben"]
