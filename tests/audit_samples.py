"""A small log that is the same in every run: what the audit tests share."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from visavis.audit.checkpoint import sign_checkpoint
from visavis.audit.commitments import Kind, commit
from visavis.audit.entry import Action, Counted, Entry, Refusal
from visavis.audit.export import write_export
from visavis.audit.merkle import Frontier, leaf_hash
from visavis.audit.note import SigningKey

NAME = "visavis.example/log"
KEY = SigningKey(NAME, bytes(range(32)))
OTHER_KEY = SigningKey(NAME, bytes(range(1, 33)))
START = datetime(2026, 10, 5, 12, tzinfo=UTC)
PERSON, REFERENCE, GRANT = "anna", "9d0c7c1e", "g1"


def salt(number: int) -> bytes:
    return hashlib.sha256(b"salt %d" % number).digest()


def entry(action: Action, minutes: int, **fields: Any) -> Entry:
    """One use of the gallery of these tests."""
    purpose = "entry to the workshop – Zürich"  # noqa: RUF001
    return Entry(action, START + timedelta(minutes=minutes), gallery="visitors", purpose=purpose, **fields)


def enrolment(number: int) -> Entry:
    commitments = commit(Kind.SUBJECT, PERSON, salt(number)), commit(Kind.REFERENCE, REFERENCE, salt(number))
    counts = {Counted.PHOTOS: 1, Counted.FACES: 1}
    return entry(Action.ENROL, number, by="VVK1", counts=counts, commitments=commitments)


def entries() -> list[Entry]:
    """A gallery, two enrolments, a search, one that was refused, a withdrawal."""
    found = {"counts": {Counted.CANDIDATES: 1}, "commitments": (commit(Kind.GRANT, GRANT, salt(3)),)}
    return [
        entry(Action.GALLERY_CREATE, 0),
        enrolment(1),
        enrolment(2),
        entry(Action.IDENTIFY, 3, by="VVK1", **found),
        entry(Action.IDENTIFY, 60, by="VVK2", refusal=Refusal.NOT_ALLOWED),
        entry(Action.WITHDRAW, 24 * 60, commitments=(commit(Kind.SUBJECT, PERSON, salt(5)),)),
    ]


def leaves() -> list[bytes]:
    return [entry.to_bytes() for entry in entries()]


def tree(data: Sequence[bytes]) -> Frontier:
    frontier = Frontier()
    for leaf in data:
        frontier, _ = frontier.append(leaf_hash(leaf))
    return frontier


def checkpoint(data: Sequence[bytes], key: SigningKey = KEY) -> bytes:
    return sign_checkpoint(len(data), tree(data).root(), key)


def export(data: Sequence[bytes], key: SigningKey = KEY) -> bytes:
    file = io.BytesIO()
    write_export(file, data, checkpoint(data, key), key.verifier)
    return file.getvalue()
