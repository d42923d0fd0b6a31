"""The tables of the keyring, a database of its own. Nothing in it is readable without the master key, and nothing names a person."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    MetaData,
    SmallInteger,
    Table,
    Text,
)

from visavis.store.schema import NAMING, Bytes

keyring = MetaData(naming_convention=NAMING)

keyring_state = Table(
    "keyring_state",
    keyring,
    Column(
        "one", SmallInteger, CheckConstraint("one = 1", name="one"), primary_key=True, autoincrement=False
    ),
    Column("store_id", Bytes, nullable=False),
    Column("master_check", Bytes, nullable=False),
    Column("log_name", Text, nullable=False),
    Column("sealed_log_seed", Bytes, nullable=False),
    Column("signed_size", BigInteger, nullable=False),
    Column("signed_root", Bytes, nullable=False),
)
"""One row. master_check: opens under the right master key alone. signed_*: the last checkpoint; none may contradict it."""

data_keys = Table(
    "data_keys",
    keyring,
    Column("grant_id", Bytes, primary_key=True),
    Column("sealed_key", Bytes, nullable=False),
    Column("made_at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""A key for each grant, under the master key."""

tombstones = Table(
    "tombstones",
    keyring,
    Column("grant_id", Bytes, primary_key=True),
    Column("erased_at", BigInteger, nullable=False),
    Column("cause", Text, nullable=False),
    Column("settled", Boolean, nullable=False),
)
"""Grants whose key was erased. cause: withdraw or expire. settled: whether the store says so as well."""

former_logs = Table(
    "former_logs",
    keyring,
    Column("log_name", Text, primary_key=True),
    Column("verifier_key", Text, nullable=False),
    Column("signed_size", BigInteger, nullable=False),
    Column("ended_at", BigInteger, nullable=False),
)
"""Logs that ended because a backup without their last leaves was restored; receipts are still checked with their keys."""

access_secrets = Table(
    "access_secrets",
    keyring,
    Column("access_key_id", Text, primary_key=True),
    Column("sealed_secret", Bytes, nullable=False),
)
"""The secrets of the access keys that are not revoked, under the master key."""
