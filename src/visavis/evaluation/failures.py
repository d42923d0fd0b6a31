"""Images that give no template: failures to acquire and to enrol, apart from errors of comparison.

By ISO/IEC 19795-1. FTA: share of images (of probe images, where pairs are
listed) without a template. FTE: share of people who cannot be enrolled,
because no image of theirs gives one (of reference images, where pairs are listed).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from visavis.evaluation.bootstrap import divide
from visavis.evaluation.protocols import Protocol
from visavis.evaluation.rates import Rate, rate
from visavis.evaluation.scores import Floats, Weights


@dataclass(frozen=True, slots=True)
class Failures:
    """fta, fte: None where another system made the scores. comparisons: those without a score, of those asked for."""

    fta: Rate | None
    fte: Rate | None
    comparisons: Rate
    reasons: dict[str, int]


def failures(
    protocol: Protocol, errors: tuple[str, ...], weights: Weights, failed_comparisons: int, comparisons: int
) -> Failures:
    """Count what failed. errors: (images,) as `Acquisition` gives them, empty where scores were given."""
    asked = rate(failed_comparisons, comparisons, comparisons)
    if not errors:
        assert protocol.pairs is not None
        return Failures(None, None, asked, _counted(protocol.pairs.errors))
    failed = np.array([bool(error) for error in errors])
    if protocol.pairs is None:
        fta, fte = fta_of(protocol, failed, weights), fte_of(protocol, failed, weights)
    else:
        fta, fte = (
            _rate_of_images(np.unique(side), failed, protocol.people, weights)
            for side in (protocol.pairs.probe, protocol.pairs.reference)
        )
    return Failures(fta, fte, asked, _counted(errors))


def fta_of(protocol: Protocol, failed: NDArray[np.bool_], weights: Weights, group: int | None = None) -> Rate:
    """FTA of an images protocol, or of one of its groups. failed: (images,)."""
    images = np.arange(len(failed)) if group is None else np.flatnonzero(protocol.group == group)
    return _rate_of_images(images, failed, protocol.people, weights)


def failed_by_person(
    images: NDArray[np.intp], failed: NDArray[np.bool_], people: NDArray[np.int32], count: int
) -> tuple[Floats, Floats]:
    """How many of these images failed and how many there are, of each of `count` people."""
    who = people[images]
    return (
        np.bincount(who, failed[images], count).astype(np.float64),
        np.bincount(who, minlength=count).astype(np.float64),
    )


def fte_of(protocol: Protocol, failed: NDArray[np.bool_], weights: Weights, group: int | None = None) -> Rate:
    """FTE of an images protocol, or of the people of one of its groups."""
    images = np.arange(len(failed)) if group is None else np.flatnonzero(protocol.group == group)
    without, images_of = failed_by_person(images, failed, protocol.people, weights.shape[1])
    people, lost = images_of > 0, (images_of > 0) & (without == images_of)
    replicates = divide(weights @ lost, weights @ people)
    count = int(people.sum())
    return rate(int(lost.sum()), count, count, replicates)


def _rate_of_images(
    images: NDArray[np.intp], failed: NDArray[np.bool_], people: NDArray[np.int32], weights: Weights
) -> Rate:
    without, images_of = failed_by_person(images, failed, people, weights.shape[1])
    replicates = divide(weights @ without, weights @ images_of)
    return rate(int(without.sum()), len(images), int(np.count_nonzero(images_of)), replicates)


def _counted(errors: tuple[str, ...]) -> dict[str, int]:
    return dict(Counter(error for error in errors if error).most_common())
