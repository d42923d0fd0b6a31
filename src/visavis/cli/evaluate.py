"""`visavis evaluate`: how often a system is wrong, and for whom."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import click

from visavis.cli.output import json_option, print_json, print_table
from visavis.cli.progress import progress
from visavis.errors import EvaluationError, MissingImagesError
from visavis.evaluation.plan import CALLS_PER_SECOND, PRICE_PER_CALL_USD, Plan, Remote
from visavis.models.manifest import DEFAULT_RECOGNISER


@click.command()
@click.argument("protocol", type=click.Path(path_type=Path), metavar="PROTOCOL.csv")
@click.option(
    "--images",
    type=click.Path(path_type=Path),
    help="Where the paths of the protocol begin.  [default: the protocol's folder]",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="The folder for scores.csv, rates.json and report.html.  [default: evaluation/NAME]",
)
@click.option(
    "--against", type=click.Path(path_type=Path), help="scores.csv of another system on the same protocol."
)
@click.option(
    "--recogniser", default=DEFAULT_RECOGNISER, show_default=True, help="Which model makes the templates."
)
@click.option(
    "--folds", type=click.IntRange(2), help="Cut listed pairs into so many folds, as LFW's protocol does."
)
@click.option(
    "--endpoint-url",
    metavar="URL",
    help="Measure the server there, which speaks Rekognition's API: every photo is sent to it. `aws` is Amazon's.",
)
@click.option(
    "--max-calls", type=click.IntRange(2), help="Ask it at most so often, for a sample of the pairs."
)
@click.option(
    "--calls-per-second",
    type=click.FloatRange(0, min_open=True),
    default=CALLS_PER_SECOND,
    show_default=True,
    help="Ask it no faster than that.",
)
@click.option(
    "--price-per-call",
    type=click.FloatRange(0),
    default=PRICE_PER_CALL_USD,
    show_default=True,
    help="What Amazon bills for a call, in USD, for the estimate.",
)
@click.option("--yes", is_flag=True, help="Do not ask before photos are sent.")
@click.option("--pictures", is_flag=True, help="Show the hardest pairs in the report, not only their paths.")
@json_option
def evaluate(
    protocol: Path,
    images: Path | None,
    out: Path | None,
    against: Path | None,
    recogniser: str,
    folds: int | None,
    endpoint_url: str | None,
    max_calls: int | None,
    calls_per_second: float,
    price_per_call: float,
    *,
    yes: bool,
    pictures: bool,
    as_json: bool,
) -> None:
    """Measure how often a system is wrong, overall and per group.

    PROTOCOL.csv lists images (image,subject,group), pairs (probe,reference,mated,group), or
    another system's scores (pairs with a column `score`). An interrupted run goes on where it stopped.
    """
    from visavis.evaluation.evaluate import Options, evaluate  # here, since it takes a while to import

    if endpoint_url and recogniser != DEFAULT_RECOGNISER:
        raise click.UsageError("--endpoint-url measures the server, and --recogniser a model here")
    if max_calls and not endpoint_url:
        raise click.UsageError("--max-calls goes with --endpoint-url")
    out = out or Path("evaluation") / protocol.stem
    agree = partial(_announce, yes=yes)
    remote = (
        Remote(endpoint_url, max_calls, calls_per_second, price_per_call, agree) if endpoint_url else None
    )
    options = Options(images or protocol.parent, out, recogniser, folds, against, pictures, remote)
    try:
        rates = evaluate(protocol, options, progress)
    except MissingImagesError as error:  # the name is the caller's own
        raise EvaluationError(f"{error.message}, the first: {error.names[0]}", hint=error.hint) from None
    if as_json:
        print_json(rates)
        return
    for finding in rates["findings"]:
        click.echo(f"{finding['level'].upper():5}  {finding['text']}")
    print_table(["threshold for", "score#", "FMR#", "FNMR#"], [_row(point) for point in _points(rates)])
    click.echo(f"{out / 'report.html'} says more.")


def _announce(plan: Plan, *, yes: bool) -> None:
    """Say what is about to be sent where; without `yes`, go on only where the person agrees."""
    done = f" ({plan.done:,} are done)" if plan.done else ""
    cost = "" if plan.usd is None else f", about {plan.usd:,.2f} USD"
    click.echo(f"{plan.calls:,} calls of CompareFaces to {plan.host}{done}{cost}.", err=True)
    if plan.calls and not yes:
        click.confirm("Send it the photos?", abort=True, err=True)


def _points(rates: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    overall = rates["overall"]
    similarities = [(f"similarity {point['asked']:.0f}", point) for point in overall["at_similarity"]]
    return similarities + [(f"FMR {point['asked']:g}", point) for point in overall["at_fmr"]]


def _row(named: tuple[str, dict[str, Any]]) -> list[str]:
    name, point = named
    if point["threshold"] is None:
        return [name, "", "not measurable", ""]
    return [name, f"{point['threshold']:.4f}", _rate(point["fmr"]), _rate(point["fnmr"])]


def _rate(rate: dict[str, Any]) -> str:
    if rate["value"] is None:
        return "not measurable" if rate["below"] is None else f"below {rate['below']:.2g}"
    interval = "" if rate["low"] is None else f" ({rate['low']:.2g} to {rate['high']:.2g})"
    return f"{rate['value']:.3g}{interval}"
