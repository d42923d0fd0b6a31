"""`visavis compare`: are these two the same person, and how sure is that."""

from __future__ import annotations

from dataclasses import asdict

import click

from visavis.analysis import Analyzer
from visavis.cli.inputs import fmr_option
from visavis.cli.output import json_option, print_json
from visavis.models.manifest import DEFAULT_RECOGNISER


@click.command()
@click.argument("probe", type=click.Path())
@click.argument("reference", type=click.Path())
@fmr_option
@click.option(
    "--recogniser", default=DEFAULT_RECOGNISER, show_default=True, help="Which model makes the templates."
)
@json_option
def compare(probe: str, reference: str, max_fmr: float, recogniser: str, *, as_json: bool) -> None:
    """Compare the largest faces of two photos. Exits 0 whether or not they match."""
    result = Analyzer(recogniser=recogniser).compare(probe, reference, max_fmr)
    if as_json:
        print_json(asdict(result))
        return
    verdict = "match" if result.match else "no match"
    click.echo(f"{verdict}: similarity {result.similarity:.1f} of 100, asked for {result.threshold:.1f}")
    click.echo(_in_words(result.fmr, extrapolated=result.fmr_extrapolated))
    click.echo(f"score {result.score:.4f} (cosine)")


def _in_words(fmr: float, *, extrapolated: bool) -> str:
    one_in = f"about 1 in {1 / fmr:,.0f}" if fmr > 1e-6 else "fewer than 1 in 1,000,000"
    basis = "extrapolated, worst group" if extrapolated else "worst group measured"
    return f"{one_in} pairs of different people look at least this alike ({basis})"
