"""From what a person types to the photos that are meant."""

from __future__ import annotations

import glob
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from visavis.comparison import DEFAULT_MAX_FMR
from visavis.errors import VisavisError
from visavis.redaction.corrections import Correction, read_correction

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
    """A box as people type it, and in a video the time in which it counts."""

    name = "X,Y,W,H[@FROM-UNTIL]"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Correction:
        """The box and its time."""
        try:
            return read_correction(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


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
