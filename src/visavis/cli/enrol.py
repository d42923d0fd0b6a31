"""`visavis enrol`: photos of people who agreed become references."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from visavis.cli.inputs import PHOTO_SUFFIXES, expand_photos
from visavis.cli.output import json_option, print_json_list, report
from visavis.cli.progress import progress, resumable
from visavis.cli.state import database_option, opened_registry
from visavis.errors import VisavisError

if TYPE_CHECKING:
    from visavis.services.enrol import Enrolled
    from visavis.services.folders import HowToEnrol, PhotoOf


@click.command()
@click.argument("gallery")
@click.argument("subject", required=False)
@click.argument("images", nargs=-1, metavar="IMAGE...")
@click.option(
    "--folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Enrol everybody in a folder of folders: FOLDER/SUBJECT/photo.jpg.",
)
@click.option(
    "--largest", is_flag=True, help="Where a photo shows several people, take the largest face alone."
)
@click.option(
    "--confirm",
    is_flag=True,
    help="You looked: enrol photos that do not look like their person, or look like another.",
)
@database_option
@json_option
def enrol(
    gallery: str,
    subject: str | None,
    images: tuple[str, ...],
    folder: Path | None,
    database_url: str | None,
    *,
    largest: bool,
    confirm: bool,
    as_json: bool,
) -> None:
    """Enrol photos of a person in a gallery, while they agree to its purpose.

    What is enrolled already is passed over, so an interrupted run can be repeated. Exits 1 if a photo was refused.
    """
    from visavis.services.folders import HowToEnrol

    photos, counts = _asked(subject, images, folder), Counts()
    with resumable():
        results = counts.of(_enrol(gallery, photos, HowToEnrol(largest, confirm), database_url))
        if as_json:
            print_json_list(_as_json(photo, outcome) for photo, outcome in results)
        else:
            _print(results, counts)
    if counts.refused:
        sys.exit(1)


@dataclass(slots=True)
class Counts:
    """What became of photos."""

    new: int = 0
    known: int = 0
    refused: int = 0

    def of(
        self, results: Iterable[tuple[PhotoOf, Enrolled | VisavisError]]
    ) -> Iterator[tuple[PhotoOf, Enrolled | VisavisError]]:
        """The results, counted as they come."""
        for photo, outcome in results:
            if isinstance(outcome, VisavisError):
                self.refused += 1
            elif outcome.known:
                self.known += 1
            else:
                self.new += 1
            yield photo, outcome


def _asked(subject: str | None, images: Sequence[str], folder: Path | None) -> list[PhotoOf]:
    from visavis.services.folders import PhotoOf

    if folder is None:
        if subject is None or not images:
            raise click.UsageError("give SUBJECT and IMAGE..., or --folder")
        return [PhotoOf(subject, path) for path in expand_photos(images)]
    if subject is not None:
        raise click.UsageError("with --folder, the folders in it name the subjects")
    found = sorted(path for path in folder.glob("*/*") if path.suffix.lower() in PHOTO_SUFFIXES)
    if not found:
        raise VisavisError("there are no photos in the folder's folders", hint="it holds SUBJECT/photo.jpg")
    return [PhotoOf(path.parent.name, path) for path in found]


def _enrol(
    gallery: str, photos: Sequence[PhotoOf], how: HowToEnrol, database_url: str | None
) -> Iterator[tuple[PhotoOf, Enrolled | VisavisError]]:
    from visavis.services.folders import enrol_photos

    with opened_registry(database_url) as registry, progress("enrolling", len(photos)) as advance:
        for result in enrol_photos(registry, gallery, photos, how):
            yield result
            advance()


def _as_json(photo: PhotoOf, outcome: Enrolled | VisavisError) -> dict[str, object]:
    named: dict[str, object] = {"subject": photo.subject, "photo": str(photo.path)}
    if isinstance(outcome, VisavisError):
        return named | {"error": {"message": outcome.message, "hint": outcome.hint}}
    return named | {"reference_id": str(outcome.reference_id), "known": outcome.known}


def _print(results: Iterable[tuple[PhotoOf, Enrolled | VisavisError]], counts: Counts) -> None:
    for photo, outcome in results:
        if isinstance(outcome, VisavisError):
            report(str(photo.path), outcome)
    parts = [f"enrolled {counts.new:,} {'photo' if counts.new == 1 else 'photos'}"]
    if counts.known:
        parts.append(f"{counts.known:,} enrolled already")
    if counts.refused:
        parts.append(f"{counts.refused:,} refused")
    click.echo(", ".join(parts))
