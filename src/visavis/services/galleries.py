"""Making, showing and deleting galleries."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from uuid import uuid4

from sqlalchemy import Connection

from visavis.audit.entry import Action, Counted
from visavis.consent.terms import check_purpose
from visavis.errors import (
    GalleryNameError,
    NotCalibratedError,
    UnknownGalleryError,
    UnknownModelError,
)
from visavis.models.manifest import DEFAULT_RECOGNISER, find_manifest
from visavis.services.registry import Registry
from visavis.services.work import working
from visavis.settings import model_folder
from visavis.store.galleries import (
    Gallery,
    all_galleries,
    count_references,
    delete_gallery,
    find_gallery,
    insert_gallery,
    recognisers_in,
)
from visavis.store.jobs import end_jobs_of
from visavis.store.references import delete_references_in
from visavis.store.tags import put_tags
from visavis.store.users import count_users

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,255}")

SEARCH_FPIR = 0.01
"""The rate of false finds of a search above which a gallery is called too large for its recogniser."""

DELETED = "The gallery (collection) was deleted."
"""What is told of a job whose gallery was."""


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
    """Delete a gallery with all its references; how many those were. People's consents stay: they are to the purpose.

    What jobs found in it goes at once; those that run fail, and whoever waits for one is told so.
    """
    with working(registry) as work:
        gallery = find_gallery(work.connection, name)
        end_jobs_of(work.connection, gallery.id, DELETED, work.now)  # first, as whoever ends one job does
        references = delete_references_in(work.connection, gallery.id)
        delete_gallery(work.connection, gallery.id)
        work.log(Action.GALLERY_DELETE, where=gallery, counts={Counted.REFERENCES: references})
    registry.forget_deleted()
    return references
