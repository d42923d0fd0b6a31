"""Calls are cut off at each of their steps; whatever the moment, the store opens by itself and the call can be made again."""

from __future__ import annotations

import json

import cuts
import postgresql
import pytest
from commands import python

# PostgreSQL takes a second to make a database, and each cut takes a new one: there, the calls that change keyring and store.
CALLS = {"sqlite": list(cuts.CALLS), "postgresql": ["withdraw", "rotate"]}


@pytest.mark.slow
@pytest.mark.parametrize("database", CALLS)
def test_no_moment_is_left_out(database: str) -> None:
    if database == "postgresql" and (reason := postgresql.why_not()):
        pytest.skip(reason)
    # In a process of its own, since it forks: this one may have threads.
    run = python(cuts.__file__, "--database", database, "--calls", *CALLS[database])
    assert run.returncode == 0, run.stderr
    steps = json.loads(run.stdout)
    assert list(steps) == CALLS[database]
    # Keyring, rows, tombstone; keyring, key file, leaf: where fewer steps are seen, it is this test that is wrong.
    assert min(steps["withdraw"], steps["rotate"]) >= 3
