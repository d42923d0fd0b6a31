"""The users who are alike a probe: each by the likest of its references.

The index proposes, and is asked for more until enough users are certain, or all references that users group are read anyway.
Each of them is read and opened once, however many probes there are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from visavis.faces import Vector
from visavis.services.candidates import Asked
from visavis.services.registry import Registry
from visavis.services.scoring import exact_score, open_vectors
from visavis.store.galleries import Gallery
from visavis.store.index import TemplateIndex
from visavis.store.references import Reference, grouped_references_at, grouped_references_in
from visavis.store.users import count_grouped

_FIRST_WANTED, _FURTHER = 64, 8
_PAGE = 2_048
"""References that are read in one transaction, which had better be short."""

_Opened = tuple[Reference, Vector]


@dataclass(frozen=True, slots=True)
class UserMatch:
    """A user that may show the person searched for. similarity: of the likest of its references, 0 to 100."""

    user: str = field(repr=False)
    similarity: float


@dataclass(frozen=True, slots=True)
class Likest:
    """The likest reference of a user. score: -1 to 1; similarity: 0 to 100."""

    reference: Reference
    score: float
    similarity: float

    @property
    def order(self) -> tuple[float, float, int]:
        """Sorts by falling similarity."""
        return -self.similarity, -self.score, self.reference.number


class LikestUsers:
    """A search for users by one or more probes. Nothing is locked meanwhile: whoever is found has to be read once more.

    now: when consents must count, in UTC, in seconds since 1970. left_out: which references are none of the search's business.
    """

    def __init__(
        self,
        registry: Registry,
        gallery: Gallery,
        now: int,
        asked: Asked,
        left_out: Callable[[Reference], bool] = lambda _: False,
    ) -> None:
        self._registry = registry
        self._gallery = gallery
        self._now = now
        self._asked = asked
        self._left_out = left_out
        self._indexes: Mapping[str, TemplateIndex] = registry.indexes.of(gallery.id)
        self._size = sum(map(len, self._indexes.values()))
        with registry.store.read() as connection:
            self._grouped = count_grouped(connection, gallery.id)
        self._opened: dict[int, _Opened | None] = {}
        self._all_opened = False
        self._best: dict[str, Likest] = {}

    def add(self, probe: Vector, compatibility: str, recogniser: str) -> None:
        """Find the users who are alike a probe. Who is among the likest for several is among them for one, with the same similarity."""
        calibration = self._registry.analyzer(recogniser).calibration
        least = self._asked.threshold_score(calibration, self._size)
        if not (index := self._indexes.get(compatibility)):
            return
        for user, (reference, vector) in self._likest(index, compatibility, probe, least).items():
            score = exact_score(vector, probe)
            found = Likest(reference, score, calibration.similarity(score))
            if score >= least and found.similarity >= self._asked.min_similarity:
                best = self._best.get(user, found)
                self._best[user] = min(best, found, key=lambda likest: likest.order)

    def found(self) -> list[Likest]:
        """As many users as were asked for, by falling similarity."""
        return sorted(self._best.values(), key=lambda likest: likest.order)[: self._asked.max_candidates]

    def _likest(
        self, index: TemplateIndex, compatibility: str, probe: Vector, least: float
    ) -> dict[str, _Opened]:
        """The likest reference of each user: of as many of the likest users as are asked for, and perhaps of more."""
        wanted = _FIRST_WANTED
        while not self._all_opened and wanted < self._grouped:
            numbers: list[int] = index.propose(probe, wanted, least).tolist()
            likest = _sorted(self._open(numbers), probe)
            # Of the best `wanted` at most as many are missing as are missing of all: so many at the top are certain.
            certain = max(0, wanted - (len(numbers) - len(likest)))
            users = {reference.user for reference, _ in likest[:certain]}
            if len(users) >= self._asked.max_candidates or len(numbers) < wanted:
                return _by_user(likest)
            wanted *= _FURTHER
        return _by_user(_sorted(self._open_all(compatibility), probe))

    def _open(self, numbers: Sequence[int]) -> list[_Opened]:
        """Those of these references that count."""
        unread = [number for number in numbers if number not in self._opened]
        for start in range(0, len(unread), _PAGE):
            part = unread[start : start + _PAGE]
            with self._registry.store.read() as connection:
                references = grouped_references_at(connection, part)
            self._opened.update(dict.fromkeys(part))
            self._keep(references)
        return [opened for number in numbers if (opened := self._opened[number])]

    def _open_all(self, compatibility: str) -> list[_Opened]:
        """All references of a model that count."""
        after = 0
        while not self._all_opened:
            with self._registry.store.read() as connection:
                references = grouped_references_in(connection, self._gallery.id, after, _PAGE)
            self._keep(r for r in references if r.number not in self._opened)
            self._all_opened = len(references) < _PAGE
            after = references[-1].number if references else after
        kept = (opened for opened in self._opened.values() if opened)
        return [opened for opened in kept if opened[0].compatibility == compatibility]

    def _keep(self, references: Iterable[Reference]) -> None:
        counting = [
            reference
            for reference in references
            if reference.gallery_id == self._gallery.id
            and reference.lives(self._now)
            and not self._left_out(reference)
        ]
        keys = self._registry.keyring.keys(reference.grant_id for reference in counting)
        self._opened.update({opened[0].number: opened for opened in open_vectors(counting, keys)})


def _sorted(opened: Sequence[_Opened], probe: Vector) -> list[_Opened]:
    """References by falling score."""
    if not opened:
        return []
    scores = np.stack([vector for _, vector in opened]) @ probe
    return [opened[place] for place in np.argsort(-scores, kind="stable")]


def _by_user(likest: Sequence[_Opened]) -> dict[str, _Opened]:
    return {str(reference.user): (reference, vector) for reference, vector in reversed(likest)}
