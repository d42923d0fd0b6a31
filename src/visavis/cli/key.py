"""`visavis key`: who may call the server."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from visavis.cli.inputs import new_file
from visavis.cli.output import json_option, print_json, print_table
from visavis.cli.state import clock, database_option, opened_registry
from visavis.errors import AccessKeyError

if TYPE_CHECKING:
    from visavis.services.access import AccessKey


@click.group()
def key() -> None:
    """Access keys: who may call the server, for which operations, in which galleries, until when."""


@key.command()
@click.option(
    "--operations",
    default="*",
    show_default=True,
    metavar="A,B",
    help="What it is for, such as DetectFaces,Search*; * stands for any text.",
)
@click.option(
    "--galleries",
    default="*",
    show_default=True,
    metavar="X,Y",
    help="In which galleries, such as staff,visit*.",
)
@click.option(
    "--expires",
    metavar="DATE",
    help="The last day on which it may be used (2026-12-31), or a time.  [default: none]",
)
@click.option(
    "--file",
    type=new_file,
    help="Write id and secret to this new file, as AWS's tools read them, and do not print the secret.",
)
@database_option
@json_option
def create(
    operations: str,
    galleries: str,
    expires: str | None,
    file: Path | None,
    database_url: str | None,
    *,
    as_json: bool,
) -> None:
    """Make a key. Its secret is told this once: nobody can be shown it again."""
    from visavis.server.operations import ALL_OPERATIONS
    from visavis.services import access

    limits = _listed(operations), _listed(galleries), _end(expires)
    access.check_operations(limits[0], ALL_OPERATIONS)
    with opened_registry(database_url) as registry:
        if file:
            made, told = access.create_in_file(registry, file, *limits), {"file": str(file)}
        else:
            new = access.create(registry, *limits)
            made, told = new.key, {"secret_access_key": new.secret}
    if as_json:
        print_json({"access_key_id": made.id, **told, **_limits(made)})
        return
    click.echo(f"made access key {made.id} for {_in_words(made)}")
    if file:
        click.echo(f"wrote it with its secret to {file}")
    else:
        click.echo(f"secret: {told['secret_access_key']}")
        click.echo("The secret is not kept where it could be shown again.")


@key.command("list")
@database_option
@json_option
def list_keys(database_url: str | None, *, as_json: bool) -> None:
    """Show every key that was ever made, without its secret."""
    from visavis.services import access

    with opened_registry(database_url) as registry:
        keys = [_key(key) for key in access.keys(registry)]
    if as_json:
        print_json(keys)
        return
    print_table(
        ["access key", "state", "operations", "galleries", "created", "expires"],
        [
            [k["access_key_id"], k["state"], ",".join(k["operations"]), ",".join(k["galleries"]), k["created"], k["expires"] or ""]
            for k in keys
        ],
    )  # fmt: skip


@key.command()
@click.argument("access_key_id", metavar="ID")
@database_option
@json_option
def revoke(access_key_id: str, database_url: str | None, *, as_json: bool) -> None:
    """End a key for good: once this returned, no server takes it any more."""
    from visavis.services import access

    with opened_registry(database_url) as registry:
        revoked = access.revoke(registry, access_key_id)
    if as_json:
        print_json(_key(revoked))
    else:
        click.echo(f"revoked {revoked.id}")


def _listed(names: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in names.split(","))


def _end(expires: str | None) -> int | None:
    from visavis.consent.times import end_of

    try:
        return end_of(expires) if expires else None
    except ValueError:
        raise AccessKeyError("a time is a day such as 2026-12-31, or 2026-12-31T18:00:00Z") from None


def _limits(key: AccessKey) -> dict[str, Any]:
    return {
        "operations": list(key.operations),
        "galleries": list(key.galleries),
        "expires": _time(key.expires_at),
    }


def _key(key: AccessKey) -> dict[str, Any]:
    state = "revoked" if key.revoked_at is not None else "live" if key.lives(clock()) else "expired"
    times = {"created": _time(key.created_at), "revoked": _time(key.revoked_at)}
    return {"access_key_id": key.id, "state": state, **_limits(key), **times}


def _time(at: int | None) -> str | None:
    from visavis.consent.times import utc_text

    return None if at is None else utc_text(at)


def _in_words(key: AccessKey) -> str:
    operations, galleries = ",".join(key.operations), ",".join(key.galleries)
    until = f", until {_time(key.expires_at)}" if key.expires_at is not None else ""
    return f"operations {operations} in galleries {galleries}{until}"
