"""Mutated requests: a typed error or an answer, nothing stored of what is refused, nothing in the log of what was sent.

`pytest` with the slow tests sends 2,000; `python tests/wire_fuzzing.py` is for more (CONTRIBUTING.md).
"""

from __future__ import annotations

import json
import random

import pytest
import wire_fuzzing
from commands import python
from wire_fuzz.calls import World
from wire_fuzz.framing import STREAMS
from wire_fuzz.requests import Shot
from wire_fuzz.shots import any_shot
from wire_fuzz.streams import Stream

REQUESTS = 2_000
WORLD = World(["00000000-0000-4000-8000-000000000000"] * 3, "0" * 64)


@pytest.mark.slow
def test_mutated_requests() -> None:
    # In a process of its own, whose standard error, environment and memory are looked at.
    run = python(wire_fuzzing.__file__, "--requests", str(REQUESTS), "--seed", "1")
    assert run.returncode == 0, run.stderr
    seen = json.loads(run.stdout)
    assert seen["requests"] == REQUESTS
    assert seen["answers"]["200"] > REQUESTS / 20, "mutations reach behind the signature"


def test_what_a_failure_leaves_behind_repeats_it() -> None:
    draw = random.Random(1)
    for _ in range(300):
        shot = any_shot(draw, WORLD)
        assert Shot.from_bytes(shot.to_bytes()) == shot
        stream = draw.choice(STREAMS)(draw, WORLD)
        again = Stream.from_bytes(stream.to_bytes())
        assert (again, list(again.pieces)) == (stream, list(stream.pieces))
