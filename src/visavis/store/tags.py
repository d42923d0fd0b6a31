"""The rows of tags: what callers noted of a gallery."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, delete, insert, select

from visavis.store.schema import gallery_tags


def tags_of(connection: Connection, gallery_id: bytes) -> dict[str, str]:
    """The tags of a gallery, by key."""
    query = select(gallery_tags.c.key, gallery_tags.c.value).where(gallery_tags.c.gallery_id == gallery_id)
    return {row.key: row.value for row in connection.execute(query.order_by(gallery_tags.c.key))}


def put_tags(connection: Connection, gallery_id: bytes, tags: Mapping[str, str]) -> None:
    """Add tags to a gallery; those whose key is there get the new value."""
    remove_tags(connection, gallery_id, tags)
    rows = [{"gallery_id": gallery_id, "key": key, "value": value} for key, value in tags.items()]
    if rows:
        connection.execute(insert(gallery_tags), rows)


def remove_tags(connection: Connection, gallery_id: bytes, keys: Iterable[str]) -> None:
    """Remove tags by key; keys that are not there are ignored."""
    which = gallery_tags.c.key.in_(list(keys))
    connection.execute(delete(gallery_tags).where(gallery_tags.c.gallery_id == gallery_id, which))
