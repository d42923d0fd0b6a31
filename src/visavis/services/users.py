"""Users: callers' groupings of references, each of one gallery. A reference is of one user at most, and counts while its person's consent does."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from uuid import UUID

from visavis.audit.entry import Action, Counted
from visavis.errors import UserFullError, UserNameError
from visavis.services.galleries import find
from visavis.services.refusals import refusals_logged
from visavis.services.registry import Registry
from visavis.services.scoring import concerned, exact_score, open_vectors
from visavis.services.work import Work, working
from visavis.store.galleries import Gallery, find_gallery
from visavis.store.references import Reference, references_of_user, references_with_ids
from visavis.store.users import (
    User,
    delete_user,
    find_user,
    group_references,
    insert_user,
    list_users,
    ungroup_references,
)

MAX_REFERENCES = 100
"""As many references as one user groups, at most."""

DEFAULT_MIN_SIMILARITY = 75.0
"""How alike one of a user's references a further one must be, where nobody says otherwise."""

_NAME = re.compile(r"[A-Za-z0-9_.:-]{1,128}")


class Reason(Enum):
    """Why a reference was not put into a user, or not taken out."""

    NOT_FOUND = "not found"
    """There is none of that id whose person's consent counts."""
    OF_ANOTHER_USER = "of another user"
    UNLIKE = "unlike"
    """It is not as alike any of the user's references as was asked for."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A reference that was left as it is. user: which other one groups it; similarity: to the user's likest, 0 where none compares."""

    reference_id: UUID
    reason: Reason
    user: str | None = field(default=None, repr=False)
    similarity: float | None = None


@dataclass(frozen=True, slots=True)
class Regrouped:
    """What became of the references that were named, each in the order given; those that were so already are in neither."""

    done: tuple[UUID, ...]
    refused: tuple[Refused, ...]


def create(registry: Registry, gallery_name: str, name: str) -> None:
    """Make a user without references. Raises UserNameError, UserExistsError, UnknownGalleryError."""
    if not _NAME.fullmatch(name):
        raise UserNameError
    with working(registry) as work:
        gallery = find_gallery(work.connection, gallery_name)
        insert_user(work.connection, gallery.id, name)
        work.log(Action.USER_CREATE, where=gallery)


def delete(registry: Registry, gallery_name: str, name: str) -> None:
    """Delete a user; the references that it groups stay, in none. Raises UnknownUserError, UnknownGalleryError."""
    with working(registry) as work:
        gallery = find_gallery(work.connection, gallery_name)
        references = delete_user(work.connection, find_user(work.connection, gallery.id, name))
        work.log(Action.USER_DELETE, where=gallery, counts={Counted.REFERENCES: references})
    registry.store.overwrite_freed()  # the name may have been a person's


def page(registry: Registry, gallery_name: str, after: int, limit: int) -> list[User]:
    """Users in the order in which they were made, at most `limit` after the one of this number; raises UnknownGalleryError."""
    with working(registry) as work:
        gallery = find_gallery(work.connection, gallery_name)
        found = list_users(work.connection, gallery.id, work.now, after, limit)
        work.log(Action.VIEW, where=gallery, counts={Counted.USERS: len(found)})
    return found


def associate(
    registry: Registry,
    gallery_name: str,
    name: str,
    reference_ids: Sequence[UUID],
    min_similarity: float = DEFAULT_MIN_SIMILARITY,
) -> Regrouped:
    """Put references into a user, in the order given: each that is alike one of those that it groups by then.

    min_similarity: 0 to 100; the first reference of a user needs none. Raises UserFullError, and puts in none, where the user would group
    more than 100; UnknownUserError, UnknownGalleryError, NotCalibratedError.
    """
    gallery = find(registry, gallery_name)
    with refusals_logged(registry, Action.ASSOCIATE, gallery), working(registry) as work:
        gallery = find_gallery(work.connection, gallery_name)
        user_number = find_user(work.connection, gallery.id, name)
        named = _named(work, gallery, reference_ids)
        members = _live(work, references_of_user(work.connection, user_number))
        group = _Group(work, [*members, *named.values()], members)
        refused = [
            refusal
            for reference_id in dict.fromkeys(reference_ids)
            if (refusal := group.take(reference_id, named.get(reference_id), name, min_similarity))
        ]
        if len(group.members) > MAX_REFERENCES:
            raise UserFullError
        group_references(work.connection, user_number, [r.number for r in group.added])
        _log(work, Action.ASSOCIATE, gallery, list(named.values()), len(group.added))
    return Regrouped(tuple(UUID(bytes=r.id) for r in group.added), tuple(refused))


