"""Made-up people for the tests of evaluation: templates with a known amount of likeness."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from visavis.evaluation.comparisons import compare_every_pair
from visavis.evaluation.protocols import Protocol
from visavis.evaluation.run import Run
from visavis.evaluation.scores import KEPT


def unit(vectors: NDArray[np.floating]) -> NDArray[np.float32]:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def make_templates(people: NDArray[np.int32], noise: float = 0.6, seed: int = 0) -> NDArray[np.float32]:
    """A template an image: its person's direction and noise of its own."""
    rng = np.random.default_rng(seed)
    directions = unit(rng.normal(size=(int(people.max()) + 1, 48)))
    return unit(directions[people] + noise * unit(rng.normal(size=(len(people), 48))))


def images_protocol(
    people: Sequence[int], groups: Sequence[str] | None = None, name: str = "made_up"
) -> Protocol:
    """A protocol of every pair; groups: one an image."""
    groups = groups or ["all"] * len(people)
    names = list(dict.fromkeys(groups))
    codes = np.unique(people, return_inverse=True)[1].astype(np.int32)
    return Protocol(
        name=name,
        sha256="0" * 64,
        images=tuple(f"{i}.jpg" for i in range(len(people))),
        people=codes,
        subjects=tuple(f"subject {i}" for i in range(int(codes.max()) + 1)),
        groups=tuple(names),
        group=np.array([names.index(group) for group in groups], np.int32),
        pairs=None,
    )


def make_run(
    people: Sequence[int],
    groups: Sequence[str] | None = None,
    *,
    vectors: NDArray[np.float32] | None = None,
    name: str = "made_up",
    keep: int = KEPT,
) -> Run:
    """A finished run on made-up templates; rows of NaN are images without a face."""
    protocol = images_protocol(people, groups, name)
    vectors = make_templates(protocol.people) if vectors is None else vectors
    errors = tuple("" if np.isfinite(row).all() else "There is no face in the photo." for row in vectors)
    return Run(protocol, compare_every_pair(protocol, vectors, keep), errors, None)
