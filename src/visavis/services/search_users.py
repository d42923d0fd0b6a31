"""Searches for users: a user's score is that of the likest of its references. No mean of them is made or kept.

A search may take a while, so nobody waits for it: who was found is read once more in the transaction that logs it, and if anything about
them has changed, the search is done anew.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection

from visavis.audit.entry import Action, Counted, Refusal
from visavis.faces import Face, Template
from visavis.services.candidates import DEFAULT_ASKED, Asked
from visavis.services.galleries import find
from visavis.services.identify import live_reference, recognisers_searched
from visavis.services.likest_users import Likest, LikestUsers, UserMatch
from visavis.services.refusals import refusals_logged
from visavis.services.registry import Registry
from visavis.services.scoring import check_template, concerned, open_vectors
from visavis.services.work import working
from visavis.store.galleries import Gallery, find_gallery
from visavis.store.log import read_head
from visavis.store.references import Reference, references_at, references_of_user
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

    def find_probes(connection: Connection, place: _Place) -> list[Reference]:
        found = references_of_user(connection, find_user(connection, place.gallery.id, name))
        return [reference for reference in found if reference.lives(place.now)]

    return _search_by(registry, gallery_name, find_probes, asked, lambda other: other.user == name)


def search_by_reference(
    registry: Registry, gallery_name: str, reference_id: UUID, asked: Asked = DEFAULT_ASKED
) -> tuple[UserMatch, ...]:
    """The users who are alike a reference of the gallery, by falling similarity; that it is its own likest does not count.

    Raises UnknownReferenceError where there is none whose person's consent counts, UnknownGalleryError, NotCalibratedError.
    """

    def find_probes(connection: Connection, place: _Place) -> list[Reference]:
        return [live_reference(connection, place.gallery, reference_id.bytes, place.now)]

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

    def attempt(place: _Place) -> _Found:
        likest = LikestUsers(registry, place.gallery, place.now, asked)
        for probe in probes:
            check_template(probe)
            likest.add(probe.vector, probe.model.compatibility, probe.model.name)
        return _Found(likest.found(), faces=1)

    return _search(registry, gallery_name, attempt)


def _search_by(
    registry: Registry,
    gallery_name: str,
    find_probes: Callable[[Connection, _Place], Sequence[Reference]],
    asked: Asked,
    left_out: Callable[[Reference], bool],
) -> tuple[UserMatch, ...]:
    """Search for what is enrolled already."""

    def attempt(place: _Place) -> _Found:
        with registry.store.read() as connection:
            live = find_probes(connection, place)
        probes = open_vectors(live, registry.keyring.keys(reference.grant_id for reference in live))
        likest = LikestUsers(registry, place.gallery, place.now, asked, left_out)
        for reference, vector in probes:
            likest.add(vector, reference.compatibility, reference.recogniser)
        return _Found(likest.found(), len(probes), [reference for reference, _ in probes])

    return _search(registry, gallery_name, attempt)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a search is, and when: as the log sees it, which may be ahead of this machine's clock."""

    gallery: Gallery
    now: int


@dataclass(frozen=True, slots=True)
class _Found:
    """What a search came to. faces: how many probes there were; searched: those of them that are references."""

    users: Sequence[Likest]
    faces: int
    searched: Sequence[Reference] = ()

    def references(self) -> dict[int, Reference]:
        """Everybody whom the answer is about, by number."""
        return {r.number: r for r in (*self.searched, *(likest.reference for likest in self.users))}


class _ChangedError(Exception):
    """Somebody who was found was erased, or put elsewhere, meanwhile."""


def _search(
    registry: Registry, gallery_name: str, attempt: Callable[[_Place], _Found]
) -> tuple[UserMatch, ...]:
    """Search until what was found is what is there when it is logged."""
    while True:
        gallery = find(registry, gallery_name)
        with refusals_logged(registry, Action.IDENTIFY, gallery), suppress(_ChangedError):
            with registry.store.read() as connection:
                now = max(registry.clock(), read_head(connection).last_at)
            found = attempt(_Place(gallery, now))
            _log(registry, gallery_name, found)
            return tuple(UserMatch(str(one.reference.user), one.similarity) for one in found.users)


def _log(registry: Registry, gallery_name: str, found: _Found) -> None:
    """Log a search; raises _ChangedError where somebody of it is not any more as they were read."""
    with working(registry) as work:
        gallery, references = find_gallery(work.connection, gallery_name), found.references()
        keys = registry.keyring.keys(reference.grant_id for reference in references.values())
        counting = all(r.lives(work.now) and r.grant_id in keys for r in references.values())
        if not counting or references_at(work.connection, references) != references:
            raise _ChangedError
        counts = {Counted.FACES: found.faces, Counted.USERS: len(found.users)}
        people = concerned(references.values(), keys)
        work.log(Action.IDENTIFY, where=gallery, counts=counts, people=people)
