"""The tables of the store.

The gate is here: a reference points at its grant *in the state given* and at a purpose that its grant and its gallery
share, so no statement can leave a reference without a live consent, whoever writes it. Times are UTC, in seconds
since 1970. Ids are 16 random bytes; numbers that a table counts itself are never used twice.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Bytes(LargeBinary):
    """Bytes, which both drivers take and give as such: nothing need be done to each, which at a million rows is felt."""

    cache_ok = True

    def bind_processor(self, dialect: Any) -> None:
        """Nothing is done to what the driver takes."""

    def result_processor(self, dialect: Any, coltype: Any) -> None:
        """Nothing is done to what the driver gives."""


store = MetaData(naming_convention=NAMING)
Counter = BigInteger().with_variant(Integer, "sqlite")
"""A number that the table counts itself; SQLite does so for INTEGER alone."""

store_state = Table(
    "store_state",
    store,
    Column(
        "one", SmallInteger, CheckConstraint("one = 1", name="one"), primary_key=True, autoincrement=False
    ),
    Column("store_id", Bytes, nullable=False),
    Column("log_size", BigInteger, nullable=False),
    Column("log_roots", Bytes, nullable=False),
    Column("last_at", BigInteger, nullable=False),
)
"""One row. Whoever writes locks it first, so writers come one after the other. log_roots: those of the log's frontier."""

