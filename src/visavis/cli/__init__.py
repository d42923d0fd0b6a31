"""The command line: a file per command group."""

from __future__ import annotations

import sys
import warnings

import click

from visavis import __version__
from visavis.cli.audit import audit
from visavis.cli.calibrate import calibrate
from visavis.cli.compare import compare
from visavis.cli.detect import detect
from visavis.cli.evaluate import evaluate
from visavis.cli.model import model
from visavis.errors import VisavisError


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="visavis")
def commands() -> None:
    """Face recognition for people who said yes: offline, with measured error rates.

    Every command takes --json. Exit codes: 0 done, 1 refused or failed, 2 wrong usage.
    """


commands.add_command(audit)
commands.add_command(calibrate)
commands.add_command(compare)
commands.add_command(detect)
commands.add_command(evaluate)
commands.add_command(model)


def main() -> None:
    """Run the command line; a VisavisError becomes one line and a hint."""
    # Pillow warns of odd metadata in good photos; bad photos become errors.
    warnings.filterwarnings("ignore", module=r"PIL\.")
    try:
        commands(prog_name="visavis")
    except VisavisError as error:
        click.echo(f"visavis: {error.message}", err=True)
        if error.hint:
            click.echo(f"hint: {error.hint}", err=True)
        sys.exit(1)
