"""Processes are killed while they work; nothing that they were told of is lost. `benchmarks/kills.py` kills 200 times."""

from __future__ import annotations

import crashes
import folder_crashes
import postgresql
import pytest
from commands import python


@pytest.mark.slow
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_nothing_that_returned_is_lost(database: str) -> None:
    if database == "postgresql" and (reason := postgresql.why_not()):
        pytest.skip(reason)
    # In a process of its own, since it forks: this one may have threads.
    run = python(crashes.__file__, "--database", database, "--kills", "10", "--option", "fsync=off")
    assert run.returncode == 0, run.stderr
    assert '"kills": 10' in run.stdout


@pytest.mark.slow
def test_a_folder_that_was_killed_becomes_what_it_would_have_become() -> None:
    run = python(folder_crashes.__file__, "--kills", "6")
    assert run.returncode == 0, run.stderr
    assert '"kills": 6' in run.stdout
