"""Small pictures of a redaction's outputs, around what is to be looked at. Of the inputs there is none."""

from __future__ import annotations

import io
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from PIL import Image, ImageDraw

from visavis.errors import VisavisError
from visavis.imaging import Photo
from visavis.redaction.moments import Moment, Span

WIDTH_PX, HEIGHT_PX = 360, 480
"""So large is a picture at most."""

_QUALITY = 80
_AROUND = 4.0  # what is shown, over the longer side of what it is about
_LEAST_SHOWN_PX = 160
_OUTLINE, _RIM = (255, 214, 0), (0, 0, 0)  # one of them is seen on whatever is there

Corners = tuple[int, int, int, int]


def pictures_of(output: Path, moments: Sequence[Moment]) -> list[bytes | None]:
    """A JPEG for each of these moments of one output, a photo or a video; None where it cannot be shown."""
    pictures: list[bytes | None] = []
    for moment in moments:
        picture = None
        with suppress(VisavisError, OSError):
            image = _frame(output, moment.span) if moment.span else _photo(output)
            picture = _jpeg(_around(image, moment.corners)) if image else None
        pictures.append(picture)
    return pictures


def _photo(output: Path) -> Image.Image:
    return Photo(output).image()


def _frame(output: Path, span: Span) -> Image.Image | None:
    """What a video shows then, at the size of its source. Without its sound it may begin sooner than that did."""
    from visavis.video.source import Video  # needs the extra, photos do not

    video = Video(output)
    time_ms = span.at_ms - span.first_ms + next(video.frames()).timestamp_ms
    before = video.start_pts + int((time_ms - 1) / 1000 / video.time_base) - 1
    for frame in video.frames(after=before):
        if frame.timestamp_ms >= time_ms - 1:
            return Image.fromarray(frame.rgb(*(span.size or (video.width, video.height))))
    return None


def _around(image: Image.Image, corners: Corners | None) -> Image.Image:
    """The part of a picture around a place, which is outlined; the whole where there is no place."""
    window = _window(image.size, corners) if corners else (0, 0, *image.size)
    width, height = window[2] - window[0], window[3] - window[1]
    scale = min(WIDTH_PX / width, HEIGHT_PX / height)
    shown = image.crop(window).resize((max(1, round(width * scale)), max(1, round(height * scale))))
    if corners:
        x, y = window[:2]
        left, top, right, bottom = ((p - q) * scale for p, q in zip(corners, (x, y, x, y), strict=True))
        draw = ImageDraw.Draw(shown)
        for room_px, colour in ((2, _OUTLINE), (3, _OUTLINE), (4, _RIM)):
            draw.rectangle((left - room_px, top - room_px, right + room_px, bottom + room_px), outline=colour)
    return shown


def _window(size: tuple[int, int], corners: Corners) -> Corners:
    """What to show of a picture of that size: 4 to 3, as far as it goes."""
    left, top, right, bottom = corners
    side = max(_AROUND * max(right - left, bottom - top), _LEAST_SHOWN_PX)
    width, height = min(size[0], round(side)), min(size[1], round(side * 3 / 4))
    x = min(max((left + right - width) // 2, 0), size[0] - width)
    y = min(max((top + bottom - height) // 2, 0), size[1] - height)
    return x, y, x + width, y + height


def _jpeg(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=_QUALITY)
    return file.getvalue()
