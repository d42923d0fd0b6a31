"""Progress bars: on standard error, where a person watches."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_WORTH_ONE = 3


@contextmanager
def progress(what: str, total: int) -> Iterator[Callable[[], None]]:
    """A bar over so many steps; what it yields is to be called after each."""
    if total < _WORTH_ONE or not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import MofNCompleteColumn, Progress

    with Progress(*Progress.get_default_columns(), MofNCompleteColumn(), console=Console(stderr=True)) as bar:
        task = bar.add_task(what, total=total)
        yield lambda: bar.advance(task)
