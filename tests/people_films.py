"""Films of people that are only numbers, jobs on them, and a film of two portraits: what the tests of stored-video jobs share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from registries import picture_of

from visavis.services import jobs
from visavis.services.film_work import FilmWork
from visavis.services.jobs import Kind, Wanted
from visavis.services.registry import Registry

SOURCE: Mapping[str, Any] = {
    "s3_object": {"Bucket": "films", "Name": "a.mp4"},
    "region": "local",
    "etag": '"e"',
    "size": 1,
}
METADATA: Mapping[str, Any] = {
    "codec": "h264",
    "format": "QuickTime / MOV",
    "duration_ms": 1_000,
    "frame_rate": 5.0,
    "width": 400,  # its pixels are slim
    "height": 25,
    "shown": [100, 100],
    "color_range": "LIMITED",
}
_PTS_A_MS = 90


@dataclass(frozen=True, slots=True)
class FakePicture:
    timestamp_ms: int
    pixels: NDArray[np.uint8]

    @property
    def pts(self) -> int:
        return _PTS_A_MS * self.timestamp_ms

    def rgb(self, width_px: int, height_px: int) -> NDArray[np.uint8]:
        assert (width_px, height_px) == (100, 100)
        return self.pixels


@dataclass
class FakeFilm:
    """shows: who is seen from which millisecond on. read: the times of all pictures that were asked for so far."""

    duration_ms: int
    shows: Mapping[int, Sequence[str]]
    every_ms: int = 100
    shown: tuple[int, int] = (100, 100)

    def __post_init__(self) -> None:
        self.read: list[int] = []

    def frames(self, after: int | None = None) -> Iterator[FakePicture]:
        for at_ms in range(0, self.duration_ms, self.every_ms):
            if after is None or at_ms * _PTS_A_MS > after:
                self.read.append(at_ms)
                yield self._picture(at_ms)

    def _picture(self, at_ms: int) -> FakePicture:
        return FakePicture(at_ms, picture_of(*self._who(at_ms), photo=1))

    def _who(self, at_ms: int) -> Sequence[str]:
        return self.shows[max((start for start in self.shows if start <= at_ms), default=0)]


def asked(registry: Registry, gallery: str | None = None, **more: Any) -> str:
    """The id of a job that was asked for."""
    kind = Kind.SEARCH if gallery else Kind.DETECT
    given = {"asked": b"as it was", "min_similarity": 80.0 if gallery else None} | more
    return jobs.start(registry, Wanted(kind, SOURCE, gallery=gallery, **given))


def looked_through(registry: Registry, job_id: str, film: FakeFilm) -> int:
    """Do a job to its end; in how many segments."""
    work, segments = FilmWork(registry, job_id, film, METADATA), 1
    while work.segment():
        segments += 1
    jobs.succeed(registry, job_id)
    return segments


def write_film(path: Path, pictures: Iterable[NDArray[np.uint8]], rate: int = 10) -> None:
    """An H.264 film of pictures of equal and even sides."""
    import av

    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=rate)
        stream.pix_fmt = "yuv420p"
        for number, pixels in enumerate(pictures):
            if number == 0:
                stream.height, stream.width = pixels.shape[:2]
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode())


def two_people(eileen: Path, grace: Path, seconds: int, rate: int = 10) -> Iterator[NDArray[np.uint8]]:
    """Pictures of both side by side, swaying; 640 x 320."""
    sides = [
        np.asarray(Image.open(file).convert("RGB").crop((0, 0, 512, 512)).resize((320, 320)))
        for file in (eileen, grace)
    ]
    both = np.concatenate(sides, axis=1)
    for number in range(seconds * rate):
        yield np.roll(both, 2 * (number % 10), axis=1)
