"""`visavis redact`: photos and videos that one may publish without exposing people."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
from click.core import ParameterSource

from visavis.analysis import Analyzer
from visavis.cli.inputs import PHOTO_SUFFIXES, CorrectionType, existing_file, new_file
from visavis.cli.output import json_option, print_json_list
from visavis.cli.progress import progress, resumable
from visavis.cli.redact_review import Reviewing
from visavis.cli.redact_words import counted, entry, say_what_was_done
from visavis.cli.redacting import Asked, Done, redact_photos
from visavis.cli.sparing import sparing
from visavis.cli.state import database_option
from visavis.errors import FolderUnreadableError, MissingExtraError
from visavis.extras import require_extra
from visavis.redaction.corrections import Correction
from visavis.redaction.covering import VideoCovering
from visavis.redaction.inputs import Input, Task, tasks_of
from visavis.redaction.masks import Shape
from visavis.redaction.outputs import Outputs
from visavis.redaction.styles import Style
from visavis.settings import home
from visavis.video.formats import VIDEO_SUFFIXES


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
    type=CorrectionType(),
    multiple=True,
    help="Leave the face whose middle lies here uncovered. In a video, from one time until another.",
)
@click.option(
    "--also",
    type=CorrectionType(),
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
@click.option(
    "--report",
    type=new_file,
    help="Write a page with the places that most likely show a missed face, for whoever decides.",
)
@click.option(
    "--annotations",
    type=existing_file,
    help="Count missed faces where somebody marked all by eye: file,frame,x,y,width,height.",
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
    report: Path | None,
    annotations: Path | None,
    database_url: str | None,
    *,
    as_json: bool,
) -> None:
    """Cover the faces in a photo or a video, or in all of a folder, and drop all metadata.

    INPUT is never changed and nothing is overwritten; a run that was cut off can be repeated and goes on. Other files are named
    and not copied. Exits 1 if a file failed.
    """
    if gallery is None:
        _check_nobody_is_spared()
    given = tasks_of(source, target, PHOTO_SUFFIXES | VIDEO_SUFFIXES)
    _check(source, keep + also, given.tasks)
    reviewing = Reviewing.asked(source, target, report, annotations)
    covering = VideoCovering(Style(style), Shape(shape), keep, also)
    counts: Counter[str] = Counter()
    with resumable(), sparing(gallery, max_fpir, database_url) as spared:
        asked = Asked(Analyzer(), covering, audio, spared, reviewing)
        done = _reviewed(reviewing, _redact_all(asked, given), given.others, covering.style)
        entries = counted(map(entry, done), counts)
        if as_json:
            not_copied = [str(path) for path in given.others]
            print_json_list(entries, "files", lambda: {"not_copied": not_copied, **reviewing.told()})
        else:
            for _ in entries:
                pass
            say_what_was_done(counts, given.others, covering.style, reviewing.told())
    if counts["failed"]:
        sys.exit(1)


def _reviewed(
    reviewing: Reviewing, done: Iterator[Done], others: Sequence[Path], style: Style
) -> Iterator[Done]:
    """What was done, as it comes, and then the page of it, where one is asked for."""
    yield from reviewing.kept(done)
    reviewing.write(others, style)


def _check(source: Path, corrections: Sequence[Correction], tasks: Sequence[Task]) -> None:
    if source.is_dir() and corrections:
        raise click.UsageError("--keep-box and --also are for one photo or video")
    if any(map(_is_video, tasks)):
        if not source.is_dir():
            require_extra("video", "av")
    elif any(correction.is_timed for correction in corrections):
        raise click.UsageError("a box with a time is for a video")


def _check_nobody_is_spared() -> None:
    """Whoever says how to spare people and not whom has forgotten something."""
    context = click.get_current_context()
    for parameter, option in (("max_fpir", "--fpir"), ("database_url", "--database-url")):
        if context.get_parameter_source(parameter) is ParameterSource.COMMANDLINE:
            raise click.UsageError(f"{option} is for --keep GALLERY")


def _is_video(task: Task) -> bool:
    """A GIF may be a video or a photo, as what it is to become says."""
    suffix = task.source.suffix.lower()
    if suffix not in PHOTO_SUFFIXES:
        return suffix in VIDEO_SUFFIXES
    return suffix in VIDEO_SUFFIXES and task.target.suffix.lower() in VIDEO_SUFFIXES


def _redact_all(asked: Asked, given: Input) -> Iterator[Done]:
    """Photos side by side, then videos one after the other, for each of them takes all cores."""
    photos = [task for task in given.tasks if not _is_video(task)]
    videos = [task for task in given.tasks if _is_video(task)]
    outputs = Outputs(home(), asked.settings_of_photos())
    outputs.sweep(given.tasks)
    yield from (Done(folder, "folder", FolderUnreadableError()) for folder in given.unreadable)
    with progress("redacting", len(photos)) as advance:
        for done in redact_photos(asked, outputs, photos):
            yield done
            advance()
    if videos:
        yield from _videos(asked, videos)


def _videos(asked: Asked, tasks: Sequence[Task]) -> Iterator[Done]:
    """What became of videos, which all fail where the packages for them are missing."""
    try:
        require_extra("video", "av")
    except MissingExtraError as error:
        yield from (Done(task, "video", error) for task in tasks)
        return
    from visavis.cli.redact_videos import redact_videos

    yield from redact_videos(asked, Outputs(home(), asked.settings_of_videos()), home() / "videos", tasks)
