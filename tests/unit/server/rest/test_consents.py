"""Consents over HTTP: what is recorded, told and erased, and for whose keys."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from registries import NOW, PURPOSE, Clock, enrolled, registry_at, template_of
from rest_calls import Rest

from visavis.audit.entry import Action
from visavis.consent.times import utc_text
from visavis.services import galleries
from visavis.services.access import AccessKey
from visavis.services.identify import identify
from visavis.services.log import log_key
from visavis.services.receipts import verify_receipt

STAFF = AccessKey("VSVSSTAFF", galleries=("staff",))
ANNA: dict[str, Any] = {"subject": "anna", "purpose": PURPOSE}
DAY = 86_400


def test_withdrawal_erases_before_it_answers_in_every_process(
    rest: Rest, database_url: str, clock: Clock, tmp_path: Path
) -> None:
    galleries.create(rest.registry, "staff", PURPOSE)
    rest.post("/consents", **ANNA)
    enrolled(rest.registry, "staff", "anna")
    with registry_at(tmp_path, database_url, clock) as other:
        assert [c.subject for c in identify(other, "staff", [template_of("anna", 1)]).candidates] == ["anna"]
        told = rest.post("/consents/withdrawals", **ANNA)
        assert identify(other, "staff", [template_of("anna", 1)]).candidates == ()
    assert told["consent"]["state"] == "withdrawn"
    assert told["consent"]["proof_until"] > utc_text(NOW)
    verified = verify_receipt(told["receipt"].encode(), log_key(rest.registry))
    assert (verified.subject, verified.entry.action) == ("anna", Action.WITHDRAW)
    assert "anna" in told["page"]
    assert rest.post("/consents/withdrawals", **ANNA)["receipt"] != told["receipt"]


def test_a_yes_is_recorded_on_its_terms(sqlite_rest: Rest) -> None:
    terms: dict[str, Any] = {
        "notice_version": "2026-03",
        "language": "de",
        "consented_by": "guardian",
        "evidence_sha256": "0" * 64,
    }
    told = sqlite_rest.post(
        "/consents", **ANNA, **terms, until="2026-12-31", given_at="2026-09-01T12:00:00+02:00"
    )
    consent = told["consent"]
    assert consent.items() >= (ANNA | terms | {"state": "given", "until": "2027-01-01T00:00:00Z"}).items()
    assert told["purpose_has_gallery"] is False
    assert (
        verify_receipt(told["receipt"].encode(), log_key(sqlite_rest.registry)).entry.action is Action.GRANT
    )
    history = sqlite_rest.get("/consent", **ANNA)
    assert history["consent"] == consent
    expected = {"event": "give", "at": "2026-09-01T10:00:00Z", "by": "VSVSAAAAAAAAAAAAAAAA"}
    assert history["events"] == [expected]
    assert (sqlite_rest.last().entry.action, sqlite_rest.last().entry.by) == (
        Action.VIEW,
        "VSVSAAAAAAAAAAAAAAAA",
    )


def test_who_was_asked_and_said_no_can_say_yes_later(sqlite_rest: Rest) -> None:
    assert sqlite_rest.post("/consents/requests", **ANNA)["consent"]["state"] == "requested"
    told = sqlite_rest.post("/consents/refusals", **ANNA)
    assert told["consent"]["state"] == "refused"
    assert verify_receipt(told["receipt"].encode()).entry.action is Action.REFUSE
    sqlite_rest.refused(409, "consent-state", "POST", "/consents/withdrawals", json=ANNA)
    sqlite_rest.refused(404, "receipt-gone", "GET", "/consent/receipt", params=ANNA)
    assert sqlite_rest.post("/consents", **ANNA)["consent"]["state"] == "given"


def test_a_receipt_is_given_again_as_json_or_as_a_page(sqlite_rest: Rest) -> None:
    sqlite_rest.post("/consents", **ANNA)
    answer = sqlite_rest.call("GET", "/consent/receipt", params=ANNA)
    assert answer.headers["content-type"] == "application/json"
    assert verify_receipt(answer.content, log_key(sqlite_rest.registry)).subject == "anna"
    page = sqlite_rest.call("GET", "/consent/receipt", params=ANNA, headers={"Accept": "text/html"})
    assert page.headers["content-type"].startswith("text/html")
    assert "anna" in page.text


def test_an_export_holds_all_but_templates(sqlite_rest: Rest) -> None:
    galleries.create(sqlite_rest.registry, "staff", PURPOSE)
    sqlite_rest.post("/consents", **ANNA)
    enrolled(sqlite_rest.registry, "staff", "anna")
    identify(sqlite_rest.registry, "staff", [template_of("anna", 1)])
    document = sqlite_rest.get("/consent/export", subject="anna")
    (consent,) = document["consents"]
    (reference,) = consent["references"]
    assert reference["gallery"] == "staff"
    assert "template" not in reference
    actions = [use["proof"]["leaf"]["action"] for use in consent["uses"]]
    assert actions == ["grant", "enrol", "identify", "export"]


def test_consents_are_listed_in_parts(rest: Rest) -> None:
    for i in range(5):
        rest.post("/consents", subject=f"p{i}", purpose=PURPOSE)
    rest.post("/consents", subject="p1", purpose="another")
    rest.post("/consents/withdrawals", subject="p3", purpose=PURPOSE)

    def parts(**query: Any) -> list[list[str]]:
        told = rest.get("/consents", **query)
        found = [[consent["subject"] for consent in told["consents"]]]
        assert rest.last().entry.action is Action.VIEW
        return found + (parts(**query | {"after": told["after"]}) if told["after"] else [])

    assert parts(limit=2, purpose=PURPOSE) == [["p0", "p1"], ["p2", "p3"], ["p4"]]
    assert parts(limit=6) == [["p0", "p1", "p1", "p2", "p3", "p4"]]
    assert parts(limit=2, state="given", purpose=PURPOSE) == [["p0", "p1"], ["p2", "p4"]]
    unknown = {"after": "00000000-0000-0000-0000-000000000000"}
    rest.refused(400, "consent-terms", "GET", "/consents", params=unknown)


CALLS: list[tuple[str, str, Action]] = [
    ("POST", "/consents", Action.GRANT),
    ("POST", "/consents/requests", Action.CONSENT_REQUEST),
    ("POST", "/consents/refusals", Action.REFUSE),
    ("POST", "/consents/withdrawals", Action.WITHDRAW),
    ("GET", "/consent", Action.VIEW),
    ("GET", "/consent/receipt", Action.VIEW),
    ("GET", "/consents?limit=2", Action.VIEW),
]


def test_a_key_for_some_galleries_is_for_purposes_all_of_whose_galleries_it_reaches(rest: Rest) -> None:
    galleries.create(rest.registry, "staff", PURPOSE)
    galleries.create(rest.registry, "visitors", "visits")
    assert rest.post("/consents", STAFF, **ANNA)["purpose_has_gallery"] is True
    assert rest.get("/consents", STAFF, purpose=PURPOSE)["consents"][0]["subject"] == "anna"
    galleries.create(rest.registry, "visitors-2", PURPOSE)
    for purpose in ("visits", "of no gallery", PURPOSE):  # the last one is visitors-2's as well by now
        person = {"subject": "anna-the-first", "purpose": purpose}
        for method, path, action in CALLS:
            sent = (
                {"json": person}
                if method == "POST"
                else {"params": {**person} if path != "/consents?limit=2" else {"purpose": purpose}}
            )
            rest.refused(403, "not-allowed", method, path, STAFF, **sent)
            assert rest.last_is_refusal(action)
            assert rest.last().entry.purpose is None
    assert rest.get("/consents")["consents"] == rest.get("/consents", purpose=PURPOSE)["consents"]
    assert (
        len(
            rest.get("/consents", AccessKey("VSVSBOTH", galleries=("staff", "visitors-*")), purpose=PURPOSE)[
                "consents"
            ]
        )
        == 1
    )


WRONG: list[tuple[str, dict[str, Any]]] = [
    ("consent-terms", {"subject": "anna schmidt"}),
    ("consent-terms", {"subject": "anna\0"}),
    ("consent-terms", {"subject": ""}),
    ("consent-terms", {"purpose": "a\0b"}),
    ("consent-terms", {"purpose": " a"}),
    ("consent-terms", {"purpose": "a" * 257}),
    ("consent-terms", {"evidence_sha256": "anna"}),
    ("consent-terms", {"language": "anna schmidt"}),
    ("consent-terms", {"notice_version": ""}),
    ("consent-terms", {"until": "2026-01-01"}),
    ("bad-request", {"until": "anna"}),
    ("bad-request", {"until": 1_790_000_000}),
    ("bad-request", {"given_at": "2026-02-30"}),
    ("bad-request", {"given_at": "9999-12-31T23:59:59-23:00"}),
    ("bad-request", {"consented_by": "anna"}),
    ("bad-request", {"subject": None}),
    ("bad-request", {"subject": ["anna"]}),
    ("bad-request", {"anna": "anna"}),
]


def test_what_cannot_be_is_refused_and_not_repeated(sqlite_rest: Rest) -> None:
    for code, wrong in WRONG:
        message = sqlite_rest.refused(400, code, "POST", "/consents", json={**ANNA, **wrong})
        assert "anna" not in message
    assert sqlite_rest.get("/consents")["consents"] == []


def test_whom_nothing_is_known_of(sqlite_rest: Rest) -> None:
    sqlite_rest.refused(403, "no-consent", "POST", "/consents/withdrawals", json=ANNA)
    sqlite_rest.refused(403, "no-consent", "GET", "/consent", params=ANNA)
    sqlite_rest.refused(403, "no-consent", "GET", "/consent/receipt", params=ANNA)
    sqlite_rest.refused(403, "no-consent", "GET", "/consent/export", params={"subject": "anna"})
    sqlite_rest.refused(400, "consent-terms", "GET", "/consent", params=ANNA | {"subject": "a\0"})
    sqlite_rest.refused(400, "consent-terms", "GET", "/consents", params={"purpose": "a\0"})
    sqlite_rest.refused(400, "bad-request", "GET", "/consents", params={"puropse": PURPOSE})
    sqlite_rest.refused(400, "bad-request", "GET", "/consents", params={"limit": 1001})


def test_a_consent_that_expired_is_told_as_such_once_it_is_swept(sqlite_rest: Rest, clock: Clock) -> None:
    sqlite_rest.post("/consents", **ANNA, until=utc_text(NOW + DAY))
    clock.now += DAY
    assert sqlite_rest.post("/consents", **ANNA)["consent"]["state"] == "given"
    assert [c["state"] for c in sqlite_rest.get("/consents")["consents"]].count("expired") == 1
