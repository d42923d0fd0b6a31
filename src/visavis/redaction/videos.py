"""A video with its faces covered, in two passes over the file: where are they, and then, knowing that of all of it, cover and write.

A face is often found in some frames of a row and not in others, so what is covered in one is only known once its neighbours were
looked at. Both passes take the frames in their order, in parts; a part that is finished is kept in the workshop, so that the same
video comes out whether or not the work was cut off.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from itertools import islice
from typing import IO

from visavis.ahead import in_order
from visavis.errors import CorruptVideoError
from visavis.faces import Box
from visavis.models.session import available_cpus
from visavis.redaction.by_hand import ByHand, Watch, nobody
from visavis.redaction.covering import VideoCovering
from visavis.redaction.covers import Covers, covers
from visavis.redaction.masks import Region, Shape
from visavis.redaction.planes import cover_planes
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
"""How often faces are compared with a gallery's: often enough for `tracks.KEPT_GAP_MS` with one time at which it could not be."""

Looker = Callable[[Frame, int, bool], Look]
"""From a frame, its number, and whether to recognise people in it to what is seen in it. Any number of threads call it."""

Progress = Callable[[str, int], AbstractContextManager[Callable[[], None]]]
"""From what is done, and in how many steps, to a context whose value is called after each."""

_FULL_RANGE = 2
_AHEAD = 2  # frames for each core that are decoded before the first is looked at


@dataclass(slots=True)
class RedactedVideo:
    """What was done with a video. frames: how many; covered_frames: those with a cover; spared_frames: those in which somebody who agreed is left open."""

    frames: int = 0
    covered_frames: int = 0
    spared_frames: int = 0


def no_progress(_what: str, _total: int) -> AbstractContextManager[Callable[[], None]]:
    """Tell nobody."""
    return nullcontext(lambda: None)


@dataclass(frozen=True, slots=True)
class VideoRedaction:
    """One video and how it is redacted. look: see `watching.looker`. written: what it becomes.

    What the workshop holds already is not done again; it is for the caller to remove, where the work failed too.
    """

    video: Video
    look: Looker
    workshop: Workshop
    covering: VideoCovering
    written: VideoFormat
    audio: Audio = Audio.KEEP
    progress: Progress = no_progress
    watch: Watch = nobody

    def cover(self) -> RedactedVideo:
        """Look at the video and write it with its faces covered, part by part, into the workshop.

        Raises CorrectionError where a box that is to be covered by hand would cover nothing, the VideoError that fits, OutputFullError,
        OutputUnwritableError and what `look` raises.
        """
        by_hand = ByHand(self.video, self.covering, self.watch)
        done = self._cover(self._look(), by_hand)
        by_hand.check()
        return done

    def write(self, target: IO[bytes]) -> None:
        """Join the parts and the sound. target: an empty file, open to be written and read. Raises the VideoError that fits, and OSError."""
        segments = [self.workshop.segment(number) for number in range(self.workshop.looked_at()[0])]
        mux(target, segments, self.video, self.written, self.audio)

    def _look(self) -> int:
        """Look at all frames that were not looked at yet; how many parts the video has.

        What was seen in a part is kept once all of it was looked at, and of the next, meanwhile, no more than `_AHEAD` frames for each core.
        """
        number, last = self.workshop.looked_at()
        after, before_ms = last or (None, None)
        frames = _numbered(self.video.frames(after), number * PART_FRAMES, before_ms)
        seen = in_order(
            lambda given: (given[0].pts, self.look(*given)),
            frames,
            available_cpus(),
            _AHEAD * available_cpus(),
        )
        with self.progress("looking", self._expected() - number * PART_FRAMES) as advance:
            while part := list(islice(seen, PART_FRAMES)):
                self.workshop.keep(number, Part([look for _, look in part], part[-1][0]))
                number += 1
                for _ in part:
                    advance()
        return number

    def _expected(self) -> int:
        """About how many frames there are, by the header."""
        video = self.video
        return video.frame_count or round((video.duration_ms or 0) * video.frame_rate / 1000)

    def _cover(self, parts: int, watch: Watch) -> RedactedVideo:
        """Write the segments that are not written yet."""
        done = RedactedVideo()
        looks = (look for part in self.workshop.read() for look in part.looks)
        stream = covers(looks, self.video.width, self.video.height)
        frames: Iterator[Frame] | None = None
        with self.progress("covering", parts) as advance:
            for number in range(parts):
                part = list(islice(stream, PART_FRAMES))
                regions = [_regions(one, self.covering) for one in part]
                for one, its in zip(part, regions, strict=True):
                    done.frames += 1
                    done.covered_frames += bool(its)
                    done.spared_frames += one.spared
                    watch(one, its)
                if self.workshop.segment(number).exists():
                    frames = None  # those of the next part begin after this one's
                else:
                    frames = frames or self.video.frames(self._end_of(number - 1))
                    self._write_segment(number, frames, regions)
                advance()
        return done

    def _end_of(self, number: int) -> int | None:
        return self.workshop.part(number).last_pts if number >= 0 else None

    def _write_segment(
        self, number: int, frames: Iterator[Frame], regions: Sequence[Sequence[Region]]
    ) -> None:
        full_range = self.video.colour.range == _FULL_RANGE
        with segment_writer(self.workshop.segment(number), self.video, self.written) as writer:
            for covered in regions:
                frame = next(frames, None)
                if frame is None:
                    raise CorruptVideoError("the video changed while it was redacted")
                if covered:
                    frame.picture.make_writable()
                    planes = planes_of(frame.picture)
                    cover_planes(planes, covered, self.covering.style, full_range=full_range)
                writer.write(frame)
        self.workshop.settle()


def _numbered(
    frames: Iterable[Frame], first: int, before_ms: float | None
) -> Iterator[tuple[Frame, int, bool]]:
    """Each frame, its number, and whether to recognise people in it: in the first of each span of time."""
    span = None if before_ms is None else before_ms // RECOGNISED_EVERY_MS
    for number, frame in enumerate(frames, first):
        now = frame.timestamp_ms // RECOGNISED_EVERY_MS
        yield frame, number, now != span
        span = now


def _regions(one: Covers, covering: VideoCovering) -> list[Region]:
    """What is covered in a frame, after what was corrected by hand."""
    at = covering.at(one.time_ms)
    found = [Box(*map(float, region)) for region in one.regions_xywh]
    return [
        *(Region(box, covering.shape) for box in found if not at.left_open(box)),
        *(Region(box, Shape.BOX) for box in at.also),
    ]
