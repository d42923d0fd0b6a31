"""The same pictures become the same bytes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from films import Film

from visavis.video.encoders import _has_avx2
from visavis.video.formats import video_format_of
from visavis.video.source import Video
from visavis.video.writing import segment_writer


@pytest.mark.parametrize("ending", [".mp4", ".webm", ".gif"])
def test_films_of_few_pixels_are_encoded_alike_however_often(ending: str, tmp_path: Path) -> None:
    """x264 with AVX-512 gives other bytes for 1 in 50 of these."""
    video = Video(Film(width=32, height=32).write(tmp_path / "film"))
    frames = list(video.frames())
    encoded = set()
    for _ in range(100 if ending == ".mp4" else 10):
        with segment_writer(tmp_path / "segment", video, video_format_of(Path(f"film{ending}"))) as writer:
            for frame in frames:
                frame.picture.make_writable()
                writer.write(frame)
        encoded.add((tmp_path / "segment").read_bytes())
    assert len(encoded) == 1


@pytest.mark.parametrize(
    ("told", "has"),
    [
        ({"SIMD Extensions": {"baseline": ["X86_V2"], "found": ["X86_V3", "X86_V4"]}}, True),
        ({"SIMD Extensions": {"baseline": ["SSE", "SSE2"], "found": ["AVX", "AVX2"]}}, True),
        ({"SIMD Extensions": {"baseline": ["X86_V2"], "not found": ["X86_V3"]}}, False),
        ({"SIMD Extensions": {"baseline": ["NEON"]}}, False),
        ({}, False),
    ],
)
def test_what_numpy_tells_of_the_processor(
    told: dict[str, dict[str, list[str]]], has: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It leaves out what is empty."""
    monkeypatch.setattr(np, "show_config", lambda **_: told)
    assert _has_avx2() == has
