"""Cut calls off at each step that lasts: before each commit, each emptying of a write-ahead log, each change of a file.

    python tests/cuts.py --database sqlite|postgresql [--calls withdraw rotate]

Where `crashes.py` kills at random, this leaves no moment out: a process ends at once before step 0 of a call, another before step 1, and so on
until the call returns. After each, the store must open by itself, hold what was there before, and let the call be made again. Prints a line of
JSON: how many steps each call was cut off at.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from itertools import count
from typing import Any
from uuid import UUID

from crashes import Store, check_files, check_log, check_references, stores
from registries import NOW, PURPOSE, Clock, agree, enrolled, registry_at, template_of
from sqlalchemy import Connection, Engine, event

from visavis.consent.terms import Terms
from visavis.errors import UnknownGalleryError, UnknownUserError, UserExistsError
from visavis.services import access, consents, contents, galleries, identify, keys, tags, users
from visavis.services.checkpoints import sign_log
from visavis.services.erase import sweep
from visavis.services.registry import Registry
from visavis.store.database import Database
from visavis.store.galleries import find_gallery
from visavis.store.references import references_of_user
from visavis.store.users import list_users

CUT = 77
LATER = NOW + 100
_FILE_CHANGES = {"os.link", "os.rename", "os.remove"}


def main() -> None:
    """Read the arguments, cut, and print how often."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], required=True)
    parser.add_argument("--calls", nargs="+", choices=CALLS, default=list(CALLS))
    asked = parser.parse_args()
    numbers = count()
    with stores(asked.database, "fsync=off") as store:
        print(json.dumps({name: cut_everywhere(name, lambda: store(next(numbers))) for name in asked.calls}))


def cut_everywhere(name: str, new_store: Callable[[], Store]) -> int:
    """Cut a call off before each of its steps; how many those were."""
    for step in count():
        store = new_store()
        if name != "open":
            assert forked(partial(prepare, store)) == 0
        ended = forked(partial(cut_off, store, name, step))
        assert ended in {0, CUT}, f"{name}, before step {step}"
        assert forked(partial(check, store, name)) == 0, f"{name}, cut off before step {step}"
        shutil.rmtree(store.home)
        if ended == 0:
            return step
    raise AssertionError


def forked(work: Callable[[], Any]) -> int:
    """Work in a process of its own; its exit code."""
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException:  # noqa: BLE001  whatever it is, it is to be read
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def prepare(store: Store) -> None:
    """Three people: anna, whom calls are about; ben, who stays; and carla, whose consent ends at `LATER`. anna and carla are each all of a user."""
    with registry_at(store.home, store.url) as registry:
        galleries.create(registry, "staff", PURPOSE)
        galleries.create(registry, "visitors", PURPOSE)
        agree(registry, "anna", "ben")
        consents.give(registry, consents.Given("carla", PURPOSE, Terms(until=LATER)))
        people = enrolled(registry, "staff", "anna", "ben", "carla")
        for user, reference in (("one", people[0]), ("two", people[2])):
            users.create(registry, "staff", user)
            users.associate(registry, "staff", user, [reference.reference_id])
        tags.put(registry, "staff", {"door": "north"})
        enrolled(registry, "visitors", "anna")
        access.create(registry)
        (store.home / "signed").write_bytes(sign_log(registry).checkpoint)


def cut_off(store: Store, name: str, step: int) -> None:
    """Make a call, and end this process at once before a step of it."""
    if name == "open":
        end_before(step)
    with registry_at(store.home, store.url, Clock(LATER)) as registry:
        if name != "open":
            end_before(step)
        CALLS[name](registry)
        os._exit(0)  # closing is no part of the call


def end_before(step: int) -> None:
    """End this process before its next step but so many."""
    steps = count()

    def take() -> None:
        if next(steps) == step:
            os._exit(CUT)

    def take_commit(connection: Connection) -> None:
        if connection.get_execution_options().get("writes"):
            take()

    overwrite = Database.overwrite_freed

    def overwrite_freed(self: Database) -> None:
        take()
        overwrite(self)

    event.listen(Engine, "commit", take_commit)
    Database.overwrite_freed = overwrite_freed  # type: ignore[method-assign]  # in this process alone
    sys.addaudithook(lambda name, _: take() if name in _FILE_CHANGES else None)


