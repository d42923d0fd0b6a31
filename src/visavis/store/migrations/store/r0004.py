"""The name of a job's gallery is kept with the job, which outlives it; of what is erased, it is noted in which gallery it was."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add both, and fill in the name."""
    op.add_column("erased", sa.Column("gallery_id", sa.LargeBinary(), nullable=True))
    op.add_column("jobs", sa.Column("gallery", sa.Text(), nullable=True))
    op.execute("UPDATE jobs SET gallery = (SELECT name FROM galleries WHERE galleries.id = jobs.gallery_id)")
