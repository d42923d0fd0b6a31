"""Mutated films: written again or refused, in bounded memory and time, with nothing left behind.

`python tests/film_fuzzing.py` is for longer (CONTRIBUTING.md).
"""

from __future__ import annotations

import zlib
from pathlib import Path

import pytest
from film_fuzzing import FILMS, fails

ROUNDS = 8


@pytest.mark.slow
@pytest.mark.parametrize("form", FILMS)
def test_mutated_films(form: str, tmp_path: Path) -> None:
    assert not fails(form, zlib.crc32(form.encode()), ROUNDS, tmp_path)