galleries = Table(
    "galleries",
    store,
    Column("id", Bytes, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("purpose", Text, nullable=False),
    Column("recogniser", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    UniqueConstraint("id", "purpose"),
)
"""recogniser: the name of the model that new references are made with."""

grants = Table(
    "grants",
    store,
    Column("id", Bytes, primary_key=True),
    Column("subject", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("consented_by", Text, nullable=False),
    Column("notice_version", Text),
    Column("language", Text),
    Column("evidence_sha256", Text),
    Column("until", BigInteger),
    Column("controller_name", Text, nullable=False),
    Column("controller_contact", Text, nullable=False),
    Column("retention_days", Integer, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("proof_days", Integer, nullable=False),
    Column("proof_until", BigInteger),
    UniqueConstraint("id", "purpose", "state"),
    Index("ix_grants_subject", "subject"),
    Index("ix_grants_state_expires_at", "state", "expires_at"),
    Index(
        "uq_grants_open",
        "subject",
        "purpose",
        unique=True,
        sqlite_where=text("state IN ('requested', 'given')"),
        postgresql_where=text("state IN ('requested', 'given')"),
    ),
)
"""A person's consent to a purpose; at most one of a pair is open. retention_days, proof_days: as they were promised.

proof_until: set at its end, until when its record is kept.
"""

consent_events = Table(
    "consent_events",
    store,
    Column("number", Counter, primary_key=True, autoincrement=True),
    Column("grant_id", Bytes, ForeignKey("grants.id", ondelete="CASCADE"), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("event", Text, nullable=False),
    Column("by", Text, nullable=False),
    Index("ix_consent_events_grant_id", "grant_id"),
    sqlite_autoincrement=True,
)
"""What happened to a grant, in order."""

models = Table(
    "models",
    store,
    Column("number", Counter, primary_key=True, autoincrement=True),
    Column("name", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("precision", Text, nullable=False),
    Column("compatibility", Text, nullable=False),
    UniqueConstraint("name", "sha256", "precision", "compatibility"),
    sqlite_autoincrement=True,
)
"""Which weights made a template, and at what precision."""

enrolled = Table(
    "enrolled",
    store,
    Column("number", Counter, primary_key=True, autoincrement=True),
    Column("id", Bytes, nullable=False, unique=True),
    Column("gallery_id", Bytes, nullable=False),
    Column("grant_id", Bytes, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("grant_state", Text, CheckConstraint("grant_state = 'given'", name="given"), nullable=False),
    Column("model_number", BigInteger, ForeignKey("models.number"), nullable=False),
    Column("label", Text, nullable=False),
    Column("image_digest", Bytes, nullable=False),
    Column("sealed_template", Bytes, nullable=False),
    Column("x_ratio", Float, nullable=False),
    Column("y_ratio", Float, nullable=False),
    Column("width_ratio", Float, nullable=False),
    Column("height_ratio", Float, nullable=False),
    Column("confidence", Float, nullable=False),
    Column("quality", Float, nullable=False),
    Column("enrolled_at", BigInteger, nullable=False),
    Column("by", Text, nullable=False),
    ForeignKeyConstraint(["gallery_id", "purpose"], ["galleries.id", "galleries.purpose"]),
    ForeignKeyConstraint(
        ["grant_id", "purpose", "grant_state"], ["grants.id", "grants.purpose", "grants.state"]
    ),
    UniqueConstraint(
        "grant_id", "gallery_id", "model_number", "image_digest", "label", name="uq_enrolled_image"
    ),
    Index("ix_enrolled_gallery_id_number", "gallery_id", "number"),
    sqlite_autoincrement=True,
)
"""The references. sealed_template: float32 of unit length under the grant's key; image_digest: a keyed hash under it, too."""

users = Table(
    "users",
    store,
    Column("number", Counter, primary_key=True, autoincrement=True),
    Column("gallery_id", Bytes, ForeignKey("galleries.id"), nullable=False),
    Column("name", Text, nullable=False),
    UniqueConstraint("gallery_id", "name"),
    sqlite_autoincrement=True,
)
"""A caller's grouping of references of one gallery. It goes with the last of them where that is erased."""

user_references = Table(
    "user_references",
    store,
    Column(
        "enrolled_number",
        BigInteger,
        ForeignKey("enrolled.number", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("user_number", BigInteger, ForeignKey("users.number"), nullable=False),
    Index("ix_user_references_user_number", "user_number"),
)
"""Which references a user groups; each is of one user at most."""

gallery_tags = Table(
    "gallery_tags",
    store,
    Column("gallery_id", Bytes, ForeignKey("galleries.id"), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
"""What callers noted of a gallery. Its purpose is not among them: that never changes."""

access_keys = Table(
    "access_keys",
    store,
    Column("id", Text, primary_key=True),
    Column("operations", Text, nullable=False),
    Column("galleries", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger),
    Column("revoked_at", BigInteger),
)
"""Who may call the server. operations, galleries: patterns with spaces between them. The secrets are in the keyring."""

erased = Table(
    "erased",
    store,
    Column("number", Counter, primary_key=True, autoincrement=True),
    Column("enrolled_number", BigInteger, nullable=False),
    Column("gallery_id", Bytes),
    sqlite_autoincrement=True,
)
"""Numbers of references that are gone, for the processes that hold their vectors. gallery_id: where they were; null where that was not noted yet."""

leaves = Table(
    "leaves",
    store,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("leaf", Bytes, nullable=False),
)
"""The audit log, counted from 0."""

nodes = Table(
    "nodes",
    store,
    Column("level", SmallInteger, primary_key=True, autoincrement=False),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", Bytes, nullable=False),
    sqlite_with_rowid=False,
)
"""The complete subtrees of the log's tree, leaves included."""

salts = Table(
    "salts",
    store,
    Column("grant_id", Bytes, ForeignKey("grants.id", ondelete="CASCADE"), primary_key=True),
    Column("leaf_number", BigInteger, primary_key=True, autoincrement=False),
    Column("sealed_salt", Bytes, nullable=False),
    sqlite_with_rowid=False,
)
"""Under the grant's key: what opens the commitments to a person in a leaf."""

jobs = Table(
    "jobs",
    store,
    Column("number", Counter, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("gallery_id", Bytes, ForeignKey("galleries.id", ondelete="CASCADE")),
    Column("gallery", Text),
    Column("min_similarity", Float),
    Column("token", Text),
    Column("asked", Bytes, nullable=False),
    Column("source", Text, nullable=False),
    Column("options", Text),
    Column("channel", Text),
    Column("tag", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Column("message", Text),
    Column("told", SmallInteger, nullable=False),
    Column("beats", BigInteger, nullable=False),
    Column("segments", Integer, nullable=False),
    Column("last_pts", BigInteger),
    Column("people", Integer, nullable=False),
    Column("film", Text),
    UniqueConstraint("by", "kind", "token"),
    Index("ix_jobs_state", "state"),
    sqlite_autoincrement=True,
)
"""Films that are looked through or redacted, and what came of it. source, options, channel: JSON, whose meaning only those who fetch a film,
redact it and tell of it know; asked: a hash of all that was asked for; told: 0 while somebody has to be told of its end; beats: counted up by whoever works on it;
gallery: the name of its gallery, which stays where that is deleted: `end_jobs_of` has set gallery_id to null then, and it does not run;
segments, last_pts: how far it is; people: how many were found so far; film: JSON, what the file says of itself, of a redaction how far it is.
"""

film_faces = Table(
    "film_faces",
    store,
    Column("number", Counter, primary_key=True, autoincrement=True),
    Column("job_number", BigInteger, ForeignKey("jobs.number", ondelete="CASCADE"), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("face", Bytes, nullable=False),
    Column("enrolled_number", BigInteger, ForeignKey("enrolled.number", ondelete="CASCADE")),
    Column("person", Integer),
    Index("ix_film_faces_job_number_number", "job_number", "number"),
    Index("ix_film_faces_enrolled_number", "enrolled_number"),
    sqlite_autoincrement=True,
)
"""A face at a time of a film: where it is, and never what would know it again. Of a search, only faces of people who were found:
enrolled_number is the reference that is likest, and with it the row goes; person counts the people of a job from 0.
"""

film_matches = Table(
    "film_matches",
    store,
    Column(
        "face_number",
        BigInteger,
        ForeignKey("film_faces.number", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    Column(
        "enrolled_number",
        BigInteger,
        ForeignKey("enrolled.number", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("similarity", Float, nullable=False),
    Index("ix_film_matches_enrolled_number", "enrolled_number"),
    sqlite_with_rowid=False,
)
"""The references that a face of a film is like. similarity: 0 to 100."""
