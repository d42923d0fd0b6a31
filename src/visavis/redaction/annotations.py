"""Where faces truly are, as somebody marked them by eye: a CSV file, one face to a line.

    file,frame,x,y,width,height

file: as it is called within the input folder, with /; of an input that is one file, its name. frame: of a video, counted
from 0; empty for a photo. The box: in pixels of the upright picture. UTF-8.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import IO

from visavis.errors import AnnotationsError
from visavis.faces import Box

MAX_BYTES = 2**26
MAX_FACES = 1_000_000

_COLUMNS = ["file", "frame", "x", "y", "width", "height"]
_MOST_FRAMES = 10**8
_MOST_PX = 10**6

Picture = tuple[str, int | None]
"""A file and, of a video, the number of the frame."""


@dataclass(frozen=True, slots=True)
class Annotations:
    """The boxes of the faces in each picture that shows any."""

    boxes: Mapping[Picture, tuple[Box, ...]]

    def __len__(self) -> int:
        return sum(map(len, self.boxes.values()))

    def of(self, file: str, frame: int | None = None) -> tuple[Box, ...]:
        """The faces in a photo, or in a frame of a video; none where none is marked."""
        return self.boxes.get((file, frame), ())


def read_annotations(file: IO[bytes]) -> Annotations:
    """What an annotations file says.

    Raises AnnotationsError, which names the line and the column but never what stands there, and OSError.
    """
    rows = _rows(_text(file))
    if next(rows, (1, []))[1] != _COLUMNS:
        raise AnnotationsError(f"line 1: the columns are not {','.join(_COLUMNS)}")
    boxes: dict[Picture, list[Box]] = {}
    for number, (line, fields) in enumerate(rows):
        if number == MAX_FACES:
            raise AnnotationsError(f"line {line}: there are at most {MAX_FACES:,} faces")
        picture, box = _face(line, fields)
        boxes.setdefault(picture, []).append(box)
    return Annotations({picture: tuple(own) for picture, own in boxes.items()})


def _face(line: int, fields: list[str]) -> tuple[Picture, Box]:
    if len(fields) != len(_COLUMNS):
        raise AnnotationsError(f"line {line}: not as many fields as columns")
    file, frame, *numbers = fields
    if not file:
        raise _wrong(line, "file", "this is missing")
    if frame and not (frame.isdecimal() and len(frame) < 20 and int(frame) <= _MOST_FRAMES):
        raise _wrong(line, "frame", "this is not the number of a frame, counted from 0")
    x, y, width, height = (
        _pixels(line, column, text) for column, text in zip(_COLUMNS[2:], numbers, strict=True)
    )
    for column, side in (("width", width), ("height", height)):
        if side <= 0:
            raise _wrong(line, column, "a face is longer than nothing")
    return (file, int(frame) if frame else None), Box(x, y, width, height)


def _pixels(line: int, column: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not abs(value) <= _MOST_PX:
        raise _wrong(line, column, "this is not a number of pixels")
    return value


def _wrong(line: int, column: str, what: str) -> AnnotationsError:
    return AnnotationsError(f"line {line}, column {column}: {what}")


def _text(file: IO[bytes]) -> str:
    data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise AnnotationsError(f"the file is larger than {MAX_BYTES // 2**20} MiB")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise AnnotationsError("the file is not UTF-8 text") from None


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """Each row that is not empty, with the number of its first line."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    while True:
        line = reader.line_num + 1
        try:
            fields = next(reader, None)
        except csv.Error:
            raise AnnotationsError(f"line {line}: this is not CSV") from None
        if fields is None:
            return
        if fields:
            yield line, [value.strip() for value in fields]
