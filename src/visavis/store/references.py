"""The rows of references, and what reads them for the index."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, delete, func, insert, or_, select

from visavis.faces import ModelIdentity
from visavis.store.batches import batched
from visavis.store.galleries import Gallery
from visavis.store.schema import enrolled, erased, grants, models, salts, user_references, users
from visavis.store.users import delete_empty_users, users_of_grant


@dataclass(frozen=True, slots=True)
class NewReference:
    """A row to come. Ids: 16 bytes; box: x, y, width, height as ratios of the photo's sides."""

    id: bytes
    gallery_id: bytes
    grant_id: bytes
    purpose: str
    model_number: int
    label: str
    image_digest: bytes
    sealed_template: bytes
    x_ratio: float
    y_ratio: float
    width_ratio: float
    height_ratio: float
    confidence: float
    quality: float
    enrolled_at: int
    by: str


_NEW = tuple(column.name for column in fields(NewReference))


@dataclass(frozen=True, slots=True)
class Reference:
    """An enrolled face with its person's grant as it is in this transaction. user: the caller's group that it is in, where it is in one."""

    number: int
    id: bytes
    gallery_id: bytes
    grant_id: bytes
    subject: str
    state: str
    expires_at: int
    label: str
    recogniser: str
    compatibility: str
    sealed_template: bytes
    quality: float
    enrolled_at: int
    image_digest: bytes
    x_ratio: float
    y_ratio: float
    width_ratio: float
    height_ratio: float
    confidence: float
    user: str | None

    def __repr__(self) -> str:
        return f"Reference(number={self.number})"

    def lives(self, now: int) -> bool:
        """Whether its person's consent counts."""
        return self.state == "given" and self.expires_at > now


_READ: Select[Any] = (
    select(
        enrolled.c.number,
        enrolled.c.id,
        enrolled.c.gallery_id,
        enrolled.c.grant_id,
        grants.c.subject,
        grants.c.state,
        grants.c.expires_at,
        enrolled.c.label,
        models.c.name,
        models.c.compatibility,
        enrolled.c.sealed_template,
        enrolled.c.quality,
        enrolled.c.enrolled_at,
        enrolled.c.image_digest,
        enrolled.c.x_ratio,
        enrolled.c.y_ratio,
        enrolled.c.width_ratio,
        enrolled.c.height_ratio,
        enrolled.c.confidence,
        users.c.name.label("user"),
    )
    .join(grants, grants.c.id == enrolled.c.grant_id)
    .join(models, models.c.number == enrolled.c.model_number)
    .outerjoin(user_references, user_references.c.enrolled_number == enrolled.c.number)
    .outerjoin(users, users.c.number == user_references.c.user_number)
)


def references_at(connection: Connection, numbers: Iterable[int]) -> dict[int, Reference]:
    """References by number, those that are there."""
    found: dict[int, Reference] = {}
    for batch in batched(numbers):
        rows = connection.execute(_READ.where(enrolled.c.number.in_(batch)))
        found.update({row.number: Reference(*row) for row in rows})
    return found


def references_of(
    connection: Connection, grant_ids: Iterable[bytes], gallery_id: bytes | None = None
) -> list[Reference]:
    """The references of these grants, in one gallery where given, the oldest first."""
    found = []
    for batch in batched(grant_ids):
        query = _READ.where(enrolled.c.grant_id.in_(batch))
        if gallery_id is not None:
            query = query.where(enrolled.c.gallery_id == gallery_id)
        found += [Reference(*row) for row in connection.execute(query)]
    return sorted(found, key=lambda reference: reference.number)


def references_with_ids(connection: Connection, gallery_id: bytes, ids: Iterable[bytes]) -> list[Reference]:
    """The references of a gallery that have these ids."""
    found = []
    for batch in batched(dict.fromkeys(ids)):
        rows = connection.execute(_READ.where(enrolled.c.gallery_id == gallery_id, enrolled.c.id.in_(batch)))
        found += [Reference(*row) for row in rows]
    return found


def references_of_user(connection: Connection, user_number: int) -> list[Reference]:
    """The references that a user groups, the oldest first."""
    query = _READ.where(user_references.c.user_number == user_number).order_by(enrolled.c.number)
    return [Reference(*row) for row in connection.execute(query)]


def grouped_references_at(connection: Connection, numbers: Iterable[int]) -> list[Reference]:
    """Of the references of these numbers, those that a user groups."""
    found = []
    for batch in batched(numbers):
        rows = connection.execute(_READ.where(user_references.c.enrolled_number.in_(batch)))
        found += [Reference(*row) for row in rows]
    return found


