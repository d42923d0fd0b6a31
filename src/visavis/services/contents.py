"""What is in a gallery: looking at its references, and deleting some. Either is logged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from visavis.audit.entry import MAX_COMMITMENTS, Action, Counted
from visavis.errors import UnknownReferenceError
from visavis.services.registry import Registry
from visavis.services.scoring import concerned
from visavis.services.work import Work, working
from visavis.store.galleries import Gallery, count_references, find_gallery
from visavis.store.references import (
    EVERY_REFERENCE,
    Reference,
    Wanted,
    delete_references_at,
    list_references,
    references_with_ids,
)

_PAGE = 1_000
_IN_A_LEAF = MAX_COMMITMENTS // 3
"""References to a leaf: of each, its person's grant, their name and itself, at most, are committed to."""


def view(registry: Registry, name: str) -> Iterator[Reference]:
    """The references of a gallery, by number; that they are looked at is logged before the first is given."""
    with working(registry) as work:
        gallery = find_gallery(work.connection, name)
        references, people = count_references(work.connection, gallery.id)
        counts = {Counted.REFERENCES: references, Counted.SUBJECTS: people}
        work.log(Action.VIEW, where=gallery, counts=counts)
    after = 0
    while True:
        with registry.store.read() as connection:
            page = list_references(connection, gallery.id, after, _PAGE)
        if not page:
            return
        yield from page
        after = page[-1].number


@dataclass(frozen=True, slots=True)
class Page:
    """Some references of a gallery. next_after: the number after which the next page begins; None for the last."""

    references: tuple[Reference, ...]
    next_after: int | None


def page(registry: Registry, name: str, after: int, limit: int, wanted: Wanted = EVERY_REFERENCE) -> Page:
    """References of a gallery by number, at most `limit` after the one of this number, of people who agree; each page is logged."""
    with working(registry) as work:
        gallery = find_gallery(work.connection, name)
        found = list_references(work.connection, gallery.id, after, limit + 1, wanted)
        living = tuple(reference for reference in found[:limit] if reference.lives(work.now))
        people = len({reference.grant_id for reference in living})
        counts = {Counted.REFERENCES: len(living), Counted.SUBJECTS: people}
        work.log(Action.VIEW, where=gallery, counts=counts)
    return Page(living, found[limit - 1].number if len(found) > limit else None)


@dataclass(frozen=True, slots=True)
class Removed:
    """What came of a removal. of_users: references that a user groups, with the user's name; they stay."""

    ids: tuple[bytes, ...]
    unknown: tuple[bytes, ...]
    of_users: Mapping[bytes, str] = field(repr=False)


def remove(registry: Registry, name: str, reference_ids: Sequence[bytes]) -> int:
    """Delete references; how many. Raises UnknownReferenceError, and deletes none, where one is not in the gallery."""
    with working(registry) as work:
        gallery = find_gallery(work.connection, name)
        found = references_with_ids(work.connection, gallery.id, reference_ids)
        if len(found) != len(set(reference_ids)):
            raise UnknownReferenceError
        _remove(work, gallery, found)
    registry.forget_deleted()
    return len(found)


def remove_ungrouped(registry: Registry, name: str, reference_ids: Sequence[bytes]) -> Removed:
    """Delete those of these references that are there and that no user groups; what came of them is in the order given."""
    with working(registry) as work:
        gallery = find_gallery(work.connection, name)
        there = {r.id: r for r in references_with_ids(work.connection, gallery.id, reference_ids)}
        found = {i: there[i] for i in dict.fromkeys(reference_ids) if i in there}
        free = [reference for reference in found.values() if reference.user is None]
        _remove(work, gallery, free)
    registry.forget_deleted()
    unknown = tuple(i for i in dict.fromkeys(reference_ids) if i not in found)
    grouped = {r.id: r.user for r in found.values() if r.user is not None}
    return Removed(tuple(r.id for r in free), unknown, grouped)


def _remove(work: Work, gallery: Gallery, references: Sequence[Reference]) -> None:
    delete_references_at(work.connection, [reference.number for reference in references])
    keys = work.registry.keyring.keys(reference.grant_id for reference in references)
    for start in range(0, max(len(references), 1), _IN_A_LEAF):
        part = references[start : start + _IN_A_LEAF]
        counts = {Counted.REFERENCES: len(part)}
        work.log(Action.REMOVE, where=gallery, counts=counts, people=concerned(part, keys))
