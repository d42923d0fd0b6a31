"""Galleries and what they are for."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path
from pydantic import ConfigDict, Field

from visavis.audit.entry import Action
from visavis.models.manifest import DEFAULT_RECOGNISER
from visavis.server.rest.calls import Call, in_worker, permitted
from visavis.server.rest.documents import Asked, Time, Told
from visavis.services import galleries
from visavis.services.galleries import GallerySummary

router = APIRouter(tags=["galleries"])

Name = Annotated[str, Path(pattern="^[A-Za-z0-9_.-]{1,255}$")]


class NewGallery(Asked):
    """A gallery to make."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "staff", "purpose": "entry to the workshop"}]}
    )

    name: str = Field(description="1 to 255 letters, digits, dots, dashes and underscores.")
    purpose: str = Field(description="What it is for; people consent to exactly this text. It never changes.")
    recogniser: str = Field(DEFAULT_RECOGNISER, description="Which model makes the templates.")


class Gallery(Told):
    """A gallery and how much is in it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "staff",
                    "purpose": "entry to the workshop",
                    "created_at": "2026-10-05T12:00:00Z",
                    "people": 41,
                    "references": 120,
                    "recogniser": DEFAULT_RECOGNISER,
                    "recognisers_in_use": [DEFAULT_RECOGNISER],
                    "largest": 10_000,
                }
            ]
        }
    )

    name: str
    purpose: str
    created_at: Time
    people: int
    references: int
    recogniser: str = Field(description="Which model makes new templates.")
    recognisers_in_use: list[str]
    largest: int | None = Field(
        description="How many references may be searched before more than 1 stranger in 100 is taken for somebody; null where the recogniser is not calibrated."
    )

    @classmethod
    def of(cls, summary: GallerySummary) -> Gallery:
        """A gallery as the services sum it up."""
        gallery = summary.gallery
        return cls(
            name=gallery.name,
            purpose=gallery.purpose,
            created_at=gallery.created_at,
            people=summary.people,
            references=summary.references,
            recogniser=gallery.recogniser,
            recognisers_in_use=list(summary.recognisers),
            largest=summary.largest,
        )


class GalleryList(Told):
    """Galleries by name."""

    galleries: list[Gallery]


class DeletedGallery(Told):
    """A gallery that is gone, and how many references went with it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "staff", "references": 120}]})

    name: str
    references: int


@router.get("/galleries", operation_id="ListGalleries")
@in_worker
def list_galleries(call: Annotated[Call, Depends(permitted("ListGalleries"))]) -> GalleryList:
    """List the galleries that the key is for."""
    found = [s for s in galleries.summaries(call.registry) if call.key.reaches(s.gallery.name)]
    return GalleryList(galleries=list(map(Gallery.of, found)))


@router.get("/galleries/{name}", operation_id="GetGallery")
@in_worker
def get(call: Annotated[Call, Depends(permitted("GetGallery"))], name: Name) -> Gallery:
    """Show one gallery."""
    call.require_gallery(name)
    return Gallery.of(galleries.summary(call.registry, name))


@router.post("/galleries", operation_id="CreateGallery")
@in_worker
def create(
    call: Annotated[Call, Depends(permitted("CreateGallery", Action.GALLERY_CREATE))], new: NewGallery
) -> Gallery:
    """Make a gallery."""
    call.require_gallery(new.name)
    made = galleries.create(call.registry, new.name, new.purpose, new.recogniser)
    return Gallery.of(galleries.summary(call.registry, made.name))


@router.delete("/galleries/{name}", operation_id="DeleteGallery")
@in_worker
def delete(
    call: Annotated[Call, Depends(permitted("DeleteGallery", Action.GALLERY_DELETE))], name: Name
) -> DeletedGallery:
    """Delete a gallery with all its references. Consents stay: they are to its purpose."""
    call.require_gallery(name)
    return DeletedGallery(name=name, references=galleries.delete(call.registry, name))
