"""What is done in one transaction is done with its leaves, or not at all."""

from __future__ import annotations

import pytest
from registries import NOW, PURPOSE, Clock
from sqlalchemy import select

from visavis.audit.commitments import Kind
from visavis.audit.entry import Action
from visavis.errors import ClockError
from visavis.services.log import latest_entries
from visavis.services.registry import Registry
from visavis.services.work import Concerned, uuid_text, working
from visavis.store import schema
from visavis.store.log import read_head

GRANT, OTHER = bytes(range(16)), bytes(16)


def test_a_work_that_fails_leaves_nothing(registry: Registry) -> None:
    def fail() -> None:
        with working(registry) as work:
            work.log(Action.VIEW)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert latest_entries(registry, 9) == []


def test_several_leaves_of_one_work_are_in_order(registry: Registry) -> None:
    with working(registry) as work:
        logged = [work.log(Action.VIEW, where=f"{i}") for i in range(5)]
    assert [one.number for one in logged] == list(range(5))
    assert [n.entry.purpose for n in latest_entries(registry, 9)] == list("01234")
    assert [n.entry.to_bytes() for n in latest_entries(registry, 9)] == [one.leaf for one in logged]


def test_each_person_in_a_leaf_has_a_salt_of_their_own(sqlite_registry: Registry) -> None:
    """The salt of who has no key is kept nowhere: it is in the receipt alone."""
    people = [
        Concerned(GRANT, None, [(Kind.SUBJECT, "anna")]),
        Concerned(OTHER, None, [(Kind.SUBJECT, "ben")]),
    ]
    with working(sqlite_registry) as work:
        logged = work.log(Action.VIEW, people=people)
    assert logged.salts[GRANT] != logged.salts[OTHER]
    entry = latest_entries(sqlite_registry, 1)[0].entry
    for grant, subject in ((GRANT, "anna"), (OTHER, "ben")):
        opened = [c.of for c in entry.commitments if c.opens(logged.salts[grant], uuid_text(grant))]
        assert opened == [Kind.GRANT]
        opened = [c.of for c in entry.commitments if c.opens(logged.salts[grant], subject)]
        assert opened == [Kind.SUBJECT]
    with sqlite_registry.store.read() as connection:
        assert connection.execute(select(schema.salts)).all() == []


def test_time_never_runs_backwards_in_the_log(sqlite_registry: Registry, clock: Clock) -> None:
    def now() -> int:
        with working(sqlite_registry) as work:
            work.log(Action.VIEW, where=PURPOSE)
        return work.now

    assert now() == NOW
    clock.now += 50
    assert now() == NOW + 50
    clock.now -= 300
    assert now() == NOW + 50
    clock.now -= 1
    with pytest.raises(ClockError):
        now()
    with sqlite_registry.store.read() as connection:
        assert read_head(connection).last_at == NOW + 50
