"""Redactions: a photo comes, and goes back with everybody covered who did not agree to be seen."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from pydantic import BeforeValidator, Field, WithJsonSchema

from visavis.audit.entry import Action
from visavis.faces import Box
from visavis.imaging import Photo
from visavis.models.manifest import DEFAULT_RECOGNISER
from visavis.redaction.corrections import read_box
from visavis.redaction.covering import Covering
from visavis.redaction.encoding import Format
from visavis.redaction.masks import Shape
from visavis.redaction.redact import redact
from visavis.redaction.styles import Style
from visavis.server.rest.calls import Call, in_worker, permitted
from visavis.server.rest.documents import Asked
from visavis.services.galleries import find
from visavis.services.redact import DEFAULT_MAX_FPIR, check, spared

router = APIRouter(tags=["redactions"])

MAX_BOXES = 100


def _box(value: object) -> Box:
    return read_box(str(value))


Boxes = Annotated[
    list[
        Annotated[
            Box, BeforeValidator(_box), WithJsonSchema({"type": "string", "examples": ["120,80,90,110"]})
        ]
    ],
    Field(max_length=MAX_BOXES),
]
"""Boxes as text, X,Y,W,H, in pixels of the upright photo."""


class RedactionQuery(Asked):
    """How to cover, and whom not to."""

    style: Style = Field(
        Style.SOLID,
        description="What pixelate and blur hide can be guessed back; solid leaves nothing of it.",
    )
    shape: Shape = Shape.ELLIPSE
    keep: Annotated[str, Field(pattern="^[A-Za-z0-9_.-]{1,255}$")] | None = Field(
        None, description="A gallery: people whose consent to its purpose counts are not covered."
    )
    fpir: Annotated[float, Field(gt=0, lt=1)] = Field(
        DEFAULT_MAX_FPIR,
        description="With `keep`: how often, at most, a stranger's face may be taken for one of them, and stay uncovered.",
    )
    keep_box: Boxes = Field([], description="The face whose middle lies in X,Y,W,H is not covered.")
    also: Boxes = Field([], description="X,Y,W,H is covered besides; part of it must lie in the photo.")

    def covering(self) -> Covering:
        """What is to be covered."""
        return Covering(self.style, self.shape, tuple(self.keep_box), tuple(self.also))


async def _body(request: Request) -> bytes:
    return await request.body()


def _count(what: str) -> dict[str, Any]:
    return {"description": f"How many {what}.", "schema": {"type": "integer", "minimum": 0}}


_PHOTOS: dict[str, Any] = {written.media_type: {} for written in Format}
_REDACTED = {
    "description": "The photo, in its own format: pixels alone.",
    "content": _PHOTOS,
    "headers": {
        "Visavis-Covered": _count("faces were covered"),
        "Visavis-Kept": _count("faces were kept by `keep_box`"),
        "Visavis-Spared": _count("faces were spared by consent"),
        "Visavis-Also": _count("boxes were covered by `also`"),
    },
}
_PHOTO = {
    "description": "A photo's bytes. They tell what it is; the header need not.",
    "required": True,
    "content": {"application/octet-stream": {}, **_PHOTOS},
}


@router.post(
    "/redactions",
    operation_id="CreateRedaction",
    response_class=Response,
    responses={200: _REDACTED},
    openapi_extra={"requestBody": _PHOTO},
)
@in_worker
def create(
    call: Annotated[Call, Depends(permitted("CreateRedaction", Action.REDACT))],
    query: Annotated[RedactionQuery, Query()],
    photo: Annotated[bytes, Depends(_body)],
) -> Response:
    """Cover the faces of a photo and drop all metadata. It is not kept; with `keep`, the log has that it was looked at."""
    spare = None
    if query.keep is not None:
        call.require_gallery(query.keep)
        gallery = find(call.registry, query.keep)
        check(call.registry, gallery, query.fpir)
        spare = partial(spared, call.registry, gallery, max_fpir=query.fpir)
    written = Format(Photo(photo).format)
    analyzer = call.registry.analyzer(DEFAULT_RECOGNISER)
    made = redact(analyzer, photo, query.covering(), spare=spare, written=written)
    counts = {
        "Covered": made.covered,
        "Kept": made.kept,
        "Spared": made.spared,
        "Also": len(query.also),
    }
    headers = {f"Visavis-{what}": str(count) for what, count in counts.items()}
    return Response(made.photo, media_type=written.media_type, headers=headers)
