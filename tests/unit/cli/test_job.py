"""`visavis job`: what there is, and ending it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from commands import refused, visavis_here
from people_films import asked
from registries import PURPOSE

from visavis.services import galleries
from visavis.services.registry import Registry, opened
from visavis.settings import load_settings


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    monkeypatch.setenv("VISAVIS_HOME", str(tmp_path))
    with opened(load_settings()) as registry:
        yield registry


def test_jobs_are_listed_and_ended(here: Registry) -> None:
    galleries.create(here, "staff", PURPOSE)
    ids = [asked(here), asked(here, "staff")]
    listed = json.loads(visavis_here("job", "list", "--json").stdout)
    assert [(one["id"], one["kind"], one["state"], one["gallery"]) for one in listed] == [
        (ids[0], "detect", "running", None),
        (ids[1], "search", "running", "staff"),
    ]
    table = visavis_here("job", "list").stdout
    assert ids[1] in table
    assert "a.mp4" not in table, "a film's name may be a person's"
    assert visavis_here("job", "cancel", ids[0]).stdout == "cancelled\n"
    assert visavis_here("job", "cancel", ids[0]).stdout == "it had ended before: cancelled\n"
    assert json.loads(visavis_here("job", "cancel", ids[1], "--json").stdout)["state"] == "cancelled"
    refused(visavis_here("job", "cancel", "0" * 64), "There is no job of that id.")
