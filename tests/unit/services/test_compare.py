from __future__ import annotations

import pytest
from registries import photo_of

from visavis.audit.entry import Action, Counted, Refusal
from visavis.errors import NoFaceError
from visavis.services.compare import compare_photos
from visavis.services.log import latest_entries
from visavis.services.registry import Registry


def test_the_likest_comes_first_and_the_log_counts_but_names_nobody(registry: Registry) -> None:
    compared = compare_photos(registry, photo_of("anna", "boris"), photo_of("boris", "anna", photo=1))
    similarities = [target.similarity for target in compared.targets]
    assert similarities == sorted(similarities, reverse=True)
    assert similarities[0] > 80 > similarities[1]
    entry = latest_entries(registry, 1)[0].entry
    assert (entry.action, entry.counts) == (Action.VERIFY, {Counted.PHOTOS: 2, Counted.FACES: 3})
    assert not entry.commitments


@pytest.mark.parametrize(
    ("source", "target", "min_quality"),
    [((), ("anna",), 0.0), (("anna",), (), 0.0), (("anna",), ("anna",), 0.95)],
)
def test_without_a_face_on_either_side_it_is_refused_and_logged(
    registry: Registry, source: tuple[str, ...], target: tuple[str, ...], min_quality: float
) -> None:
    with pytest.raises(NoFaceError):
        compare_photos(registry, photo_of(*source), photo_of(*target), min_quality)
    entry = latest_entries(registry, 1)[0].entry
    assert entry.refusal == Refusal.NO_FACE
