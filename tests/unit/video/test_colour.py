from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from films import GREEN, RED, Film, number_of, picture
from numpy.typing import NDArray

from visavis.video.colour import Colour, Converter, colour_of
from visavis.video.frames import Frame
from visavis.video.source import Video
from visavis.video.upright import planes_of

PQ, HLG, BT2020, BT709 = 16, 18, 9, 1
SIDES = (256, 16)


def ramp(transfer: int) -> av.VideoFrame:
    """Grey from black to the brightest that 10 bits of BT.2020 can say."""
    frame = av.VideoFrame(*SIDES, "yuv420p10le")
    for number, plane in enumerate(frame.planes):
        values = np.full((plane.height, plane.line_size // 2), 512, "<u2")
        if number == 0:
            values[:, :256] = np.linspace(64, 940, 256).round()
        plane.update(values.tobytes())
    frame.color_range, frame.color_primaries, frame.color_trc, frame.colorspace = 1, BT2020, transfer, BT2020
    return frame


@pytest.mark.parametrize("transfer", [PQ, HLG])
def test_high_dynamic_range_is_rolled_off(transfer: int) -> None:
    mapped = Converter().convert(ramp(transfer))
    assert colour_of(mapped) == Colour(1, BT709, BT709, BT709)
    luma, *chroma = (plane.astype(int) for plane in planes_of(mapped))
    assert luma[8, 0] == pytest.approx(16, abs=1)
    assert (np.diff(luma[8]) >= -1).all()  # it is dithered
    np.testing.assert_allclose(chroma, 128, atol=1)
    # Diffuse white, 203 cd/m2, is at 58 % of PQ and 75 % of HLG (ITU-R BT.2408), and what is brighter still differs from it.
    white = luma[8, round(255 * (0.58 if transfer == PQ else 0.75))]
    assert 200 < white < 225
    assert luma[8, -1] == pytest.approx(235, abs=1)


@pytest.mark.parametrize("transfer", [PQ, HLG])
def test_hues_stay(transfer: int) -> None:
    colours = np.array([RED, GREEN, (30, 40, 210), (220, 180, 150)])
    light = TO_BT2020 @ (colours.T / 255) ** 2.4 * 203
    coded = pq(light) if transfer == PQ else hlg(light)
    rgb = np.repeat(np.repeat((coded.T * 65535).round().astype("<u2")[np.newaxis], 16, axis=0), 16, axis=1)
    frame = av.VideoFrame.from_ndarray(rgb, "rgb48le").reformat(
        format="yuv420p10le", dst_colorspace=BT2020, dst_color_range=1
    )
    frame.color_range, frame.color_primaries, frame.color_trc, frame.colorspace = 1, BT2020, transfer, BT2020
    shown = Frame(0, 0, 0, Converter().convert(frame)).rgb(64, 16)[8, 8::16]
    np.testing.assert_allclose(shown, colours, atol=18)


TO_BT2020 = np.array([[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]])


def pq(light: NDArray[np.float64]) -> NDArray[np.float64]:
    """SMPTE ST 2084's level of some cd/m2."""
    power = (light / 10_000) ** 0.1593017578125
    return ((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375


def hlg(light: NDArray[np.float64]) -> NDArray[np.float64]:
    """ARIB STD-B67's level of some cd/m2 on a screen of 1000."""
    luminance = np.array([0.2627, 0.678, 0.0593]) @ light / 1000
    scene = light / 1000 * luminance ** (1 / 1.2 - 1)
    return np.where(
        scene <= 1 / 12,
        np.sqrt(3 * scene),
        0.17883277 * np.log(np.maximum(12 * scene - 0.28466892, 1e-9)) + 0.55991073,
    )


def test_every_picture_of_an_hdr_film_is_its_own(tmp_path: Path) -> None:
    pts = range(0, 800, 40)
    film = Film(
        "matroska",
        "ffv1",
        layout="yuv420p10le",
        pts=pts,
        time_base=Fraction(1, 1000),
        colour=(1, BT2020, PQ, BT2020),
    )
    frames = list(Video(film.write(tmp_path / "film")).frames())
    assert [frame.pts for frame in frames] == list(pts)
    assert [number_of(frame.rgb(96, 64)) for frame in frames] == list(range(20))


def test_wide_gamuts_come_out_in_the_usual_one(tmp_path: Path) -> None:
    film = Film(
        "matroska",
        "ffv1",
        layout="yuv420p10le",
        pts=range(0, 200, 40),
        time_base=Fraction(1, 1000),
        colour=(1, BT2020, 14, BT2020),
    )
    video = Video(film.write(tmp_path / "film"))
    assert video.colour == Colour(1, BT709, BT709, BT709)


@pytest.mark.parametrize("matrix", [1, 2, 3, 6, 8, 10, 14])
def test_what_the_numbers_mean_stays_whatever_it_is(matrix: int) -> None:
    frame = picture(0, 96, 64, "yuv444p")
    frame.color_range, frame.color_primaries, frame.color_trc, frame.colorspace = 1, 1, 1, matrix
    assert colour_of(Converter().convert(frame)) == Colour(1, 1, 1, matrix)


@pytest.mark.parametrize("full", [False, True])
def test_rgb_knows_range_and_matrix(full: bool) -> None:
    colour = (2 if full else 1, 1, 1, 1)
    frame = Frame(0, 0, 0, picture(0, 96, 64, "yuv420p", colour))
    rgb = frame.rgb(48, 32)
    assert rgb.shape == (32, 48, 3)
    np.testing.assert_allclose([rgb[4, 4], rgb[4, 40]], [RED, GREEN], atol=4)
    assert frame.rgb(96, 64)[32, 2].min() > 250  # the bar
