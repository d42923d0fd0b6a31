"""`visavis detect`: the faces of photos."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from visavis.analysis import Analyzer
from visavis.cli.inputs import expand_photos
from visavis.cli.output import json_option, print_json, print_table, report, save_image
from visavis.cli.progress import progress
from visavis.errors import VisavisError
from visavis.faces import Face
from visavis.imaging import Photo

_DRAWABLE = (".png", ".jpg", ".jpeg", ".webp")


@click.command()
@click.argument("images", nargs=-1, required=True, metavar="IMAGE...")
@click.option(
    "--draw",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="Write a picture with the faces marked: a file for one photo, a folder for several.",
)
@json_option
def detect(images: tuple[str, ...], draw: Path | None, *, as_json: bool) -> None:
    """Find the faces in photos, in folders of photos, or in what a pattern matches."""
    photos = expand_photos(images)
    targets = _targets(photos, draw)
    found: list[dict[str, Any]] = []
    with progress("photos", len(photos)) as advance:
        for path, result in zip(photos, Analyzer().analyze_many(photos, templates=False), strict=True):
            entry = _entry(path, result, targets.get(path))
            found.append(entry)
            advance()
    if as_json:
        print_json(found)
    else:
        _print(found)
    if any("error" in entry for entry in found):
        sys.exit(1)


def _entry(path: Path, result: list[Face] | VisavisError, target: Path | None) -> dict[str, Any]:
    """What is said of one photo; an error is said at once on standard error, too."""
    try:
        if isinstance(result, VisavisError):
            raise result
        photo = Photo(path)
        if target is not None:
            from visavis.cli.draw import draw_faces

            save_image(draw_faces(photo.image(), result), target)
    except VisavisError as error:
        report(str(path), error)
        return {"photo": str(path), "error": {"message": error.message, "hint": error.hint}}
    return {
        "photo": str(path),
        "width": photo.width,
        "height": photo.height,
        "faces": [face_as_json(i, face) for i, face in enumerate(result, start=1)],
    }


def face_as_json(number: int, face: Face) -> dict[str, Any]:
    """A face as the command line and its readers exchange it: pixels, degrees, 0 to 1 or 100."""
    box, points, pose, quality = face.box, face.landmarks, face.pose, face.quality
    names = ("left_eye", "right_eye", "nose", "left_mouth", "right_mouth")
    return {
        "id": number,
        "confidence": round(face.confidence, 4),
        "box": {key: round(getattr(box, key), 1) for key in ("x", "y", "width", "height")},
        "landmarks": {name: [round(value, 1) for value in getattr(points, name)] for name in names},
        "pose": {key: round(getattr(pose, key), 1) for key in ("yaw", "pitch", "roll")},
        "quality": {
            "score": round(quality.score, 3),
            "sharpness": round(quality.sharpness, 1),
            "brightness": round(quality.brightness, 1),
            "reasons": list(quality.reasons),
        },
    }


def _targets(photos: list[Path], draw: Path | None) -> dict[Path, Path]:
    """Where each photo's picture goes; names that would collide get a number."""
    if draw is None:
        return {}
    if len(photos) == 1 and not draw.is_dir():
        if draw.suffix.lower() not in _DRAWABLE:
            raise click.UsageError(
                f"--draw writes {', '.join(_DRAWABLE)}: give the file one of these endings"
            )
        return {photos[0]: draw}
    if draw.is_file():
        raise click.UsageError("--draw needs a folder where there are several photos")
    targets: dict[Path, Path] = {}
    for photo in photos:
        target, number = draw / f"{photo.stem}.png", 2
        while target in targets.values():
            target, number = draw / f"{photo.stem}-{number}.png", number + 1
        targets[photo] = target
    return targets


def _print(found: list[dict[str, Any]]) -> None:
    rows = []
    for entry in found:
        if "error" in entry:
            continue
        if not entry["faces"]:
            rows.append([entry["photo"], "-", "no face", "", "", "", "", ""])
        for face in entry["faces"]:
            box, pose, quality = face["box"], face["pose"], face["quality"]
            corner, size = f"{box['x']:.0f}, {box['y']:.0f}", f"{box['width']:.0f} x {box['height']:.0f}"
            angles = f"{pose['yaw']:+.0f} {pose['pitch']:+.0f} {pose['roll']:+.0f}"
            reasons = ", ".join(reason.replace("_", " ") for reason in quality["reasons"])
            row = [entry["photo"], str(face["id"]), corner, size, f"{face['confidence']:.2f}", angles]
            rows.append([*row, f"{quality['score']:.2f}", reasons])
    if rows:
        columns = ["photo", "id#", "x, y#", "size (px)#", "confidence#", "pose#", "quality#", "why low"]
        print_table(columns, rows)
