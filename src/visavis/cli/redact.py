"""`visavis redact`: photos and videos that one may publish without exposing people."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import click

from visavis.analysis import Analyzer
from visavis.cli.inputs import PHOTO_SUFFIXES, VIDEO_SUFFIXES, CorrectionType
from visavis.cli.output import json_option, print_json
from visavis.cli.progress import progress
from visavis.cli.redact_words import photo_entry, say_what_was_done, video_entry
from visavis.cli.state import database_option, opened_registry
from visavis.extras import require_extra
from visavis.redaction.corrections import Correction
from visavis.redaction.covering import Covering, Redacted, VideoCovering
from visavis.redaction.encoding import format_of
from visavis.redaction.masks import Shape
from visavis.redaction.outputs import Outputs, Task, tasks_of
from visavis.redaction.redact import Spare
from visavis.redaction.redact import redact as redact_one
from visavis.redaction.styles import Style
from visavis.services.photos import read_photo
from visavis.settings import home

_BOX = CorrectionType()


@click.command()
@click.argument("source", metavar="INPUT", type=click.Path(exists=True, path_type=Path))
@click.argument("target", metavar="OUTPUT", type=click.Path(path_type=Path))
@click.option(
    "--style",
    type=click.Choice([style.value for style in Style]),
    default=Style.SOLID.value,
    show_default=True,
    help="How faces are covered. What pixelate and blur hide can be guessed back (they are reversible); solid leaves nothing.",
)
@click.option(
    "--shape",
    type=click.Choice([shape.value for shape in Shape]),
    default=Shape.ELLIPSE.value,
    show_default=True,
)
@click.option(
    "--keep",
    "gallery",
    metavar="GALLERY",
    help="Spare people whose consent counts for this gallery's purpose.",
)
@click.option(
    "--fpir",
    "max_fpir",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=1e-3,
    show_default=True,
    help="With --keep: how often, at most, a stranger's face may be taken for one of them and be left uncovered.",
)
@click.option(
    "--keep-box",
    "keep",
    type=_BOX,
    multiple=True,
    help="Leave the face whose middle lies here uncovered. In a video, from one time until another.",
)
@click.option(
    "--also",
    type=_BOX,
    multiple=True,
    help="Cover this part besides. In pixels of the upright picture.",
)
@click.option(
    "--audio",
    type=click.Choice(["keep", "drop"]),
    default="keep",
    show_default=True,
    help="What becomes of the sound of videos. Voices tell who speaks.",
)
@database_option
@json_option
def redact(
    source: Path,
    target: Path,
    style: Style,
    shape: Shape,
    gallery: str | None,
    max_fpir: float,
    keep: tuple[Correction, ...],
    also: tuple[Correction, ...],
    audio: str,
    database_url: str | None,
    *,
    as_json: bool,
) -> None:
    """Cover the faces in a photo or a video, or in all of a folder, and drop all metadata.

    INPUT is never changed and nothing is overwritten; a run that was cut off can be repeated and goes on. Other files are named
    and not copied. Exits 1 if a file failed.
    """
    tasks, others = tasks_of(source, target, PHOTO_SUFFIXES | VIDEO_SUFFIXES)
    videos = [task for task in tasks if _is_video(task)]
    photos = [task for task in tasks if not _is_video(task)]
    _check(source, keep + also, videos)
    covering = VideoCovering(Style(style), Shape(shape), keep, also)
    analyzer = Analyzer()
    with _sparing(gallery, max_fpir, database_url) as (spare, mark):
        outputs = Outputs(home(), f"{covering.at(0)} {mark}")
        photo_entries = _redact_photos(analyzer, photos, outputs, covering.at(0), spare)
        outputs = Outputs(home(), f"{covering} {audio} {mark}")
        video_entries = _redact_videos(analyzer, videos, outputs, covering, audio, spare)
    if as_json:
        not_copied = [str(path) for path in others]
        print_json({"photos": photo_entries, "videos": video_entries, "not_copied": not_copied})
    else:
        say_what_was_done(photo_entries, video_entries, others, covering.style)
    if any("error" in entry for entry in photo_entries + video_entries):
        sys.exit(1)


@contextmanager
def _sparing(
    gallery: str | None, max_fpir: float, database_url: str | None
) -> Iterator[tuple[Spare | None, str]]:
    """Whom to spare, and a text that changes where that is somebody else; no store is opened for nobody."""
    if gallery is None:
        yield None, ""
        return
    from visavis.services.redact import check, spared

    with opened_registry(database_url) as registry:
        erasures = check(registry, gallery, max_fpir)
        yield (
            lambda photo, faces: spared(registry, gallery, photo, faces, max_fpir),
            f"{gallery} {max_fpir} {erasures}",
        )


def _is_video(task: Task) -> bool:
    """A GIF may be a video or a photo, as what it is to become says."""
    suffix = task.source.suffix.lower()
    if suffix not in PHOTO_SUFFIXES:
        return suffix in VIDEO_SUFFIXES
    return suffix in VIDEO_SUFFIXES and task.target.suffix.lower() in VIDEO_SUFFIXES


def _check(source: Path, corrections: Sequence[Correction], videos: Sequence[Task]) -> None:
    if source.is_dir() and corrections:
        raise click.UsageError("--keep-box and --also are for one photo or video")
    if not videos and any(correction.is_timed for correction in corrections):
        raise click.UsageError("a box with a time is for a video")
    if videos:
        require_extra("video", "av")


def _redact_photos(
    analyzer: Analyzer, tasks: Sequence[Task], outputs: Outputs, covering: Covering, spare: Spare | None
) -> list[dict[str, Any]]:
    work = partial(_redact, analyzer, outputs, covering, spare)
    entries = []
    with progress("redacting", len(tasks)) as advance:
        for task, outcome in zip(tasks, analyzer.map(work, tasks), strict=True):
            entries.append(photo_entry(task, outcome))
            advance()
    return entries


def _redact(
    analyzer: Analyzer, outputs: Outputs, covering: Covering, spare: Spare | None, task: Task
) -> Redacted | None:
    """Redact one photo; None where that was done before."""
    if outputs.done(task):
        return None
    written = format_of(task.target)
    redacted = redact_one(analyzer, read_photo(task.source), covering, spare=spare, written=written)
    outputs.write(task, redacted.photo)
    return replace(redacted, photo=b"")


def _redact_videos(
    analyzer: Analyzer,
    tasks: Sequence[Task],
    outputs: Outputs,
    covering: VideoCovering,
    audio: str,
    spare: Spare | None,
) -> list[dict[str, Any]]:
    """One after the other, for each takes all cores."""
    if not tasks:
        return []
    from visavis.cli.redact_videos import Videos
    from visavis.video.muxing import Audio

    videos = Videos(analyzer, outputs, home() / "videos", covering, Audio(audio), spare)
    return [video_entry(task, outcome) for task, outcome in videos.redact(tasks)]
