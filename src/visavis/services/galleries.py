"""Making, showing and deleting galleries, and moving one to another recogniser."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from uuid import uuid4

from sqlalchemy import Connection

from visavis.audit.entry import MAX_COMMITMENTS, Action, Counted
from visavis.consent.terms import check_purpose
from visavis.errors import (
    GalleryNameError,
    NotCalibratedError,
    UnknownGalleryError,
    UnknownModelError,
    UnknownReferenceError,
)
from visavis.models.manifest import DEFAULT_RECOGNISER, find_manifest
from visavis.services.registry import Registry
from visavis.services.scoring import concerned
from visavis.services.work import Work, working
from visavis.settings import model_folder
from visavis.store.galleries import (
    Gallery,
    all_galleries,
    count_references,
    delete_gallery,
    find_gallery,
    insert_gallery,
    recognisers_in,
    set_recogniser,
)
from visavis.store.references import (
    EVERY_REFERENCE,
    Reference,
    Wanted,
    delete_references_at,
    delete_references_in,
    list_references,
    references_with_ids,
)
from visavis.store.tags import put_tags
from visavis.store.users import count_users

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,255}")
_PAGE = 1_000
_IN_A_LEAF = MAX_COMMITMENTS // 3
"""References to a leaf: of each, its person's grant, their name and itself, at most, are committed to."""

SEARCH_FPIR = 0.01
"""The rate of false finds of a search above which a gallery is called too large for its recogniser."""


@dataclass(frozen=True, slots=True)
class GallerySummary:
    """A gallery and how much is in it. users: groupings of its references by callers.

    recognisers: of its references, by name. largest: how many references its recogniser is calibrated to be searched in at a false positive identification rate of 1 in 100; None where it is not calibrated.
    """

    gallery: Gallery
    references: int
    people: int
    users: int
    recognisers: tuple[str, ...]
    largest: int | None


def create(
    registry: Registry,
    name: str,
    purpose: str,
    recogniser: str = DEFAULT_RECOGNISER,
    tags: Mapping[str, str] = MappingProxyType({}),
) -> Gallery:
    """Make a gallery. Its purpose never changes. tags: as `tags.check` lets them through. Raises GalleryNameError, GalleryExistsError, ConsentTermsError, UnknownModelError."""
    if not _NAME.fullmatch(name):
        raise GalleryNameError
    check_purpose(purpose)
    find_manifest(recogniser, model_folder())
    with working(registry) as work:
        gallery = Gallery(uuid4().bytes, name, purpose, recogniser, work.now)
        insert_gallery(work.connection, gallery)
        put_tags(work.connection, gallery.id, tags)
        work.log(Action.GALLERY_CREATE, where=gallery)
    return gallery


def find(registry: Registry, name: str) -> Gallery:
    """The gallery of that name; raises UnknownGalleryError."""
    if not _NAME.fullmatch(name):  # not every text can be asked a database for
        raise UnknownGalleryError
    with registry.store.read() as connection:
        return find_gallery(connection, name)


def purposes(registry: Registry) -> set[str]:
    """The purposes of all galleries."""
    with registry.store.read() as connection:
        return {gallery.purpose for gallery in all_galleries(connection)}


def every(registry: Registry) -> list[Gallery]:
    """Every gallery, by name."""
    with registry.store.read() as connection:
        return all_galleries(connection)


def of_purpose(registry: Registry, purpose: str) -> list[Gallery]:
    """The galleries of exactly this purpose, by name."""
    with registry.store.read() as connection:
        return [gallery for gallery in all_galleries(connection) if gallery.purpose == purpose]


def summaries(registry: Registry) -> list[GallerySummary]:
    """Every gallery, by name."""
    with registry.store.read() as connection:
        return [_summary(registry, connection, gallery) for gallery in all_galleries(connection)]


