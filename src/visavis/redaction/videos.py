"""A video with its faces covered, in two passes over the file: where are they, and then, knowing that of all of it, cover and write.

A face is often found in some frames of a row and not in others, so what is covered in one is only known once its neighbours were
looked at. Both passes take the frames in their order, in parts; a part that is finished is kept in the workshop, so that the same
video comes out whether or not the work was cut off.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from itertools import islice
from typing import IO, TypeVar

from visavis.errors import CorruptVideoError
from visavis.faces import Box
from visavis.models.session import available_cpus
from visavis.redaction.covering import VideoCovering
from visavis.redaction.covers import Covers, covers
from visavis.redaction.masks import Region, Shape
from visavis.redaction.planes import cover_planes
from visavis.redaction.review import Doubt
from visavis.redaction.sightings import Look
from visavis.redaction.workshop import Part, Workshop
from visavis.video.formats import VideoFormat
from visavis.video.frames import Frame
from visavis.video.muxing import Audio, mux
from visavis.video.source import Video
from visavis.video.upright import planes_of
from visavis.video.writing import segment_writer

PART_FRAMES = 250

RECOGNISED_EVERY_MS = 400
"""How often faces are compared with a gallery's: often enough for `tracks.KEPT_GAP_MS` with one miss."""

Looker = Callable[[Frame, int, bool], Look]
"""From a frame, its number, and whether to recognise people in it to what is seen in it. Any number of threads call it."""

Progress = Callable[[str, int], AbstractContextManager[Callable[[], None]]]
"""From what is done, and in how many steps, to a context whose value is called after each."""

Item = TypeVar("Item")
Result = TypeVar("Result")

_FULL_RANGE = 2


@dataclass(slots=True)
class RedactedVideo:
    """What was done with a video. frames: how many; covered_frames: those with a cover; covers: how many in all of them."""

    frames: int = 0
    covered_frames: int = 0
    covers: int = 0
    doubts: list[Doubt] = field(default_factory=list)

    def add(self, covers: int, doubts: Iterable[Doubt]) -> None:
        """Count a frame."""
        self.frames += 1
        self.covered_frames += covers > 0
        self.covers += covers
        self.doubts.extend(doubts)


def no_progress(_what: str, _total: int) -> AbstractContextManager[Callable[[], None]]:
    """Tell nobody."""
    return nullcontext(lambda: None)


def redact_video(
    video: Video,
    target: IO[bytes],
    written: VideoFormat,
    look: Looker,
    workshop: Workshop,
    covering: VideoCovering,
    audio: Audio = Audio.KEEP,
    progress: Progress = no_progress,
) -> RedactedVideo:
    """Write a video with its faces covered. target: an empty file, open to be written and read.

    What the workshop holds already is not done again; it is for the caller to remove. Raises the VideoError that fits,
    OutputUnwritableError and OSError where something cannot be written, and what `look` raises.
    """
    parts = _look(video, look, workshop, progress)
    done = _cover(video, written, workshop, covering, progress)
    mux(target, [workshop.segment(number) for number in range(parts)], video, written, audio)
    return done


def _look(video: Video, look: Looker, workshop: Workshop, progress: Progress) -> int:
    """Look at all frames that were not looked at yet; how many parts the video has."""
    number, last = workshop.looked_at()
    expected = video.frame_count or round((video.duration_ms or 0) * video.frame_rate / 1000)
    with (
        progress("looking", max(1, expected - number * PART_FRAMES)) as advance,
        ThreadPoolExecutor(available_cpus(), "look") as pool,
    ):
        after, before_ms = (last.pts, last.time_ms) if last else (None, None)
        frames = _numbered(video.frames(after), number * PART_FRAMES, before_ms)
        seen = _ahead(pool, lambda given: (given[0].pts, look(*given)), frames)
        while part := list(islice(seen, PART_FRAMES)):
            workshop.keep(number, Part([one for _, one in part], part[-1][0]))
            number += 1
            for _ in part:
                advance()
    return number


def _numbered(
    frames: Iterable[Frame], first: int, before_ms: float | None
) -> Iterator[tuple[Frame, int, bool]]:
    """Each frame, its number, and whether to recognise people in it: in the first of each span of time."""
    span = None if before_ms is None else before_ms // RECOGNISED_EVERY_MS
    for number, frame in enumerate(frames, first):
        now = frame.timestamp_ms // RECOGNISED_EVERY_MS
        yield frame, number, now != span
        span = now


def _ahead(
    pool: ThreadPoolExecutor, work: Callable[[Item], Result], items: Iterable[Item]
) -> Iterator[Result]:
    """A work done with items side by side; the results in the order of the items, a few of which are taken ahead."""
    waiting: deque[Future[Result]] = deque()
    for item in items:
        waiting.append(pool.submit(work, item))
        if len(waiting) > 2 * available_cpus():
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def _cover(
    video: Video, written: VideoFormat, workshop: Workshop, covering: VideoCovering, progress: Progress
) -> RedactedVideo:
    """Write the segments that are not written yet."""
    done, frames = RedactedVideo(), None
    parts, _ = workshop.looked_at()
    stream = covers((look for part in workshop.read() for look in part.looks), video.width, video.height)
    with progress("covering", parts) as advance:
        for number in range(parts):
            part = [(one, _regions(one, covering)) for one in islice(stream, PART_FRAMES)]
            for one, regions in part:
                done.add(len(regions), one.doubts)
            if not workshop.segment(number).exists():
                frames = frames or video.frames(workshop.part(number - 1).last_pts if number else None)
                with segment_writer(workshop.segment(number), video, written) as writer:
                    for _, regions in part:
                        writer.write(_covered(frames, regions, covering, video))
            advance()
    return done


def _regions(one: Covers, covering: VideoCovering) -> list[Region]:
    at = covering.at(one.time_ms)
    found = [Box(*map(float, region)) for region in one.regions_xywh]
    return [
        *(Region(box, covering.shape) for box in found if not at.left_open(box)),
        *(Region(box, Shape.BOX) for box in at.also),
    ]


def _covered(
    frames: Iterator[Frame], regions: Sequence[Region], covering: VideoCovering, video: Video
) -> Frame:
    """The next frame, with these regions covered."""
    frame = next(frames, None)
    if frame is None:
        raise CorruptVideoError("the video changed while it was redacted")
    if regions:
        frame.picture.make_writable()
        full_range = video.colour.range == _FULL_RANGE
        cover_planes(planes_of(frame.picture), regions, covering.style, full_range=full_range)
    return frame
