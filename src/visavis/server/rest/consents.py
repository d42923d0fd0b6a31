"""Consents: what people said, the proof that they get of it, and all that is held about one."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query
from fastapi.responses import HTMLResponse, Response

from visavis.audit.entry import Action
from visavis.consent.terms import check_purpose, check_subject
from visavis.server.rest.calls import Call, in_worker, permitted
from visavis.server.rest.consent_documents import (
    Consent,
    ConsentEvent,
    ConsentHistory,
    ConsentPage,
    ConsentQuery,
    Person,
    PersonsAnswer,
    RecordedConsent,
    SubjectQuery,
)
from visavis.services import consents, records
from visavis.services.consents import Given, Recorded
from visavis.services.disclosure import disclose
from visavis.services.galleries import of_purpose
from visavis.services.receipts import receipt_of, renewed_receipt
from visavis.services.registry import Registry

router = APIRouter(tags=["consents"])


@router.post("/consents", operation_id="GrantConsent")
@in_worker
def grant(
    call: Annotated[Call, Depends(permitted("GrantConsent", Action.GRANT))], answer: PersonsAnswer
) -> RecordedConsent:
    """Record that a person agrees to a purpose; given again, that they still do."""
    return _record(call, consents.give, answer)


@router.post("/consents/requests", operation_id="RequestConsent")
@in_worker
def request(
    call: Annotated[Call, Depends(permitted("RequestConsent", Action.CONSENT_REQUEST))], answer: PersonsAnswer
) -> RecordedConsent:
    """Record that a person was asked. Nothing can be enrolled until they agree."""
    return _record(call, consents.request, answer)


@router.post("/consents/refusals", operation_id="RefuseConsent")
@in_worker
def refuse(
    call: Annotated[Call, Depends(permitted("RefuseConsent", Action.REFUSE))], answer: PersonsAnswer
) -> RecordedConsent:
    """Record that a person said no. Who agreed before withdraws instead."""
    return _record(call, consents.refuse, answer)


@router.post("/consents/withdrawals", operation_id="WithdrawConsent")
@in_worker
def withdraw(
    call: Annotated[Call, Depends(permitted("WithdrawConsent", Action.WITHDRAW))], person: Person
) -> RecordedConsent:
    """End a consent. Before this answers, the person's references for its purpose are erased, and no process finds them any more.

    Its receipt can be made at this moment only; the call may be repeated for another.
    """
    _check(call, person)
    return _told(call, consents.withdraw(call.registry, person.subject, person.purpose))


@router.get("/consents", operation_id="ListConsents")
@in_worker
def list_consents(
    call: Annotated[Call, Depends(permitted("ListConsents", Action.VIEW))],
    query: Annotated[ConsentQuery, Query()],
) -> ConsentPage:
    """List consents by subject. That you looked is logged, for each part of the list."""
    if query.purpose is None:
        call.require_all_galleries()
    else:
        check_purpose(query.purpose)
        call.require_purpose(query.purpose)
    after = query.after.bytes if query.after else None
    found = records.consents_after(call.registry, query.purpose, query.state, after, query.limit + 1)
    page, more = found[: query.limit], len(found) > query.limit
    return ConsentPage(consents=list(map(Consent.model_validate, page)), after=page[-1].id if more else None)


@router.get("/consent", operation_id="GetConsent")
@in_worker
def get(
    call: Annotated[Call, Depends(permitted("GetConsent", Action.VIEW))], person: Annotated[Person, Query()]
) -> ConsentHistory:
    """Show a person's last consent to a purpose. That you looked is logged."""
    _check(call, person)
    found, events = records.latest_with_events(call.registry, person.subject, person.purpose)
    return ConsentHistory(
        consent=Consent.model_validate(found), events=list(map(ConsentEvent.model_validate, events))
    )


@router.get(
    "/consent/receipt",
    operation_id="GetReceipt",
    response_class=Response,
    responses={200: {"content": {"application/json": {}, "text/html": {}}}},
)
@in_worker
def receipt(
    call: Annotated[Call, Depends(permitted("GetReceipt", Action.VIEW))],
    person: Annotated[Person, Query()],
    accept: Annotated[str, Header()] = "",
) -> Response:
    """The receipt of a consent that counts, once more: signed JSON, or a page to print where `text/html` is accepted."""
    _check(call, person)
    made = renewed_receipt(call.registry, person.subject, person.purpose)
    if "text/html" in accept:
        return HTMLResponse(made.page)
    return Response(made.data, media_type="application/json")


@router.get(
    "/consent/export",
    operation_id="ExportConsent",
    response_class=Response,
    responses={200: {"content": {"application/json": {}}}},
)
@in_worker
def export(
    call: Annotated[Call, Depends(permitted("ExportConsent", Action.EXPORT, on_all_galleries=True))],
    query: Annotated[SubjectQuery, Query()],
) -> Response:
    """Everything that is held about a person in all galleries, and each use of it. It holds no template: `visavis consent export` does."""
    document = disclose(call.registry, query.subject)
    for consent in document["consents"]:
        for reference in consent["references"]:
            del reference["template"]
    return Response(json.dumps(document, ensure_ascii=False), media_type="application/json")


def _record(
    call: Call, service: Callable[[Registry, Given], Recorded], answer: PersonsAnswer
) -> RecordedConsent:
    given = answer.given()
    call.require_purpose(given.purpose)
    return _told(call, service(call.registry, given))


def _check(call: Call, person: Person) -> None:
    check_subject(person.subject)
    check_purpose(person.purpose)
    call.require_purpose(person.purpose)


def _told(call: Call, recorded: Recorded) -> RecordedConsent:
    made = receipt_of(call.registry, recorded)
    return RecordedConsent(
        consent=Consent.model_validate(recorded.grant),
        leaf=recorded.logged.number,
        purpose_has_gallery=bool(of_purpose(call.registry, recorded.grant.purpose)),
        receipt=made.data.decode(),
        page=made.page,
    )
