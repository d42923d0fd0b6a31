"""Covers on planes of YUV 4:2:0."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from visavis.faces import Box
from visavis.redaction.masks import Region, Shape
from visavis.redaction.planes import cover_planes
from visavis.redaction.styles import Style

WIDTH, HEIGHT = 64, 48
regions = st.lists(
    st.builds(
        Region,
        st.builds(Box, st.floats(-20, 70), st.floats(-20, 60), st.floats(0.5, 90), st.floats(0.5, 90)),
        st.sampled_from(Shape),
    ),
    max_size=4,
)


def picture() -> list[NDArray[np.uint8]]:
    random = np.random.default_rng(1)
    sizes = ((HEIGHT, WIDTH), (HEIGHT // 2, WIDTH // 2), (HEIGHT // 2, WIDTH // 2))
    return [random.integers(129, 256, size).astype(np.uint8) for size in sizes]


def opacity(chosen: list[Region]) -> NDArray[np.uint8]:
    whole = np.zeros((HEIGHT, WIDTH), np.uint8)
    for region in chosen:
        np.maximum(whole, region.opacity((0, 0, WIDTH, HEIGHT)), out=whole)
    return whole


@given(regions, st.booleans())
def test_a_solid_cover_leaves_neither_light_nor_colour(chosen: list[Region], full_range: bool) -> None:
    planes = picture()
    cover_planes(planes, chosen, full_range=full_range)
    covered = opacity(chosen) == 255
    assert (planes[0][covered] == (0 if full_range else 16)).all()
    blocks = covered.reshape(HEIGHT // 2, 2, WIDTH // 2, 2).any(axis=(1, 3))
    for colours in planes[1:]:
        assert (colours[blocks] == 128).all(), "a colour is shared by four pixels, of which one is covered"


@given(regions, st.sampled_from(Style))
def test_what_no_cover_reaches_is_as_it_was(chosen: list[Region], style: Style) -> None:
    before, after = picture(), picture()
    cover_planes(after, chosen, style)
    free = opacity(chosen) == 0
    assert np.array_equal(before[0][free], after[0][free])
    far = np.zeros((HEIGHT // 2, WIDTH // 2), bool)
    for region in chosen:  # the soft edge is as wide in pixels of the colours as it is in those of the light
        box = Box(region.box.x / 2, region.box.y / 2, region.box.width / 2, region.box.height / 2)
        far |= Region(box, region.shape).opacity((0, 0, WIDTH // 2, HEIGHT // 2)) > 0
    for old, new in zip(before[1:], after[1:], strict=True):
        assert np.array_equal(old[~far], new[~far])


@pytest.mark.parametrize("style", [Style.PIXELATE, Style.BLUR])
def test_the_other_styles_take_the_detail_away(style: Style) -> None:
    planes = picture()
    before = [np.abs(np.diff(plane.astype(int), axis=1))[8:16, 8:16].mean() for plane in planes]
    cover_planes(planes, [Region(Box(0, 0, WIDTH, HEIGHT), Shape.BOX)], style)
    after = [np.abs(np.diff(plane.astype(int), axis=1))[8:16, 8:16].mean() for plane in planes]
    assert all(new < old / 2 for old, new in zip(before, after, strict=True))


def test_planes_whose_rows_are_padded_are_covered_in_place() -> None:
    memory = np.full((HEIGHT, WIDTH + 32), 200, np.uint8)
    planes = [memory[:, :WIDTH], *picture()[1:]]
    cover_planes(planes, [Region(Box(0, 0, WIDTH, HEIGHT), Shape.BOX)])
    assert (memory[:, :WIDTH] == 16).all()
    assert (memory[:, WIDTH:] == 200).all()
