"""Lists that are longer than one statement may carry."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")

BATCH = 5_000
"""SQLite takes 32,766 values in a statement, PostgreSQL 65,535."""


def batched(items: Iterable[Item]) -> Iterator[list[Item]]:
    """Lists of at most `BATCH` items, in order."""
    source = iter(items)
    while batch := list(islice(source, BATCH)):
        yield batch
