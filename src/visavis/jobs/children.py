"""Workers as children of the server: processes of their own, so that no film can slow its calls down, or end it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from visavis.settings import Settings

WORKER = ("-m", "visavis", "worker", "--with-parent")
PATIENCE_S = 10.0
AGAIN_AFTER_S = 5.0
"""A worker that ends by itself is begun again after so long."""


@contextmanager
def workers(settings: Settings, count: int, on_end: Callable[[], None]) -> Iterator[None]:
    """So many workers for the length of the block. on_end: told when one has ended by itself; another takes its place."""
    over = threading.Event()
    with ExitStack() as stack:
        for number in range(count):
            thread = threading.Thread(
                target=_keep, args=(settings, over, on_end), name=f"worker-{number}", daemon=True
            )
            thread.start()
            stack.callback(thread.join)
        stack.callback(over.set)
        yield


def _keep(settings: Settings, over: threading.Event, on_end: Callable[[], None]) -> None:
    """See that there is a worker until it is over. It ends by itself where this process does: then its standard input closes."""
    own = {"VISAVIS_DATABASE_URL": settings.database_url, "VISAVIS_HOME": str(settings.home)}
    while not over.is_set():
        with subprocess.Popen(  # noqa: S603  this Python, and words of our own
            [sys.executable, *WORKER], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, env=os.environ | own
        ) as child:
            while child.poll() is None and not over.wait(0.2):
                pass
            if over.is_set():
                _stop(child)
                return
        on_end()
        over.wait(AGAIN_AFTER_S)


def _stop(child: subprocess.Popen[bytes]) -> None:
    child.terminate()
    try:
        child.wait(PATIENCE_S)
    except subprocess.TimeoutExpired:
        child.kill()
