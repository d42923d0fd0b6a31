"""`visavis job`: the stored-video jobs that a server was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from visavis.cli.output import json_option, print_json, print_table
from visavis.cli.state import database_option, opened_registry

if TYPE_CHECKING:
    from visavis.store.jobs import Job


@click.group()
def job() -> None:
    """Stored-video jobs: how they stand, and ending them."""


@job.command("list")
@database_option
@json_option
def list_(database_url: str | None, *, as_json: bool) -> None:
    """Show the jobs of the last days, the first first. Which films they are on is not shown."""
    from visavis.services import jobs

    with opened_registry(database_url) as registry:
        found = [_document(one) for one in jobs.every(registry)]
    if as_json:
        print_json(found)
        return
    columns = ["id", "kind", "state", "gallery", "asked by", "segments#"]
    print_table(
        columns,
        [
            [one["id"], one["kind"], one["state"], one["gallery"] or "", one["by"], str(one["segments"])]
            for one in found
        ],
    )


@job.command()
@click.argument("job_id", metavar="ID")
@database_option
@json_option
def cancel(job_id: str, database_url: str | None, *, as_json: bool) -> None:
    """End a job that runs; nothing of what it did is kept, but for a redacted video that is being stored at that moment.

    Whoever asked is told that it is cancelled, of a redaction, or that it has failed, of the others. One that has ended stays as it was.
    """
    from visavis.services import jobs

    with opened_registry(database_url) as registry:
        ended = jobs.cancel(registry, job_id)
        document = _document(jobs.find(registry, job_id))
    if as_json:
        print_json(document)
    else:
        click.echo("cancelled" if ended else f"it had ended before: {document['state']}")


def _document(one: Job) -> dict[str, Any]:
    from visavis.consent.times import utc_text

    return {
        "id": one.id,
        "kind": one.kind,
        "state": one.state,
        "gallery": one.gallery,
        "by": one.by,
        "segments": one.segments,
        "created": utc_text(one.created_at),
        "ended": utc_text(one.ended_at) if one.ended_at is not None else None,
    }
