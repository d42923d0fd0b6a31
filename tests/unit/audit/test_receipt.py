from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from audit_samples import KEY, NAME, OTHER_KEY, PERSON, checkpoint, entries, leaves, salt, tree
from hypothesis import given
from hypothesis import strategies as st

from visavis.audit.canonical import canonical
from visavis.audit.checkpoint import Checkpoint
from visavis.audit.note import VerifierKey
from visavis.audit.receipt import LeafReceipt
from visavis.errors import (
    AuditError,
    CheckpointKeyError,
    CheckpointSignatureError,
    InclusionError,
    ProofError,
)

GOLDEN = (Path(__file__).parent / "golden" / "receipt-2.json").read_bytes()
RECEIPT = LeafReceipt.from_json(GOLDEN)


def test_a_receipt_goes_round_and_holds() -> None:
    assert RECEIPT.to_json() == GOLDEN
    assert RECEIPT.verify(KEY.verifier) == Checkpoint(NAME, 6, tree(leaves()).root())
    assert RECEIPT.entry() == entries()[2]


def test_the_person_can_open_their_leaf() -> None:
    of_subject, _ = RECEIPT.entry().commitments
    assert of_subject.opens(salt(2), PERSON)
    assert not of_subject.opens(salt(1), PERSON)


def test_every_byte_counts() -> None:
    for place in range(len(GOLDEN)):
        for flip in (0x01, 0x20, 0x80):
            changed = bytearray(GOLDEN)
            changed[place] ^= flip
            with pytest.raises(AuditError):
                LeafReceipt.from_json(bytes(changed)).verify(KEY.verifier)


def test_receipts_that_do_not_hold() -> None:
    for changed in (
        replace(RECEIPT, leaf=leaves()[1]), replace(RECEIPT, index=1), replace(RECEIPT, index=6), replace(RECEIPT, index=-1),
        replace(RECEIPT, path=RECEIPT.path[:-1]), replace(RECEIPT, path=(*RECEIPT.path, RECEIPT.path[0])),
        replace(RECEIPT, path=()), replace(RECEIPT, checkpoint=checkpoint(leaves()[:5])),
    ):  # fmt: skip
        with pytest.raises(InclusionError):
            changed.verify(KEY.verifier)
    with pytest.raises(CheckpointKeyError):
        replace(RECEIPT, checkpoint=checkpoint(leaves(), OTHER_KEY)).verify(KEY.verifier)
    with pytest.raises(CheckpointKeyError):
        RECEIPT.verify(VerifierKey("other.example", KEY.verifier.public_key))
    with pytest.raises(CheckpointSignatureError):
        replace(RECEIPT, checkpoint=RECEIPT.checkpoint.replace(b"\n6\n", b"\n7\n")).verify(KEY.verifier)


@pytest.mark.parametrize(
    "fields",
    [
        {"format": "other"}, {"index": "2"}, {"index": True}, {"index": 2.5}, {"index": None}, {"leaf": ["ab"]},
        {"leaf": "x"}, {"leaf": None}, {"path": {}}, {"path": [1]}, {"path": ["AAAA"]}, {"path": "A" * 44},
        {"path": ["A" * 43 + "="] * 54}, {"checkpoint": 1}, {"checkpoint": None}, {"more": 1},
    ],
)  # fmt: skip
def test_what_is_no_receipt(fields: dict[str, Any]) -> None:
    with pytest.raises(ProofError):
        LeafReceipt.from_json(canonical(json.loads(GOLDEN) | fields))


def test_a_receipt_needs_all_its_fields() -> None:
    for name in json.loads(GOLDEN):
        document = json.loads(GOLDEN)
        del document[name]
        with pytest.raises(ProofError):
            LeafReceipt.from_json(canonical(document))
    for data in (b"", GOLDEN + b"\n", b" " + GOLDEN, GOLDEN[:-1], b"[]"):
        with pytest.raises(ProofError):
            LeafReceipt.from_json(data)


@given(st.binary(max_size=100))
def test_arbitrary_bytes_are_no_receipt(data: bytes) -> None:
    with pytest.raises(ProofError):
        LeafReceipt.from_json(data)
