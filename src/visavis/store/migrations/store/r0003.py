"""What stored-video jobs need: the jobs, the faces of their films, the references that those are like."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_COUNTER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    _jobs()
    _faces()
    _matches()


def _jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("number", _COUNTER, autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("gallery_id", sa.LargeBinary(), nullable=True),
        sa.Column("min_similarity", sa.Float(), nullable=True),
        sa.Column("token", sa.Text(), nullable=True),
        sa.Column("asked", sa.LargeBinary(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("options", sa.Text(), nullable=True),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("tag", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("told", sa.SmallInteger(), nullable=False),
        sa.Column("beats", sa.BigInteger(), nullable=False),
        sa.Column("segments", sa.Integer(), nullable=False),
        sa.Column("last_pts", sa.BigInteger(), nullable=True),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("film", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["gallery_id"], ["galleries.id"], name=op.f("fk_jobs_gallery_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_jobs")),
        sa.UniqueConstraint("by", "kind", "token", name=op.f("uq_jobs_by_kind_token")),
        sa.UniqueConstraint("id", name=op.f("uq_jobs_id")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_jobs_state", "jobs", ["state"], unique=False)


def _faces() -> None:
    op.create_table(
        "film_faces",
        sa.Column("number", _COUNTER, autoincrement=True, nullable=False),
        sa.Column("job_number", sa.BigInteger(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("face", sa.LargeBinary(), nullable=False),
        sa.Column("enrolled_number", sa.BigInteger(), nullable=True),
        sa.Column("person", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["job_number"], ["jobs.number"], name=op.f("fk_film_faces_job_number"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["enrolled_number"],
            ["enrolled.number"],
            name=op.f("fk_film_faces_enrolled_number"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_film_faces")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_film_faces_job_number_number", "film_faces", ["job_number", "number"], unique=False)
    op.create_index("ix_film_faces_enrolled_number", "film_faces", ["enrolled_number"], unique=False)


def _matches() -> None:
    op.create_table(
        "film_matches",
        sa.Column("face_number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("enrolled_number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("similarity", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(
            ["face_number"],
            ["film_faces.number"],
            name=op.f("fk_film_matches_face_number"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["enrolled_number"],
            ["enrolled.number"],
            name=op.f("fk_film_matches_enrolled_number"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("face_number", "enrolled_number", name=op.f("pk_film_matches")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_film_matches_enrolled_number", "film_matches", ["enrolled_number"], unique=False)