def disassociate(
    registry: Registry, gallery_name: str, name: str, reference_ids: Sequence[UUID]
) -> Regrouped:
    """Take references out of a user; they stay enrolled. Raises UnknownUserError, UnknownGalleryError."""
    gallery = find(registry, gallery_name)
    with refusals_logged(registry, Action.DISASSOCIATE, gallery), working(registry) as work:
        gallery = find_gallery(work.connection, gallery_name)
        find_user(work.connection, gallery.id, name)
        named = _named(work, gallery, reference_ids)
        own = [reference for reference in named.values() if reference.user == name]
        refused = [
            refusal
            for reference_id in dict.fromkeys(reference_ids)
            if (refusal := _not_of(name, reference_id, named.get(reference_id)))
        ]
        ungroup_references(work.connection, [reference.number for reference in own])
        _log(work, Action.DISASSOCIATE, gallery, list(named.values()), len(own))
    return Regrouped(tuple(UUID(bytes=reference.id) for reference in own), tuple(refused))


class _Group:
    """What a user groups, and what this work adds. members: all; added: those of them that are new."""

    def __init__(self, work: Work, involved: Sequence[Reference], members: Sequence[Reference]) -> None:
        self._registry = work.registry
        keys = work.registry.keyring.keys(reference.grant_id for reference in involved)
        self._vectors = {r.number: vector for r, vector in open_vectors(involved, keys)}
        self.members = [reference for reference in members if reference.number in self._vectors]
        self.added: list[Reference] = []

    def take(
        self, reference_id: UUID, reference: Reference | None, name: str, min_similarity: float
    ) -> Refused | None:
        """Add a reference, unless it is there already; why not, where it cannot be."""
        if reference is None or reference.number not in self._vectors:
            return Refused(reference_id, Reason.NOT_FOUND)
        if refusal := _not_of(name, reference_id, reference):
            return refusal
        if reference.user == name:
            return None
        if self.members and (similarity := self._similarity(reference)) < min_similarity:
            return Refused(reference_id, Reason.UNLIKE, similarity=similarity)
        self.members.append(reference)
        self.added.append(reference)
        return None

    def _similarity(self, reference: Reference) -> float:
        """How alike the likest of the members it is, 0 to 100; 0 where none was made with its model."""
        vector = self._vectors[reference.number]
        scores = [
            exact_score(self._vectors[member.number], vector)
            for member in self.members
            if member.compatibility == reference.compatibility
        ]
        calibration = self._registry.analyzer(reference.recogniser).calibration
        return calibration.similarity(max(scores)) if scores else 0.0


def _not_of(name: str, reference_id: UUID, reference: Reference | None) -> Refused | None:
    """Why a reference is none of this user's business, where it is not."""
    if reference is None:
        return Refused(reference_id, Reason.NOT_FOUND)
    if reference.user not in {None, name}:
        return Refused(reference_id, Reason.OF_ANOTHER_USER, reference.user)
    return None


def _named(work: Work, gallery: Gallery, reference_ids: Sequence[UUID]) -> dict[UUID, Reference]:
    """The references of these ids that count, in the order of the ids."""
    found = references_with_ids(work.connection, gallery.id, [i.bytes for i in reference_ids])
    live = {UUID(bytes=reference.id): reference for reference in _live(work, found)}
    return {i: live[i] for i in reference_ids if i in live}


def _live(work: Work, references: Sequence[Reference]) -> list[Reference]:
    return [reference for reference in references if reference.lives(work.now)]


def _log(work: Work, action: Action, gallery: Gallery, named: Sequence[Reference], changed: int) -> None:
    keys = work.registry.keyring.keys(reference.grant_id for reference in named)
    counts = {Counted.REFERENCES: changed}
    work.log(action, where=gallery, counts=counts, people=concerned(named, keys))
