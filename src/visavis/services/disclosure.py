"""A person's request: everything that is held about them, and each use that was made of it, with proofs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from visavis.audit.canonical import read_canonical, to_base64
from visavis.audit.commitments import Kind
from visavis.audit.entry import Action, Counted
from visavis.consent.jsonld import as_jsonld
from visavis.consent.terms import check_subject
from visavis.consent.times import utc_text
from visavis.errors import NoConsentError
from visavis.services.checkpoints import leaf_receipts
from visavis.services.records import record_of
from visavis.services.registry import Registry
from visavis.services.scoring import open_vectors
from visavis.services.work import Concerned, uuid_text, working
from visavis.store.crypto import Key, salt_context
from visavis.store.film_faces import sightings_of
from visavis.store.galleries import all_galleries
from visavis.store.grants import Grant, grants_of
from visavis.store.log import salts_of
from visavis.store.references import references_of

FORMAT = "visavis-disclosure-1"


def disclose(registry: Registry, subject: str) -> dict[str, Any]:
    """All that is held about a person, as a JSON document; that it was asked for is its last use.

    Templates are base64 of little-endian float32. Of an ended consent only the record is held: its uses can no longer be told from others'.
    Raises NoConsentError where nothing is held.
    """
    check_subject(subject)
    with working(registry) as work:
        grants = grants_of(work.connection, subject)
        if not grants:
            raise NoConsentError("nothing is held about this person")
        keys = registry.keyring.keys(grant.id for grant in grants)
        people = [Concerned(g.id, keys[g.id], [(Kind.SUBJECT, subject)]) for g in grants if g.id in keys]
        work.log(Action.EXPORT, counts={Counted.SUBJECTS: 1}, people=people)
    with registry.store.read() as connection:
        galleries = {gallery.id: gallery.name for gallery in all_galleries(connection)}
        held = [_held(connection, grant, keys, galleries) for grant in grants]
        uses = {grant.id: salts_of(connection, grant.id) for grant in grants if grant.id in keys}
    return {
        "format": FORMAT,
        "subject": subject,
        "made_at": utc_text(registry.clock()),
        "log_key": str(registry.signing_key().verifier),
        "consents": [
            {**consent, "uses": _uses(registry, grant.id, keys, uses.get(grant.id, []))}
            for grant, consent in zip(grants, held, strict=True)
        ],
    }


def _held(
    connection: Connection, grant: Grant, keys: Mapping[bytes, Key], galleries: Mapping[bytes, str]
) -> dict[str, Any]:
    opened = open_vectors(references_of(connection, [grant.id]), keys)
    return {
        "record": as_jsonld(record_of(connection, grant)),
        "references": [
            {
                "id": uuid_text(reference.id),
                "gallery": galleries[reference.gallery_id],
                "label": reference.label,
                "user": reference.user,
                "enrolled_at": utc_text(reference.enrolled_at),
                "quality": reference.quality,
                "recogniser": reference.recogniser,
                "template": to_base64(vector.astype("<f4").tobytes()),
            }
            for reference, vector in opened
        ],
        "found_in_films": [
            {
                "job": sighting.job_id,
                "at_ms": sighting.at_ms,
                "reference": uuid_text(sighting.reference_id),
                "similarity": sighting.similarity,
            }
            for sighting in sightings_of(connection, grant.id)
        ],
    }


def _uses(
    registry: Registry, grant_id: bytes, keys: Mapping[bytes, Key], sealed: list[tuple[int, bytes]]
) -> list[dict[str, Any]]:
    """Each leaf that is about the person, with its proof and with the salt that opens it."""
    receipts = leaf_receipts(registry, [number for number, _ in sealed]) if sealed else []
    return [
        {
            "proof": read_canonical(receipt.to_json()),
            "salt": to_base64(keys[grant_id].open(salt, salt_context(grant_id, number))),
        }
        for receipt, (number, salt) in zip(receipts, sealed, strict=True)
    ]
