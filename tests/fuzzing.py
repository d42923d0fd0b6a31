"""Mutations of real photos in every format, for tests and for as long as one likes.

python tests/fuzzing.py --seconds 600 --seed 1
"""

from __future__ import annotations

import argparse
import io
import random
import time
import warnings
from functools import cache
from pathlib import Path

import pillow_heif
import skimage.data
from PIL import Image

import visavis
from visavis.errors import VisavisError
from visavis.imaging import Limits

FORMS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "AVIF", "HEIF")
# Small, so that a mutated header cannot make a round long.
LIMITS = Limits(max_bytes=2_000_000, max_pixels=2_000_000)
MAX_SECONDS = 20


@cache
def seeds() -> dict[str, bytes]:
    """A portrait in every format, with EXIF where the format has it."""
    pillow_heif.register_heif_opener()
    portrait = Image.fromarray(skimage.data.astronaut()).crop((130, 20, 330, 220))
    exif = Image.Exif()
    exif[0x0112] = 6
    found = {}
    for form in FORMS:
        buffer = io.BytesIO()
        portrait.save(buffer, form, **({} if form in ("BMP", "GIF") else {"exif": exif.tobytes()}))
        found[form] = buffer.getvalue()
    return found


def mutated(data: bytes, source: random.Random) -> bytes:
    """Some bytes changed (mostly near the head, where the structure is), removed, doubled or cut off."""
    result = bytearray(data)
    for _ in range(source.choice((1, 2, 8, 40))):
        reach = len(result) if source.random() < 0.4 else min(len(result), 600)
        at = source.randrange(max(1, reach))
        kind = source.random()
        if kind < 0.6:
            result[at : at + 1] = bytes([source.choice((0, 255, 127, 128, source.randrange(256)))])
        elif kind < 0.75:
            del result[at : at + source.randrange(1, 64)]
        elif kind < 0.9:
            result[at:at] = result[at : at + source.randrange(1, 64)]
        else:
            del result[max(8, at) :]
    return bytes(result)


@cache
def _analyzer() -> visavis.Analyzer:
    return visavis.Analyzer(limits=LIMITS)


def survives(data: bytes) -> None:
    """Fails unless the bytes give faces or a VisavisError, and that soon."""
    start = time.monotonic()
    try:
        _analyzer().detect(data)
    except VisavisError as error:
        assert error.message
        assert "\n" not in error.message
    assert time.monotonic() - start < MAX_SECONDS, "one photo took too long"


def main() -> None:
    """Fuzz for a while; a failure leaves its file behind."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    warnings.simplefilter("error")
    source, count, end = random.Random(options.seed), 0, time.monotonic() + options.seconds
    while time.monotonic() < end:
        data = mutated(seeds()[source.choice(FORMS)], source)
        try:
            survives(data)
        except BaseException:
            Path("fuzz-failure.bin").write_bytes(data)
            raise
        count += 1
    print(f"{count} photos, no failure")


if __name__ == "__main__":
    main()
