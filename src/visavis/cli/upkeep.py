"""`visavis doctor|backup|restore|keyring`: keeping the state well."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from visavis.cli.inputs import existing_file, new_file
from visavis.cli.output import json_option, print_json, print_table
from visavis.cli.state import clock, database_option, opened_registry
from visavis.settings import load_settings


@click.command()
@click.option(
    "--accept-clock",
    is_flag=True,
    help="The clock is right now: go on, although the log holds later times. It is logged.",
)
@database_option
@json_option
def doctor(database_url: str | None, *, accept_clock: bool, as_json: bool) -> None:
    """Check settings, store, keys, log, weights, clock and disk, and say what to do. Exits 1 if something is ill."""
    from visavis.services.doctor import Health, accept_the_clock, examine
    from visavis.services.registry import opened

    settings = load_settings(database_url)
    if accept_clock:
        with opened(settings, clock=clock) as registry:
            accept_the_clock(registry)
    checks = list(examine(settings, clock))
    if as_json:
        listed = [{"what": c.what, "health": c.health, "found": c.found, "hint": c.hint} for c in checks]
        print_json({"checks": listed, "settings": dict(settings.sources)})
    else:
        print_table(["what", "health", "found"], [[c.what, c.health, c.found] for c in checks])
        for check in checks:
            if check.hint:
                click.echo(f"{check.what}: {check.hint}")
        click.echo(
            "settings: " + ", ".join(f"{name} ({origin})" for name, origin in settings.sources.items())
        )
    if any(check.health is Health.ILL for check in checks):
        sys.exit(1)


@click.command()
@click.argument("file", type=new_file)
@click.option("--keys", type=new_file, help="Where the keyring goes.  [default: FILE.keys]")
@database_option
@json_option
def backup(file: Path, keys: Path | None, database_url: str | None, *, as_json: bool) -> None:
    """Copy the store to FILE and the keyring to a second file, which is to be kept for days only.

    Who has both and the master key can read every template; who withdraws later is still in them. The master key is in neither.
    """
    from visavis.services.backup import back_up

    keys = keys or file.with_name(f"{file.name}.keys")
    with opened_registry(database_url) as registry:
        back_up(registry, file, keys)
    if as_json:
        print_json({"store": str(file), "keys": str(keys)})
    else:
        click.echo(f"wrote the store to {file}, and its keyring to {keys}")
        click.echo(
            "Keep the keyring's copy apart, and for days only: with it, people who withdraw could be brought back."
        )


@click.command()
@click.argument("file", type=existing_file)
@click.option("--keys", type=existing_file, help="The keyring's copy, used where there is no keyring.")
@click.option(
    "--accept-old-keys", is_flag=True, help="Use a keyring's copy of more than a week all the same."
)
@database_option
@json_option
def restore(
    file: Path, keys: Path | None, database_url: str | None, *, accept_old_keys: bool, as_json: bool
) -> None:
    """Bring a backup back into an empty place. Whoever was erased since is erased again before anybody can be found."""
    from visavis.services.backup import Restoring, restore

    restored = restore(load_settings(database_url), Restoring(file, keys, accept_old_keys), clock)
    if as_json:
        print_json(
            {
                "erased_again": restored.erased_again,
                "without_key": restored.without_key,
                "new_log": restored.new_log,
            }
        )
        return
    click.echo(f"restored; {restored.erased_again:,} people were erased again")
    if restored.without_key:
        click.echo(f"{restored.without_key:,} consents have ended, because the keyring has no key of them")
    if restored.new_log:
        click.echo("The log goes on under a new name and key: entries after the backup are lost.")


@click.group()
def keyring() -> None:
    """The keys under which templates are kept."""


@keyring.command()
@database_option
@json_option
def rotate(database_url: str | None, *, as_json: bool) -> None:
    """Change the master key. In the environment, set VISAVIS_NEW_MASTER_KEY beside the old one first."""
    from visavis.services.keys import rotate_master_key

    with opened_registry(database_url) as registry:
        count = rotate_master_key(registry)
    if as_json:
        print_json({"keys": count})
    else:
        click.echo(f"sealed {count:,} keys under the new master key")
