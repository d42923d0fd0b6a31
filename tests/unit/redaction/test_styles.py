"""What covers look like, and what they leave."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from visavis.faces import Box
from visavis.redaction.masks import Region, Shape
from visavis.redaction.styles import Style, cover

styles = st.sampled_from(Style)
regions = st.lists(
    st.builds(
        Region,
        st.builds(Box, st.floats(-20, 50), st.floats(-20, 50), st.floats(1, 60), st.floats(1, 60)),
        st.sampled_from(Shape),
    ),
    max_size=4,
)


def noise(width: int = 50, height: int = 40) -> Image.Image:
    return Image.fromarray(np.random.default_rng(1).integers(1, 256, (height, width, 3), np.uint8))


@given(regions, styles)
def test_what_no_region_reaches_is_as_it_was(chosen: list[Region], style: Style) -> None:
    before, after = noise(), noise()
    cover(after, chosen, style)
    reached = np.zeros((40, 50), bool)
    for region in chosen:
        reached |= region.opacity((0, 0, 50, 40)) > 0
    assert after.size == before.size
    assert np.array_equal(np.asarray(after)[~reached], np.asarray(before)[~reached])


@given(regions)
def test_a_solid_cover_leaves_nothing(chosen: list[Region]) -> None:
    after = noise()
    cover(after, chosen)
    for region in chosen:
        assert not np.asarray(after)[region.opacity((0, 0, 50, 40)) == 255].any()


@pytest.mark.parametrize("style", [Style.PIXELATE, Style.BLUR])
def test_the_other_styles_take_the_detail_away_and_say_that_it_may_come_back(style: Style) -> None:
    assert style.reversible
    assert not Style.SOLID.reversible
    image = noise(200, 200)
    cover(image, [Region(Box(20, 20, 160, 160), Shape.BOX)], style)
    inner = np.asarray(image.crop((60, 60, 140, 140)).convert("L"), np.float64)
    steps = np.abs(np.diff(inner, axis=1))
    assert np.mean(steps > 2) < 0.2, "noise differs from pixel to pixel; what is covered does not"
    assert inner.std() < 15


def test_pixels_are_blocks_of_one_colour() -> None:
    image = noise(160, 160)
    cover(image, [Region(Box(0, 0, 160, 160), Shape.BOX)], Style.PIXELATE)
    assert len({tuple(pixel) for pixel in np.asarray(image).reshape(-1, 3)}) <= 64


@pytest.mark.parametrize("style", list(Style))
def test_a_cover_may_reach_far_beyond_the_picture(style: Style) -> None:
    image = noise()
    cover(image, [Region(Box(-1e300, -1e300, 2e300, 2e300), Shape.BOX)], style)
    assert np.asarray(image, np.float64).std() < 40
