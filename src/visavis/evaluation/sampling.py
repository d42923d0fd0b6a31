"""Which comparisons are made, where each one costs: the pairs that a list of images makes, and samples of pairs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from visavis.errors import EvaluationError
from visavis.evaluation.protocols import UNLABELLED, Codes, Pairs, Protocol

MOST_PAIRS = 10_000_000
"""More than these a list of images must not make: choosing among them is done in memory."""

MOST_UNASKED = 100_000
"""More comparisons than these are made only where somebody says how many."""

_Places = NDArray[np.intp]


def choose_pairs(protocol: Protocol, most: int | None) -> Protocol:
    """The protocol as a list of pairs, at most so many of them.

    A list of images becomes every pair of its images. Of too many pairs a sample is taken, the same
    each time: half of it mated pairs, or as many as there are, and of both kinds as large a
    share of each group. Images and people that are in no pair are left out. Raises EvaluationError.
    """
    pairs = protocol.pairs or _every_pair(protocol)
    total = len(pairs.probe)
    if most is None and total > MOST_UNASKED:
        raise EvaluationError(
            f"the protocol asks for {total:,} comparisons, more than {MOST_UNASKED:,}",
            hint="--max-calls says how many are made; fewer than there are make a sample",
        )
    if most is None or total <= most:
        return _of_pairs(protocol, pairs)
    chosen = _sample(pairs, most)
    note = f"{most:,} of {total:,} comparisons were made: a sample (--max-calls)"
    return replace(_of_pairs(protocol, _subset(pairs, chosen)), notes=(*protocol.notes, note))


def _every_pair(protocol: Protocol) -> Pairs:
    """Pairs of images of one group stand under it, pairs across groups under none."""
    count = len(protocol.images)
    if count < 2:
        raise EvaluationError("one image alone makes no comparison")
    if count * (count - 1) // 2 > MOST_PAIRS:
        raise EvaluationError(
            f"{count:,} images make more than {MOST_PAIRS:,} comparisons", hint="list pairs instead of images"
        )
    probe, reference = (side.astype(np.int32) for side in np.triu_indices(count, 1))
    groups = protocol.group[probe], protocol.group[reference]
    across = _names(protocol).index(UNLABELLED)
    return Pairs(
        probe,
        reference,
        protocol.people[probe] == protocol.people[reference],
        np.where(groups[0] == groups[1], groups[0], across).astype(np.int32),
    )


def _names(protocol: Protocol) -> tuple[str, ...]:
    return (
        protocol.groups if protocol.pairs or UNLABELLED in protocol.groups else (*protocol.groups, UNLABELLED)
    )


def _sample(pairs: Pairs, most: int) -> _Places:
    """Which pairs: their places, rising."""
    mated, others = np.flatnonzero(pairs.mated), np.flatnonzero(~pairs.mated)
    of_mated = min(len(mated), max(-(-most // 2), most - len(others)))
    chosen = [
        side[_shared(pairs.group[side], size)]
        for side, size in ((mated, of_mated), (others, most - of_mated))
    ]
    return np.sort(np.concatenate(chosen))


def _shared(group: Codes, size: int) -> _Places:
    """So many pairs, at random but the same each time, of every group its share: rounded down, and the rest to the largest remainders.

    group: (N,) of each pair.
    """
    shuffled = np.random.default_rng(0).permutation(len(group))
    by_group = shuffled[np.argsort(group[shuffled], kind="stable")]
    sizes = np.bincount(group)
    shares, remainders = np.divmod(sizes * size, max(1, len(group)))
    shares[np.argsort(-remainders, kind="stable")[: size - shares.sum()]] += 1
    rank = np.arange(len(group)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return by_group[rank < np.repeat(shares, sizes)]


def _subset(pairs: Pairs, chosen: _Places) -> Pairs:
    return Pairs(pairs.probe[chosen], pairs.reference[chosen], pairs.mated[chosen], pairs.group[chosen])


def _of_pairs(protocol: Protocol, pairs: Pairs) -> Protocol:
    """The protocol of these pairs: only images, people and groups that are in one."""
    used, ends = np.unique(np.stack([pairs.probe, pairs.reference]), return_inverse=True)
    probe, reference = ends.reshape(2, -1).astype(np.int32)
    people = np.unique(protocol.people[used], return_inverse=True)[1].astype(np.int32)
    names = _names(protocol)
    named, group = np.unique(pairs.group, return_inverse=True)
    return replace(
        protocol,
        images=tuple(protocol.images[i] for i in used),
        people=people,
        subjects=(),
        groups=tuple(names[i] for i in named),
        group=np.zeros(0, np.int32),
        pairs=Pairs(probe, reference, pairs.mated, group.astype(np.int32)),
    )
