"""What the tests of services share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from registries import Clock, registry_at

from visavis.services.registry import Registry


@pytest.fixture
def sqlite_registry(tmp_path: Path, clock: Clock) -> Iterator[Registry]:
    """An empty registry on SQLite alone: for what is decided before a database is asked."""
    with registry_at(tmp_path, clock=clock) as opened:
        yield opened
