"""Who is one person: in a list of pairs, whoever the mated pairs join."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.int32]


def people_of_pairs(images: int, probe: Codes, reference: Codes) -> Codes:
    """A number for each image's person, (images,): images joined by mated pairs are of one.

    probe, reference: (N,) image indices of the mated pairs. A list of pairs does
    not say more: two images of one person that no mated pair joins count as two people.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    links = coo_array((np.ones(len(probe), np.int8), (probe, reference)), shape=(images, images))
    return np.asarray(connected_components(links, directed=False)[1], np.int32)


def contradictions(people: Codes, probe: Codes, reference: Codes) -> int:
    """How many non-mated pairs, (N,) image indices, lie within one person."""
    return int(np.count_nonzero(people[probe] == people[reference]))
