"""The audit log: read, proven, exported. It tells of all galleries, so only keys for all of them may read it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import PlainTextResponse, Response, StreamingResponse

from visavis.audit.canonical import to_base64
from visavis.audit.entry import Action
from visavis.rekognition.errors import ThrottlingException
from visavis.server.rest.audit_documents import (
    ConsistencyProof,
    ConsistencyQuery,
    EntryPage,
    EntryQuery,
    InclusionProof,
    InclusionQuery,
    LoggedEntry,
)
from visavis.server.rest.calls import Call, in_worker, permitted
from visavis.server.workers import Run
from visavis.services.checkpoints import prove_consistency, prove_inclusion, sign_log
from visavis.services.log import begin_export, entries_from, log_key

router = APIRouter(tags=["audit"])

PIECE_BYTES = 2**18
PAUSE_SECONDS = 0.2
"""Between two attempts to go on with an export, while all workers are taken."""


@router.get("/audit/checkpoint", operation_id="GetCheckpoint", response_class=PlainTextResponse)
@in_worker
def checkpoint(
    call: Annotated[Call, Depends(permitted("GetCheckpoint", on_all_galleries=True))],
) -> PlainTextResponse:
    """Sign the log as it is: a signed note, for others to keep. A log that is rewritten or rolled back later contradicts it."""
    return PlainTextResponse(sign_log(call.registry).checkpoint)


@router.get("/audit/key", operation_id="GetLogKey", response_class=PlainTextResponse)
@in_worker
def key(
    call: Annotated[Call, Depends(permitted("GetCheckpoint", on_all_galleries=True))],
) -> PlainTextResponse:
    """The public key of the log: what others verify it with."""
    return PlainTextResponse(f"{log_key(call.registry)}\n")


@router.get("/audit/entries", operation_id="ListEntries", response_model=EntryPage)
@in_worker
def entries(
    call: Annotated[Call, Depends(permitted("ListEntries", on_all_galleries=True))],
    query: Annotated[EntryQuery, Query()],
) -> Response:
    """Entries of the log in order. They name no person, so that they are read is not logged."""
    first = 0 if query.after is None else query.after + 1
    found = entries_from(call.registry, first, query.limit)
    page = EntryPage(entries=list(map(LoggedEntry.of, found)))
    return Response(page.model_dump_json(), media_type="application/json")  # here: an entry may be large


@router.get("/audit/proofs/inclusion", operation_id="GetInclusionProof")
@in_worker
def inclusion(
    call: Annotated[Call, Depends(permitted("GetProof", on_all_galleries=True))],
    query: Annotated[InclusionQuery, Query()],
) -> InclusionProof:
    """The proof that a leaf is in the log (RFC 9162, section 2.1.3): with its hash, it leads to the root of a checkpoint of this size."""
    hashes = prove_inclusion(call.registry, query.leaf, query.size)
    return InclusionProof(leaf=query.leaf, size=query.size, hashes=list(map(to_base64, hashes)))


@router.get("/audit/proofs/consistency", operation_id="GetConsistencyProof")
@in_worker
def consistency(
    call: Annotated[Call, Depends(permitted("GetProof", on_all_galleries=True))],
    query: Annotated[ConsistencyQuery, Query()],
) -> ConsistencyProof:
    """The proof that the log of the second size begins with that of the first (RFC 9162, section 2.1.4)."""
    hashes = prove_consistency(call.registry, query.first, query.second)
    return ConsistencyProof(first=query.first, second=query.second, hashes=list(map(to_base64, hashes)))


@router.get(
    "/audit/export",
    operation_id="ExportEntries",
    response_class=StreamingResponse,
    responses={200: {"content": {"application/jsonl": {}}}},
)
async def export(
    call: Annotated[Call, Depends(permitted("ListEntries", Action.EXPORT, on_all_galleries=True))],
) -> StreamingResponse:
    """The whole log, signed, as `visavis audit verify` reads it. That it is exported is its last entry."""
    begun = await call.run(lambda: begin_export(call.registry))
    return StreamingResponse(_pieces(begun.lines, call.run), media_type="application/jsonl")


async def _pieces(lines: Iterator[bytes], run: Run) -> AsyncIterator[bytes]:
    """Each piece is read by a worker that is free again before it is sent: whoever reads slowly holds none."""
    while piece := await _patiently(run, lambda: _next_piece(lines)):
        yield piece


async def _patiently(run: Run, work: Callable[[], bytes]) -> bytes:
    """What has begun to be answered waits for a worker instead of failing."""
    while True:
        try:
            return await run(work)
        except ThrottlingException:
            await asyncio.sleep(PAUSE_SECONDS)


def _next_piece(lines: Iterator[bytes]) -> bytes:
    piece = bytearray()
    for line in lines:
        piece += line
        if len(piece) >= PIECE_BYTES:
            break
    return bytes(piece)
