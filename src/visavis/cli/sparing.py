"""Whom `visavis redact --keep` does not cover."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from visavis.cli.state import opened_registry

if TYPE_CHECKING:
    from visavis.redaction.redact import Spare


@dataclass(frozen=True, slots=True)
class Sparing:
    """Who is not covered. mark: a text that differs where that is somebody else. recheck: raises SparedMeanwhileError where a consent has ended since."""

    spare: Spare | None = None
    mark: str = ""
    recheck: Callable[[], None] = lambda: None


@contextmanager
def sparing(gallery: str | None, max_fpir: float, database_url: str | None) -> Iterator[Sparing]:
    """Whom to spare; no store is opened for nobody."""
    if gallery is None:
        yield Sparing()
        return
    from visavis.services.galleries import find
    from visavis.services.redact import check, check_unchanged, mark_of, spared

    with opened_registry(database_url) as registry:
        found = find(registry, gallery)
        mark = mark_of(registry, found)
        check(registry, found, max_fpir)
        yield Sparing(
            partial(spared, registry, found, max_fpir=max_fpir),
            f"{mark} {max_fpir}",
            partial(check_unchanged, registry, found, mark),
        )
