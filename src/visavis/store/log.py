"""The rows of the audit log. What they mean, the audit room knows; here they are bytes in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select, update

from visavis.store.schema import leaves, nodes, salts, store_state

_PAGE = 2_000
# Made once: every leaf needs them, and making a statement takes longer than running it.
_HEAD = select(store_state.c.log_size, store_state.c.log_roots, store_state.c.last_at)
_LOCKED_HEAD = _HEAD.with_for_update()
_ADD_LEAVES, _ADD_NODES, _ADD_SALTS, _MOVE_HEAD = (
    insert(leaves),
    insert(nodes),
    insert(salts),
    update(store_state),
)


@dataclass(frozen=True, slots=True)
class LogHead:
    """Where the log ends. roots: those of its frontier, 32 bytes each; last_at: of its last leaf, or of the clock that was set."""

    size: int
    roots: tuple[bytes, ...]
    last_at: int


@dataclass(frozen=True, slots=True)
class NewLeaf:
    """A leaf, the nodes (level, position, hash) that it completes, and the salts of the people in it, sealed, by grant."""

    leaf: bytes
    nodes: Sequence[tuple[int, int, bytes]]
    sealed_salts: Mapping[bytes, bytes]


def lock_head(connection: Connection) -> LogHead:
    """The end of the log. Who else writes waits from here on until this transaction ends."""
    return _head(connection, lock=True)


def read_head(connection: Connection) -> LogHead:
    """The end of the log as this transaction sees it."""
    return _head(connection, lock=False)


def write_leaves(connection: Connection, head: LogHead, new: Sequence[NewLeaf]) -> None:
    """Append leaves to a log that was locked; head: where it ends with them."""
    first = head.size - len(new)
    rows = [{"number": number, "leaf": leaf.leaf} for number, leaf in enumerate(new, first)]
    connection.execute(_ADD_LEAVES, rows)
    made = [{"level": n[0], "position": n[1], "hash": n[2]} for leaf in new for n in leaf.nodes]
    connection.execute(_ADD_NODES, made)
    opened = [
        {"grant_id": grant_id, "leaf_number": number, "sealed_salt": sealed}
        for number, leaf in enumerate(new, first)
        for grant_id, sealed in leaf.sealed_salts.items()
    ]
    if opened:
        connection.execute(_ADD_SALTS, opened)
    moved = {"log_size": head.size, "log_roots": b"".join(head.roots), "last_at": head.last_at}
    connection.execute(_MOVE_HEAD, moved)


def node_hash_at(connection: Connection, level: int, position: int) -> bytes:
    """The hash of a node of the log's tree."""
    query = select(nodes.c.hash).where(nodes.c.level == level, nodes.c.position == position)
    found: bytes = connection.execute(query).scalar_one()
    return found


def leaf_at(connection: Connection, number: int) -> bytes:
    """A leaf, counted from 0."""
    leaf: bytes = connection.execute(select(leaves.c.leaf).where(leaves.c.number == number)).scalar_one()
    return leaf


def leaves_from(connection: Connection, first: int, end: int) -> list[bytes]:
    """Leaves from number `first` on, in order: the next few thousand before `end`."""
    query = select(leaves.c.leaf).where(leaves.c.number >= first, leaves.c.number < end)
    return list(connection.scalars(query.order_by(leaves.c.number).limit(_PAGE)))


def salts_of(connection: Connection, grant_id: bytes) -> list[tuple[int, bytes]]:
    """Numbers of the leaves that a person is in, each with its salt, sealed under the key of their grant."""
    query = select(salts.c.leaf_number, salts.c.sealed_salt).where(salts.c.grant_id == grant_id)
    return [(number, sealed) for number, sealed in connection.execute(query.order_by(salts.c.leaf_number))]


def _head(connection: Connection, *, lock: bool) -> LogHead:
    row = connection.execute(_LOCKED_HEAD if lock else _HEAD).one()
    roots = tuple(row.log_roots[i : i + 32] for i in range(0, len(row.log_roots), 32))
    return LogHead(row.log_size, roots, row.last_at)
