"""`visavis calibrate`: what a score means, from measured scores."""

from __future__ import annotations

from pathlib import Path

import click

from visavis.cli.output import json_option, print_json, print_table
from visavis.comparison import similarity_at


@click.command()
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="RUN...")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The table to write.  [default: the state folder's, which is then used]",
)
@json_option
def calibrate(runs: tuple[Path, ...], out: Path | None, *, as_json: bool) -> None:
    """Make the table behind `similarity` and `fmr` from finished evaluations.

    Each RUN is a folder that `visavis evaluate` wrote from a protocol of images; all of
    one recogniser. Every group in them speaks, and at each rate the worst one decides.
    """
    from visavis.evaluation.calibrate import calibrate  # here, since it takes a while to import

    table, path = calibrate(runs, out)
    if as_json:
        print_json({"path": str(path), **table})
        return
    rows = [
        [
            f"{similarity_at(point['fmr']):.0f}",
            f"{point['fmr']:g}",
            f"{point['score']:.4f}",
            point["worst_group"],
        ]
        for point in table["points"][1:]
    ]
    print_table(["similarity#", "FMR#", "score#", "worst group"], rows)
    click.echo(f"Below an FMR of {table['resolved_fmr']:g} the table is extrapolated.")
    click.echo(f"Written to {path}")
