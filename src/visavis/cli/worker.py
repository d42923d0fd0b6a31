"""`visavis worker`: does stored-video jobs that a server was asked for."""

from __future__ import annotations

import os
import signal
import sys
import threading
from types import FrameType

import click

from visavis.cli.state import database_option, opened_registry
from visavis.extras import require_extra

_NICENESS = 10


@click.command()
@click.option("--with-parent", is_flag=True, hidden=True, help="End when standard input closes.")
@database_option
def worker(database_url: str | None, *, with_parent: bool) -> None:
    """Do stored-video jobs, one at a time, until stopped (SIGTERM, Ctrl-C). Start several for several at once.

    What is not done then is gone on with by the next one. The log, one JSON object a line, goes to standard error.
    """
    require_extra("server", "botocore", "dbos", "pybase64", "regex", "urllib3")
    require_extra("video", "av")
    from visavis.jobs.worker import Worker  # here, since these take a while to import
    from visavis.server.logs import begin_logging, log_event

    stopping = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopping.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    if with_parent:
        threading.Thread(target=_wait_for_the_end, args=(stopping,), daemon=True).start()
    if hasattr(os, "nice"):
        os.nice(_NICENESS)  # whoever waits for an answer goes first
    with opened_registry(database_url) as registry:
        begin_logging(sys.stderr)
        Worker(registry, log_event).run(stopping)
        log_event("stopped")
    sys.stderr.flush()
    os._exit(0)  # a film that is being looked through holds a thread, and is gone on with


def _wait_for_the_end(stopping: threading.Event) -> None:
    """Of standard input: it closes where the process at its other end is no more, however it ended."""
    sys.stdin.read()
    stopping.set()
