"""What a person is shown of a redaction: some dozens of moments, spread over its files and over their time."""

from __future__ import annotations

import heapq
import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

# Of what is chosen already, each moment of the same seconds and each of the same file make the next one count for less.
_SAME_MS, _SAME_TIME, _SAME_FILE = 10_000.0, 0.5, 0.95


@dataclass(frozen=True, slots=True)
class Span:
    """A frame of a video, by when it is shown and its number from 0, and the time in which a correction would hold: ms.

    first_ms: when the first frame is shown. size: width and height of the pictures in whose pixels a place is told, where the output's differ.
    """

    at_ms: float
    frame: int
    from_ms: float
    until_ms: float
    first_ms: float = 0.0
    size: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Moment:
    """What is to be looked at in a file: why, in words; how much it matters, 0 to 1; where and, in a video, when.

    corners: left, top, right, bottom in whole upright pixels; None where nothing tells.
    """

    reason: str
    weight: float
    corners: tuple[int, int, int, int] | None
    span: Span | None = None

    @property
    def option(self) -> str:
        """What corrects it, as an option of `visavis redact`; where nothing tells the place, with X,Y,W,H to be filled in."""
        box, time = "X,Y,W,H", ""
        if self.corners:
            left, top, right, bottom = self.corners
            box = f"{left},{top},{right - left},{bottom - top}"
        if self.span:
            until_ms = max(self.span.until_ms, self.span.from_ms + 0.001)  # no time is empty
            time = f"@{clock(self.span.from_ms)}-{clock(until_ms, up=True)}"
        return f"--also {box}{time}"


def chosen(files: Sequence[Sequence[Moment]], most: int) -> list[tuple[int, Moment]]:
    """The moments to show, at most so many, each with the number of its file: the worst first, but not all of one file or time."""
    waiting = [
        (-moment.weight, number, place)
        for number, moments in enumerate(files)
        for place, moment in enumerate(moments)
    ]
    heapq.heapify(waiting)
    shown: dict[int, list[Moment]] = defaultdict(list)
    order: list[tuple[int, Moment]] = []
    while waiting and len(order) < most:
        weight, number, place = heapq.heappop(waiting)
        moment = files[number][place]
        now = -moment.weight * _share(moment, shown[number])
        if now > weight:  # what was chosen since makes it count for less: to be looked at again in its turn
            heapq.heappush(waiting, (now, number, place))
            continue
        shown[number].append(moment)
        order.append((number, moment))
    return order


def clock(time_ms: float, *, up: bool = False) -> str:
    """A time as people write it and `--also` reads it, to a tenth of a second: 0:07.5 or 1:02:07.5. up: rounded up, else down."""
    tenths = math.ceil(time_ms / 100) if up else math.floor(time_ms / 100)
    minutes, tenths = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{tenths / 10:04.1f}" if hours else f"{minutes}:{tenths / 10:04.1f}"


def _share(moment: Moment, shown: Sequence[Moment]) -> float:
    """How much a moment still counts beside those of its file that are shown, 0 to 1."""
    near = sum(
        a.span is not None and moment.span is not None and abs(a.span.at_ms - moment.span.at_ms) < _SAME_MS
        for a in shown
    )
    return _SAME_FILE ** len(shown) * _SAME_TIME**near
