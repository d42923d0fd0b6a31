"""Verification: whether a face is the one person that it is said to be. Nobody else's reference is opened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from visavis.audit.entry import Action, Counted
from visavis.comparison import DEFAULT_MAX_FMR, Comparison, compare_templates
from visavis.consent.terms import check_subject
from visavis.errors import SearchRateError, UnknownSubjectError
from visavis.faces import ModelIdentity, Template, Vector
from visavis.services.galleries import find
from visavis.services.gate import live_grant
from visavis.services.refusals import refusals_logged
from visavis.services.registry import Registry
from visavis.services.scoring import check_template, concerned, open_vectors
from visavis.services.work import Work, working
from visavis.store.galleries import Gallery
from visavis.store.references import Reference, references_of


@dataclass(frozen=True, slots=True)
class Verification:
    """The comparison with the likest of a person's references. references: how many it was compared with."""

    comparison: Comparison
    references: int


def verify_photo(
    registry: Registry, gallery_name: str, subject: str, photo: bytes, max_fmr: float = DEFAULT_MAX_FMR
) -> Verification:
    """Compare the largest face of a photo with a person's references.

    Raises the ConsentError that says why they may not be compared with, UnknownSubjectError where they have no reference here,
    UnknownGalleryError, NoFaceError, ImageError, ModelError, SearchRateError and StoreError.
    """
    check_subject(subject)
    gallery = find(registry, gallery_name)
    with refusals_logged(registry, Action.VERIFY, gallery):
        with registry.store.read() as connection:
            grant = live_grant(connection, gallery.purpose, subject, registry.clock())
            own = references_of(connection, [grant.id], gallery.id)
        recognisers = dict.fromkeys(reference.recogniser for reference in own)
        templates = [registry.analyzer(name).largest(photo).template for name in recognisers]
    return verify(registry, gallery_name, subject, [t for t in templates if t], max_fmr)


def verify(
    registry: Registry,
    gallery_name: str,
    subject: str,
    probes: Sequence[Template],
    max_fmr: float = DEFAULT_MAX_FMR,
) -> Verification:
    """Compare a face, given as a template of each model that the person's references were made with; raises as `verify_photo`."""
    check_subject(subject)
    gallery = find(registry, gallery_name)
    with refusals_logged(registry, Action.VERIFY, gallery), working(registry) as work:
        return _verify(work, gallery, subject, probes, max_fmr)


def _verify(
    work: Work, gallery: Gallery, subject: str, probes: Sequence[Template], max_fmr: float
) -> Verification:
    for probe in probes:
        check_template(probe)
    grant = live_grant(work.connection, gallery.purpose, subject, work.now)
    keys = work.registry.keyring.keys([grant.id])
    opened = open_vectors(references_of(work.connection, [grant.id], gallery.id), keys)
    compared = [
        _compare(work.registry, probe, reference, vector, max_fmr)
        for reference, vector in opened
        for probe in probes
        if probe.model.compatibility == reference.compatibility
    ]
    if not compared:
        raise UnknownSubjectError
    people = concerned((reference for reference, _ in opened), keys)
    counts = {Counted.FACES: 1, Counted.REFERENCES: len(compared)}
    work.log(Action.VERIFY, where=gallery, counts=counts, people=people)
    return Verification(max(compared, key=lambda comparison: comparison.similarity), len(compared))


def _compare(
    registry: Registry, probe: Template, reference: Reference, vector: Vector, max_fmr: float
) -> Comparison:
    calibration = registry.analyzer(probe.model.name).calibration
    model = ModelIdentity(reference.recogniser, "", "", reference.compatibility)
    try:
        return compare_templates(probe, Template(vector, model), calibration, max_fmr)
    except ValueError:
        raise SearchRateError from None
