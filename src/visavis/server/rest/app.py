"""The app at /v1."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Request, Security
from fastapi.security import APIKeyHeader

from visavis.server.caller import Caller
from visavis.server.rest import audit, consents, failures, galleries, keys, redactions, video_redactions
from visavis.server.workers import Run
from visavis.services.registry import Registry

DESCRIPTION = """What Rekognition lacks: consents, galleries' purposes, redaction, the audit log, keys.

Every call is signed with AWS Signature Version 4 for the service `visavis`, in any region, by an access key of `visavis key create`.
"""
_SIGNATURE = APIKeyHeader(
    name="Authorization",
    scheme_name="sigv4",
    description="AWS Signature Version 4, service `visavis`. It is verified before the call comes here.",
    auto_error=False,
)
_NOTHING_IS_TOLD: Any = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
}
"""FastAPI's telemetry would record queries, which name people, wherever a process has a tracer."""

_router = APIRouter()


def create_rest(registry: Registry, run: Run) -> FastAPI:
    """The app to mount at /v1, behind what verifies signatures, bounds bodies and sets `scope["state"]["caller"]`.

    run: does the work of every call, in the server's one pool; what it raises where there is no room is answered too.
    """
    app = FastAPI(
        title="visavis",
        version="1",
        description=DESCRIPTION,
        servers=[{"url": "/v1"}],
        dependencies=[Security(_SIGNATURE)],
        responses={"4XX": {"model": failures.FailureAnswer}, "5XX": {"model": failures.FailureAnswer}},
        openapi_url=None,  # ours is for callers alone; FastAPI's pages load from elsewhere
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry=_NOTHING_IS_TOLD,
    )
    app.state.registry, app.state.run = registry, run
    failures.install(app)
    for router in (
        consents.router,
        galleries.router,
        redactions.router,
        video_redactions.router,
        audit.router,
        keys.router,
        _router,
    ):
        app.include_router(router)
    return app


async def _caller(request: Request) -> Caller:
    caller = request.state.caller
    assert isinstance(caller, Caller)
    return caller


@_router.get("/openapi.json", include_in_schema=False)
async def _openapi(request: Request, _: Annotated[Caller, Depends(_caller)]) -> dict[str, Any]:
    """What this page of the API takes and answers; any key may read it."""
    document: dict[str, Any] = await request.app.state.run(request.app.openapi)
    return document
