"""What the commands that use galleries share: which store, opened, and with expired consents erased."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from visavis.settings import load_settings

if TYPE_CHECKING:
    from visavis.services.registry import Registry

database_option = click.option(
    "--database-url",
    metavar="URL",
    help="The store: sqlite:///FILE or postgresql://...  [default: VISAVIS_DATABASE_URL, visavis.toml, or visavis.db in the state folder]",
)

subject_option = click.option(
    "--subject", required=True, help="The person: best a pseudonym, such as p-0417."
)
purpose_option = click.option(
    "--purpose", required=True, help="What for: exactly the text of the gallery's purpose."
)


def clock() -> int:
    """The time in UTC, in seconds since 1970."""
    return int(time.time())


@contextmanager
def opened_registry(database_url: str | None) -> Iterator[Registry]:
    """A registry for one command. Whoever's consent expired is erased first."""
    from visavis.services.erase import sweep  # here, since these take a while to import
    from visavis.services.registry import opened

    with opened(load_settings(database_url), clock=clock) as registry:
        sweep(registry)
        yield registry
