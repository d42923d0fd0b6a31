"""Receipts prove what they say to whoever has the log's key, and nothing else passes for one."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from registries import PURPOSE, agree, enrolled, registry_at

from visavis.audit.canonical import canonical, from_base64
from visavis.audit.commitments import Kind
from visavis.audit.entry import Action
from visavis.audit.note import VerifierKey
from visavis.audit.receipt import LeafReceipt
from visavis.consent.terms import Terms
from visavis.errors import NoConsentError, ReceiptGoneError, VisavisError
from visavis.services import consents, galleries
from visavis.services.disclosure import disclose
from visavis.services.log import latest_entries, log_key
from visavis.services.receipts import receipt_of, renewed_receipt, verify_receipt
from visavis.services.registry import Registry


def test_a_receipt_proves_a_consent(registry: Registry) -> None:
    receipt = receipt_of(registry, agree(registry, "anna")[0])
    verified = verify_receipt(receipt.data, registry.signing_key().verifier)
    assert (verified.subject, verified.entry.action, verified.entry.purpose) == (
        "anna",
        Action.GRANT,
        PURPOSE,
    )
    assert verified.record["dpv:hasConsentStatus"][-1]["@type"] == "dpv:ConsentGiven"
    assert "Your consent to face recognition" in receipt.page


def test_a_receipt_proves_a_withdrawal(registry: Registry) -> None:
    agree(registry, "anna")
    receipt = receipt_of(registry, consents.withdraw(registry, "anna", PURPOSE))
    verified = verify_receipt(receipt.data)
    assert verified.entry.action is Action.WITHDRAW
    assert verified.record["dpv:hasConsentStatus"][-1]["@type"] == "dpv:ConsentWithdrawn"
    with pytest.raises(ReceiptGoneError):
        renewed_receipt(registry, "anna", PURPOSE)


def test_a_receipt_can_be_had_again_while_the_consent_counts(registry: Registry) -> None:
    with pytest.raises(NoConsentError):
        renewed_receipt(registry, "anna", PURPOSE)
    recorded = agree(registry, "anna")[0]
    again = verify_receipt(renewed_receipt(registry, "anna", PURPOSE).data)
    assert again.entry.to_bytes() == recorded.logged.leaf


def test_of_a_yes_that_was_never_recorded_there_is_no_receipt(registry: Registry) -> None:
    """Its key was made, and then the process ended."""
    asked = consents.request(registry, consents.Given("anna", PURPOSE, Terms()))
    assert verify_receipt(receipt_of(registry, asked).data).entry.action is Action.CONSENT_REQUEST
    registry.keyring.ensure_keys([asked.grant.id], 1)
    with pytest.raises(ReceiptGoneError):
        renewed_receipt(registry, "anna", PURPOSE)


def test_a_receipt_had_again_is_of_the_last_yes(registry: Registry) -> None:
    galleries.create(registry, "staff", PURPOSE)
    agree(registry, "anna", "ben")
    last = agree(registry, "anna")[0]
    enrolled(registry, "staff", "anna")
    again = verify_receipt(renewed_receipt(registry, "anna", PURPOSE).data, log_key(registry))
    assert again.entry.to_bytes() == last.logged.leaf
    assert [event["@type"] for event in again.record["dpv:hasConsentStatus"]] == [
        "dpv:ConsentGiven", "dpv:RenewedConsentGiven",
    ]  # fmt: skip
    assert latest_entries(registry, 1)[0].entry.action is Action.VIEW
    assert "anna" not in repr(again)


def test_what_was_altered_does_not_pass(registry: Registry) -> None:
    data = receipt_of(registry, agree(registry, "anna")[0]).data
    other = receipt_of(registry, agree(registry, "ben")[0]).data
    mixed = json.loads(data)
    for name in ("record", "leaf", "salt", "subject", "grant", "signature", "log_key"):
        changed = {**mixed, name: json.loads(other)[name]}
        if changed == mixed:  # both are of one log
            continue
        with pytest.raises(VisavisError):
            verify_receipt(canonical(changed))
    for name in mixed:
        with pytest.raises(VisavisError):
            verify_receipt(canonical({k: v for k, v in mixed.items() if k != name}))


@pytest.mark.slow
def test_no_byte_can_be_changed(tmp_path_factory: pytest.TempPathFactory) -> None:
    with registry_at(tmp_path_factory.mktemp("home")) as registry:
        data = receipt_of(registry, agree(registry, "anna")[0]).data
    verify_receipt(data)
    for i in range(len(data)):
        with pytest.raises(VisavisError):
            verify_receipt(data[:i] + bytes([data[i] ^ 1]) + data[i + 1 :])


@given(st.binary(max_size=300))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(VisavisError):
        verify_receipt(data)


def test_another_log_does_not_pass(registry: Registry, tmp_path_factory: pytest.TempPathFactory) -> None:
    data = receipt_of(registry, agree(registry, "anna")[0]).data
    with registry_at(tmp_path_factory.mktemp("home")) as other:
        key = other.signing_key().verifier
    with pytest.raises(VisavisError, match="another log"):
        verify_receipt(data, key)


def test_a_persons_request_is_answered_with_proofs(registry: Registry) -> None:
    galleries.create(registry, "staff", PURPOSE)
    agree(registry, "anna", "ben")
    enrolled(registry, "staff", "anna", "ben")
    held = disclose(registry, "anna")
    (consent,) = held["consents"]
    key = VerifierKey.parse(held["log_key"])
    actions = []
    for use in consent["uses"]:
        receipt = LeafReceipt.from_json(canonical(use["proof"]))
        receipt.verify(key)
        salt = from_base64(use["salt"])
        opened = [c for c in receipt.entry().commitments if c.of is Kind.SUBJECT and c.opens(salt, "anna")]
        assert len(opened) == 1
        actions.append(receipt.entry().action)
    assert actions == [Action.GRANT, Action.ENROL, Action.EXPORT]
    assert len(consent["references"]) == 1


def test_of_an_ended_consent_only_the_record_is_held(registry: Registry) -> None:
    agree(registry, "anna")
    consents.withdraw(registry, "anna", PURPOSE)
    (consent,) = disclose(registry, "anna")["consents"]
    assert (consent["references"], consent["uses"]) == ([], [])
    with pytest.raises(NoConsentError):
        disclose(registry, "nobody")
