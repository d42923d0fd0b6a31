from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from audit_samples import GRANT, PERSON, REFERENCE, START, entries, leaves, salt
from hypothesis import given
from hypothesis import strategies as st

from visavis.audit.canonical import MAX_DOCUMENT_BYTES
from visavis.audit.commitments import Commitment, Kind, commit, fresh_salt
from visavis.audit.entry import MAX_COMMITMENTS, Action, Counted, Entry, Refusal
from visavis.errors import AuditError, EntryError, NotCanonicalError

ENTRY = Entry(Action.VERIFY, START)

some_entries = st.builds(
    Entry,
    action=st.sampled_from(Action),
    at=st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC)).map(  # noqa: DTZ001
        lambda at: at.replace(microsecond=0)
    ),
    by=st.from_regex(r"[A-Za-z0-9_.-]{1,20}", fullmatch=True),
    gallery=st.none() | st.from_regex(r"[A-Za-z0-9_.-]{1,20}", fullmatch=True),
    purpose=st.none() | st.text(min_size=1, max_size=20).filter(str.isprintable),
    refusal=st.none() | st.sampled_from(Refusal),
    counts=st.dictionaries(st.sampled_from(Counted), st.integers(0, 2**53 - 1)),
    commitments=st.lists(
        st.builds(Commitment, st.sampled_from(Kind), st.binary(min_size=32, max_size=32)), max_size=3
    ).map(tuple),
)


@given(some_entries)
def test_an_entry_goes_round(entry: Entry) -> None:
    assert Entry.from_bytes(entry.to_bytes()) == entry


def test_what_is_written() -> None:
    assert json.loads(leaves()[4]) == {
        "action": "identify",
        "at": "2026-10-05T13:00:00Z",
        "by": "VVK2",
        "gallery": "visitors",
        "outcome": "refused",
        "purpose": "entry to the workshop – Zürich",  # noqa: RUF001
        "reason": "not-allowed",
        "version": 1,
    }
    assert ENTRY.to_bytes() == (
        b'{"action":"verify","at":"2026-10-05T12:00:00Z","by":"local","outcome":"done","version":1}'
    )


def test_no_id_is_in_a_leaf() -> None:
    for leaf in leaves():
        for secret in (PERSON, REFERENCE, GRANT):
            assert secret.encode() not in leaf


@pytest.mark.parametrize(
    "fields",
    [
        {"at": START.replace(tzinfo=None)}, {"at": START.replace(microsecond=1)},
        {"at": START.astimezone(timezone(timedelta(hours=2)))},
        {"by": ""}, {"by": "Anna Example"}, {"by": "x" * 129}, {"by": "a\n"},
        {"gallery": ""}, {"gallery": "a b"}, {"gallery": "x" * 256}, {"gallery": "a\n"},
        {"purpose": ""}, {"purpose": "x" * 257}, {"purpose": "two\nlines"}, {"purpose": "\ud800"},
        {"counts": {Counted.FACES: -1}}, {"counts": {Counted.FACES: 2**53}}, {"counts": {Counted.FACES: True}},
        {"counts": {Counted.FACES: 1.5}},
        {"commitments": (Commitment(Kind.GRANT, bytes(32)),) * (MAX_COMMITMENTS + 1)},
    ],
)  # fmt: skip
def test_what_an_entry_cannot_hold(fields: dict[str, Any]) -> None:
    with pytest.raises(EntryError):
        Entry(**{"action": Action.ENROL, "at": START, **fields})


def test_the_largest_entry_fits_into_a_leaf() -> None:
    entry = Entry(
        Action.IDENTIFY,
        START,
        by="x" * 128,
        gallery="x" * 255,
        purpose="\U0001f600" * 256,
        refusal=Refusal.UNUSABLE_PHOTO,
        counts=dict.fromkeys(Counted, 2**53 - 1),
        commitments=(Commitment(Kind.REFERENCE, bytes(32)),) * MAX_COMMITMENTS,
    )
    leaf = entry.to_bytes()
    assert len(leaf) <= MAX_DOCUMENT_BYTES
    assert Entry.from_bytes(leaf) == entry


def changed(**fields: object) -> bytes:
    document = json.loads(ENTRY.to_bytes()) | fields
    kept = {name: value for name, value in sorted(document.items()) if value != "left out"}
    return json.dumps(kept, separators=(",", ":")).encode()


