"""What is signed of the log never contradicts what was signed before."""

from __future__ import annotations

import io
import threading

import pytest
from registries import PURPOSE, Clock, agree, registry_at
from sqlalchemy import text, update

from visavis.audit.checkpoint import open_checkpoint
from visavis.audit.merkle import leaf_hash
from visavis.audit.proofs import verify_consistency, verify_inclusion
from visavis.audit.verify import verify_export
from visavis.errors import NotTheSignedLogError, ProofError, StoreBehindError
from visavis.services import checkpoints, galleries
from visavis.services.checkpoints import leaf_receipts, sign_log
from visavis.services.log import export_log, latest_entries, log_key
from visavis.services.registry import Registry
from visavis.store import schema
from visavis.store.log import leaf_at


def test_an_empty_log_is_signed_as_well(registry: Registry) -> None:
    signed = sign_log(registry)
    assert signed.size == 0
    assert open_checkpoint(signed.checkpoint, log_key(registry)).size == 0
    agree(registry, "anna")
    assert sign_log(registry).size == 1


def test_each_leaf_comes_with_its_proof(registry: Registry) -> None:
    agree(registry, *(f"p{i}" for i in range(11)))
    receipts = leaf_receipts(registry, range(11))
    entries = latest_entries(registry, 11)
    for receipt, numbered in zip(receipts, entries, strict=True):
        assert receipt.verify(log_key(registry)).size == 11
        assert (receipt.index, receipt.entry()) == (numbered.number, numbered.entry)


def test_several_who_write_and_sign_contradict_nobody(
    registry: Registry, database_url: str, clock: Clock
) -> None:
    """Each has a registry of its own, as processes do; every checkpoint is one of the log that comes of it all."""
    signed: list[bytes] = []
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            with registry_at(registry.settings.home, database_url, clock) as own:
                for i in range(5):
                    agree(own, f"p{number}.{i}")
                    signed.append(sign_log(own).checkpoint)
        except BaseException as error:  # noqa: BLE001  a thread's own are not seen
            failures.append(error)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    file = io.BytesIO()
    assert export_log(registry, file) == 16
    file.seek(0)
    verified = verify_export(file, expected_key=log_key(registry), earlier_checkpoints=signed)
    assert (verified.size, len(signed)) == (16, 15)


def test_where_another_signed_more_meanwhile_the_log_is_read_again(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    agree(registry, "anna")
    advance, answers = registry.keyring.advance, [False, False]
    monkeypatch.setattr(registry.keyring, "advance", lambda *a: answers.pop() if answers else advance(*a))
    assert sign_log(registry).size == 1
    monkeypatch.setattr(checkpoints, "_ATTEMPTS", 2)
    monkeypatch.setattr(registry.keyring, "advance", lambda *_: False)
    with pytest.raises(StoreBehindError):
        sign_log(registry)


def test_a_log_that_lost_leaves_is_not_signed(registry: Registry) -> None:
    agree(registry, "anna", "ben")
    sign_log(registry)
    with registry.store.write() as connection:
        connection.execute(text("DELETE FROM nodes"))
        connection.execute(update(schema.store_state).values(log_size=0, log_roots=b""))
    with pytest.raises(StoreBehindError):
        sign_log(registry)


def test_a_leaf_that_was_rewritten_is_noticed_in_an_export(registry: Registry) -> None:
    galleries.create(registry, "staff", PURPOSE)
    agree(registry, "anna")
    with registry.store.write() as connection:
        leaf = latest_entries(registry, 2)[0].entry.to_bytes().replace(b'"staff"', b'"other"')
        connection.execute(update(schema.leaves).where(schema.leaves.c.number == 0).values(leaf=leaf))
    with pytest.raises(NotTheSignedLogError):
        export_log(registry, io.BytesIO())


def test_proofs_are_of_sizes_that_the_log_had(registry: Registry) -> None:
    agree(registry, *(f"p{i}" for i in range(5)))
    with registry.store.read() as connection:
        first, second = (checkpoints.root_at(connection, size) for size in (3, 5))
        leaf = leaf_at(connection, 2)
    for size, root in ((3, first), (5, second)):
        verify_inclusion(2, size, leaf_hash(leaf), checkpoints.prove_inclusion(registry, 2, size), root)
    verify_consistency(3, 5, first, second, checkpoints.prove_consistency(registry, 3, 5))
    with pytest.raises(ProofError):
        checkpoints.prove_inclusion(registry, 2, 6)
    with pytest.raises(ProofError):
        checkpoints.prove_consistency(registry, 3, 6)