def summary(registry: Registry, name: str) -> GallerySummary:
    """One gallery; raises UnknownGalleryError."""
    gallery = find(registry, name)
    with registry.store.read() as connection:
        return _summary(registry, connection, gallery)


def _summary(registry: Registry, connection: Connection, gallery: Gallery) -> GallerySummary:
    return GallerySummary(
        gallery,
        *count_references(connection, gallery.id),
        count_users(connection, gallery.id),
        tuple(sorted(set(recognisers_in(connection, gallery.id).values()))),
        largest_size(registry, gallery.recogniser),
    )


def largest_size(registry: Registry, recogniser: str) -> int | None:
    """How many references may be searched at once before more than 1 stranger in 100 is taken for somebody.

    None where the recogniser is not calibrated, or not here.
    """
    try:
        return registry.analyzer(recogniser).calibration.largest_gallery(SEARCH_FPIR)
    except (NotCalibratedError, UnknownModelError):
        return None


def delete(registry: Registry, name: str) -> int:
    """Delete a gallery with all its references; how many those were. People's consents stay: they are to the purpose."""
    with working(registry) as work:
        gallery = find_gallery(work.connection, name)
        references = delete_references_in(work.connection, gallery.id)
        delete_gallery(work.connection, gallery.id)
        work.log(Action.GALLERY_DELETE, where=gallery, counts={Counted.REFERENCES: references})
    _forget(registry)
    return references


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
    _forget(registry)
    return len(found)


def remove_ungrouped(registry: Registry, name: str, reference_ids: Sequence[bytes]) -> Removed:
    """Delete those of these references that are there and that no user groups; what came of them is in the order given."""
    with working(registry) as work:
        gallery = find_gallery(work.connection, name)
        there = {r.id: r for r in references_with_ids(work.connection, gallery.id, reference_ids)}
        found = {i: there[i] for i in dict.fromkeys(reference_ids) if i in there}
        free = [reference for reference in found.values() if reference.user is None]
        _remove(work, gallery, free)
    _forget(registry)
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


def _forget(registry: Registry) -> None:
    """What was deleted is neither in the file nor in memory any more."""
    registry.store.overwrite_freed()
    registry.indexes.refresh()


@dataclass(frozen=True, slots=True)
class Upgrade:
    """Where a gallery stands on its way to a recogniser.

    missing: people who have no reference of it yet; superseded: references of other
    models, of people who have some of it.
    """

    gallery: Gallery
    missing: tuple[str, ...] = field(repr=False)
    superseded: int


def upgrade_to(registry: Registry, name: str, recogniser: str) -> Gallery:
    """From now on, make new references with another recogniser; what is enrolled is still found with the one it was made with."""
    find_manifest(recogniser, model_folder())
    with working(registry) as work:
        gallery = find_gallery(work.connection, name)
        set_recogniser(work.connection, gallery.id, recogniser)
        work.log(Action.GALLERY_CHANGE, where=gallery)
    return find(registry, name)


def upgrade_state(registry: Registry, name: str) -> Upgrade:
    """Who has to be photographed again: photos are not kept, so a new model needs people anew."""
    gallery = find(registry, name)
    by_subject: dict[str, list[bool]] = {}
    for reference in view(registry, name):
        by_subject.setdefault(reference.subject, []).append(reference.recogniser == gallery.recogniser)
    missing = sorted(subject for subject, current in by_subject.items() if not any(current))
    return Upgrade(gallery, tuple(missing), sum(c.count(False) for c in by_subject.values() if any(c)))


def finish_upgrade(registry: Registry, name: str) -> int:
    """Delete the references of former recognisers of everybody who has some of the present one; how many."""
    gallery = find(registry, name)
    references = list(view(registry, name))
    renewed = {r.grant_id for r in references if r.recogniser == gallery.recogniser}
    former = [r.id for r in references if r.recogniser != gallery.recogniser and r.grant_id in renewed]
    return remove(registry, name, former) if former else 0
