"""`visavis redact`: photos that one may publish without exposing people."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import click

from visavis.analysis import Analyzer
from visavis.cli.inputs import PHOTO_SUFFIXES, BoxType
from visavis.cli.output import json_option, print_json_list, report
from visavis.cli.progress import progress, resumable
from visavis.cli.state import database_option, opened_registry
from visavis.errors import (
    ClockError,
    KeyringError,
    ModelError,
    OutputFullError,
    SearchRateError,
    StoreError,
    UnknownGalleryError,
    VisavisError,
)
from visavis.faces import Box
from visavis.redaction.covering import Covering, Redacted
from visavis.redaction.encoding import format_of
from visavis.redaction.masks import Shape
from visavis.redaction.outputs import Outputs, Task, tasks_of
from visavis.redaction.redact import Spare
from visavis.redaction.redact import redact as redact_one
from visavis.redaction.styles import Style
from visavis.services.photos import read_photo
from visavis.settings import home

_BOX = BoxType()
_OF_NO_PHOTO = (
    ClockError,
    KeyringError,
    ModelError,
    OutputFullError,
    SearchRateError,
    StoreError,
    UnknownGalleryError,
)
"""What ends a run: the next photo would fare no better."""


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
    "--keep-box", "keep", type=_BOX, multiple=True, help="Leave the face whose middle lies here uncovered."
)
@click.option(
    "--also", type=_BOX, multiple=True, help="Cover this part besides. In pixels of the upright photo."
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
    keep: tuple[Box, ...],
    also: tuple[Box, ...],
    database_url: str | None,
    *,
    as_json: bool,
) -> None:
    """Cover the faces in a photo, or in all photos of a folder, and drop all metadata.

    INPUT is never changed and nothing is overwritten; a run that was cut off can be repeated and goes on. Files that are no
    photos are named and not copied. Exits 1 if a photo failed.
    """
    tasks, others = tasks_of(source, target, PHOTO_SUFFIXES)
    if source.is_dir() and (keep or also):
        raise click.UsageError("--keep-box and --also are for one photo")
    covering = Covering(Style(style), Shape(shape), keep, also)
    counts: Counter[str] = Counter()
    with resumable(), _sparing(gallery, max_fpir, database_url) as (spare, mark):
        outputs = Outputs(home(), f"{covering} {mark}")
        entries = _counted(_redact_all(Analyzer(), tasks, outputs, covering, spare), counts)
        if as_json:
            print_json_list(entries, "photos", not_copied=[str(path) for path in others])
        else:
            for _ in entries:
                pass
            _print(counts, others, covering.style)
    if counts["failed"]:
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


def _redact_all(
    analyzer: Analyzer, tasks: Sequence[Task], outputs: Outputs, covering: Covering, spare: Spare | None
) -> Iterator[dict[str, Any]]:
    """Redact, and say of each photo what came of it; raises what is of no photo, as nothing can be redacted then."""
    outputs.sweep(tasks)
    work = partial(_redact, analyzer, outputs, covering, spare)
    with progress("redacting", len(tasks)) as advance:
        for task, outcome in zip(tasks, analyzer.map(work, tasks), strict=True):
            if isinstance(outcome, _OF_NO_PHOTO):
                raise outcome
            yield _entry(task, outcome)
            advance()


def _counted(entries: Iterable[dict[str, Any]], counts: Counter[str]) -> Iterator[dict[str, Any]]:
    """What is said of photos, counted as it comes."""
    for entry in entries:
        counts["failed"] += "error" in entry
        counts["before"] += entry.get("done_before", False)
        counts["new"] += "covered" in entry
        for what in ("covered", "spared", "kept"):
            counts[what] += entry.get(what, 0)
        yield entry


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


def _entry(task: Task, outcome: Redacted | VisavisError | None) -> dict[str, Any]:
    """What is said of one photo; an error is said at once on standard error, too."""
    named = {"photo": str(task.source)}
    if isinstance(outcome, VisavisError):
        report(str(task.source), outcome)
        return named | {"error": {"message": outcome.message, "hint": outcome.hint}}
    done: dict[str, Any] = {"output": str(task.target), "done_before": outcome is None}
    if outcome is not None:
        done |= {"covered": outcome.covered, "kept": outcome.kept, "spared": outcome.spared}
    return named | done


def _print(counts: Counter[str], others: Sequence[Path], style: Style) -> None:
    for path in others:
        click.echo(f"visavis: {path}: not a photo, not copied", err=True)
    if style.reversible:
        click.echo(f"visavis: what {style} hides can be guessed back; --style solid leaves nothing", err=True)
    parts = [f"redacted {_count(counts['new'], 'photo')}, covered {_count(counts['covered'], 'face')}"]
    for count, what in (
        (counts["spared"], "spared by consent"),
        (counts["kept"], "kept by hand"),
        (counts["before"], "photos done before"),
        (counts["failed"], "photos failed"),
        (len(others), "other files not copied"),
    ):
        if count:
            parts.append(f"{count:,} {what}")
    click.echo(", ".join(parts))


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
