"""The rows of the audit log: bytes in order, and a head that whoever writes holds alone."""

from __future__ import annotations

import threading

import pytest
from registries import PURPOSE, agree
from sqlalchemy import Connection, select

from visavis.errors import StoreError
from visavis.services.registry import Registry
from visavis.store import log, schema
from visavis.store.log import (
    LogHead,
    NewLeaf,
    leaf_at,
    leaves_from,
    lock_head,
    node_hash_at,
    read_head,
    salts_of,
    write_leaves,
)


def test_it_grows_at_its_end(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "_PAGE", 3)
    with registry.store.write() as connection:
        assert lock_head(connection) == LogHead(0, (), 0)
        new = [NewLeaf(b"leaf %d" % i, [(0, i, bytes([i]) * 32), (1, i, bytes(32))], {}) for i in range(5)]
        head = LogHead(5, (b"a" * 32, b"b" * 32), 77)
        write_leaves(connection, head, new)
        assert read_head(connection) == lock_head(connection) == head
        more = LogHead(6, (b"c" * 32,), 78)
        write_leaves(connection, more, [NewLeaf(b"last", [(0, 5, b"5" * 32)], {})])
    with registry.store.read() as connection:
        assert read_head(connection) == more
        assert [leaf_at(connection, i) for i in (0, 4, 5)] == [b"leaf 0", b"leaf 4", b"last"]
        assert leaves_from(connection, 1, 6) == [b"leaf 1", b"leaf 2", b"leaf 3"]
        assert leaves_from(connection, 4, 6) == [b"leaf 4", b"last"]
        assert leaves_from(connection, 4, 5) == [b"leaf 4"]
        assert leaves_from(connection, 6, 6) == leaves_from(connection, 9, 12) == []
        assert node_hash_at(connection, 0, 3) == b"\3" * 32
        assert node_hash_at(connection, 1, 3) == bytes(32)


def test_what_is_not_there(registry: Registry) -> None:
    with pytest.raises(StoreError), registry.store.read() as connection:
        leaf_at(connection, 0)
    with pytest.raises(StoreError), registry.store.read() as connection:
        node_hash_at(connection, 0, 0)


def test_no_leaf_is_written_over(registry: Registry) -> None:
    def write(connection: Connection, leaf: bytes, size: int) -> None:
        write_leaves(connection, LogHead(size, (bytes(32),), 1), [NewLeaf(leaf, [(0, size, bytes(32))], {})])

    with registry.store.write() as connection:
        write(connection, b"first", 1)
    with pytest.raises(StoreError), registry.store.write() as connection:
        write(connection, b"other", 1)
    with registry.store.read() as connection:
        assert leaf_at(connection, 0) == b"first"


def test_salts_are_of_one_person(registry: Registry) -> None:
    anna, ben = (recorded.grant.id for recorded in agree(registry, "anna", "ben"))
    with registry.store.write() as connection:
        size = lock_head(connection).size
        leaf = NewLeaf(b"both", [(9, 9, bytes(32))], {anna: b"of anna", ben: b"of ben"})
        write_leaves(connection, LogHead(size + 1, (bytes(32),), 1), [leaf])
    with registry.store.read() as connection:
        assert salts_of(connection, anna)[-1] == (size, b"of anna")
        assert [number for number, _ in salts_of(connection, anna)] == [0, size]
        assert salts_of(connection, bytes(16)) == []


def test_writers_take_turns(registry: Registry) -> None:
    """Each adds a leaf at the end that it read; without the lock, two would take the same place."""
    failures: list[Exception] = []

    def append() -> None:
        try:
            for _ in range(10):
                with registry.store.write() as connection:
                    size = lock_head(connection).size
                    leaf = NewLeaf(b"%d" % size, [(0, size, bytes(32))], {})
                    write_leaves(connection, LogHead(size + 1, (bytes(32),), 1), [leaf])
        except Exception as error:  # noqa: BLE001  a thread's error would be lost
            failures.append(error)

    threads = [threading.Thread(target=append) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with registry.store.read() as connection:
        assert read_head(connection).size == 40
        leaves = connection.scalars(select(schema.leaves.c.leaf).order_by(schema.leaves.c.number)).all()
    assert leaves == [b"%d" % i for i in range(40)]
    assert PURPOSE.encode() not in b"".join(leaves)
