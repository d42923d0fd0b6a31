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
from visavis.errors import ConsentError, ConsentTermsError, ModelError, VisavisError
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


@dataclass(frozen=True, slots=True)
class _Seen:
    """A photo of a folder and what is known of it so far: its bytes, then the face in it, or what came of it."""

    photo: PhotoOf
    found: bytes | Portrait | Enrolled | VisavisError


def enrol_photos(
    registry: Registry, gallery_name: str, photos: Sequence[PhotoOf], how: HowToEnrol
) -> Iterator[tuple[PhotoOf, Enrolled | VisavisError]]:
    """Enrol photos, and say of each, in order, what came of it.

    One that is enrolled already is not analyzed again, and one of somebody who did not agree is not opened.

    Raises UnknownGalleryError, ModelError and StoreError; what was yielded before is kept.
    """
    gallery = find(registry, gallery_name)
    analyzer = registry.analyzer(gallery.recogniser)
    looked_at = analyzer.map(partial(_look, analyzer, how), _read_all(registry, gallery, photos))
    while batch := list(islice(looked_at, BATCH)):
        yield from _enrol_batch(registry, gallery, batch, how)


def _enrol_batch(
    registry: Registry, gallery: Gallery, batch: Sequence[_Seen | VisavisError], how: HowToEnrol
) -> Iterator[tuple[PhotoOf, Enrolled | VisavisError]]:
    """Enrol some, and say of each what came of it; meanwhile the next are looked at."""
    seen, enrolments = [], []
    for one in batch:
        if isinstance(one, VisavisError):  # of no photo
            raise one
        seen.append(one)
        if isinstance(one.found, Portrait | VisavisError) and not isinstance(one.found, ConsentTermsError):
            enrolments.append(Enrolment(one.photo.subject, one.found, confirmed=how.confirmed))
    outcomes = iter(enrol(registry, gallery.name, enrolments) if enrolments else ())
    for one in seen:
        if isinstance(one.found, Enrolled | ConsentTermsError):
            yield one.photo, one.found
        else:
            yield one.photo, next(outcomes)


def _read_all(registry: Registry, gallery: Gallery, photos: Sequence[PhotoOf]) -> Iterator[_Seen]:
    """Photos in order, as far as they need not be looked at."""
    source = iter(photos)
    while batch := list(islice(source, BATCH)):
        outcomes: dict[int, bytes | Enrolled | VisavisError] = dict(_misnamed(batch))
        named = {i: photo for i, photo in enumerate(batch) if i not in outcomes}
        with registry.store.read() as connection:
            subjects = [photo.subject for photo in named.values()]
            grants = live_grants(connection, gallery.purpose, subjects, registry.clock())
        read = {i: _read(photo.path, grants[photo.subject]) for i, photo in named.items()}
        known = _known(registry, gallery, {i: grants[photo.subject] for i, photo in named.items()}, read)
        outcomes |= read | dict(known)
        yield from (_Seen(photo, outcomes[i]) for i, photo in enumerate(batch))


def _look(analyzer: Analyzer, how: HowToEnrol, seen: _Seen) -> _Seen:
    """Find the face of a photo; raises ModelError alone, which is of no photo."""
    if not isinstance(seen.found, bytes):
        return seen
    try:
        return _Seen(seen.photo, portrait(analyzer, seen.found, largest=how.largest))
    except ModelError:
        raise
    except VisavisError as error:
        return _Seen(seen.photo, error)


def _misnamed(batch: Sequence[PhotoOf]) -> Iterator[tuple[int, ConsentTermsError]]:
    """The places of those photos in the batch that are said to show what cannot be a person."""
    for i, photo in enumerate(batch):
        try:
            check_subject(photo.subject)
        except ConsentTermsError as error:
            yield i, error


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
