"""A unit of work: one transaction of the store, and the leaves that say what it does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import Connection

from visavis.audit.commitments import Commitment, Kind, commit, fresh_salt
from visavis.audit.entry import Action, Counted, Entry, Refusal
from visavis.audit.merkle import Frontier, leaf_hash
from visavis.errors import ClockError
from visavis.services.registry import Registry
from visavis.store.crypto import Key, salt_context
from visavis.store.galleries import Gallery
from visavis.store.log import LogHead, NewLeaf, lock_head, write_leaves

CLOCK_TOLERANCE_S = 300
"""How far the clocks of machines that share a store may lie apart."""


def uuid_text(identifier: bytes) -> str:
    """An id as people and commitments see it."""
    return str(UUID(bytes=identifier))


@dataclass(frozen=True, slots=True)
class Concerned:
    """A person whom a leaf is about. ids: what it commits to besides the grant; key: None where it is erased, and the salt is not kept."""

    grant_id: bytes = field(repr=False)
    key: Key | None
    ids: Sequence[tuple[Kind, str]] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Logged:
    """A leaf of this work. salts: by grant, for whoever gets the receipt."""

    number: int
    leaf: bytes
    salts: Mapping[bytes, bytes] = field(repr=False)


class Work:
    """What is done in one transaction. now: UTC, in seconds since 1970, never before the log's last leaf."""

    def __init__(
        self, registry: Registry, connection: Connection, head: LogHead, *, clock_is_right: bool = False
    ) -> None:
        clock = registry.clock()
        if not clock_is_right:
            check_clock(head, clock)
        self.registry = registry
        self.connection = connection
        self.now = clock if clock_is_right else max(clock, head.last_at)
        self.by = registry.by
        self._frontier = Frontier(head.size, head.roots)
        self._new: list[NewLeaf] = []

    def log(
        self,
        action: Action,
        *,
        where: Gallery | str | None = None,
        refusal: Refusal | None = None,
        counts: Mapping[Counted, int] | None = None,
        people: Sequence[Concerned] = (),
    ) -> Logged:
        """Append a leaf; it is written when the work ends. where: a gallery, or a purpose."""
        gallery = where if isinstance(where, Gallery) else None
        number = self._frontier.size
        salts = {person.grant_id: fresh_salt() for person in people}
        entry = Entry(
            action=action,
            at=datetime.fromtimestamp(self.now, UTC),
            by=self.by,
            gallery=gallery.name if gallery else None,
            purpose=where.purpose if isinstance(where, Gallery) else where,
            refusal=refusal,
            counts=counts or {},
            commitments=tuple(c for person in people for c in _commitments(person, salts[person.grant_id])),
        )
        leaf = entry.to_bytes()
        self._frontier, nodes = self._frontier.append(leaf_hash(leaf))
        sealed = {
            person.grant_id: person.key.seal(salts[person.grant_id], salt_context(person.grant_id, number))
            for person in people
            if person.key
        }
        self._new.append(NewLeaf(leaf, [(n.level, n.index, n.hash) for n in nodes], sealed))
        return Logged(number, leaf, salts)

    def finish(self) -> None:
        """Write the leaves. Nothing is done with people's data that leaves none."""
        if not self._new:
            raise AssertionError("a work without a leaf")
        head = LogHead(self._frontier.size, self._frontier.roots, self.now)
        write_leaves(self.connection, head, self._new)


@contextmanager
def working(registry: Registry) -> Iterator[Work]:
    """A work that is done whole, leaves included, when the block ends well, and else not at all.

    Raises ClockError where the clock runs behind the log, and StoreError.
    """
    with registry.store.write() as connection:
        work = Work(registry, connection, lock_head(connection))
        yield work
        work.finish()


def check_clock(head: LogHead, clock: int) -> None:
    """Raise ClockError where the clock runs behind the log: no work can be done then."""
    if clock < head.last_at - CLOCK_TOLERANCE_S:
        raise ClockError


def _commitments(person: Concerned, salt: bytes) -> Iterator[Commitment]:
    yield commit(Kind.GRANT, uuid_text(person.grant_id), salt)
    for kind, identifier in person.ids:
        yield commit(kind, identifier, salt)
