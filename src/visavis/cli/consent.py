"""`visavis consent`: what people said, and the proof that they get of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from visavis.cli.consent_lists import export, import_list, list_consents, show, sweep
from visavis.cli.inputs import existing_file, key_option, new_file
from visavis.cli.output import json_option, print_json
from visavis.cli.state import database_option, opened_registry, purpose_option, subject_option
from visavis.errors import ConsentTermsError, VisavisError
from visavis.files import whole_file, why

if TYPE_CHECKING:
    from visavis.services.consents import Given, Recorded
    from visavis.services.receipts import ConsentReceipt
    from visavis.services.registry import Registry

Command = TypeVar("Command", bound=Callable[..., None])
receipt_option = click.option(
    "--receipt",
    type=new_file,
    metavar="FILE.json",
    help="Write the person's receipt here, and a page to print beside it.",
)
_ANSWER_OPTIONS = (
    click.option(
        "--evidence",
        type=existing_file,
        help="What shows it, such as a scan; its hash is kept, not the file.",
    ),
    click.option(
        "--until",
        help="The last day on which it counts (2026-12-31), or a time.  [default: see the setting retention_days]",
    ),
    click.option("--given-at", help="When the person answered: a day or a time, in UTC.  [default: now]"),
    click.option(
        "--consented-by",
        type=click.Choice(["person", "guardian", "representative"]),
        default="person",
        show_default=True,
        help="Who answered.",
    ),
    click.option("--notice-version", help="Which version of your notice they had read."),
    click.option("--language", help="In which language they had read it, such as de or pt-BR."),
)


def answer_options(command: Command) -> Command:
    """The options of a command that records what a person said."""
    for option in reversed((subject_option, purpose_option, *_ANSWER_OPTIONS, receipt_option)):
        command = option(command)
    return database_option(json_option(command))


@click.group()
def consent() -> None:
    """What people agreed to: record it, show it, prove it, end it."""


for _command in (show, list_consents, export, import_list, sweep):
    consent.add_command(_command)


@consent.command()
@answer_options
def grant(receipt: Path | None, database_url: str | None, *, as_json: bool, **answer: Any) -> None:
    """Record that a person agrees to a purpose; given again, that they still do."""
    from visavis.services.consents import give

    _record(give, answer, receipt, database_url, as_json=as_json)


@consent.command()
@answer_options
def request(receipt: Path | None, database_url: str | None, *, as_json: bool, **answer: Any) -> None:
    """Record that a person was asked. Nothing can be enrolled until they agree."""
    from visavis.services.consents import request

    _record(request, answer, receipt, database_url, as_json=as_json)


@consent.command()
@answer_options
def refuse(receipt: Path | None, database_url: str | None, *, as_json: bool, **answer: Any) -> None:
    """Record that a person said no. Who agreed before withdraws instead."""
    from visavis.services.consents import refuse

    _record(refuse, answer, receipt, database_url, as_json=as_json)


@consent.command()
@subject_option
@purpose_option
@receipt_option
@database_option
@json_option
def withdraw(
    subject: str, purpose: str, receipt: Path | None, database_url: str | None, *, as_json: bool
) -> None:
    """End a consent and erase the person's references for its purpose, at once.

    The receipt can be made at this moment only; the command may be repeated for another.
    """
    from visavis.services.consents import withdraw

    with opened_registry(database_url) as registry:
        recorded = withdraw(registry, subject, purpose)
        written = _write_receipt(registry, recorded, receipt)
    _print(recorded, written, as_json=as_json)


@consent.command("receipt")
@subject_option
@purpose_option
@click.argument("file", type=new_file, metavar="FILE.json")
@database_option
@json_option
def receipt_again(subject: str, purpose: str, file: Path, database_url: str | None, *, as_json: bool) -> None:
    """Write the receipt of a consent that counts once more, and a page to print beside it."""
    from visavis.services.receipts import renewed_receipt

    with opened_registry(database_url) as registry:
        receipt = renewed_receipt(registry, subject, purpose)
    written = _write(receipt, file)
    if as_json:
        print_json({"receipt": str(written[0]), "page": str(written[1])})
    else:
        click.echo(f"wrote {written[0]} and {written[1]}")


@consent.command("verify")
@click.argument("file", type=existing_file, metavar="RECEIPT.json")
@key_option
@json_option
def verify(file: Path, key: str | None, *, as_json: bool) -> None:
    """Verify a receipt. Needs no state and no network."""
    from visavis.audit.canonical import MAX_DOCUMENT_BYTES
    from visavis.audit.entry import utc_text
    from visavis.audit.note import VerifierKey
    from visavis.services.receipts import verify_receipt

    with file.open("rb") as opened:
        data = opened.read(MAX_DOCUMENT_BYTES + 1)
    verified = verify_receipt(data, VerifierKey.parse(key) if key else None)
    said = {
        "subject": verified.subject,
        "action": verified.entry.action.value,
        "at": utc_text(verified.entry.at),
        "purpose": verified.entry.purpose,
        "log_size": verified.checkpoint.size,
        "key": str(verified.key),
        "key_given": bool(key),
    }
    if as_json:
        print_json(said | {"record": dict(verified.record)})
        return
    click.echo(f"verified: {said['action']} by {said['subject']} at {said['at']}, for: {said['purpose']}")
    click.echo(f"key  {said['key']}")
    if not key:
        click.echo("The key is the receipt's own word. Give the one you know with --key.")


def _record(
    service: Callable[[Registry, Given], Recorded],
    answer: dict[str, Any],
    receipt: Path | None,
    database_url: str | None,
    *,
    as_json: bool,
) -> None:
    from visavis.services.galleries import purposes

    given = _given(answer)
    with opened_registry(database_url) as registry:
        recorded = service(registry, given)
        written = _write_receipt(registry, recorded, receipt)
        known = purposes(registry)
    _print(recorded, written, as_json=as_json)
    if given.purpose not in known:
        click.echo("visavis: no gallery has this purpose, letter for letter, yet", err=True)


def _given(answer: dict[str, Any]) -> Given:
    from visavis.consent.terms import Consenter, Terms, evidence_digest
    from visavis.consent.times import end_of, start_of
    from visavis.services.consents import Given

    try:
        until = end_of(answer["until"]) if answer["until"] else None
        given_at = start_of(answer["given_at"]) if answer["given_at"] else None
    except ValueError:
        raise ConsentTermsError(
            "a time is a day such as 2026-12-31, or 2026-12-31T18:00:00Z", field="until"
        ) from None
    digest = None
    if answer["evidence"]:
        with answer["evidence"].open("rb") as file:
            digest = evidence_digest(file)
    terms = Terms(
        consented_by=Consenter(answer["consented_by"]),
        notice_version=answer["notice_version"],
        language=answer["language"],
        evidence_sha256=digest,
        until=until,
    )
    return Given(answer["subject"], answer["purpose"], terms, given_at)


def _write_receipt(registry: Registry, recorded: Recorded, file: Path | None) -> tuple[Path, Path] | None:
    from visavis.services.receipts import receipt_of

    return _write(receipt_of(registry, recorded), file) if file else None


def _write(receipt: ConsentReceipt, file: Path) -> tuple[Path, Path]:
    page = file.with_suffix(".html")
    try:
        for path, data in ((file, receipt.data), (page, receipt.page.encode())):
            with whole_file(path) as opened:
                opened.write(data)
    except OSError as error:
        raise VisavisError(
            f"it is recorded, but the receipt cannot be written: {why(error, 'no room')}",
            hint="repeat the command with another --receipt",
        ) from None
    return file, page


def _print(recorded: Recorded, written: tuple[Path, Path] | None, *, as_json: bool) -> None:
    from visavis.consent.times import utc_text

    grant = recorded.grant
    if as_json:
        print_json(
            {
                "subject": grant.subject,
                "purpose": grant.purpose,
                "state": grant.state,
                "expires_at": utc_text(grant.expires_at),
                "proof_until": utc_text(grant.proof_until) if grant.proof_until else None,
                "leaf": recorded.logged.number,
                "receipt": str(written[0]) if written else None,
                "page": str(written[1]) if written else None,
            }
        )
        return
    ends = f", until {utc_text(grant.expires_at)}" if grant.state == "given" else ""
    click.echo(f"{grant.state}: {grant.subject}, for: {grant.purpose}{ends}")
    if written:
        click.echo(f"wrote {written[0]} and {written[1]} for the person to keep")
    elif grant.state == "withdrawn":
        click.echo("The person has no receipt of it yet: repeat with --receipt FILE.json.")
