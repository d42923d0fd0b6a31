"""`visavis gallery`: references of people who agreed, each gallery for one purpose."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import click

from visavis.cli.output import json_option, print_json, print_table
from visavis.cli.state import database_option, opened_registry
from visavis.errors import UnknownReferenceError
from visavis.models.manifest import DEFAULT_RECOGNISER

if TYPE_CHECKING:
    from visavis.services.galleries import GallerySummary
    from visavis.store.references import Reference


@click.group()
def gallery() -> None:
    """Galleries: references of people who agreed, each for one purpose."""


@gallery.command()
@click.argument("name")
@click.option("--purpose", required=True, help="What it is for; people consent to exactly this text.")
@click.option(
    "--recogniser", default=DEFAULT_RECOGNISER, show_default=True, help="Which model makes the templates."
)
@database_option
@json_option
def create(name: str, purpose: str, recogniser: str, database_url: str | None, *, as_json: bool) -> None:
    """Make a gallery. Its purpose never changes."""
    from visavis.services import galleries

    with opened_registry(database_url) as registry:
        made = galleries.create(registry, name, purpose, recogniser)
    if as_json:
        print_json({"name": made.name, "purpose": made.purpose, "recogniser": made.recogniser})
    else:
        click.echo(f"made gallery {made.name} for: {made.purpose}")


@gallery.command("list")
@database_option
@json_option
def list_galleries(database_url: str | None, *, as_json: bool) -> None:
    """Show every gallery and how much is in it."""
    from visavis.services import galleries

    with opened_registry(database_url) as registry:
        summaries = galleries.summaries(registry)
    if as_json:
        print_json([_summary(summary) for summary in summaries])
        return
    print_table(
        ["gallery", "purpose", "people#", "references#", "recogniser"],
        [
            [s.gallery.name, s.gallery.purpose, f"{s.people:,}", f"{s.references:,}", s.gallery.recogniser]
            for s in summaries
        ],
    )


@gallery.command()
@click.argument("name")
@click.option("--subjects", is_flag=True, help="List who is enrolled. That you looked is logged.")
@database_option
@json_option
def show(name: str, database_url: str | None, *, subjects: bool, as_json: bool) -> None:
    """Show one gallery."""
    from visavis.services import contents, galleries

    with opened_registry(database_url) as registry:
        summary = galleries.summary(registry, name)
        references = list(contents.view(registry, name)) if subjects else []
    if as_json:
        listed = {"enrolled": [_reference(reference) for reference in references]} if subjects else {}
        print_json(_summary(summary) | listed)
        return
    for label, value in _summary(summary).items():
        click.echo(f"{label}: {', '.join(value) if isinstance(value, list) else value}")
    if subjects:
        rows = [
            [r["subject"], r["label"], r["reference_id"], r["enrolled_at"], f"{r['quality']:.2f}"]
            for r in map(_reference, references)
        ]
        print_table(["subject", "label", "reference", "enrolled", "quality#"], rows)


@gallery.command()
@click.argument("name")
@click.argument("references", nargs=-1, required=True, type=click.UUID, metavar="REFERENCE...")
@database_option
@json_option
def remove(name: str, references: tuple[UUID, ...], database_url: str | None, *, as_json: bool) -> None:
    """Delete single references; `gallery show --subjects` lists them. Consents stay."""
    from visavis.services import contents

    if len(set(references)) != len(references):
        raise UnknownReferenceError("a reference is named twice")
    with opened_registry(database_url) as registry:
        count = contents.remove(registry, name, [reference.bytes for reference in references])
    if as_json:
        print_json({"removed": count})
    else:
        click.echo(f"removed {count:,} {'reference' if count == 1 else 'references'}")


@gallery.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@database_option
@json_option
def delete(name: str, database_url: str | None, *, yes: bool, as_json: bool) -> None:
    """Delete a gallery with all its references. Consents stay: they are to its purpose."""
    from visavis.services import galleries

    with opened_registry(database_url) as registry:
        galleries.find(registry, name)
        if not yes:
            click.confirm(f"Delete gallery {name} and all its references?", abort=True, err=True)
        count = galleries.delete(registry, name)
    if as_json:
        print_json({"name": name, "references": count})
    else:
        click.echo(f"deleted gallery {name} with {count:,} references")


@gallery.command()
@click.argument("name")
@click.option("--to", "recogniser", help="From now on, make new references with this model.")
@click.option(
    "--finish", is_flag=True, help="Delete what former models made of everybody who was enrolled again."
)
@database_option
@json_option
def upgrade(
    name: str, recogniser: str | None, database_url: str | None, *, finish: bool, as_json: bool
) -> None:
    """Move a gallery to another recogniser, and list who has to be enrolled again for it.

    Photos are not kept, so a new model needs people again. Until then they are found with the model that they were enrolled with.
    """
    from visavis.services import upgrades

    with opened_registry(database_url) as registry:
        if recogniser:
            upgrades.begin(registry, name, recogniser)
        deleted = upgrades.finish(registry, name) if finish else 0
        state = upgrades.state(registry, name)
    if as_json:
        print_json(
            {
                "name": name,
                "recogniser": state.gallery.recogniser,
                "missing": list(state.missing),
                "superseded": state.superseded,
                "deleted": deleted,
            }
        )
        return
    click.echo(f"new references of {name} are made with {state.gallery.recogniser}")
    if deleted:
        click.echo(f"deleted {deleted:,} references that former models made")
    elif state.superseded:
        click.echo(f"{state.superseded:,} references of former models are superseded: --finish deletes them")
    if state.missing:
        click.echo(f"{len(state.missing):,} people have to be enrolled again:")
        for subject in state.missing:
            click.echo(f"    {subject}")


def _summary(summary: GallerySummary) -> dict[str, Any]:
    return {
        "name": summary.gallery.name,
        "purpose": summary.gallery.purpose,
        "people": summary.people,
        "references": summary.references,
        "recogniser": summary.gallery.recogniser,
        "recognisers_in_use": list(summary.recognisers),
        "largest_for_fpir_0.01": summary.largest,
    }


def _reference(reference: Reference) -> dict[str, Any]:
    from visavis.consent.times import utc_text

    return {
        "subject": reference.subject,
        "label": reference.label,
        "reference_id": str(UUID(bytes=reference.id)),
        "recogniser": reference.recogniser,
        "enrolled_at": utc_text(reference.enrolled_at),
        "quality": reference.quality,
    }