@pytest.mark.parametrize(
    "fields",
    [
        {"action": "left out"}, {"at": "left out"}, {"by": "left out"}, {"outcome": "left out"}, {"version": "left out"},
        {"action": "follow"}, {"action": 1}, {"action": ["enrol"]}, {"version": 2}, {"version": True}, {"zone": 1},
        {"at": "2026-10-05T12:00:00+00:00"}, {"at": "2026-10-05T14:00:00+02:00"}, {"at": "2026-10-05T12:00:00.5Z"},
        {"at": "2026-10-05 12:00:00Z"}, {"at": "2026-10-05T12:00:00"}, {"at": "20261005T120000Z"}, {"at": 0},
        {"at": "0001-01-01T00:00:00+23:00"}, {"at": "2026-13-01T00:00:00Z"}, {"at": None},
        {"outcome": "refused"}, {"outcome": "maybe"}, {"reason": "no-face"}, {"outcome": "refused", "reason": "because"},
        {"counts": {}}, {"counts": []}, {"counts": {"names": 1}}, {"counts": {"faces": "1"}}, {"counts": {"faces": True}},
        {"counts": None}, {"gallery": None}, {"gallery": ["a"]}, {"purpose": ""}, {"purpose": ["a"]}, {"by": None},
        {"commitments": []}, {"commitments": {}}, {"commitments": ["x"]}, {"commitments": [{"of": "subject"}]},
        {"commitments": [{"digest": "AAAA", "of": "subject"}]}, {"commitments": [{"digest": 5, "of": "subject"}]},
        {"commitments": [{"digest": "A" * 43 + "=", "of": "name"}]},
        {"commitments": [{"digest": "A" * 43 + "=", "id": "anna", "of": "subject"}]},
        {"subject": "anna"},
    ],
)  # fmt: skip
def test_a_leaf_that_is_no_entry_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises((EntryError, NotCanonicalError)):
        Entry.from_bytes(changed(**fields))


def test_the_test_above_changes_a_good_leaf() -> None:
    assert Entry.from_bytes(changed(gallery="a", counts={"faces": 1})).gallery == "a"


@given(st.binary(max_size=80))
def test_arbitrary_bytes_are_no_entry(data: bytes) -> None:
    with pytest.raises(AuditError):
        Entry.from_bytes(data)


def test_a_commitment_opens_for_its_own_id_and_salt_only() -> None:
    made = commit(Kind.SUBJECT, PERSON, salt(1))
    assert made.opens(salt(1), PERSON)
    assert not made.opens(salt(2), PERSON)
    assert not made.opens(salt(1), PERSON + " ")
    assert not made.opens(salt(1), "")
    assert not Commitment(Kind.GRANT, made.digest).opens(salt(1), PERSON), "an id of another kind"


def test_a_commitment_is_what_is_documented() -> None:
    # printf 'subject\0anna' | openssl dgst -sha256 -mac HMAC -macopt hexkey:0707...07
    expected = "4380c032e88e4532385bd6746c5a996c85f9c3915d9f277d45199124fe0192f3"
    assert commit(Kind.SUBJECT, "anna", b"\x07" * 32).digest.hex() == expected


def test_a_persons_leaves_do_not_look_alike() -> None:
    digests = [c.digest for entry in entries() for c in entry.commitments]
    assert len(set(digests)) == len(digests) > 4
    assert fresh_salt() != fresh_salt()
    assert len(fresh_salt()) == 32


@pytest.mark.parametrize("size", [0, 31, 33, 64])
def test_salts_and_digests_have_one_length(size: int) -> None:
    with pytest.raises(EntryError):
        commit(Kind.SUBJECT, "anna", bytes(size))
    with pytest.raises(EntryError):
        Commitment(Kind.SUBJECT, bytes(size))


def test_errors_do_not_hold_what_they_refuse() -> None:
    for make in (
        lambda: Entry(Action.ENROL, START, by="Anna Example"),
        lambda: Entry(Action.ENROL, START, gallery="Anna Example"),
        lambda: commit(Kind.SUBJECT, "Anna\ud800", salt(1)),
    ):
        with pytest.raises(EntryError) as caught:
            make()
        assert "Anna" not in caught.value.message + caught.value.hint
        assert caught.value.__cause__ is None
