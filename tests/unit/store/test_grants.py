"""The rows of grants: whoever is asked for is found, in order, and nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import Connection, func, select

from visavis.errors import StoreError
from visavis.store import batches, schema
from visavis.store.database import Database
from visavis.store.failures import failures_named
from visavis.store.grants import (
    Grant,
    GrantEvent,
    delete_proofs,
    events_of,
    expired_grants,
    grants_by_id,
    grants_of,
    has_given,
    has_old_proofs,
    ids_of_given,
    insert_events,
    insert_grants,
    latest_grant,
    latest_times,
    list_grants,
    open_grants,
    replace_grants,
)
from visavis.store.migrate import prepare

NOW = 1_790_000_000


def grant(number: int, subject: str = "anna", purpose: str = "entry", state: str = "given") -> Grant:
    ended = state not in {"given", "requested"}
    return Grant(
        id=number.to_bytes(16, "big"),
        subject=subject,
        purpose=purpose,
        state=state,
        consented_by="person",
        notice_version="2",
        language="de",
        evidence_sha256="0" * 64,
        until=None,
        controller_name="Museum",
        controller_contact="privacy@museum.example",
        retention_days=100,
        expires_at=NOW + number,
        proof_days=30,
        proof_until=NOW + number if ended else None,
    )


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "BATCH", 3)


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    """A transaction that is rolled back."""
    database = Database(database_url)
    prepare(database, "store")
    connection = database.connection_for_migrations()
    with connection.begin() as transaction:
        yield connection
        transaction.rollback()
    connection.close()
    database.close()


def recorded(connection: Connection, *grants: Grant) -> None:
    insert_grants(connection, grants)
    insert_events(connection, [GrantEvent(g.id, NOW, "give", "local") for g in grants])


def test_open_grants(connection: Connection) -> None:
    people = [f"p{i}" for i in range(8)]
    recorded(connection, *(grant(i, person) for i, person in enumerate(people)))
    recorded(connection, grant(20, "asked", state="requested"), grant(21, "p0", "other purpose"))
    recorded(
        connection,
        *(grant(30 + i, "gone", state=state) for i, state in enumerate(("refused", "withdrawn", "expired"))),
    )
    asked = [*people, "p3", "asked", "gone", "nobody"]
    found = open_grants(connection, "entry", asked)
    assert found.keys() == {*people, "asked"}
    assert all(found[person] == grant(i, person) for i, person in enumerate(people))
    assert open_grants(connection, "entry", []) == open_grants(connection, "nothing", asked) == {}


def test_the_latest_is_the_one_that_something_happened_to_last(connection: Connection) -> None:
    assert latest_grant(connection, "anna", "entry") is None
    recorded(connection, grant(9, state="withdrawn"), grant(2, state="refused"), grant(5))
    assert latest_grant(connection, "anna", "entry") == grant(5)
    insert_events(connection, [GrantEvent(grant(9).id, NOW - 5, "withdraw", "local")])
    assert latest_grant(connection, "anna", "entry") == grant(9, state="withdrawn")
    assert [g.id[-1] for g in grants_of(connection, "anna")] == [9, 2, 5]
    assert grants_of(connection, "nobody") == []
    assert [event.event for event in events_of(connection, grant(9).id)] == ["give", "withdraw"]


def test_pages_are_the_whole(connection: Connection) -> None:
    made = [grant(i, f"p{i % 3}", f"purpose {i}", ("given", "refused")[i % 2]) for i in range(10)]
    recorded(connection, *made)

    def pages(purpose: str | None, state: str | None) -> list[Grant]:
        found: list[Grant] = []
        after = ("", b"")
        while page := list_grants(connection, purpose, state, after, 3):
            assert len(page) <= 3
            found += page
            after = page[-1].subject, page[-1].id
        return found

    in_order = sorted(made, key=lambda g: (g.subject, g.id))
    assert pages(None, None) == in_order
    assert pages(None, "refused") == [g for g in in_order if g.state == "refused"]
    assert pages("purpose 4", None) == [made[4]]
    assert pages("purpose 4", "refused") == []


def test_by_id(connection: Connection) -> None:
    made = [grant(i, f"p{i}") for i in range(7)]
    recorded(connection, *made)
    found = grants_by_id(connection, [*(g.id for g in made), bytes(15) + b"x"])
    assert found == {g.id: g for g in made}
    assert sorted(ids_of_given(connection)) == sorted(found)


def test_who_has_given_any(connection: Connection) -> None:
    recorded(
        connection, grant(1, "anna"), grant(2, "ben", state="requested"), grant(3, "cleo", state="withdrawn")
    )
    assert [has_given(connection, person) for person in ("anna", "ben", "cleo", "nobody")] == [
        True,
        False,
        False,
        False,
    ]


def test_a_grant_counts_up_to_its_last_second(connection: Connection) -> None:
    recorded(
        connection,
        grant(0, "a"),
        grant(1, "b", state="requested"),
        grant(2, "c", state="refused"),
        grant(3, "d"),
    )
    assert expired_grants(connection, NOW - 1, 9) == []
    assert [g.subject for g in expired_grants(connection, NOW, 9)] == ["a"]
    assert sorted(g.subject for g in expired_grants(connection, NOW + 3, 9)) == ["a", "b", "d"]
    assert len(expired_grants(connection, NOW + 3, 2)) == 2


def test_replacing_changes_those_alone(connection: Connection) -> None:
    made = [grant(i, f"p{i}") for i in range(4)]
    recorded(connection, *made)
    changed = [replace(g, state="expired", proof_until=NOW, language=None) for g in made[:2]]
    replace_grants(connection, changed)
    replace_grants(connection, [])
    assert grants_by_id(connection, [g.id for g in made]) == {g.id: g for g in (*changed, *made[2:])}


def test_proofs_go_when_they_are_needed_no_more(connection: Connection) -> None:
    recorded(connection, *(grant(i, f"p{i}", state="withdrawn") for i in range(4)), grant(9, "stays"))
    assert not has_old_proofs(connection, NOW - 1)
    assert has_old_proofs(connection, NOW)
    assert delete_proofs(connection, NOW + 2) == 3
    assert not has_old_proofs(connection, NOW + 2)
    assert {g.subject for g in list_grants(connection, None, None, ("", b""), 9)} == {"p3", "stays"}
    assert connection.scalar(select(func.count()).select_from(schema.consent_events)) == 2, "their events too"


def test_a_grant_does_not_show_of_whom(connection: Connection) -> None:
    assert "anna" not in repr(grant(1))
    with pytest.raises(StoreError) as caught:
        insert_twice(connection)
    assert "anna" not in f"{caught.value} {caught.value.hint}"
    assert caught.value.__suppress_context__, "PostgreSQL's own words hold the row"


def insert_twice(connection: Connection) -> None:
    with failures_named():
        recorded(connection, grant(1), grant(2))


def test_when_something_happened_last(connection: Connection) -> None:
    insert_grants(connection, [grant(1), grant(2, "ben"), grant(3, "eva")])
    happened = [(1, NOW), (1, NOW + 5), (2, NOW - 1), (3, NOW)]
    insert_events(connection, [GrantEvent(n.to_bytes(16, "big"), at, "give", "local") for n, at in happened])
    asked = [n.to_bytes(16, "big") for n in (1, 2, 9)]
    assert latest_times(connection, asked) == {asked[0]: NOW + 5, asked[1]: NOW - 1}
