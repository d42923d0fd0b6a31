"""The log over HTTP: what is told of it can be verified without the server."""

from __future__ import annotations

import io
import itertools
from base64 import b64decode
from collections.abc import Callable
from typing import Any, TypeVar

import pytest
from registries import PURPOSE, agree
from rest_calls import KEY, Rest

from visavis.audit.checkpoint import Checkpoint, open_checkpoint
from visavis.audit.entry import Action, Entry
from visavis.audit.merkle import leaf_hash
from visavis.audit.note import VerifierKey
from visavis.audit.proofs import verify_consistency, verify_inclusion
from visavis.audit.verify import verify_export
from visavis.errors import NotTheSignedLogError
from visavis.rekognition.errors import ThrottlingException, UnrecognizedClientException
from visavis.server.rest import audit
from visavis.services import galleries
from visavis.services.log import log_size

T = TypeVar("T")


def signed(rest: Rest) -> Checkpoint:
    """The log as it is, from a checkpoint and a key as anybody gets them."""
    key = VerifierKey.parse(rest.call("GET", "/audit/key").text.strip())
    answer = rest.call("GET", "/audit/checkpoint")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    return open_checkpoint(answer.content, key)


def test_entries_with_their_proofs_are_those_that_were_signed(rest: Rest) -> None:
    galleries.create(rest.registry, "staff", PURPOSE)
    agree(rest.registry, "anna", "ben")
    earlier = signed(rest)
    agree(rest.registry, *(f"p{i}" for i in range(4)))
    later = signed(rest)
    assert (earlier.size, later.size) == (3, 7)

    numbers = []
    after: dict[str, Any] = {}
    while entries := rest.get("/audit/entries", limit=3, **after)["entries"]:
        for entry in entries:
            leaf = b64decode(entry["leaf"])
            path = rest.get("/audit/proofs/inclusion", leaf=entry["number"], size=later.size)["hashes"]
            verify_inclusion(
                entry["number"], later.size, leaf_hash(leaf), list(map(b64decode, path)), later.root
            )
            read = Entry.from_bytes(leaf)
            assert (entry["action"], entry["by"], entry["purpose"]) == (read.action, read.by, read.purpose)
            assert (entry["outcome"], entry["reason"], len(entry["commitments"])) == (
                "done",
                None,
                len(read.commitments),
            )
            numbers.append(entry["number"])
        after = {"after": numbers[-1]}
    assert numbers == list(range(7))

    proof = rest.get("/audit/proofs/consistency", first=earlier.size, second=later.size)["hashes"]
    verify_consistency(earlier.size, later.size, earlier.root, later.root, list(map(b64decode, proof)))
    assert log_size(rest.registry) == 7  # looking at the log leaves no leaf


def test_what_the_log_never_was_has_no_proof(sqlite_rest: Rest) -> None:
    agree(sqlite_rest.registry, "anna", "ben")
    for path in (
        "inclusion?leaf=2&size=2",
        "inclusion?leaf=0&size=3",
        "consistency?first=1&second=3",
        "consistency?first=2&second=1",
    ):
        sqlite_rest.refused(400, "proof", "GET", f"/audit/proofs/{path}")
    for path in (
        "inclusion?leaf=-1&size=2",
        f"inclusion?leaf={10**30}&size=2",
        "consistency?first=anna&second=1",
        "inclusion",
    ):
        assert "anna" not in sqlite_rest.refused(400, "bad-request", "GET", f"/audit/proofs/{path}")
    assert sqlite_rest.get("/audit/entries", after=1)["entries"] == []
    assert sqlite_rest.get("/audit/entries", after=2**52)["entries"] == []


def test_an_export_is_what_audit_verify_reads(sqlite_rest: Rest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "PIECE_BYTES", 1_000)
    agree(sqlite_rest.registry, *(f"p{i}" for i in range(9)))
    answer = sqlite_rest.call("GET", "/audit/export")
    assert answer.headers["content-type"] == "application/jsonl"
    verified = verify_export(io.BytesIO(answer.content), expected_key=signed_key(sqlite_rest))
    assert verified.size == 10
    assert (sqlite_rest.last().entry.action, sqlite_rest.last().entry.by) == (Action.EXPORT, KEY.id)


def signed_key(rest: Rest) -> VerifierKey:
    return VerifierKey.parse(rest.call("GET", "/audit/key").text.strip())


def test_an_export_that_has_begun_waits_for_workers(
    sqlite_rest: Rest, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = itertools.count()
    run = sqlite_rest.run

    async def sometimes_full(work: Callable[[], T], /) -> T:
        if (call := next(calls)) > 2 and call % 3:  # the first three let the caller in, and begin
            raise ThrottlingException
        return await run(work)

    monkeypatch.setattr(audit, "PIECE_BYTES", 1)
    monkeypatch.setattr(audit, "PAUSE_SECONDS", 0)
    agree(sqlite_rest.registry, *(f"p{i}" for i in range(9)))
    sqlite_rest.app.state.run = sometimes_full
    answer = sqlite_rest.call("GET", "/audit/export")
    assert verify_export(io.BytesIO(answer.content)).size == 10
    assert next(calls) > 30


def test_an_export_that_is_not_the_signed_log_has_no_end(
    sqlite_rest: Rest, monkeypatch: pytest.MonkeyPatch
) -> None:
    agree(sqlite_rest.registry, "anna", "ben")
    monkeypatch.setattr("visavis.services.log._leaves", lambda *_: iter([]))
    with pytest.raises(RuntimeError) as raised:
        sqlite_rest.call("GET", "/audit/export")
    assert isinstance(raised.value.__cause__, NotTheSignedLogError)


def test_an_export_ends_with_its_key(sqlite_rest: Rest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Revoked while the call waits, or while its answer is sent."""
    left = iter([None] * 4)

    def check() -> None:
        if next(left, "revoked"):
            raise UnrecognizedClientException

    monkeypatch.setattr(audit, "PIECE_BYTES", 1)
    agree(sqlite_rest.registry, *(f"p{i}" for i in range(9)))
    sqlite_rest.check = check
    with pytest.raises(RuntimeError) as raised:
        sqlite_rest.call("GET", "/audit/export")
    assert isinstance(raised.value.__cause__, UnrecognizedClientException)
    sqlite_rest.refused(403, "unrecognized-client", "GET", "/galleries")


def test_a_full_pool_is_429(sqlite_rest: Rest) -> None:
    async def full(_: Callable[[], T], /) -> T:
        raise ThrottlingException

    sqlite_rest.app.state.run = full
    sqlite_rest.refused(429, "throttling", "GET", "/audit/export")
    sqlite_rest.refused(429, "throttling", "GET", "/galleries")
