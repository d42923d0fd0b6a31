"""What stands in the way: each check says whether all is well, and else what to do."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from visavis.audit.entry import Action
from visavis.audit.merkle import Frontier
from visavis.errors import VisavisError
from visavis.models.manifest import DEFAULT_DETECTOR, find_manifest
from visavis.models.weights import load_weights
from visavis.services.checkpoints import root_at
from visavis.services.erase import finish_erasures
from visavis.services.galleries import summaries
from visavis.services.registry import Registry, opened
from visavis.services.work import CLOCK_TOLERANCE_S, Work
from visavis.settings import Settings, model_folder
from visavis.store.grants import expired_grants, ids_of_given
from visavis.store.log import lock_head, read_head

LEAST_FREE_BYTES = 2**30
_MANY = 1_000


class Health(StrEnum):
    """How something stands."""

    WELL = "well"
    DOUBTFUL = "doubtful"
    ILL = "ill"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. hint: what to do where it is not well."""

    what: str
    health: Health
    found: str
    hint: str = ""


def examine(settings: Settings, clock: Callable[[], int]) -> Iterator[Check]:
    """Look at settings, store, keyring, log, weights and disk, one after the other. Nothing is changed but what opening a store finishes."""
    yield _settings(settings)
    yield _disk(settings)
    try:
        with opened(settings, clock=clock) as registry:
            yield Check("store", Health.WELL, "opens, and its keyring fits")
            yield from _inside(registry)
    except VisavisError as error:
        yield Check("store", Health.ILL, error.message, error.hint)


def accept_the_clock(registry: Registry) -> None:
    """Take the present time for the right one, though the log holds later ones. That it was done is logged.

    An erasure that waited for it is finished.
    """
    with registry.store.write() as connection:
        work = Work(registry, connection, lock_head(connection), clock_is_right=True)
        work.log(Action.CLOCK)
        work.finish()
    finish_erasures(registry)


def _settings(settings: Settings) -> Check:
    if settings.controller_name and settings.controller_contact:
        return Check("controller", Health.WELL, "is named in consent records")
    return Check(
        "controller",
        Health.DOUBTFUL,
        "consent records do not say who answers for the data",
        "set controller_name and controller_contact in visavis.toml",
    )


def _disk(settings: Settings) -> Check:
    folder = next(path for path in (settings.home, *settings.home.absolute().parents) if path.exists())
    free = shutil.disk_usage(folder).free
    found = f"{free / 2**30:.1f} GiB free where the state folder is"
    if free < LEAST_FREE_BYTES:
        return Check(
            "disk", Health.DOUBTFUL, found, "every use is logged: make room before there is none left"
        )
    return Check("disk", Health.WELL, found)


def _inside(registry: Registry) -> Iterator[Check]:
    yield _named("clock", lambda: _clock(registry))
    yield _named("log", lambda: _log(registry))
    yield _named("consents", lambda: _consents(registry))
    yield _named("detector", lambda: _weights(DEFAULT_DETECTOR))
    found = summaries(registry)
    for recogniser in sorted({summary.gallery.recogniser for summary in found}):
        yield _named(f"recogniser {recogniser}", partial(_weights, recogniser))
    for summary in found:
        if summary.largest is not None and summary.references > summary.largest:
            yield Check(
                f"gallery {summary.gallery.name}",
                Health.DOUBTFUL,
                f"{summary.references:,} references; its recogniser is calibrated for {summary.largest:,}",
                "at most 1 stranger in 100 is taken for somebody only in a smaller gallery",
            )


def _named(what: str, look: Callable[[], tuple[Health, str, str]]) -> Check:
    try:
        return Check(what, *look())
    except VisavisError as error:
        return Check(what, Health.ILL, error.message, error.hint)


def _clock(registry: Registry) -> tuple[Health, str, str]:
    with registry.store.read() as connection:
        behind = read_head(connection).last_at - registry.clock()
    if behind > CLOCK_TOLERANCE_S:
        return Health.ILL, f"runs {behind:,} s behind the log", "set it; or `visavis doctor --accept-clock`"
    return Health.WELL, "does not run behind the log", ""


def _log(registry: Registry) -> tuple[Health, str, str]:
    state = registry.keyring.state()
    assert state is not None
    with registry.store.read() as connection:
        head = read_head(connection)
        grown = root_at(connection, head.size) == Frontier(head.size, head.roots).root()
        if not grown or root_at(connection, state.signed_size) != state.signed_root:
            return Health.ILL, "is not the one that was signed", "`visavis restore FILE` brings back a backup"
    return Health.WELL, f"{head.size:,} leaves, signed up to {state.signed_size:,}", ""


def _consents(registry: Registry) -> tuple[Health, str, str]:
    with registry.store.read() as connection:
        given = ids_of_given(connection)
        expired = len(expired_grants(connection, registry.clock(), _MANY))
    without_key = len(given) - len(registry.keyring.keys(given))
    if without_key:
        return Health.ILL, f"{without_key:,} have no key", "`visavis restore FILE` with the right keyring"
    if expired:
        return Health.DOUBTFUL, f"{expired:,} expired and wait to be erased", "`visavis consent sweep`"
    return Health.WELL, f"{len(given):,} given, each with its key", ""


def _weights(model: str) -> tuple[Health, str, str]:
    load_weights(find_manifest(model, model_folder()), model_folder())
    return Health.WELL, "its weights are here and unaltered", ""
