"""A person's request is answered with all that is held about them, and with nothing about anybody else."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from people_films import FakeFilm, asked, looked_through
from registries import NOW, PURPOSE, Clock, agree, enrolled, portrait_of, template_of, vector_of

from visavis.audit.canonical import canonical, from_base64
from visavis.audit.commitments import Kind
from visavis.audit.entry import Action
from visavis.audit.note import VerifierKey
from visavis.audit.receipt import LeafReceipt
from visavis.consent.states import State
from visavis.consent.terms import Terms
from visavis.errors import ConsentTermsError
from visavis.services import consents, contents, galleries, users
from visavis.services.candidates import Asked
from visavis.services.consents import Given, give
from visavis.services.disclosure import FORMAT, disclose
from visavis.services.enrol import Enrolment, enrol
from visavis.services.identify import identify
from visavis.services.log import latest_entries
from visavis.services.records import list_consents, records_about
from visavis.services.registry import Registry

OTHER = "something else"


def test_where_in_films_a_person_was_found(registry: Registry) -> None:
    galleries.create(registry, "staff", PURPOSE)
    agree(registry, "anna", "ben")
    enrolled(registry, "staff", "anna", "ben")
    job_id = asked(registry, "staff")
    looked_through(registry, job_id, FakeFilm(600, {0: ["anna", "ben"], 200: ["ben"], 400: ["anna"]}))
    (consent,) = disclose(registry, "anna")["consents"]
    found = consent["found_in_films"]
    assert [(one["job"], one["at_ms"]) for one in found] == [(job_id, 0), (job_id, 400)]
    assert {one["reference"] for one in found} == {consent["references"][0]["id"]}
    assert all(one["similarity"] >= 80 for one in found)


def test_everything_is_there_and_its_proofs_hold(registry: Registry) -> None:
    galleries.create(registry, "staff", PURPOSE)
    galleries.create(registry, "visitors", OTHER)
    agree(registry, "anna", "ben")
    agree(registry, "anna", purpose=OTHER)
    enrolled(registry, "staff", "anna", "ben", photos=(0, 1))
    enrol(registry, "visitors", [Enrolment("anna", portrait_of("anna", 2), label=":third")])
    users.create(registry, "staff", "a")
    first = next(reference for reference in contents.view(registry, "staff"))
    users.associate(registry, "staff", "a", [UUID(bytes=first.id)])
    identify(registry, "staff", [template_of("anna", 5)])
    identify(registry, "staff", [template_of("ben", 5)])
    (everybody,) = [identify(registry, "staff", [template_of("x")], Asked(max_fmr=1.0))]
    assert len(everybody.people()) == 2
    held = json.loads(json.dumps(disclose(registry, "anna")))
    assert (held["format"], held["subject"], held["made_at"]) == (FORMAT, "anna", "2026-09-21T14:13:20Z")
    staff, visitors = held["consents"]
    photos = [
        (r["gallery"], r["label"], r["user"]) for consent in (staff, visitors) for r in consent["references"]
    ]
    assert photos == [("staff", "", "a"), ("staff", "", None), ("visitors", ":third", None)]
    for reference, photo in zip([*staff["references"], *visitors["references"]], range(3), strict=True):
        template = np.frombuffer(from_base64(reference["template"]), "<f4")
        assert np.array_equal(template, vector_of("anna", photo))
    key = VerifierKey.parse(held["log_key"])
    assert used(staff, key, "anna") == [
        Action.GRANT, Action.ENROL, Action.ENROL, Action.ASSOCIATE, Action.IDENTIFY, Action.IDENTIFY, Action.EXPORT,
    ]  # fmt: skip
    assert used(visitors, key, "anna") == [Action.GRANT, Action.ENROL, Action.EXPORT]
    assert '"ben"' not in json.dumps(held)  # base64 may say ben by chance


def used(consent: dict[str, list[dict[str, Any]]], key: VerifierKey, subject: str) -> list[Action]:
    """What was done, once each leaf is proven to be in the log, and its commitments to be of this person and their references."""
    ids = {reference["id"] for reference in consent["references"]}
    actions = []
    for use in consent["uses"]:
        receipt, salt = LeafReceipt.from_json(canonical(use["proof"])), from_base64(use["salt"])
        receipt.verify(key)
        entry = receipt.entry()
        own = {kind: [c for c in entry.commitments if c.of is kind] for kind in Kind}
        assert sum(c.opens(salt, subject) for c in own[Kind.SUBJECT]) == 1
        opened = {i for i in ids for c in own[Kind.REFERENCE] if c.opens(salt, i)}
        assert bool(opened) == (entry.action in {Action.ENROL, Action.ASSOCIATE, Action.IDENTIFY})
        actions.append(entry.action)
    return actions


def test_what_expired_and_is_not_erased_yet_is_told(registry: Registry, clock: Clock) -> None:
    galleries.create(registry, "staff", PURPOSE)
    give(registry, Given("anna", PURPOSE, Terms(until=NOW + 1)))
    enrolled(registry, "staff", "anna")
    clock.now += 1
    (consent,) = disclose(registry, "anna")["consents"]
    assert len(consent["references"]) == 1


def test_records_of_a_person_the_first_first(registry: Registry) -> None:
    agree(registry, "anna")
    consents.withdraw(registry, "anna", PURPOSE)
    agree(registry, "anna", purpose=OTHER)
    agree(registry, "anna", "ben")
    assert [(r.purpose, r.state.value) for r in records_about(registry, "anna")] == [
        (PURPOSE, "withdrawn"), (OTHER, "given"), (PURPOSE, "given"),
    ]  # fmt: skip
    entry = latest_entries(registry, 1)[0].entry
    assert (entry.action, len(entry.commitments)) == (Action.VIEW, 4)  # of the ended one, none can be made
    with pytest.raises(ConsentTermsError):
        records_about(registry, "\udc80")
    with pytest.raises(ConsentTermsError):
        disclose(registry, "a b")


def test_consents_are_listed_in_pages(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("visavis.services.records._PAGE", 2)
    people = [f"p{i}" for i in range(5)]
    agree(registry, *people)
    agree(registry, "p2", purpose=OTHER)
    consents.withdraw(registry, "p3", PURPOSE)
    listing = list_consents(registry, PURPOSE)
    assert next(listing).subject == "p0"
    assert latest_entries(registry, 1)[0].entry.action is Action.VIEW
    assert [grant.subject for grant in listing] == people[1:]
    assert [g.subject for g in list_consents(registry, PURPOSE, State.WITHDRAWN)] == ["p3"]
    assert [g.subject for g in list_consents(registry)] == ["p0", "p1", "p2", "p2", "p3", "p4"]
