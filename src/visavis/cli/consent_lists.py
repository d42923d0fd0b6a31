"""`visavis consent show|list|export|import|sweep`: more than one consent at a time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from visavis.cli.inputs import existing_file, new_file
from visavis.cli.output import json_option, print_json, print_table
from visavis.cli.state import clock, database_option, opened_registry, subject_option
from visavis.errors import VisavisError
from visavis.files import whole_file, why
from visavis.settings import load_settings

if TYPE_CHECKING:
    from visavis.store.grants import Grant


@click.command()
@subject_option
@database_option
@json_option
def show(subject: str, database_url: str | None, *, as_json: bool) -> None:
    """Show every consent that is recorded of a person. That you looked is logged."""
    from visavis.consent.jsonld import as_jsonld
    from visavis.consent.times import utc_text
    from visavis.services.records import records_about

    with opened_registry(database_url) as registry:
        records = records_about(registry, subject)
    if as_json:
        print_json([as_jsonld(record) for record in records])
        return
    for record in records:
        click.echo(f"{record.state}: {record.purpose}")
        for event in record.events:
            click.echo(f"    {utc_text(event.at)}  {event.event}")


@click.command("list")
@click.option("--purpose", help="Only consents to this purpose.")
@click.option(
    "--state",
    type=click.Choice(["requested", "given", "refused", "expired", "withdrawn"]),
    help="Only consents in this state.",
)
@database_option
@json_option
def list_consents(purpose: str | None, state: str | None, database_url: str | None, *, as_json: bool) -> None:
    """List consents. That you looked is logged."""
    from visavis.consent.states import State
    from visavis.services.records import list_consents

    with opened_registry(database_url) as registry:
        rows = [_row(g) for g in list_consents(registry, purpose, State(state) if state else None)]
    if as_json:
        print_json(rows)
        return
    print_table(
        ["subject", "purpose", "state", "ends"],
        [[row["subject"], row["purpose"], row["state"], row["expires_at"]] for row in rows],
    )


@click.command()
@subject_option
@click.argument("file", type=new_file, required=False)
@database_option
@json_option
def export(subject: str, file: Path | None, database_url: str | None, *, as_json: bool) -> None:
    """Write everything that is held about a person, and each use of it, as JSON: the answer to their request.

    To FILE, else to standard output. It holds their templates: hand it to nobody else.
    """
    from visavis.services.disclosure import disclose

    with opened_registry(database_url) as registry:
        document = disclose(registry, subject)
    if file is None:
        print_json(document)
        return
    try:
        with whole_file(file, private=True) as opened:  # it holds templates
            opened.write(json.dumps(document, indent=2, ensure_ascii=False).encode() + b"\n")
    except OSError as error:
        raise VisavisError(f"the file cannot be written: {why(error, 'no room')}") from None
    if as_json:
        print_json({"file": str(file)})


@click.command("import")
@click.argument("file", type=existing_file, metavar="LIST.csv")
@database_option
@json_option
def import_list(file: Path, database_url: str | None, *, as_json: bool) -> None:
    """Record the consents of a list (docs/consent.md). Those that are recorded already stay as they are.

    Nothing is recorded unless the whole list can be read; an interrupted import goes on where it stopped.
    """
    from visavis.consent.lists import read_consent_list
    from visavis.services.consents import Given, give_many, not_given_yet

    with file.open("rb") as opened:
        listed = read_consent_list(opened, folder=file.parent, now=clock())
    consents = [Given(entry.subject, entry.purpose, entry.terms, entry.given_at) for entry in listed]
    with opened_registry(database_url) as registry:
        new = not_given_yet(registry, consents)
        give_many(registry, new)
    if as_json:
        print_json({"recorded": len(new), "known": len(consents) - len(new)})
    else:
        click.echo(f"recorded {len(new):,} consents; {len(consents) - len(new):,} were recorded already")


@click.command()
@database_option
@json_option
def sweep(database_url: str | None, *, as_json: bool) -> None:
    """Erase whoever's consent expired. Every command that opens the store does so; this one does nothing else."""
    from visavis.services.erase import sweep
    from visavis.services.registry import opened

    with opened(load_settings(database_url), clock=clock) as registry:
        count = sweep(registry)
    if as_json:
        print_json({"erased": count})
    else:
        click.echo(f"erased {count:,} {'person' if count == 1 else 'people'} whose consent expired")


def _row(grant: Grant) -> dict[str, Any]:
    from visavis.consent.times import utc_text

    return {
        "subject": grant.subject,
        "purpose": grant.purpose,
        "state": grant.state,
        "expires_at": utc_text(grant.expires_at),
        "proof_until": utc_text(grant.proof_until) if grant.proof_until else None,
    }
