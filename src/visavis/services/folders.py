"""Enrolling many photos: side by side through the models, many to a transaction, and on from where it stopped."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from uuid import UUID

from visavis.analysis import Analyzer
from visavis.consent.terms import check_subject
from visavis.errors import ConsentError, ConsentTermsError, VisavisError
from visavis.grants import ConsentGrant
from visavis.services.enrol import Enrolled, Enrolment, enrol, image_digest
from visavis.services.galleries import find
from visavis.services.gate import live_grants
from visavis.services.photos import Portrait, portrait, read_photo
from visavis.services.registry import Registry
from visavis.store.galleries import Gallery
from visavis.store.references import known_images

BATCH = 32
"""Photos to a transaction: what has to be done again where a run is cut off."""


@dataclass(frozen=True, slots=True)
class PhotoOf:
    """A photo and whom it is said to show."""

    subject: str = field(repr=False)
    path: Path = field(repr=False)


@dataclass(frozen=True, slots=True)
class HowToEnrol:
    """largest: where a photo shows several people, take the largest face alone. confirmed: an operator looked at all of them."""

    largest: bool = False
    confirmed: bool = False


def enrol_photos(
    registry: Registry, gallery_name: str, photos: Sequence[PhotoOf], how: HowToEnrol
) -> Iterator[tuple[PhotoOf, Enrolled | VisavisError]]:
    """Enrol photos, and say of each, in order, what came of it.

    One that is enrolled already is not analyzed again, and one of somebody who did not agree is not opened.

    Raises UnknownGalleryError, ModelError and StoreError; what was yielded before is kept.
    """
    gallery = find(registry, gallery_name)
    source = iter(photos)
    while batch := list(islice(source, BATCH)):
        yield from zip(batch, _enrol_batch(registry, gallery, batch, how), strict=True)


def _enrol_batch(
    registry: Registry, gallery: Gallery, batch: Sequence[PhotoOf], how: HowToEnrol
) -> list[Enrolled | VisavisError]:
    analyzer = registry.analyzer(gallery.recogniser)
    outcomes: dict[int, Enrolled | VisavisError] = dict(_misnamed(batch))
    named = {i: photo for i, photo in enumerate(batch) if i not in outcomes}
    with registry.store.read() as connection:
        subjects = [photo.subject for photo in named.values()]
        grants = live_grants(connection, gallery.purpose, subjects, registry.clock())
    read = {i: _read(photo.path, grants[photo.subject]) for i, photo in named.items()}
    outcomes |= _known(registry, gallery, {i: grants[photo.subject] for i, photo in named.items()}, read)
    fresh = [i for i in named if i not in outcomes]
    faces = analyzer.map(partial(_portrait, analyzer, how), (read[i] for i in fresh))
    enrolments = [
        Enrolment(batch[i].subject, face, confirmed=how.confirmed)
        for i, face in zip(fresh, faces, strict=True)
    ]
    if enrolments:
        outcomes |= zip(fresh, enrol(registry, gallery.name, enrolments), strict=True)
    return [outcomes[i] for i in range(len(batch))]


def _misnamed(batch: Sequence[PhotoOf]) -> Iterator[tuple[int, ConsentTermsError]]:
    """The places of those photos in the batch that are said to show what cannot be a person."""
    for i, photo in enumerate(batch):
        try:
            check_subject(photo.subject)
        except ConsentTermsError as error:
            yield i, error


def _portrait(analyzer: Analyzer, how: HowToEnrol, photo: bytes | VisavisError) -> Portrait:
    if isinstance(photo, VisavisError):
        raise photo
    return portrait(analyzer, photo, largest=how.largest)


def _read(path: Path, grant: ConsentGrant | ConsentError) -> bytes | VisavisError:
    """The bytes of a photo; of somebody who did not agree, it is not even opened."""
    if isinstance(grant, ConsentError):
        return grant
    try:
        return read_photo(path)
    except VisavisError as error:
        return error


def _known(
    registry: Registry,
    gallery: Gallery,
    grants: Mapping[int, ConsentGrant | ConsentError],
    read: Mapping[int, bytes | VisavisError],
) -> Iterator[tuple[int, Enrolled]]:
    """The places of those photos in the batch that are enrolled already."""
    live = {i: grant.id for i, grant in grants.items() if isinstance(grant, ConsentGrant)}
    with registry.store.read() as connection:
        known = known_images(connection, gallery, dict.fromkeys(live.values()))
    keys = registry.keyring.keys(live.values())
    for i, grant_id in live.items():
        key, data = keys.get(grant_id), read[i]
        if key and isinstance(data, bytes):
            digest = image_digest(key, hashlib.sha256(data).digest())
            if found := known.get((grant_id, digest, "")):
                yield i, Enrolled(UUID(bytes=found), known=True)
