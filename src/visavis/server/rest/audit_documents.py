"""What /v1 takes and tells of the audit log."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from visavis.audit.canonical import to_base64
from visavis.audit.commitments import Kind
from visavis.audit.entry import Action, Counted, Refusal
from visavis.audit.merkle import MAX_LEAVES
from visavis.server.rest.documents import Asked, Time, Told
from visavis.services.log import NumberedEntry

Leaf = Annotated[int, Field(ge=0, lt=MAX_LEAVES)]
Size = Annotated[int, Field(ge=0, le=MAX_LEAVES)]

_HASH = "n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg="


class EntryQuery(Asked):
    """Which part of the log."""

    after: Leaf | None = Field(None, description="Only entries that follow this one; else from the first.")
    limit: Annotated[int, Field(ge=1, le=100)] = 100


class InclusionQuery(Asked):
    """A leaf, from 0, and how many leaves the log has in the checkpoint."""

    leaf: Leaf
    size: Size


class ConsistencyQuery(Asked):
    """The sizes of two checkpoints, the earlier first."""

    first: Size
    second: Size


class Commitment(Told):
    """What stands in an entry for an id."""

    of: Kind
    digest: str = Field(description="HMAC-SHA256, base64.")


class LoggedEntry(Told):
    """An entry: what docs/audit.md says of its fields, its number and its bytes."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "number": 17,
                    "action": "verify",
                    "at": "2026-10-05T12:00:00Z",
                    "by": "VSVSAAAAAAAAAAAAAAAA",
                    "outcome": "refused",
                    "reason": "no-face",
                    "gallery": "staff",
                    "purpose": "entry to the workshop",
                    "counts": {"photos": 1},
                    "commitments": [{"of": "subject", "digest": _HASH}],
                    "leaf": "eyJhY3Rpb24iOiJ2ZXJpZnkifQ==",
                }
            ]
        }
    )

    number: int
    action: Action
    at: Time
    by: str
    outcome: Literal["done", "refused"]
    reason: Refusal | None
    gallery: str | None
    purpose: str | None
    counts: dict[Counted, int]
    commitments: list[Commitment]
    leaf: str = Field(description="The leaf's exact bytes, base64: what is hashed and proven.")

    @classmethod
    def of(cls, numbered: NumberedEntry) -> LoggedEntry:
        """An entry and its place in the log."""
        entry = numbered.entry
        return cls(
            number=numbered.number,
            action=entry.action,
            at=int(entry.at.timestamp()),
            by=entry.by,
            outcome="refused" if entry.refusal else "done",
            reason=entry.refusal,
            gallery=entry.gallery,
            purpose=entry.purpose,
            counts=dict(entry.counts),
            commitments=[Commitment(of=c.of, digest=to_base64(c.digest)) for c in entry.commitments],
            leaf=to_base64(entry.to_bytes()),
        )


class EntryPage(Told):
    """Entries in order; none where the log ends."""

    entries: list[LoggedEntry]


class InclusionProof(Told):
    """Hashes, base64, the one nearest to the leaves first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"leaf": 0, "size": 2, "hashes": [_HASH]}]})

    leaf: int
    size: int
    hashes: list[str]


class ConsistencyProof(Told):
    """Hashes, base64, the one nearest to the leaves first. Empty where first is 0 or second."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"first": 1, "second": 2, "hashes": [_HASH]}]})

    first: int
    second: int
    hashes: list[str]