def grouped_references_in(
    connection: Connection, gallery_id: bytes, after: int, limit: int
) -> list[Reference]:
    """The references of a gallery that users group, by number, at most `limit` after the one of this number."""
    grouped = _READ.where(users.c.gallery_id == gallery_id, user_references.c.enrolled_number > after)
    query = grouped.order_by(user_references.c.enrolled_number).limit(limit)
    return [Reference(*row) for row in connection.execute(query)]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which references of a gallery: those of a user, those with one of these ids; None asks for neither."""

    user: str | None = field(default=None, repr=False)
    ids: Sequence[bytes] | None = None


EVERY_REFERENCE = Wanted()


def list_references(
    connection: Connection, gallery_id: bytes, after: int, limit: int, wanted: Wanted = EVERY_REFERENCE
) -> list[Reference]:
    """References of a gallery by number, at most `limit` after the one of this number."""
    query = _READ.where(enrolled.c.gallery_id == gallery_id, enrolled.c.number > after)
    if wanted.user is not None:
        query = query.where(users.c.name == wanted.user)
    if wanted.ids is not None:
        query = query.where(enrolled.c.id.in_(wanted.ids))
    return [Reference(*row) for row in connection.execute(query.order_by(enrolled.c.number).limit(limit))]


def known_images(
    connection: Connection, gallery: Gallery, grant_ids: Iterable[bytes]
) -> dict[tuple[bytes, bytes, str], bytes]:
    """What is enrolled of these grants with the gallery's recogniser: (grant id, image digest, label) -> reference id."""
    columns = enrolled.c
    found = {}
    for batch in batched(grant_ids):
        query = (
            select(columns.grant_id, columns.image_digest, columns.label, columns.id)
            .join(models, models.c.number == columns.model_number)
            .where(columns.gallery_id == gallery.id, models.c.name == gallery.recogniser)
            .where(columns.grant_id.in_(batch))
        )
        found.update({(grant, digest, label): i for grant, digest, label, i in connection.execute(query)})
    return found


def insert_references(connection: Connection, new: Sequence[NewReference]) -> None:
    """Add references; the schema refuses one whose grant is not given for the gallery's purpose."""
    if new:
        rows = [{name: getattr(row, name) for name in _NEW} for row in new]  # asdict would copy every value
        connection.execute(insert(enrolled).values(grant_state="given"), rows)


def delete_references_of(connection: Connection, grant_id: bytes) -> int:
    """Delete a person's references, the users that grouped them alone and the salts of their leaves; how many references."""
    connection.execute(delete(salts).where(salts.c.grant_id == grant_id))
    grouping = users_of_grant(connection, grant_id)
    references = _delete(connection, enrolled.c.grant_id == grant_id)
    delete_empty_users(connection, grouping)
    return references


def delete_references_in(connection: Connection, gallery_id: bytes) -> int:
    """Delete all references of a gallery; how many."""
    return _delete(connection, enrolled.c.gallery_id == gallery_id)


def delete_references_at(connection: Connection, numbers: Iterable[int]) -> int:
    """Delete references by number; how many."""
    return sum(_delete(connection, enrolled.c.number.in_(batch)) for batch in batched(numbers))


def _delete(connection: Connection, which: ColumnElement[bool]) -> int:
    gone = select(enrolled.c.number, enrolled.c.gallery_id).where(which)
    connection.execute(insert(erased).from_select(["enrolled_number", "gallery_id"], gone))
    return connection.execute(delete(enrolled).where(which)).rowcount


def model_number(connection: Connection, model: ModelIdentity) -> int:
    """The number of a model, which is noted where it is new."""
    values = asdict(model)
    query = select(models.c.number).filter_by(**values)
    found = connection.execute(query).scalar()
    if found is None:
        connection.execute(insert(models).values(**values))
        found = connection.execute(query).scalar_one()
    return int(found)


def page_for_index(
    connection: Connection, gallery_id: bytes, after: int, limit: int
) -> Sequence[tuple[int, bytes, bytes, str, bytes]]:
    """The references of a gallery that come after a number, at most `limit`: number, id, grant id, compatibility id, sealed template."""
    columns = enrolled.c
    query = (
        select(columns.number, columns.id, columns.grant_id, models.c.compatibility, columns.sealed_template)
        .join(models, models.c.number == columns.model_number)
        .where(columns.gallery_id == gallery_id, columns.number > after)
        .order_by(columns.number)
        .limit(limit)
    )
    rows: Sequence[Any] = connection.execute(query).all()
    return rows


def erased_after(connection: Connection, number: int) -> tuple[int, list[int]]:
    """The number of the last erasure, and the numbers of the references erased after erasure `number`."""
    columns = erased.c
    query = select(columns.number, columns.enrolled_number).where(columns.number > number)
    rows: Sequence[Any] = connection.execute(query.order_by(columns.number)).all()
    return (rows[-1].number if rows else number), [row.enrolled_number for row in rows]


def last_erasure(connection: Connection) -> int:
    """The number of the last erasure; 0 where nothing was erased."""
    return int(connection.execute(select(func.max(erased.c.number))).scalar() or 0)


def last_erasure_in(connection: Connection, gallery_id: bytes) -> int:
    """The same of a gallery, and of those that may have been of it."""
    of_it = or_(erased.c.gallery_id == gallery_id, erased.c.gallery_id.is_(None))
    return int(connection.execute(select(func.max(erased.c.number)).where(of_it)).scalar() or 0)
