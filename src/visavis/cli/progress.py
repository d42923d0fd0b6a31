"""Progress bars: on standard error, where a person watches."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

_WORTH_ONE = 3
_STOPPED = 130


@contextmanager
def resumable() -> Iterator[None]:
    """Work that goes on where it was stopped: Ctrl-C is said so, and is exit code 130, as shells have it."""
    try:
        yield
    except KeyboardInterrupt:
        click.echo("visavis: stopped; the same command goes on from here", err=True)
        raise click.exceptions.Exit(_STOPPED) from None


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
