"""Mutated photos: a typed error or an answer, never anything else, never for long.

`pytest` runs a few hundred; `python tests/fuzzing.py` is for longer (CONTRIBUTING.md).
"""

from __future__ import annotations

import random

import pytest
from fuzzing import mutated, seeds, survives

ROUNDS = 40


@pytest.mark.parametrize("form", sorted(seeds()))
def test_mutated_photos(form: str) -> None:
    source = random.Random(form)
    for _ in range(ROUNDS):
        survives(mutated(seeds()[form], source))
