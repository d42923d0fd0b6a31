"""`visavis model`: which models there are, and whether their weights are what they should be."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path

import click

from visavis.cli.inputs import existing_file
from visavis.cli.output import json_option, print_json, print_table
from visavis.errors import ModelError
from visavis.models.manifest import added_manifests, find_manifest, licence_text, shipped_manifests
from visavis.models.weights import add_weights, load_weights, locate_weights
from visavis.settings import model_folder


@click.group()
def model() -> None:
    """Models: list, show, add, verify. Nothing is ever downloaded."""


@model.command("list")
@json_option
def list_models(*, as_json: bool) -> None:
    """List the known models and where their weights lie."""
    folder = model_folder()
    found = [(m, locate_weights(m, folder)) for m in (*shipped_manifests(), *added_manifests(folder))]
    if as_json:
        print_json([{**asdict(m), "path": str(path) if path else None} for m, path in found])
        return
    columns = ["name", "kind", "licence", "commercial use", "weights"]
    rows = [
        [m.name, m.kind, m.licence, "yes" if m.commercial_use else "no", str(path) if path else "missing"]
        for m, path in found
    ]
    print_table(columns, rows)


@model.command()
@click.argument("name")
@json_option
def show(name: str, *, as_json: bool) -> None:
    """Show a model's manifest and its licence."""
    manifest = find_manifest(name, model_folder())
    licence = licence_text(name)
    if as_json:
        print_json({**asdict(manifest), "licence_text": licence})
        return
    for key, value in asdict(manifest).items():
        click.echo(f"{key}: {value}")
    if licence:
        click.echo(f"\n{licence}")


@model.command()
@click.argument("file", type=existing_file)
@click.option(
    "--manifest",
    type=existing_file,
    help="What the weights are (docs/models.md); not needed for the default models.",
)
@click.option("--accept-licence", is_flag=True, help="Take weights whose licence forbids commercial use.")
@json_option
def add(file: Path, manifest: Path | None, *, accept_licence: bool, as_json: bool) -> None:
    """Copy weights you have into visavis's model folder."""
    added = add_weights(file, model_folder(), manifest, accept_licence=accept_licence)
    if as_json:
        print_json(asdict(added))
    else:
        click.echo(f"added {added.name} ({added.kind}, {added.licence})")


@model.command()
@json_option
def verify(*, as_json: bool) -> None:
    """Check the hash of every model's weights; exits 1 unless all are right."""
    folder = model_folder()
    states = {}
    for manifest in (*shipped_manifests(), *added_manifests(folder)):
        try:
            load_weights(manifest, folder)
            states[manifest.name] = "right"
        except ModelError as error:
            states[manifest.name] = error.message
    if as_json:
        print_json(states)
    else:
        print_table(["name", "weights"], [[name, state] for name, state in states.items()])
    if any(state != "right" for state in states.values()):
        sys.exit(1)
