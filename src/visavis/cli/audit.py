"""`visavis audit`: the log of what was done."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from visavis.cli.inputs import existing_file, key_option, new_file
from visavis.cli.output import json_option, print_json, print_table
from visavis.cli.state import database_option, opened_registry
from visavis.errors import AuditError, VisavisError
from visavis.files import whole_file, why

if TYPE_CHECKING:
    from visavis.audit.verify import VerifiedLog
    from visavis.services.log import NumberedEntry


@click.group()
def audit() -> None:
    """The audit log: show it, export it, and verify an export offline."""


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
@key_option
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
            f"a file cannot be read: {why(error, 'no access')}",
            hint="check that they are files and that you may read them",
        ) from None
    if as_json:
        print_json({**_as_json(log), "key_given": bool(key), "earlier_checkpoints": len(since)})
        return
    _print(log, key_given=bool(key), earlier=len(since))


@audit.command()
@click.option(
    "--limit",
    type=click.IntRange(1, 1_000_000),
    default=50,
    show_default=True,
    help="How many entries, the last ones.",
)
@database_option
@json_option
def show(limit: int, database_url: str | None, *, as_json: bool) -> None:
    """Show the last entries: who did what, where, with what outcome. They name no person."""
    from visavis.audit.canonical import read_canonical
    from visavis.services.log import latest_entries, log_key

    with opened_registry(database_url) as registry:
        entries, key = latest_entries(registry, limit), str(log_key(registry))
    if as_json:
        leaves = [{"index": e.number, "leaf": read_canonical(e.entry.to_bytes())} for e in entries]
        print_json({"key": key, "entries": leaves})
        return
    print_table(["entry#", "at", "by", "action", "outcome", "gallery", "counts"], [_row(e) for e in entries])
    click.echo(f"key  {key}")


@audit.command()
@click.argument("file", type=new_file, required=False)
@database_option
@json_option
def export(file: Path | None, database_url: str | None, *, as_json: bool) -> None:
    """Export the whole log, signed, for anybody to verify: to FILE, else to standard output."""
    from visavis.services.log import export_log

    with opened_registry(database_url) as registry, _written(file) as out:
        leaves = export_log(registry, out)
    if file and as_json:
        print_json({"file": str(file), "leaves": leaves})


@audit.command()
@click.argument("file", type=new_file, required=False)
@database_option
@json_option
def checkpoint(file: Path | None, database_url: str | None, *, as_json: bool) -> None:
    """Sign the log as it is, for others to keep: to FILE, else to standard output.

    A log that was rewritten or rolled back later contradicts it: `visavis audit verify --since FILE`.
    """
    from visavis.services.checkpoints import sign_log

    with opened_registry(database_url) as registry:
        signed = sign_log(registry)
    if as_json:
        print_json({"checkpoint": signed.checkpoint.decode(), "leaves": signed.size})
        if file is None:
            return
    with _written(file) as out:
        out.write(signed.checkpoint)


@contextmanager
def _written(file: Path | None) -> Iterator[IO[bytes]]:
    """A file that is there whole or not at all; without one, standard output."""
    if file is None:
        yield sys.stdout.buffer
        return
    try:
        with whole_file(file) as opened:
            yield opened
    except OSError as error:
        raise VisavisError(
            f"the file cannot be written: {why(error, 'no room')}",
            hint="check its folder, the free space and your rights",
        ) from None


def _row(numbered: NumberedEntry) -> list[str]:
    from visavis.audit.entry import utc_text

    entry = numbered.entry
    counts = ", ".join(f"{count:,} {name}" for name, count in entry.counts.items())
    outcome = entry.refusal.value if entry.refusal else "done"
    where = entry.gallery or entry.purpose or ""
    return [str(numbered.number), utc_text(entry.at), entry.by, entry.action.value, outcome, where, counts]


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
