"""Users and faces against a model of sets: whatever is done in whatever order, the two agree."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from registries import PURPOSE, agree, enrolled, registry_at, template_of

from visavis.errors import UnknownUserError, UserExistsError
from visavis.services import consents, contents, galleries, users
from visavis.services.search_users import search, search_by_user
from visavis.services.users import Reason

PEOPLE = ("anna", "ben", "cleo")
NAMES = st.sampled_from(["a", "b", "c"])
FACES = st.lists(st.integers(0, 20), min_size=1, max_size=4)


class UsersAndFaces(RuleBasedStateMachine):
    """The model. users: what each groups, in order; faces: whose each is."""

    def __init__(self) -> None:
        super().__init__()
        self.users: dict[str, list[UUID]] = {}
        self.faces: dict[UUID, str] = {}
        self.every_face: list[UUID] = []
        self.photos = 0
        self.open = ExitStack()

    @initialize()
    def begin(self) -> None:
        home = Path(self.open.enter_context(tempfile.TemporaryDirectory()))
        self.registry = self.open.enter_context(registry_at(home))
        galleries.create(self.registry, "staff", PURPOSE)

    def teardown(self) -> None:
        self.open.close()

    def user_of(self, face: UUID) -> str | None:
        return next((name for name, faces in self.users.items() if face in faces), None)

    @rule(person=st.sampled_from(PEOPLE))
    def enrol(self, person: str) -> None:
        agree(self.registry, person)
        self.photos += 1
        (new,) = enrolled(self.registry, "staff", person, photos=(self.photos,))
        self.faces[new.reference_id] = person
        self.every_face.append(new.reference_id)

    @rule(name=NAMES)
    def create(self, name: str) -> None:
        try:
            users.create(self.registry, "staff", name)
        except UserExistsError:
            assert name in self.users
        else:
            assert name not in self.users
            self.users[name] = []

    @rule(name=NAMES)
    def delete(self, name: str) -> None:
        try:
            users.delete(self.registry, "staff", name)
        except UnknownUserError:
            assert name not in self.users
        else:
            del self.users[name]

    @precondition(lambda self: self.every_face and self.users)
    @rule(name=NAMES, chosen=FACES)
    def associate(self, name: str, chosen: list[int]) -> None:
        named = [self.every_face[i % len(self.every_face)] for i in chosen]
        if name not in self.users:
            return
        found = users.associate(self.registry, "staff", name, named)
        done, refused = [], {}
        for face in dict.fromkeys(named):
            own, group = self.user_of(face), self.users[name]
            if face not in self.faces:
                refused[face] = Reason.NOT_FOUND
            elif own not in {None, name}:
                refused[face] = Reason.OF_ANOTHER_USER
            elif group and self.faces[face] not in {self.faces[other] for other in group}:
                refused[face] = Reason.UNLIKE
            elif own is None:
                group.append(face)
                done.append(face)
        assert list(found.done) == done
        assert {one.reference_id: one.reason for one in found.refused} == refused

    @precondition(lambda self: self.every_face and self.users)
    @rule(name=NAMES, chosen=FACES)
    def disassociate(self, name: str, chosen: list[int]) -> None:
        named = [self.every_face[i % len(self.every_face)] for i in chosen]
        if name not in self.users:
            return
        found = users.disassociate(self.registry, "staff", name, named)
        own = [face for face in dict.fromkeys(named) if face in self.users[name]]
        assert list(found.done) == own
        self.users[name] = [face for face in self.users[name] if face not in own]

    @precondition(lambda self: self.faces)
    @rule(chosen=st.integers(0, 20))
    def remove(self, chosen: int) -> None:
        face = list(self.faces)[chosen % len(self.faces)]
        contents.remove(self.registry, "staff", [face.bytes])
        del self.faces[face]
        self.users = {name: [f for f in faces if f != face] for name, faces in self.users.items()}

    @precondition(lambda self: self.faces)
    @rule(chosen=st.integers(0, 20))
    def withdraw(self, chosen: int) -> None:
        person = list(self.faces.values())[chosen % len(self.faces)]
        consents.withdraw(self.registry, person, PURPOSE)
        gone = {face for face, whose in self.faces.items() if whose == person}
        left = {name: [face for face in faces if face not in gone] for name, faces in self.users.items()}
        self.users = {name: left[name] for name, faces in self.users.items() if left[name] or not faces}
        self.faces = {face: whose for face, whose in self.faces.items() if face not in gone}

    @rule(person=st.sampled_from(PEOPLE))
    def search(self, person: str) -> None:
        found = search(self.registry, "staff", [template_of(person, 999)])
        assert sorted(match.user for match in found) == self.showing({person}, "")

    @rule(name=NAMES)
    def search_by_user(self, name: str) -> None:
        if name in self.users:
            found = search_by_user(self.registry, "staff", name)
            people = {self.faces[face] for face in self.users[name]}
            assert sorted(match.user for match in found) == self.showing(people, name)

    def showing(self, people: set[str], but: str) -> list[str]:
        """The users that group a face of one of these people, without one."""
        shown = {name: {self.faces[face] for face in faces} for name, faces in self.users.items()}
        return sorted(name for name, whose in shown.items() if whose & people and name != but)

    @invariant()
    def lists_agree(self) -> None:
        found = {user.name: user.references for user in users.page(self.registry, "staff", 0, 9)}
        assert found == {name: len(faces) for name, faces in self.users.items()}


TestUsersAndFaces = UsersAndFaces.TestCase
TestUsersAndFaces.settings = settings(max_examples=6, stateful_step_count=25, deadline=None)
