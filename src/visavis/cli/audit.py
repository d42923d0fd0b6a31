"""`visavis audit`: the log of what was done."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from visavis.cli.output import json_option, print_json
from visavis.errors import AuditError

if TYPE_CHECKING:
    from visavis.audit.verify import VerifiedLog

existing_file = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def audit() -> None:
    """The audit log: verify an export of it, offline."""


@audit.command()
@click.argument("export", type=existing_file)
@click.option(
    "--since",
    "since",
    type=existing_file,
    multiple=True,
    metavar="CHECKPOINT_FILE",
    help="A checkpoint saved earlier, which the log must continue. May be given several times.",
)
@click.option("--key", help="The log's public key, as you know it: NAME+HEX+BASE64.")
@json_option
def verify(export: Path, since: tuple[Path, ...], key: str | None, *, as_json: bool) -> None:
    """Verify that EXPORT is the log that was signed, and continues the checkpoints you kept.

    Needs no state and no network. Exits 1 and names what was done where the log does not hold together.
    """
    from visavis.audit.note import MAX_NOTE_BYTES, VerifierKey  # here: cryptography takes a while to import
    from visavis.audit.verify import verify_export

    expected = VerifierKey.parse(key) if key else None
    try:
        earlier = [_start(path, MAX_NOTE_BYTES + 1) for path in since]
        with export.open("rb") as file:
            log = verify_export(file, expected_key=expected, earlier_checkpoints=earlier)
    except OSError as error:
        raise AuditError(
            f"a file cannot be read: {(error.strerror or 'no access').lower()}",
            hint="check that they are files and that you may read them",
        ) from None
    if as_json:
        print_json({**_as_json(log), "key_given": bool(key), "earlier_checkpoints": len(since)})
        return
    _print(log, key_given=bool(key), earlier=len(since))


def _start(path: Path, size: int) -> bytes:
    with path.open("rb") as file:
        return file.read(size)


def _as_json(log: VerifiedLog) -> dict[str, str | int | None]:
    from visavis.audit.canonical import to_base64
    from visavis.audit.entry import utc_text

    return {
        "origin": log.key.name,
        "key": str(log.key),
        "size": log.size,
        "root": to_base64(log.root),
        "first_at": utc_text(log.first_at) if log.first_at else None,
        "last_at": utc_text(log.last_at) if log.last_at else None,
    }


def _print(log: VerifiedLog, *, key_given: bool, earlier: int) -> None:
    said = _as_json(log)
    span = f", {said['first_at']} to {said['last_at']}" if log.size else ""
    click.echo(f"verified: {log.size} {'leaf' if log.size == 1 else 'leaves'}{span}")
    click.echo(f"root {said['root']}")
    click.echo(f"key  {said['key']}")
    if not key_given:
        click.echo("The key is the export's own word. Give the one you know with --key.")
    if earlier:
        click.echo(f"The log continues {earlier} earlier {'checkpoint' if earlier == 1 else 'checkpoints'}.")
    else:
        click.echo(
            "Whether it was rewritten before it was signed, only a checkpoint kept earlier shows: --since."
        )
