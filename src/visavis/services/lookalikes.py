"""Whether a new photo shows who it is said to: held against the person's own references, and against everybody else's in the gallery."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from visavis.comparison import Calibration
from visavis.errors import DuplicatePersonError, OtherPersonError
from visavis.faces import Vector
from visavis.services.scoring import open_vectors, score_references
from visavis.services.work import Work
from visavis.store.crypto import Key
from visavis.store.galleries import Gallery
from visavis.store.references import references_at, references_of

OWN_FMR = 1e-2
"""A photo that is less like all of a person's references than the likest of 100 strangers is likely not theirs."""

HONEST_REFUSALS = 1e-2
"""The share of new people who may be taken for somebody who is enrolled; in a small gallery fewer are."""

_SMALL_GALLERY = 100
_SPARE = 8


class Lookalikes:
    """The references of one model in a gallery, and those that this work adds. Nobody else can enrol meanwhile."""

    def __init__(self, work: Work, gallery: Gallery, compatibility: str, keys: Mapping[bytes, Key]) -> None:
        registry = work.registry
        self._work = work
        self._index = registry.indexes.of(gallery.id).get(compatibility)
        self._calibration = registry.analyzer(gallery.recogniser).calibration
        self._own_score = self._calibration.threshold_score(OWN_FMR)
        self._own: dict[bytes, list[Vector]] = {}
        self._added: list[tuple[bytes, Vector]] = []
        self._added_vectors = np.empty((0, 0), np.float32)
        own = [
            r for r in references_of(work.connection, keys, gallery.id) if r.compatibility == compatibility
        ]
        for reference, vector in open_vectors(own, keys):
            self._own.setdefault(reference.grant_id, []).append(vector)

    def check(self, grant_id: bytes, vector: Vector) -> None:
        """Raise OtherPersonError or DuplicatePersonError where this likely is not the person of the grant."""
        own = self._own.get(grant_id, [])
        if own and max(float(vector @ other) for other in own) < self._own_score:
            raise OtherPersonError
        enrolled = len(self._index) if self._index else 0
        close = close_score(self._calibration, enrolled + len(self._added))
        if self._added_looks_like(grant_id, vector, close) or self._enrolled_looks_like(
            grant_id, vector, close
        ):
            raise DuplicatePersonError

    def add(self, grant_id: bytes, vector: Vector) -> None:
        """Note a reference that this work adds."""
        self._own.setdefault(grant_id, []).append(vector)
        if len(self._added) == len(self._added_vectors):  # room for twice as many
            room = np.zeros((max(64, 2 * len(self._added)), vector.size), np.float32)
            room[: len(self._added)] = self._added_vectors[:, : vector.size] if self._added else 0
            self._added_vectors = room
        self._added_vectors[len(self._added)] = vector
        self._added.append((grant_id, vector))

    def _added_looks_like(self, grant_id: bytes, vector: Vector, close: float) -> bool:
        scores = self._added_vectors[: len(self._added)] @ vector if self._added else np.empty(0)
        return any(self._added[i][0] != grant_id for i in np.flatnonzero(scores >= close))

    def _enrolled_looks_like(self, grant_id: bytes, vector: Vector, close: float) -> bool:
        if self._index is None:
            return False
        count = len(self._own.get(grant_id, [])) + _SPARE
        while True:
            numbers = self._index.propose(vector, count, close)
            found = references_at(self._work.connection, numbers.tolist()).values()
            others = [r for r in found if r.grant_id != grant_id and r.lives(self._work.now)]
            scored = score_references(self._work.registry.keyring, others, vector)
            if scored and scored[0][1] >= close:
                return True
            if len(numbers) < count:
                return False
            count *= 2  # all of the likest are their own or gone: look further down


def close_score(calibration: Calibration, gallery_size: int) -> float:
    """The score from which a new photo looks like somebody else in a gallery of that size.

    Beyond the table the last slope goes on: it only says when to ask the operator.
    """
    fmr = -math.expm1(math.log1p(-HONEST_REFUSALS) / max(gallery_size, _SMALL_GALLERY))
    if fmr >= calibration.fmrs[-1]:
        return calibration.threshold_score(fmr)
    scores, fmrs = calibration.scores, calibration.fmrs
    slope = (scores[-1] - scores[-2]) / math.log(fmrs[-2] / fmrs[-1])
    return min(0.99, scores[-1] + slope * math.log(fmrs[-1] / fmr))
