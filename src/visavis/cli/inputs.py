"""From what a person types to the photos that are meant."""

from __future__ import annotations

import glob
import math
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from visavis.comparison import DEFAULT_MAX_FMR
from visavis.errors import VisavisError
from visavis.faces import Box
from visavis.redaction.covering import Correction

existing_file = click.Path(exists=True, dir_okay=False, path_type=Path)
new_file = click.Path(dir_okay=False, path_type=Path)
fmr_option = click.option(
    "--fmr",
    "max_fmr",
    type=click.FloatRange(1e-6, 1),
    default=DEFAULT_MAX_FMR,
    show_default=True,
    help="How often, at most, two different people may be taken for one.",
)
key_option = click.option("--key", help="The log's public key, as you know it: NAME+HEX+BASE64.")


class CorrectionType(click.ParamType[Correction]):
    """A box as people type it, in pixels, and in a video the time in which it counts."""

    name = "X,Y,W,H[@FROM-UNTIL]"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Correction:
        """The box, whose sides are longer than nothing, and its time."""
        numbers, timed, times = str(value).partition("@")
        try:
            x, y, width, height = (float(part) for part in numbers.split(","))
        except ValueError:
            self.fail("a box is four numbers, X,Y,W,H, in pixels of the upright picture", param, ctx)
        if not (math.isfinite(x + y + width + height) and width > 0 and height > 0):
            self.fail("a box has a width and a height", param, ctx)
        box = Box(x, y, width, height)
        if not timed:
            return Correction(box)
        match = _TIMES.fullmatch(times)
        if match is None or not (from_ms := _ms(match[1])) <= (until_ms := _ms(match[2])):
            self.fail(
                "a time is FROM-UNTIL, each in seconds or as MIN:SEC, such as @12.5-14 or @1:02-1:05",
                param,
                ctx,
            )
        return Correction(box, from_ms, until_ms)


_TIMES = re.compile(r"([\d:.]+)-([\d:.]+)")


def _ms(time: str) -> float:
    """Milliseconds of `SEC`, `MIN:SEC` or `HOUR:MIN:SEC`; NaN of anything else."""
    try:
        parts = [float(part) for part in time.split(":")]
    except ValueError:
        return math.nan
    return (
        sum(part * 60**place for place, part in enumerate(reversed(parts))) * 1000
        if len(parts) <= 3
        else math.nan
    )


VIDEO_SUFFIXES = frozenset(".mp4 .m4v .mov .mkv .webm .gif".split())  # noqa: SIM905
PHOTO_SUFFIXES = frozenset(
    ".jpg .jpeg .jpe .jfif .png .webp .tif .tiff .bmp .gif .heic .heif .avif".split()  # noqa: SIM905
)


def expand_photos(names: Iterable[str]) -> list[Path]:
    """Files as they are, folders with all their photos, patterns with what they match; in order, each once.

    Raises VisavisError where a folder or a pattern yields no photo.
    """
    photos: dict[Path, None] = {}
    for name in names:
        path = Path(name)
        if path.is_dir():
            found = sorted(p for p in path.rglob("*") if p.suffix.lower() in PHOTO_SUFFIXES and p.is_file())
        elif not path.exists() and glob.has_magic(name):
            found = sorted(Path(match) for match in glob.glob(name, recursive=True))  # noqa: PTH207  it takes absolute patterns
        else:
            found = [path]
        if not found:
            raise VisavisError(
                f"{name}: no photos there", hint="give photos, a folder that holds some, or a pattern"
            )
        photos.update(dict.fromkeys(found))
    return list(photos)
