"""What all calls of /v1 have in common: a caller, a worker, one form of error, a description."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import anyio.to_thread
import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate
from opentelemetry import _logs, metrics, trace
from registries import PURPOSE
from rest_calls import KEY, Rest

from visavis.audit.entry import Action, Refusal
from visavis.services.access import AccessKey
from visavis.services.log import latest_entries, log_size

PAGE = Path(__file__).resolve().parents[4] / "docs" / "rest.md"
NOTHING = AccessKey("VSVSNOTHING", operations=())
ONE_GALLERY = AccessKey("VSVSONE", galleries=("staff",))

ACTIONS = {
    "GrantConsent": Action.GRANT,
    "RequestConsent": Action.CONSENT_REQUEST,
    "RefuseConsent": Action.REFUSE,
    "WithdrawConsent": Action.WITHDRAW,
    "ListConsents": Action.VIEW,
    "GetConsent": Action.VIEW,
    "GetReceipt": Action.VIEW,
    "ExportConsent": Action.EXPORT,
    "CreateGallery": Action.GALLERY_CREATE,
    "CreateRedaction": Action.REDACT,
    "CreateVideoRedaction": Action.REDACT,
    "ListVideoRedactions": Action.REDACT,
    "GetVideoRedaction": Action.REDACT,
    "CancelVideoRedaction": Action.REDACT,
    "DeleteGallery": Action.GALLERY_DELETE,
    "ExportEntries": Action.EXPORT,
    "CreateKey": Action.KEY_CREATE,
    "RevokeKey": Action.KEY_REVOKE,
}
"""What a refusal of each operation leaves in the log; of the others, nothing."""


def operations(rest: Rest) -> list[tuple[str, str, str]]:
    """Method, path and operationId of each."""
    paths = rest.app.openapi()["paths"]
    return [
        (method.upper(), path, told["operationId"]) for path in paths for method, told in paths[path].items()
    ]


def test_a_key_that_may_do_nothing_is_refused_everything_before_it_is_looked_at(sqlite_rest: Rest) -> None:
    found = operations(sqlite_rest)
    assert len(found) == 26
    for method, path, operation in found:
        before = log_size(sqlite_rest.registry)
        sqlite_rest.refused(403, "not-allowed", method, path, NOTHING)
        leaves = latest_entries(sqlite_rest.registry, log_size(sqlite_rest.registry) - before)
        told = [(n.entry.action, n.entry.refusal, n.entry.by) for n in leaves]
        expected = [(ACTIONS[operation], Refusal.NOT_ALLOWED, NOTHING.id)] if operation in ACTIONS else []
        assert told == expected, operation


def test_no_route_is_open_to_whom_the_front_did_not_let_in(sqlite_rest: Rest) -> None:
    routes = [*operations(sqlite_rest), ("GET", "/openapi.json", "")]
    for method, path, _ in routes:
        answer = sqlite_rest.call(method, path, None)
        assert answer.status_code == 500, path
        assert answer.json()["error"]["code"] == "failed"
    assert log_size(sqlite_rest.registry) == 0


OF_ALL_GALLERIES = (
    "/audit/checkpoint",
    "/audit/key",
    "/audit/entries",
    "/audit/export",
    "/audit/proofs/inclusion?leaf=0&size=1",
    "/audit/proofs/consistency?first=0&second=1",
    "/consent/export?subject=anna",
    "/consents",
)


def test_a_key_for_some_galleries_is_not_told_of_all(sqlite_rest: Rest) -> None:
    sqlite_rest.post("/galleries", name="staff", purpose=PURPOSE)
    for path in OF_ALL_GALLERIES:
        sqlite_rest.refused(403, "not-allowed", "GET", path, ONE_GALLERY)
        sqlite_rest.refused(403, "not-allowed", "GET", path, AccessKey("VSVSTWO", galleries=("a*", "*b")))


def test_work_is_done_in_the_servers_pool_alone(sqlite_rest: Rest, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("FastAPI's own threads")

    monkeypatch.setattr(anyio.to_thread, "run_sync", refuse)
    sqlite_rest.post("/galleries", name="staff", purpose=PURPOSE)
    sqlite_rest.post("/consents", subject="anna", purpose=PURPOSE)
    sqlite_rest.get("/openapi.json")
    for method, path, _ in operations(sqlite_rest):
        sqlite_rest.call(method, path, KEY, params={"subject": "anna", "purpose": PURPOSE})


def test_the_description_is_openapi_and_its_examples_are_what_it_describes(sqlite_rest: Rest) -> None:
    document = sqlite_rest.get("/openapi.json", NOTHING)
    validate(document)
    examples = 0
    for name, schema in document["components"]["schemas"].items():
        for example in schema.get("examples", []):
            Draft202012Validator({**document, "$ref": f"#/components/schemas/{name}"}).validate(example)
            examples += 1
    assert examples >= 10
    assert document["servers"] == [{"url": "/v1"}]
    assert "HTTPValidationError" not in document["components"]["schemas"]


def test_every_operation_has_a_name_of_its_own_an_answer_of_a_type_and_a_line_in_the_docs(
    sqlite_rest: Rest,
) -> None:
    page = PAGE.read_text("utf-8")
    found = operations(sqlite_rest)
    assert len({operation for _, _, operation in found}) == len(found)
    for method, path, operation in found:
        assert re.search(rf"\| `{method} /v1{re.escape(path)}[?`].*\n", page), path
        answers = sqlite_rest.app.openapi()["paths"][path][method.lower()]["responses"]
        told = next(answer for status, answer in answers.items() if status.startswith("2"))["content"]
        assert told, operation
        if told.get("application/json"):
            assert "$ref" in told["application/json"]["schema"], operation


def test_no_page_that_loads_from_elsewhere(sqlite_rest: Rest) -> None:
    for path in ("/docs", "/redoc", "/docs/oauth2-redirect"):
        sqlite_rest.refused(404, "no-such-path", "GET", path)


def test_paths_and_methods_that_are_not_there_are_refused_in_the_same_form(sqlite_rest: Rest) -> None:
    sqlite_rest.refused(404, "no-such-path", "GET", "/consents/")
    sqlite_rest.refused(404, "no-such-path", "GET", "/galleries/a/b")
    sqlite_rest.refused(405, "no-such-method", "PUT", "/consents", json={})


def test_no_tracer_is_told_of_a_call(sqlite_rest: Rest, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise AssertionError("telemetry")

    monkeypatch.setattr(trace, "get_tracer_provider", refuse)
    monkeypatch.setattr(metrics, "get_meter_provider", refuse)
    monkeypatch.setattr(_logs, "get_logger_provider", refuse)
    sqlite_rest.refused(400, "bad-request", "GET", "/consent", params={"subject": "anna"})
    sqlite_rest.get("/galleries")
