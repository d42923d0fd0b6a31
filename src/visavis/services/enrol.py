"""Enrolment: a person's face becomes a reference in a gallery, while they agree to its purpose.

Many at once share a transaction; each has its own outcome, and its own leaf whether it was done or refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from visavis.audit.commitments import Kind
from visavis.audit.entry import Action, Counted
from visavis.consent.terms import check_subject
from visavis.errors import (
    ConsentError,
    ConsentWithdrawnError,
    IncompatibleTemplatesError,
    KeyringError,
    StoreError,
    VisavisError,
)
from visavis.faces import Template
from visavis.grants import ConsentGrant
from visavis.services.gate import live_grants
from visavis.services.lookalikes import Lookalikes
from visavis.services.photos import Portrait
from visavis.services.refusals import reason_of
from visavis.services.registry import Registry
from visavis.services.scoring import check_template
from visavis.services.work import Concerned, Work, uuid_text, working
from visavis.store.crypto import Key, template_context
from visavis.store.galleries import Gallery, find_gallery
from visavis.store.references import NewReference, insert_references, known_images, model_number


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What is to be enrolled.

    portrait: the face, or why the photo shows none that can be. label: tells a person's photos apart where their bytes do not.
    confirmed: an operator looked, and it is theirs. Raises ConsentTermsError where this cannot be a subject.
    """

    subject: str = field(repr=False)
    portrait: Portrait | VisavisError
    label: str = ""
    confirmed: bool = False

    def __post_init__(self) -> None:
        check_subject(self.subject)


@dataclass(frozen=True, slots=True)
class Enrolled:
    """The reference of a photo. known: it was enrolled before, and nothing was stored now."""

    reference_id: UUID
    known: bool


def enrol(
    registry: Registry, gallery_name: str, enrolments: Sequence[Enrolment]
) -> list[Enrolled | VisavisError]:
    """Enrol faces in a gallery: for each, in order, its reference or the error for which it was refused.

    A refusal is a ConsentError, an EnrolmentError, an IncompatibleTemplatesError or what was given in place of a portrait.
    Raises UnknownGalleryError, StoreError and KeyringError, with nothing enrolled.
    """
    with working(registry) as work:
        gallery = find_gallery(work.connection, gallery_name)
        batch = _Batch(work, gallery, enrolments)
        outcomes = [batch.take(enrolment) for enrolment in enrolments]
        insert_references(work.connection, batch.rows)
        if not outcomes:
            work.log(Action.ENROL, where=gallery)
    return outcomes


def image_digest(key: Key, sha256: bytes) -> bytes:
    """What tells that a photo is enrolled already; without the person's key it tells nothing. sha256: of the file."""
    return key.digest(b"image" + sha256)


class _Batch:
    """Enrolments that share a transaction. rows: what they come to."""

    def __init__(self, work: Work, gallery: Gallery, enrolments: Sequence[Enrolment]) -> None:
        self.rows: list[NewReference] = []
        self._work = work
        self._gallery = gallery
        subjects = [enrolment.subject for enrolment in enrolments]
        self._grants = live_grants(work.connection, gallery.purpose, subjects, work.now)
        ids = [grant.id for grant in self._grants.values() if isinstance(grant, ConsentGrant)]
        self._keys = work.registry.keyring.keys(ids)
        self._known = known_images(work.connection, gallery, ids)
        self._models: dict[str, tuple[int, Lookalikes]] = {}

    def take(self, enrolment: Enrolment) -> Enrolled | VisavisError:
        """Do one, and log it."""
        grant = self._grants[enrolment.subject]
        try:
            if isinstance(grant, ConsentError):
                raise grant
            if isinstance(enrolment.portrait, VisavisError):
                raise enrolment.portrait
            return self._enrol(grant, enrolment.portrait, enrolment)
        except (StoreError, KeyringError):  # not of this photo alone: nothing can be enrolled
            raise
        except VisavisError as error:
            known = None if isinstance(grant, ConsentError) else self._concerned(grant)
            self._log(known, refusal=error)
            return error

    def _enrol(self, grant: ConsentGrant, portrait: Portrait, enrolment: Enrolment) -> Enrolled:
        key, template = self._key(grant), portrait.face.template
        if template is None or template.model.name != self._gallery.recogniser:
            raise IncompatibleTemplatesError("the template is not of the gallery's recogniser")
        check_template(template)
        number, lookalikes = self._model(template)
        place = grant.id, image_digest(key, portrait.sha256), enrolment.label
        if known := self._known.get(place):
            self._log(self._concerned(grant, known), references=0)
            return Enrolled(UUID(bytes=known), known=True)
        if not enrolment.confirmed:
            lookalikes.check(grant.id, template.vector)
        lookalikes.add(grant.id, template.vector)
        row = self._row(place, number, portrait, template)
        self.rows.append(row)
        self._known[place] = row.id
        self._log(self._concerned(grant, row.id), references=1)
        return Enrolled(UUID(bytes=row.id), known=False)

    def _row(
        self, place: tuple[bytes, bytes, str], model: int, portrait: Portrait, template: Template
    ) -> NewReference:
        (grant_id, digest, label), reference_id = place, uuid4().bytes
        context = template_context(grant_id, self._gallery.id, reference_id, template.model.compatibility)
        x, y, width, height = portrait.box_ratios
        return NewReference(
            id=reference_id,
            gallery_id=self._gallery.id,
            grant_id=grant_id,
            purpose=self._gallery.purpose,
            model_number=model,
            label=label,
            image_digest=digest,
            sealed_template=self._keys[grant_id].seal(template.vector.tobytes(), context),
            x_ratio=x,
            y_ratio=y,
            width_ratio=width,
            height_ratio=height,
            confidence=portrait.face.confidence,
            quality=portrait.face.quality.score,
            enrolled_at=self._work.now,
            by=self._work.by,
        )

    def _model(self, template: Template) -> tuple[int, Lookalikes]:
        model = template.model
        place = f"{model.sha256} {model.precision} {model.compatibility}"
        if place not in self._models:
            lookalikes = Lookalikes(self._work, self._gallery, model.compatibility, self._keys)
            self._models[place] = model_number(self._work.connection, model), lookalikes
        return self._models[place]

    def _key(self, grant: ConsentGrant) -> Key:
        if grant.id not in self._keys:  # another process has begun to erase them
            raise ConsentWithdrawnError
        return self._keys[grant.id]

    def _concerned(self, grant: ConsentGrant, reference_id: bytes | None = None) -> Concerned:
        ids = [(Kind.SUBJECT, grant.subject)]
        if reference_id:
            ids.append((Kind.REFERENCE, uuid_text(reference_id)))
        return Concerned(grant.id, self._keys.get(grant.id), ids)

    def _log(
        self, person: Concerned | None, *, references: int = 0, refusal: VisavisError | None = None
    ) -> None:
        counts: Mapping[Counted, int] = {Counted.PHOTOS: 1, Counted.REFERENCES: references}
        self._work.log(
            Action.ENROL,
            where=self._gallery,
            refusal=reason_of(refusal) if refusal else None,
            counts=counts,
            people=[person] if person else [],
        )
