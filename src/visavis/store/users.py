"""The rows of users: a caller's groupings of references of one gallery."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy import Connection, and_, delete, exists, func, insert, select

from visavis.errors import UnknownUserError, UserExistsError
from visavis.store.batches import batched
from visavis.store.schema import enrolled, grants, user_references, users


@dataclass(frozen=True, slots=True)
class User:
    """A user as a list shows it. references: how many it groups whose person's consent counts."""

    number: int
    name: str = field(repr=False)
    references: int


def find_user(connection: Connection, gallery_id: bytes, name: str) -> int:
    """The number of the user of that name; raises UnknownUserError."""
    query = select(users.c.number).where(users.c.gallery_id == gallery_id, users.c.name == name)
    number: int | None = connection.execute(query).scalar()
    if number is None:
        raise UnknownUserError
    return number


def insert_user(connection: Connection, gallery_id: bytes, name: str) -> None:
    """Add a user without references; raises UserExistsError where its name is taken."""
    query = select(users.c.number).where(users.c.gallery_id == gallery_id, users.c.name == name)
    if connection.execute(query).first():
        raise UserExistsError
    connection.execute(insert(users).values(gallery_id=gallery_id, name=name))


def delete_user(connection: Connection, number: int) -> int:
    """Delete a user, not the references that it groups; how many those were."""
    grouped = delete(user_references).where(user_references.c.user_number == number)
    references = connection.execute(grouped).rowcount
    connection.execute(delete(users).where(users.c.number == number))
    return references


def list_users(connection: Connection, gallery_id: bytes, now: int, after: int, limit: int) -> list[User]:
    """Users of a gallery by number, at most `limit` after the one of this number. now: when consents must count."""
    page = (
        select(users.c.number, users.c.name)
        .where(users.c.gallery_id == gallery_id, users.c.number > after)
        .order_by(users.c.number)
        .limit(limit)
        .subquery()
    )
    live = and_(grants.c.id == enrolled.c.grant_id, grants.c.state == "given", grants.c.expires_at > now)
    query = (
        select(page.c.number, page.c.name, func.count(grants.c.id))
        .outerjoin(user_references, user_references.c.user_number == page.c.number)
        .outerjoin(enrolled, enrolled.c.number == user_references.c.enrolled_number)
        .outerjoin(grants, live)
        .group_by(page.c.number, page.c.name)
        .order_by(page.c.number)
    )
    return [User(*row) for row in connection.execute(query)]


def count_users(connection: Connection, gallery_id: bytes) -> int:
    """How many users a gallery has, with references or without."""
    query = select(func.count()).select_from(users).where(users.c.gallery_id == gallery_id)
    return int(connection.execute(query).scalar_one())


def count_grouped(connection: Connection, gallery_id: bytes) -> int:
    """How many references of a gallery users group."""
    query = (
        select(func.count()).select_from(user_references).join(users).where(users.c.gallery_id == gallery_id)
    )
    return int(connection.execute(query).scalar_one())


def group_references(connection: Connection, user_number: int, numbers: Iterable[int]) -> None:
    """Put references that no user groups yet into a user."""
    rows = [{"enrolled_number": number, "user_number": user_number} for number in numbers]
    if rows:
        connection.execute(insert(user_references), rows)


def ungroup_references(connection: Connection, numbers: Iterable[int]) -> None:
    """Take references out of the users that group them."""
    for batch in batched(numbers):
        connection.execute(delete(user_references).where(user_references.c.enrolled_number.in_(batch)))


def users_of_grant(connection: Connection, grant_id: bytes) -> list[int]:
    """The numbers of the users that group references of a grant."""
    query = (
        select(user_references.c.user_number)
        .join(enrolled, enrolled.c.number == user_references.c.enrolled_number)
        .where(enrolled.c.grant_id == grant_id)
        .distinct()
    )
    return list(connection.scalars(query))


def delete_empty_users(connection: Connection, numbers: Iterable[int]) -> None:
    """Delete those of these users that group no reference any more: their names may be people's."""
    grouping = exists().where(user_references.c.user_number == users.c.number)
    for batch in batched(numbers):
        connection.execute(delete(users).where(users.c.number.in_(batch), ~grouping))
