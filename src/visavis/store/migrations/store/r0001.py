"""The store as it began: galleries, grants, references, the audit log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "erased",
        sa.Column(
            "number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("enrolled_number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_erased")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "galleries",
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("recogniser", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_galleries")),
        sa.UniqueConstraint("id", "purpose", name=op.f("uq_galleries_id_purpose")),
        sa.UniqueConstraint("name", name=op.f("uq_galleries_name")),
    )
    op.create_table(
        "grants",
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("consented_by", sa.Text(), nullable=False),
        sa.Column("notice_version", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("evidence_sha256", sa.Text(), nullable=True),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.Column("controller_name", sa.Text(), nullable=False),
        sa.Column("controller_contact", sa.Text(), nullable=False),
        sa.Column("retention_days", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("proof_days", sa.Integer(), nullable=False),
        sa.Column("proof_until", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grants")),
        sa.UniqueConstraint("id", "purpose", "state", name=op.f("uq_grants_id_purpose_state")),
    )
    op.create_index("ix_grants_state_expires_at", "grants", ["state", "expires_at"], unique=False)
    op.create_index("ix_grants_subject", "grants", ["subject"], unique=False)
    op.create_index(
        "uq_grants_open",
        "grants",
        ["subject", "purpose"],
        unique=True,
        sqlite_where=sa.text("state IN ('requested', 'given')"),
        postgresql_where=sa.text("state IN ('requested', 'given')"),
    )
    op.create_table(
        "leaves",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_leaves")),
    )
    op.create_table(
        "models",
        sa.Column(
            "number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("precision", sa.Text(), nullable=False),
        sa.Column("compatibility", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_models")),
        sa.UniqueConstraint(
            "name",
            "sha256",
            "precision",
            "compatibility",
            name=op.f("uq_models_name_sha256_precision_compatibility"),
        ),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "nodes",
        sa.Column("level", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("level", "position", name=op.f("pk_nodes")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "store_state",
        sa.Column("one", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("store_id", sa.LargeBinary(), nullable=False),
        sa.Column("log_size", sa.BigInteger(), nullable=False),
        sa.Column("log_roots", sa.LargeBinary(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("one = 1", name=op.f("ck_store_state_one")),
        sa.PrimaryKeyConstraint("one", name=op.f("pk_store_state")),
    )
    op.create_table(
        "consent_events",
        sa.Column(
            "number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("grant_id", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["grant_id"], ["grants.id"], name=op.f("fk_consent_events_grant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_consent_events")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_consent_events_grant_id", "consent_events", ["grant_id"], unique=False)
    op.create_table(
        "enrolled",
        sa.Column(
            "number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("gallery_id", sa.LargeBinary(), nullable=False),
        sa.Column("grant_id", sa.LargeBinary(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("grant_state", sa.Text(), nullable=False),
        sa.Column("model_number", sa.BigInteger(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("image_digest", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_template", sa.LargeBinary(), nullable=False),
        sa.Column("x_ratio", sa.Float(), nullable=False),
        sa.Column("y_ratio", sa.Float(), nullable=False),
        sa.Column("width_ratio", sa.Float(), nullable=False),
        sa.Column("height_ratio", sa.Float(), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("quality", sa.Float(), nullable=False),
        sa.Column("enrolled_at", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["gallery_id", "purpose"],
            ["galleries.id", "galleries.purpose"],
            name=op.f("fk_enrolled_gallery_id_purpose"),
        ),
        sa.ForeignKeyConstraint(
            ["grant_id", "purpose", "grant_state"],
            ["grants.id", "grants.purpose", "grants.state"],
            name=op.f("fk_enrolled_grant_id_purpose_grant_state"),
        ),
        sa.ForeignKeyConstraint(["model_number"], ["models.number"], name=op.f("fk_enrolled_model_number")),
        sa.CheckConstraint("grant_state = 'given'", name=op.f("ck_enrolled_given")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_enrolled")),
        sa.UniqueConstraint(
            "grant_id", "gallery_id", "model_number", "image_digest", "label", name="uq_enrolled_image"
        ),
        sa.UniqueConstraint("id", name=op.f("uq_enrolled_id")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_enrolled_gallery_id_number", "enrolled", ["gallery_id", "number"], unique=False)
    op.create_table(
        "salts",
        sa.Column("grant_id", sa.LargeBinary(), nullable=False),
        sa.Column("leaf_number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sealed_salt", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["grant_id"], ["grants.id"], name=op.f("fk_salts_grant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("grant_id", "leaf_number", name=op.f("pk_salts")),
        sqlite_with_rowid=False,
    )