def check(store: Store, name: str) -> None:
    """Open the store, see that all of it holds together, and that the call can be made again as if it was never cut off."""
    with registry_at(store.home, store.url, Clock(LATER)) as registry:
        check_whole(registry, store)
        CALLS[name](registry)
        check_whole(registry, store)
        if name == "rotate":  # no copy of a former key either
            assert [path.name for path in store.home.glob("master.key*")] == ["master.key"]
        if name != "open":
            assert subjects_found(registry) == ({"ben"} if name == "withdraw" else {"anna", "ben"})
            assert groups(registry) == GROUPS.get(name, {"one": {"anna"}, "two": {"carla"}})
            assert ("door" in tags.show(registry, "staff")) == (name != "untag")


def check_whole(registry: Registry, store: Store) -> None:
    """What holds at all times."""
    assert registry.keyring.graves(unsettled=True) == []
    assert all(access.find(registry, key.id) for key in access.keys(registry) if key.lives(LATER))
    check_references(registry)
    signed = store.home / "signed"
    check_log(registry, [signed.read_text()] if signed.exists() else [])
    check_files(registry)


def subjects_found(registry: Registry) -> set[str]:
    """Whom searches for each of the people find."""
    people = ("anna", "ben", "carla")
    found = [identify.identify(registry, "staff", [template_of(person, 1)]) for person in people]
    return {candidate.subject for search in found for candidate in search.candidates}


def groups(registry: Registry) -> dict[str, set[str]]:
    """The users of a gallery, and whom each groups; whose consent does not count any more is named as well until they are erased."""
    with registry.store.read() as connection:
        gallery = find_gallery(connection, "staff")
        found = list_users(connection, gallery.id, LATER, 0, 9)
        return {user.name: {r.subject for r in references_of_user(connection, user.number)} for user in found}


def reference_of(registry: Registry, subject: str) -> UUID:
    """The reference of a person."""
    found = contents.page(registry, "staff", 0, 9).references
    return next(UUID(bytes=reference.id) for reference in found if reference.subject == subject)


def create_user(registry: Registry) -> None:
    """Make a user, unless that is done."""
    with suppress(UserExistsError):
        users.create(registry, "staff", "three")


def delete_user(registry: Registry) -> None:
    """Delete a user, unless that is done."""
    with suppress(UnknownUserError):
        users.delete(registry, "staff", "one")


def associate(registry: Registry) -> None:
    """Put a person into another's user, unlike as they are."""
    users.associate(registry, "staff", "one", [reference_of(registry, "ben")], 0)


def disassociate(registry: Registry) -> None:
    """Take a person out of a user."""
    users.disassociate(registry, "staff", "one", [reference_of(registry, "anna")])


def revoke(registry: Registry) -> None:
    """Revoke every access key."""
    for key in access.keys(registry):
        access.revoke(registry, key.id)
        assert access.find(registry, key.id) is None


def delete(registry: Registry) -> None:
    """Delete a gallery, unless that is done."""
    with suppress(UnknownGalleryError):
        galleries.delete(registry, "visitors")


CALLS: dict[str, Callable[[Registry], Any]] = {
    "open": lambda _: None,
    "give": lambda registry: agree(registry, "dora"),
    "enrol": lambda registry: enrolled(registry, "staff", "anna", photos=(5,)),
    "withdraw": lambda registry: consents.withdraw(registry, "anna", PURPOSE),
    "expire": sweep,
    "rotate": keys.rotate_master_key,
    "create_key": access.create,
    "revoke_key": revoke,
    "delete": delete,
    "create_user": create_user,
    "delete_user": delete_user,
    "associate": associate,
    "disassociate": disassociate,
    "tag": lambda registry: tags.put(registry, "staff", {"floor": "2"}),
    "untag": lambda registry: tags.remove(registry, "staff", ["door"]),
    "sign": sign_log,
}

GROUPS: dict[str, dict[str, set[str]]] = {
    "withdraw": {"two": {"carla"}},
    "expire": {"one": {"anna"}},
    "create_user": {"one": {"anna"}, "two": {"carla"}, "three": set()},
    "delete_user": {"two": {"carla"}},
    "associate": {"one": {"anna", "ben"}, "two": {"carla"}},
    "disassociate": {"one": set(), "two": {"carla"}},
}
"""Whom each user groups once a call returned, where it changes that."""

if __name__ == "__main__":
    main()
