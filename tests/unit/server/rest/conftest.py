"""What the tests of /v1 share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from registries import Clock, registry_at
from rest_calls import Rest

from visavis.services.registry import Registry


@pytest.fixture
def rest(registry: Registry) -> Iterator[Rest]:
    """On SQLite and on PostgreSQL: for what a database answers."""
    yield (made := Rest(registry))
    made.pool.shutdown()


@pytest.fixture
def sqlite_rest(tmp_path: Path, clock: Clock) -> Iterator[Rest]:
    """On SQLite alone: for what is decided before a database is asked."""
    with registry_at(tmp_path, clock=clock) as opened:
        yield (made := Rest(opened))
        made.pool.shutdown()
