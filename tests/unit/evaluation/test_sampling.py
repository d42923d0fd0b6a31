"""Which comparisons are made where each one costs."""

from __future__ import annotations

import numpy as np
import pytest
from evaluation_samples import images_protocol
from hypothesis import given
from hypothesis import strategies as st

from visavis.errors import EvaluationError
from visavis.evaluation import sampling
from visavis.evaluation.protocols import UNLABELLED, Pairs, Protocol
from visavis.evaluation.sampling import choose_pairs

Named = tuple[str, str, bool, str]


def named(protocol: Protocol) -> list[Named]:
    pairs = protocol.pairs
    assert pairs is not None
    return [
        (protocol.images[p], protocol.images[r], bool(m), protocol.groups[g])
        for p, r, m, g in zip(pairs.probe, pairs.reference, pairs.mated, pairs.group, strict=True)
    ]


def test_every_pair_of_images() -> None:
    protocol = choose_pairs(images_protocol([0, 0, 1, 2], ["a", "a", "a", "b"]), None)
    assert named(protocol) == [
        ("0.jpg", "1.jpg", True, "a"),
        ("0.jpg", "2.jpg", False, "a"),
        ("0.jpg", "3.jpg", False, UNLABELLED),
        ("1.jpg", "2.jpg", False, "a"),
        ("1.jpg", "3.jpg", False, UNLABELLED),
        ("2.jpg", "3.jpg", False, UNLABELLED),
    ]
    assert protocol.groups == ("a", UNLABELLED)
    assert protocol.people.tolist() == [0, 0, 1, 2]
    assert protocol.notes == ()


peoples = st.lists(st.tuples(st.integers(0, 8), st.sampled_from("abc")), min_size=2, max_size=24)


@given(peoples, st.integers(2, 300))
def test_a_sample(who: list[tuple[int, str]], most: int) -> None:
    """As many as asked for, mated ones first of all, each group with its share, all of them pairs of the whole."""
    people, groups = zip(*who, strict=True)
    images = images_protocol(people, groups)
    whole, part = named(choose_pairs(images, None)), named(sampled := choose_pairs(images, most))
    assert len(set(part)) == len(part) == min(most, len(whole))
    assert part == [pair for pair in whole if pair in set(part)], "in the protocol's order"
    assert part == named(choose_pairs(images, most)), "the same each time"
    for mated in (True, False):
        mine, all_ = ([pair for pair in pairs if pair[2] is mated] for pairs in (part, whole))
        assert len(mine) >= min(len(all_), most // 2)
        for group in {pair[3] for pair in all_}:
            share = sum(pair[3] == group for pair in all_) * len(mine) / len(all_)
            assert abs(sum(pair[3] == group for pair in mine) - share) < 1
    assert len(sampled.images) == len({image for pair in part for image in pair[:2]})
    of = dict(zip(images.images, images.people, strict=True))
    kept = dict(zip(sampled.images, sampled.people, strict=True))
    assert all((kept[a] == kept[b]) == (of[a] == of[b]) == mated for a, b, mated, _ in part)
    assert int(sampled.people.max()) + 1 == len(set(kept.values()))


def test_the_first_are_not_preferred() -> None:
    protocol = choose_pairs(images_protocol(list(range(60))), 300)
    assert protocol.pairs is not None
    assert 20 < np.median([int(protocol.images[i][:-4]) for i in protocol.pairs.reference]) < 55
    assert "300 of 1,770 comparisons" in protocol.notes[0]


def test_listed_pairs_stay_as_they_are() -> None:
    images = images_protocol([0, 0, 1])
    listed = choose_pairs(images, None)
    assert named(choose_pairs(listed, None)) == named(choose_pairs(listed, 3)) == named(listed)
    assert isinstance(listed.pairs, Pairs)
    assert len(named(choose_pairs(listed, 2))) == 2


def test_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(EvaluationError, match="one image alone"):
        choose_pairs(images_protocol([0]), None)
    monkeypatch.setattr(sampling, "MOST_UNASKED", 5)
    with pytest.raises(EvaluationError, match="asks for 6 comparisons, more than 5"):
        choose_pairs(images_protocol([0, 1, 2, 3]), None)
    assert len(named(choose_pairs(images_protocol([0, 1, 2, 3]), 6))) == 6
    monkeypatch.setattr(sampling, "MOST_PAIRS", 5)
    with pytest.raises(EvaluationError, match="4 images make more than 5 comparisons"):
        choose_pairs(images_protocol([0, 1, 2, 3]), 2)
