"""Films made from facemask853's development photos, for benchmarks/video_covers.py: pans and zooms whose faces are known in every frame.

A scene lasts 3 seconds. Every other scene shows one photo that fills the picture, the ones between four photos side by side, whose
faces are small; then the next scene begins with a cut. The same seed gives the same films. How films are looked at and covered was
chosen on such a film of 60 of the photos; these are made of the others.
"""

from __future__ import annotations

import random
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
from detection import Scene, _scenes
from numpy.typing import NDArray
from PIL import Image

WIDTH, HEIGHT, RATE, SECONDS = 1280, 720, 25, 3
_CHOSEN_ON, _CHOSEN_SEED = 60, 1
_LEAST_SEEN = 0.5  # of a face's area: one that is cut off by more counts as no face

Boxes = NDArray[np.float64]


class Film(NamedTuple):
    """A film's file, and its faces in each frame: (N, 4) xyxy, clipped to the picture."""

    path: Path
    faces: list[Boxes]


def make_film(path: Path, scenes: int, seed: int = 2) -> Film:
    """Write a film of that many scenes."""
    chance = random.Random(seed)  # noqa: S311  no secret
    photos = chance.sample(_photos(), scenes // 2 * 5)
    faces: list[Boxes] = []
    with av.open(path, "w") as file:
        track = file.add_stream("libx264", rate=RATE, options={"crf": "20", "preset": "veryfast"})
        track.width, track.height, track.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        track.codec_context.time_base = Fraction(1, RATE)
        for number in range(scenes):
            shown = [photos.pop() for _ in range(1 if number % 2 == 0 else 4)]
            for picture, boxes in _filmed(*_canvas(shown), chance):
                faces.append(boxes)
                file.mux(track.encode(av.VideoFrame.from_ndarray(np.asarray(picture), "rgb24")))
        file.mux(track.encode(None))
    return Film(path, faces)


def _photos() -> list[Scene]:
    """The photos with faces, without those on which settings were chosen."""
    photos = [scene for scene in _scenes() if len(scene.boxes)]
    chosen_on = random.Random(_CHOSEN_SEED).sample(photos, _CHOSEN_ON)  # noqa: S311  no secret
    return [photo for photo in photos if not any(photo is other for other in chosen_on)]


def _canvas(photos: list[Scene]) -> tuple[Image.Image, Boxes]:
    """A picture of 1.25 times the film's sides, of one photo or of four, with its faces."""
    canvas = Image.new("RGB", (WIDTH * 5 // 4, HEIGHT * 5 // 4))
    across = 1 if len(photos) == 1 else 2
    width, height = canvas.width // across, canvas.height // across
    boxes = []
    for i, photo in enumerate(photos):
        corner = np.array([i % across * width, i // across * height])
        # It fills its part; what is over is cut off where no faces are.
        scale = max(width / photo.size[0], height / photo.size[1])
        middle = photo.boxes.reshape(-1, 2).mean(axis=0)
        part_px = np.array([width, height]) / scale
        start = np.clip(middle - part_px / 2, 0, np.maximum(photo.size - part_px, 0))
        with Image.open(photo.path) as image:
            window = (*start, *np.minimum(start + part_px, photo.size))
            part = image.convert("RGB").resize((width, height), Image.Resampling.BICUBIC, box=window)
        canvas.paste(part, (int(corner[0]), int(corner[1])))
        boxes.append(_visible((photo.boxes - np.tile(start, 2)) * scale, width, height) + np.tile(corner, 2))
    return canvas, np.concatenate(boxes)


def _filmed(canvas: Image.Image, boxes: Boxes, chance: random.Random) -> list[tuple[Image.Image, Boxes]]:
    """The camera moves over the canvas in a straight line while it zooms."""
    views = []
    for _ in range(2):
        scale = chance.uniform(0.6, 1.0)
        width, height = canvas.width * scale, canvas.height * scale
        views.append(
            (chance.uniform(0, canvas.width - width), chance.uniform(0, canvas.height - height), scale)
        )
    frames = []
    for step in np.linspace(0, 1, RATE * SECONDS):
        left, top, scale = (float(a + step * (b - a)) for a, b in zip(*views, strict=True))
        k = canvas.width * scale / WIDTH
        window = (left, top, left + canvas.width * scale, top + canvas.height * scale)
        picture = canvas.resize((WIDTH, HEIGHT), Image.Resampling.BILINEAR, box=window)
        frames.append((picture, _visible((boxes - np.tile([left, top], 2)) / k, WIDTH, HEIGHT)))
    return frames


def _visible(boxes: Boxes, width: int, height: int) -> Boxes:
    """The boxes clipped to a picture, without those of which most lies outside."""
    clipped = boxes.clip(0, [width, height, width, height])
    seen = np.prod(clipped[:, 2:] - clipped[:, :2], axis=1)
    return np.asarray(clipped[seen >= _LEAST_SEEN * np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)])
