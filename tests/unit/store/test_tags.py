"""The rows of tags."""

from __future__ import annotations

from registries import PURPOSE

from visavis.services import galleries
from visavis.services.registry import Registry
from visavis.store.tags import put_tags, remove_tags, tags_of


def test_tags_are_added_changed_and_removed(registry: Registry) -> None:
    staff, other = (galleries.create(registry, name, PURPOSE).id for name in ("staff", "other"))
    with registry.store.write() as connection:
        assert tags_of(connection, staff) == {}
        put_tags(connection, staff, {})
        put_tags(connection, staff, {"b": "1", "a": "", "A": "é"})
        put_tags(connection, other, {"a": "other"})
        put_tags(connection, staff, {"b": "2", "c": "3"})
        assert tags_of(connection, staff) == {"A": "é", "a": "", "b": "2", "c": "3"}
        remove_tags(connection, staff, ["a", "none"])
        remove_tags(connection, staff, [])
        assert tags_of(connection, staff) == {"A": "é", "b": "2", "c": "3"}
    galleries.delete(registry, "staff")
    with registry.store.read() as connection:
        assert tags_of(connection, staff) == {}
        assert tags_of(connection, other) == {"a": "other"}
