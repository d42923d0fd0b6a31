"""Receipts: what a person keeps to prove what they said, without asking the operator.

A receipt is RFC 8785 JSON, signed with the log's key: the consent's record, the leaf that says that it was recorded,
the proof that this leaf is in the log, and the salt that opens its commitments to this person.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from visavis.audit.canonical import canonical, from_base64, read_canonical, to_base64
from visavis.audit.checkpoint import Checkpoint
from visavis.audit.commitments import SALT_BYTES, Kind
from visavis.audit.entry import Action, Entry
from visavis.audit.note import VerifierKey, parse_note
from visavis.audit.receipt import LeafReceipt
from visavis.consent.jsonld import as_jsonld
from visavis.consent.page import printable_page
from visavis.consent.record import ConsentRecord
from visavis.consent.states import State
from visavis.consent.terms import check_purpose, check_subject
from visavis.errors import AuditError, NoConsentError, ReceiptError, ReceiptGoneError
from visavis.services.checkpoints import leaf_receipts
from visavis.services.consents import Recorded
from visavis.services.records import record_of
from visavis.services.registry import Registry
from visavis.services.work import Concerned, working
from visavis.store.crypto import salt_context
from visavis.store.grants import Grant, latest_grant
from visavis.store.log import leaf_at, salts_of

FORMAT = "visavis-consent-receipt-1"
_FIELDS = frozenset({"format", "grant", "leaf", "log_key", "record", "salt", "signature", "subject"})


@dataclass(frozen=True, slots=True)
class ConsentReceipt:
    """What the person gets. data: the receipt, RFC 8785 JSON; page: HTML to print."""

    data: bytes = field(repr=False)
    page: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class VerifiedReceipt:
    """A receipt that holds. record: JSON-LD; checkpoint: worth keeping. Unless the caller gave it, the key is the receipt's own word."""

    record: Mapping[str, Any] = field(repr=False)
    subject: str = field(repr=False)
    entry: Entry
    key: VerifierKey
    checkpoint: Checkpoint


def receipt_of(registry: Registry, recorded: Recorded) -> ConsentReceipt:
    """The receipt of what was just recorded; after a withdrawal, this is the only time that one can be made."""
    grant, logged = recorded.grant, recorded.logged
    return _receipt(registry, grant, logged.number, logged.salts[grant.id])


def renewed_receipt(registry: Registry, subject: str, purpose: str) -> ConsentReceipt:
    """The receipt of a consent that counts, once more.

    Raises ConsentTermsError, NoConsentError, and ReceiptGoneError where none was given or it ended.
    """
    check_subject(subject)
    check_purpose(purpose)
    with working(registry) as work:
        grant = latest_grant(work.connection, subject, purpose)
        if grant is None:
            raise NoConsentError
        keys = registry.keyring.keys([grant.id])
        if grant.id not in keys:
            raise ReceiptGoneError
        given = (
            (n, s)
            for n, s in reversed(salts_of(work.connection, grant.id))
            if Entry.from_bytes(leaf_at(work.connection, n)).action is Action.GRANT
        )
        number, sealed = next(given, (None, b""))
        if number is None:  # a key was made for a yes that never came to be recorded
            raise ReceiptGoneError
        person = Concerned(grant.id, keys[grant.id], [(Kind.SUBJECT, subject)])
        work.log(Action.VIEW, where=purpose, people=[person])
    return _receipt(registry, grant, number, keys[grant.id].open(sealed, salt_context(grant.id, number)))


def verify_receipt(data: bytes, expected_key: VerifierKey | None = None) -> VerifiedReceipt:
    """Verify a receipt, offline. Raises ReceiptError, or the AuditError that says what does not hold."""
    document = _read(data)
    key = VerifierKey.parse(document["log_key"])
    if expected_key is not None and key != expected_key:
        raise ReceiptError("the receipt is of another log than the expected")
    note = parse_note(document["signature"].encode())
    note.verify(key)
    if note.text != _signed_text(document):
        raise ReceiptError("the receipt is not the one that was signed: it was altered")
    leaf = LeafReceipt.from_json(canonical(document["leaf"]))
    checkpoint, entry = leaf.verify(key), leaf.entry()
    salt = from_base64(document["salt"], SALT_BYTES)
    for kind, identifier in ((Kind.SUBJECT, document["subject"]), (Kind.GRANT, document["grant"])):
        if not any(c.of is kind and c.opens(salt, identifier) for c in entry.commitments):
            raise ReceiptError("the leaf in the receipt is not about this person")
    return VerifiedReceipt(document["record"], document["subject"], entry, key, checkpoint)


def _receipt(registry: Registry, grant: Grant, number: int, salt: bytes) -> ConsentReceipt:
    leaf = leaf_receipts(registry, [number])[0]
    with registry.store.read() as connection:
        record = record_of(connection, grant)
    key = registry.signing_key()
    document = {
        "format": FORMAT,
        "grant": record.id,
        "leaf": read_canonical(leaf.to_json()),
        "log_key": str(key.verifier),
        "record": as_jsonld(record),
        "salt": to_base64(salt),
        "subject": record.subject,
    }
    signature = key.sign(_signed_text(document)).decode()
    return ConsentReceipt(canonical({**document, "signature": signature}), _page(record, leaf, key.verifier))


def _page(record: ConsentRecord, leaf: LeafReceipt, key: VerifierKey) -> str:
    shown = {
        "Log": key.name,
        "Public key": str(key),
        "Entry": str(leaf.index),
        "Checkpoint": leaf.checkpoint.decode(),
    }
    ended = record.state in {State.WITHDRAWN, State.EXPIRED}
    return printable_page(record, receipt=shown, erased_at=record.events[-1].at if ended else None)


def _signed_text(document: Mapping[str, Any]) -> str:
    """What is signed: no checkpoint begins so, so neither passes for the other."""
    unsigned = {name: value for name, value in document.items() if name != "signature"}
    return f"{FORMAT}\n{to_base64(hashlib.sha256(canonical(unsigned)).digest())}\n"


def _read(data: bytes) -> dict[str, Any]:
    try:
        document = read_canonical(data)
    except AuditError:
        raise ReceiptError from None
    texts = ("grant", "log_key", "salt", "signature", "subject")
    fits = document.keys() == _FIELDS and document["format"] == FORMAT
    if not fits or not all(isinstance(document[name], str) for name in texts):
        raise ReceiptError
    if not isinstance(document["record"], dict) or not isinstance(document["leaf"], dict):
        raise ReceiptError
    return document
