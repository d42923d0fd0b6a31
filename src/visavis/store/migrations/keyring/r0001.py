"""The keyring as it began: data keys, tombstones, the log's signing key."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "data_keys",
        sa.Column("grant_id", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_key", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("grant_id", name=op.f("pk_data_keys")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "former_logs",
        sa.Column("log_name", sa.Text(), nullable=False),
        sa.Column("verifier_key", sa.Text(), nullable=False),
        sa.Column("signed_size", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("log_name", name=op.f("pk_former_logs")),
    )
    op.create_table(
        "keyring_state",
        sa.Column("one", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("store_id", sa.LargeBinary(), nullable=False),
        sa.Column("master_check", sa.LargeBinary(), nullable=False),
        sa.Column("log_name", sa.Text(), nullable=False),
        sa.Column("sealed_log_seed", sa.LargeBinary(), nullable=False),
        sa.Column("signed_size", sa.BigInteger(), nullable=False),
        sa.Column("signed_root", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("one = 1", name=op.f("ck_keyring_state_one")),
        sa.PrimaryKeyConstraint("one", name=op.f("pk_keyring_state")),
    )
    op.create_table(
        "tombstones",
        sa.Column("grant_id", sa.LargeBinary(), nullable=False),
        sa.Column("erased_at", sa.BigInteger(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("settled", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("grant_id", name=op.f("pk_tombstones")),
    )
