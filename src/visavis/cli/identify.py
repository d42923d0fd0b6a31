"""`visavis identify` and `visavis verify`: who of a gallery it is, and whether it is the one."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from visavis.cli.inputs import fmr_option
from visavis.cli.output import json_option, print_json, print_table
from visavis.cli.state import database_option, opened_registry

if TYPE_CHECKING:
    from visavis.services.candidates import Candidate

image_argument = click.argument("image", type=click.Path(path_type=Path))


@click.command()
@click.argument("gallery")
@image_argument
@fmr_option
@click.option(
    "--fpir",
    "max_fpir",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    help="Instead: how often, at most, the search for a stranger may find anybody, for a gallery of this size.",
)
@database_option
@json_option
def identify(
    gallery: str,
    image: Path,
    max_fmr: float,
    max_fpir: float | None,
    database_url: str | None,
    *,
    as_json: bool,
) -> None:
    """Say who of a gallery the largest face of a photo may be. Exits 0 whether or not anybody is found.

    Only people whose consent counts at this moment are found; the photo and its template are not kept.
    """
    from visavis.services.candidates import Asked
    from visavis.services.identify import identify_photo
    from visavis.services.photos import read_photo

    photo = read_photo(image)
    with opened_registry(database_url) as registry:
        found = identify_photo(registry, gallery, photo, Asked(max_fmr, max_fpir))
    people = found.people()
    if as_json:
        print_json(
            {
                "candidates": [_candidate(person) for person in people],
                "threshold": found.threshold,
                "references": found.references,
                "fpir": found.fpir,
            }
        )
    elif people:
        print_table(
            ["subject", "similarity#", "strangers as alike#"],
            [[p.subject, f"{p.similarity:.1f}", f"1 in {1 / p.fmr:,.0f}"] for p in people],
        )
    else:
        click.echo(f"nobody is found at similarity {found.threshold:.1f} of 100 or more")
    if not as_json:
        click.echo(
            f"Of {found.references:,} references; a stranger is taken for somebody in {100 * found.fpir:.2g} % of searches (worst group)."
        )
    if found.too_large:
        click.echo(
            "visavis: this gallery is larger than its recogniser is calibrated for: "
            "1 stranger in 100 or more is taken for somebody, at whatever threshold",
            err=True,
        )


@click.command()
@click.argument("gallery")
@click.argument("subject")
@image_argument
@fmr_option
@database_option
@json_option
def verify(
    gallery: str, subject: str, image: Path, max_fmr: float, database_url: str | None, *, as_json: bool
) -> None:
    """Say whether the largest face of a photo is one person of a gallery. Exits 0 whether or not it is."""
    from visavis.services.photos import read_photo
    from visavis.services.verify import verify_photo

    photo = read_photo(image)
    with opened_registry(database_url) as registry:
        verification = verify_photo(registry, gallery, subject, photo, max_fmr)
    result = verification.comparison
    if as_json:
        print_json(asdict(result) | {"references": verification.references})
        return
    verdict = "match" if result.match else "no match"
    click.echo(f"{verdict}: similarity {result.similarity:.1f} of 100, asked for {result.threshold:.1f}")


def _candidate(candidate: Candidate) -> dict[str, Any]:
    return {
        "subject": candidate.subject,
        "reference_id": str(candidate.reference_id),
        "label": candidate.reference.label,
        "score": candidate.score,
        "similarity": candidate.similarity,
        "fmr": candidate.fmr,
        "fmr_extrapolated": candidate.fmr_extrapolated,
    }
