"""Enrolling from a photo that may show others as well: the largest face is the person's, and of nobody else a template is made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from visavis.consent.terms import check_subject
from visavis.errors import ConsentError, NoFaceError, PoorQualityError, VisavisError
from visavis.faces import Face
from visavis.services.enrol import Enrolment, enrol
from visavis.services.galleries import find
from visavis.services.gate import live_grants
from visavis.services.photos import Portrait, portrait_of
from visavis.services.registry import Registry
from visavis.store.references import Reference, references_with_ids


@dataclass(frozen=True, slots=True)
class Shown:
    """A photo whose largest face is to be enrolled. min_quality: of that face, 0 to 1; label: as in Enrolment."""

    subject: str = field(repr=False)
    label: str = field(repr=False)
    photo: bytes = field(repr=False)
    min_quality: float


@dataclass(frozen=True, slots=True)
class PhotoEnrolled:
    """What came of a photo. faces: all of it, the largest first; reference: of the largest, None where it is too poor or there is none."""

    faces: tuple[Face, ...]
    reference: Reference | None


def enrol_largest(registry: Registry, gallery_name: str, shown: Shown) -> PhotoEnrolled:
    """Enrol the largest face of a photo, if it is good enough, and say which others there are.

    Who did not agree is refused before the photo is looked at. Raises the ConsentError that says why, EnrolmentError,
    ConsentTermsError where this cannot be a subject, UnknownGalleryError, ImageError, ModelError and StoreError.
    """
    check_subject(shown.subject)
    gallery = find(registry, gallery_name)
    with registry.store.read() as connection:
        grant = live_grants(connection, gallery.purpose, [shown.subject], registry.clock())[shown.subject]
    if isinstance(grant, ConsentError):
        _enrol(registry, gallery_name, shown, grant)
    try:
        faces = registry.analyzer(gallery.recogniser).all_and_largest(shown.photo)
    except VisavisError as error:
        _enrol(registry, gallery_name, shown, error)
        raise
    reference_id = _enrol(registry, gallery_name, shown, _portrait(shown, faces))
    with registry.store.read() as connection:
        found = references_with_ids(connection, gallery.id, [reference_id] if reference_id else [])
    return PhotoEnrolled(tuple(faces), found[0] if found else None)


def _portrait(shown: Shown, faces: Sequence[Face]) -> Portrait | VisavisError:
    if not faces:
        return NoFaceError()
    if faces[0].quality.score < shown.min_quality:
        return PoorQualityError()
    return portrait_of(faces[0], shown.photo)


def _enrol(
    registry: Registry, gallery_name: str, shown: Shown, portrait: Portrait | VisavisError
) -> bytes | None:
    """The id of the reference; None where the photo shows no face that can be one. Raises any other error for which it was refused."""
    outcome = enrol(registry, gallery_name, [Enrolment(shown.subject, portrait, shown.label)])[0]
    if isinstance(outcome, NoFaceError | PoorQualityError):
        return None
    if isinstance(outcome, VisavisError):
        raise outcome
    return outcome.reference_id.bytes
