"""The users who are alike a probe: each by the likest of its references.

The index proposes. What counts is read, opened and scored anew in the transaction, and asked for further down until enough users are certain.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from visavis.audit.entry import Action, Counted
from visavis.faces import Vector
from visavis.services.candidates import Asked
from visavis.services.scoring import concerned, score_references
from visavis.services.work import Work
from visavis.store.galleries import Gallery
from visavis.store.index import TemplateIndex
from visavis.store.references import Reference, grouped_references_at

_FIRST_WANTED, _FURTHER = 64, 8


@dataclass(frozen=True, slots=True)
class UserMatch:
    """A user that may show the person searched for. similarity: of the likest of its references, 0 to 100."""

    user: str = field(repr=False)
    similarity: float


class LikestUsers:
    """A search for users by one or more probes, as one transaction sees them."""

    def __init__(
        self,
        work: Work,
        gallery: Gallery,
        indexes: Mapping[str, TemplateIndex],
        asked: Asked,
        left_out: Callable[[Reference], bool] = lambda _: False,
    ) -> None:
        self._work = work
        self._gallery = gallery
        self._indexes = indexes
        self._asked = asked
        self._references = sum(len(index) for index in indexes.values())
        self._left_out = left_out
        self._best: dict[str, tuple[float, float, Reference]] = {}
        self._least_scores: dict[str, float] = {}

    def add(self, probe: Vector, compatibility: str, recogniser: str) -> None:
        """Find the users who are alike a probe. Who is among the likest for several is among them for one, with the same similarity."""
        calibration = self._work.registry.analyzer(recogniser).calibration
        if recogniser not in self._least_scores:
            self._least_scores[recogniser] = self._asked.threshold_score(calibration, self._references)
        if index := self._indexes.get(compatibility):
            for user, (reference, score) in self._likest(
                index, probe, self._least_scores[recogniser]
            ).items():
                found = calibration.similarity(score), score, reference
                if found[0] >= self._asked.min_similarity:
                    self._best[user] = max(self._best.get(user, found), found, key=lambda best: best[:2])

    def finish(self, faces: int, searched: Sequence[Reference] = ()) -> tuple[UserMatch, ...]:
        """Log the search; who was found, by falling similarity. faces: how many probes there were; searched: those that are references."""
        order = sorted(self._best.items(), key=lambda best: (-best[1][0], -best[1][1], best[1][2].number))
        found = order[: self._asked.max_candidates]
        people = [*searched, *(reference for _, (_, _, reference) in found)]
        keys = self._work.registry.keyring.keys(reference.grant_id for reference in people)
        counts = {Counted.FACES: faces, Counted.USERS: len(found)}
        unique = {reference.number: reference for reference in people}.values()
        self._work.log(Action.IDENTIFY, where=self._gallery, counts=counts, people=concerned(unique, keys))
        return tuple(UserMatch(user, similarity) for user, (similarity, _, _) in found)

    def _likest(
        self, index: TemplateIndex, probe: Vector, least: float
    ) -> dict[str, tuple[Reference, float]]:
        """The likest reference of each user, with its score: of as many of the likest users as are asked for, and perhaps of more."""
        wanted = _FIRST_WANTED
        while True:
            numbers = index.propose(probe, wanted, least)
            scored = score_references(
                self._work.registry.keyring, self._those_that_count(numbers.tolist()), probe
            )
            # Of the best `wanted` at most as many are missing as are missing of all: so many at the top are certain.
            certain = max(0, wanted - (len(numbers) - len(scored)))
            users = {reference.user for reference, _ in scored[:certain]}
            if len(users) >= self._asked.max_candidates or len(numbers) < wanted:
                return {
                    r.user: (r, score)
                    for r, score in reversed(scored)
                    if r.user is not None and score >= least
                }
            wanted *= _FURTHER

    def _those_that_count(self, numbers: Sequence[int]) -> list[Reference]:
        return [
            reference
            for reference in grouped_references_at(self._work.connection, numbers)
            if reference.gallery_id == self._gallery.id
            and reference.lives(self._work.now)
            and not self._left_out(reference)
        ]
