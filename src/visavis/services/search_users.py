"""Searches for users: a user's score is that of the likest of its references. No mean of them is made or kept.

What is answered was read, opened and scored in the transaction that logs it (likest_users.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from visavis.audit.entry import Action, Refusal
from visavis.errors import UnknownReferenceError
from visavis.faces import Face, Template
from visavis.services.candidates import DEFAULT_ASKED, Asked
from visavis.services.galleries import find
from visavis.services.identify import recognisers_searched
from visavis.services.likest_users import LikestUsers, UserMatch
from visavis.services.refusals import refusals_logged
from visavis.services.registry import Registry
from visavis.services.scoring import check_template, open_vectors
from visavis.services.work import Work, working
from visavis.store.galleries import Gallery, find_gallery
from visavis.store.references import Reference, references_of_user, references_with_ids
from visavis.store.users import find_user


@dataclass(frozen=True, slots=True)
class PhotoSearch:
    """What a photo's search found. searched: the face, None where there is none that can be; others: by falling size."""

    matches: tuple[UserMatch, ...]
    searched: Face | None
    others: tuple[Face, ...]


def search_by_user(
    registry: Registry, gallery_name: str, name: str, asked: Asked = DEFAULT_ASKED
) -> tuple[UserMatch, ...]:
    """The other users who are alike one of a user's references, by falling similarity; none where it has none that counts.

    Raises UnknownUserError, UnknownGalleryError, NotCalibratedError.
    """

    def find_probes(work: Work, gallery: Gallery) -> list[Reference]:
        return references_of_user(work.connection, find_user(work.connection, gallery.id, name))

    return _search_by(registry, gallery_name, find_probes, asked, lambda other: other.user == name)


def search_by_reference(
    registry: Registry, gallery_name: str, reference_id: UUID, asked: Asked = DEFAULT_ASKED
) -> tuple[UserMatch, ...]:
    """The users who are alike a reference of the gallery, by falling similarity; that it is its own likest does not count.

    Raises UnknownReferenceError where there is none whose person's consent counts, UnknownGalleryError, NotCalibratedError.
    """

    def find_probes(work: Work, gallery: Gallery) -> list[Reference]:
        found = references_with_ids(work.connection, gallery.id, [reference_id.bytes])
        if not any(reference.lives(work.now) for reference in found):
            raise UnknownReferenceError
        return found

    return _search_by(
        registry, gallery_name, find_probes, asked, lambda other: other.id == reference_id.bytes
    )


def search_photo(
    registry: Registry, gallery_name: str, photo: bytes, asked: Asked = DEFAULT_ASKED
) -> PhotoSearch:
    """The users who are alike the largest face of a photo, where that is good enough; of the others no template is made.

    Raises UnknownGalleryError, ImageError, ModelError, SearchRateError and StoreError, but not NoFaceError.
    """
    gallery = find(registry, gallery_name)
    with refusals_logged(registry, Action.IDENTIFY, gallery):
        first, *further = recognisers_searched(registry, gallery)
        faces = registry.analyzer(first).all_and_largest(photo)
        good = bool(faces) and faces[0].quality.score >= asked.min_quality
        probes = [*faces[:1], *(registry.analyzer(name).largest(photo) for name in further if good)]
    if not good:
        with working(registry) as work:
            refusal = Refusal.UNUSABLE_PHOTO if faces else Refusal.NO_FACE
            work.log(Action.IDENTIFY, where=gallery, refusal=refusal)
        return PhotoSearch((), None, tuple(faces))
    matches = search(registry, gallery_name, [face.template for face in probes if face.template], asked)
    return PhotoSearch(matches, faces[0], tuple(faces[1:]))


def search(
    registry: Registry, gallery_name: str, probes: Sequence[Template], asked: Asked = DEFAULT_ASKED
) -> tuple[UserMatch, ...]:
    """The users who are alike one face, given as a template of each model that references were made with."""
    gallery = find(registry, gallery_name)
    with refusals_logged(registry, Action.IDENTIFY, gallery):
        for probe in probes:
            check_template(probe)
        indexes = registry.indexes.of(gallery.id)
        with working(registry) as work:
            search = LikestUsers(work, find_gallery(work.connection, gallery_name), indexes, asked)
            for probe in probes:
                search.add(probe.vector, probe.model.compatibility, probe.model.name)
            return search.finish(faces=1)


def _search_by(
    registry: Registry,
    gallery_name: str,
    find_probes: Callable[[Work, Gallery], Iterable[Reference]],
    asked: Asked,
    left_out: Callable[[Reference], bool],
) -> tuple[UserMatch, ...]:
    """Search for what is enrolled already: read and opened in the transaction, as what it is compared with."""
    gallery = find(registry, gallery_name)
    with refusals_logged(registry, Action.IDENTIFY, gallery):
        indexes = registry.indexes.of(gallery.id)
        with working(registry) as work:
            gallery = find_gallery(work.connection, gallery_name)
            live = [r for r in find_probes(work, gallery) if r.lives(work.now)]
            probes = open_vectors(live, registry.keyring.keys(r.grant_id for r in live))
            search = LikestUsers(work, gallery, indexes, asked, left_out)
            for reference, vector in probes:
                search.add(vector, reference.compatibility, reference.recogniser)
            return search.finish(faces=len(probes), searched=[reference for reference, _ in probes])
