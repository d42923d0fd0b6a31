"""The rows of galleries."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, delete, distinct, func, insert, select, update

from visavis.errors import GalleryExistsError, UnknownGalleryError
from visavis.store.schema import enrolled, galleries, gallery_tags, models, users


@dataclass(frozen=True, slots=True)
class Gallery:
    """References enrolled for one purpose. id: 16 bytes; recogniser: the model that new references are made with."""

    id: bytes
    name: str
    purpose: str
    recogniser: str
    created_at: int


def find_gallery(connection: Connection, name: str) -> Gallery:
    """The gallery of that name; raises UnknownGalleryError."""
    return _found(connection, galleries.c.name == name)


def gallery_with_id(connection: Connection, gallery_id: bytes) -> Gallery:
    """The gallery of that id, which unlike its name no other ever has; raises UnknownGalleryError."""
    return _found(connection, galleries.c.id == gallery_id)


def _found(connection: Connection, which: ColumnElement[bool]) -> Gallery:
    row = connection.execute(select(galleries).where(which)).one_or_none()
    if row is None:
        raise UnknownGalleryError
    return Gallery(*row)


def all_galleries(connection: Connection) -> list[Gallery]:
    """Every gallery, by name."""
    return [Gallery(*row) for row in connection.execute(select(galleries).order_by(galleries.c.name))]


def insert_gallery(connection: Connection, gallery: Gallery) -> None:
    """Add a gallery; raises GalleryExistsError where its name is taken."""
    if connection.execute(select(galleries.c.id).where(galleries.c.name == gallery.name)).first():
        raise GalleryExistsError
    connection.execute(
        insert(galleries).values(
            id=gallery.id,
            name=gallery.name,
            purpose=gallery.purpose,
            recogniser=gallery.recogniser,
            created_at=gallery.created_at,
        )
    )


def delete_gallery(connection: Connection, gallery_id: bytes) -> None:
    """Delete a gallery that has no references any more, with its users and tags, and jobs that were not ended (`jobs.end_jobs_of`)."""
    connection.execute(delete(users).where(users.c.gallery_id == gallery_id))
    connection.execute(delete(gallery_tags).where(gallery_tags.c.gallery_id == gallery_id))
    connection.execute(delete(galleries).where(galleries.c.id == gallery_id))


def set_recogniser(connection: Connection, gallery_id: bytes, recogniser: str) -> None:
    """Say with which model new references are made."""
    connection.execute(update(galleries).where(galleries.c.id == gallery_id).values(recogniser=recogniser))


def count_references(connection: Connection, gallery_id: bytes) -> tuple[int, int]:
    """How many references a gallery has, and of how many people."""
    query = select(func.count(), func.count(distinct(enrolled.c.grant_id)))
    references, people = connection.execute(query.where(enrolled.c.gallery_id == gallery_id)).one()
    return references, people


def recognisers_in(connection: Connection, gallery_id: bytes) -> dict[str, str]:
    """The models that a gallery's references were made with: compatibility id -> name of a model."""
    query = (
        select(models.c.compatibility, models.c.name)
        .join(enrolled, enrolled.c.model_number == models.c.number)
        .where(enrolled.c.gallery_id == gallery_id)
        .group_by(models.c.compatibility, models.c.name)
        .order_by(models.c.compatibility, models.c.name)
    )
    return {row.compatibility: row.name for row in connection.execute(query)}


def recognisers_of(connection: Connection, compatibilities: Collection[str]) -> list[str]:
    """The models with these compatibility ids: the name of one for each, in order."""
    query = select(func.min(models.c.name)).where(models.c.compatibility.in_(compatibilities))
    return list(connection.scalars(query.group_by(models.c.compatibility).order_by(models.c.compatibility)))
