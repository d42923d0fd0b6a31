"""Reading the audit log: to show it, and to export it for others to verify."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from visavis.audit.entry import Action, Entry
from visavis.audit.export import export_lines
from visavis.audit.note import VerifierKey
from visavis.services.checkpoints import sign_log
from visavis.services.registry import Registry
from visavis.services.work import working
from visavis.store.log import leaves_from, read_head


@dataclass(frozen=True, slots=True)
class NumberedEntry:
    """An entry and its place in the log, from 0."""

    number: int
    entry: Entry


def latest_entries(registry: Registry, limit: int) -> list[NumberedEntry]:
    """The last entries, the oldest of them first. They name no person, so that they are read is not logged."""
    return entries_from(registry, max(0, log_size(registry) - limit), limit)


def entries_from(registry: Registry, first: int, limit: int) -> list[NumberedEntry]:
    """At most `limit` entries from number `first` on, in order. They name no person, so that they are read is not logged."""
    leaves = _leaves(registry, first, min(first + limit, log_size(registry)))
    return [NumberedEntry(number, Entry.from_bytes(leaf)) for number, leaf in enumerate(leaves, first)]


def log_size(registry: Registry) -> int:
    """How many leaves the log has."""
    with registry.store.read() as connection:
        return read_head(connection).size


def log_key(registry: Registry) -> VerifierKey:
    """The public key of the log: what others verify it with."""
    return registry.signing_key().verifier


@dataclass(frozen=True, slots=True)
class LogExport:
    """An export of the whole log. size: in leaves; lines: read from the store as they are asked for, to be read once."""

    size: int
    lines: Iterator[bytes]


def begin_export(registry: Registry) -> LogExport:
    """An export of the log as it is signed now. That it is exported is its last leaf."""
    with working(registry) as work:
        work.log(Action.EXPORT)
    signed = sign_log(registry)
    leaves = _leaves(registry, 0, signed.size)
    return LogExport(signed.size, export_lines(leaves, signed.checkpoint, log_key(registry)))


def export_log(registry: Registry, file: IO[bytes]) -> int:
    """Write the whole log, signed as it is now, for `visavis audit verify`; how many leaves. That it is exported is its last leaf."""
    export = begin_export(registry)
    for line in export.lines:
        file.write(line)
    return export.size


def _leaves(registry: Registry, first: int, end: int) -> Iterator[bytes]:
    """Leaves in order; each page is a short transaction of its own, since leaves never change."""
    while first < end:
        with registry.store.read() as connection:
            page = leaves_from(connection, first, end)
        yield from page
        first += len(page)
