"""What the server needs: access keys, users, tags of galleries."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "access_keys",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("operations", sa.Text(), nullable=False),
        sa.Column("galleries", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_keys")),
    )
    op.create_table(
        "gallery_tags",
        sa.Column("gallery_id", sa.LargeBinary(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["gallery_id"], ["galleries.id"], name=op.f("fk_gallery_tags_gallery_id")),
        sa.PrimaryKeyConstraint("gallery_id", "key", name=op.f("pk_gallery_tags")),
    )
    op.create_table(
        "users",
        sa.Column(
            "number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("gallery_id", sa.LargeBinary(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["gallery_id"], ["galleries.id"], name=op.f("fk_users_gallery_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_users")),
        sa.UniqueConstraint("gallery_id", "name", name=op.f("uq_users_gallery_id_name")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "user_references",
        sa.Column("enrolled_number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("user_number", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["enrolled_number"],
            ["enrolled.number"],
            name=op.f("fk_user_references_enrolled_number"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_number"], ["users.number"], name=op.f("fk_user_references_user_number")
        ),
        sa.PrimaryKeyConstraint("enrolled_number", name=op.f("pk_user_references")),
    )
    op.create_index("ix_user_references_user_number", "user_references", ["user_number"], unique=False)
