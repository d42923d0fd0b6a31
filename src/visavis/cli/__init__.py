"""The command line: a file per command group."""

from __future__ import annotations

import sys
import warnings

import click

from visavis import __version__
from visavis.cli.audit import audit
from visavis.cli.calibrate import calibrate
from visavis.cli.compare import compare
from visavis.cli.consent import consent
from visavis.cli.detect import detect
from visavis.cli.enrol import enrol
from visavis.cli.evaluate import evaluate
from visavis.cli.gallery import gallery
from visavis.cli.identify import identify, verify
from visavis.cli.job import job
from visavis.cli.key import key
from visavis.cli.model import model
from visavis.cli.redact import redact
from visavis.cli.serve import serve
from visavis.cli.upkeep import backup, doctor, keyring, restore
from visavis.cli.worker import worker
from visavis.errors import VisavisError


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="visavis")
def commands() -> None:
    """Face recognition for people who said yes: offline, with measured error rates.

    Every command takes --json. Exit codes: 0 done, 1 refused or failed, 2 wrong usage.
    """


for _command in (
    audit,
    backup,
    calibrate,
    compare,
    consent,
    detect,
    doctor,
    enrol,
    evaluate,
    gallery,
    identify,
    job,
    key,
    keyring,
    model,
    redact,
    restore,
    serve,
    verify,
    worker,
):
    commands.add_command(_command)


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
