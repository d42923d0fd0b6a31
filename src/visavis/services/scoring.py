"""From sealed references to exact scores."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from visavis.audit.commitments import Kind
from visavis.errors import IncompatibleTemplatesError, SealError
from visavis.faces import Template, Vector
from visavis.services.work import Concerned, uuid_text
from visavis.store.crypto import Key, template_context
from visavis.store.index import LENGTH_TOLERANCE
from visavis.store.keyring import Keyring
from visavis.store.references import Reference


def check_template(template: Template) -> None:
    """Raise IncompatibleTemplatesError where a template is not of unit length: no index takes it, and no score of it means anything."""
    if not abs(float(np.linalg.norm(template.vector)) - 1) <= LENGTH_TOLERANCE:  # so that NaN is refused, too
        raise IncompatibleTemplatesError("this is no template: its length is not 1")


def open_vector(reference: Reference, key: Key) -> Vector:
    """The template of a reference: float32 (D,), unit length; raises SealError where it was altered or moved."""
    context = template_context(
        reference.grant_id, reference.gallery_id, reference.id, reference.compatibility
    )
    return np.frombuffer(key.open(reference.sealed_template, context), np.float32)


def open_vectors(
    references: Iterable[Reference], keys: Mapping[bytes, Key]
) -> list[tuple[Reference, Vector]]:
    """The references whose person's key is there, with their templates. What does not open is left out: it cannot be anybody's."""
    opened = []
    for reference in references:
        if key := keys.get(reference.grant_id):
            try:
                opened.append((reference, open_vector(reference, key)))
            except SealError:
                continue
    return opened


def exact_score(vector: Vector, probe: Vector) -> float:
    """The score of two templates, -1 to 1: of the same two always the same."""
    return float(np.clip(vector @ probe, -1, 1))


def score_references(
    keyring: Keyring, references: Sequence[Reference], probe: Vector
) -> list[tuple[Reference, float]]:
    """References with their exact scores, -1 to 1, the highest first; without those whose key was erased."""
    keys = keyring.keys(reference.grant_id for reference in references)
    opened = open_vectors(references, keys)
    scored = [(reference, exact_score(vector, probe)) for reference, vector in opened]
    return sorted(scored, key=lambda pair: (-pair[1], pair[0].number))


def concerned(references: Iterable[Reference], keys: Mapping[bytes, Key]) -> list[Concerned]:
    """The people of these references, as a leaf commits to them: each with all of theirs."""
    ids: dict[bytes, list[tuple[Kind, str]]] = {}
    for reference in references:
        named = ids.setdefault(reference.grant_id, [(Kind.SUBJECT, reference.subject)])
        named.append((Kind.REFERENCE, uuid_text(reference.id)))
    return [Concerned(grant_id, keys.get(grant_id), named) for grant_id, named in ids.items()]
