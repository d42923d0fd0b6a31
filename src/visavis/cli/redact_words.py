"""What `visavis redact` says of what it did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from visavis.cli.output import report
from visavis.cli.redacting import Done
from visavis.errors import UnsupportedFileError, VisavisError
from visavis.redaction.covering import Redacted
from visavis.redaction.styles import Style

_MORE = "holds more pictures, pages say; the first alone was redacted and written"
_COUNTED = ("covered", "kept", "spared", "also", "frames", "covered_frames", "spared_frames")

Entry = dict[str, Any]


def entry(done: Done) -> Entry:
    """What is said of one file; an error, or that there is more in the file, is said at once on standard error, too."""
    named: Entry = {"file": str(done.task.source), "kind": done.kind}
    outcome = done.outcome
    if isinstance(outcome, VisavisError):
        report(str(done.task.source), outcome)
        return named | {"error": {"message": outcome.message, "hint": outcome.hint}}
    named |= {"output": str(done.task.target), "done_before": outcome is None}
    if outcome is None:
        return named
    if isinstance(outcome, Redacted):
        if done.first_of_several:
            click.echo(f"visavis: {done.task.source}: {_MORE}", err=True)
            named |= {"first_of_several": True}
        counts = {"covered": outcome.covered, "kept": outcome.kept, "spared": outcome.spared}
    else:
        counts = {"frames": outcome.frames, "covered_frames": outcome.covered_frames}
        counts |= {"spared_frames": outcome.spared_frames}
    return named | counts | {"also": done.also}


def counted(entries: Iterable[Entry], counts: Counter[str]) -> Iterator[Entry]:
    """What is said of files, counted as it comes."""
    for said in entries:
        counts[said["kind"]] += 1
        counts["failed"] += "error" in said
        counts["before"] += said.get("done_before", False)
        counts[f"new {said['kind']}"] += not said.get("done_before", True)
        for what in _COUNTED:
            counts[what] += said.get(what, 0)
        yield said


def say_what_was_done(
    counts: Counter[str], others: Sequence[Path], style: Style, reviewed: Mapping[str, Any]
) -> None:
    """Lines for people, and what they should know on standard error. reviewed: see `Reviewing.told`."""
    _say_what_is_not_copied(others)
    if style.reversible:
        click.echo(f"visavis: what {style} hides can be guessed back; --style solid leaves nothing", err=True)
    parts = []
    if counts["photo"] or not counts["video"]:
        parts += [
            f"redacted {_count(counts['new photo'], 'photo')}",
            f"covered {_count(counts['covered'], 'face')}",
        ]
    if counts["video"]:
        parts += [
            f"redacted {_count(counts['new video'], 'video')}",
            f"covered faces in {counts['covered_frames']:,} of {_count(counts['frames'], 'frame')}",
        ]
    if counts["also"]:
        parts.append(f"covered {_count(counts['also'], 'box', 'boxes')} by hand")
    for count, what in (
        (counts["spared"], "spared by consent"),
        (counts["spared_frames"], "frames with somebody spared by consent"),
        (counts["kept"], "kept by hand"),
        (counts["before"], "done before"),
        (counts["failed"], "failed"),
        (len(others), "other files not copied"),
    ):
        if count:
            parts.append(f"{count:,} {what}")
    click.echo(", ".join(parts))
    if "missed" in reviewed:
        faces, not_measured = reviewed["missed"]["overall"]["faces"], reviewed["missed"]["not_measured"]
        left = f", {not_measured:,} not measured" if not_measured else ""
        click.echo(f"missed {faces['missed']:,} of {faces['of']:,} marked faces{left}")
    if "report" in reviewed:
        click.echo(f"what to look at: {reviewed['report']}")


def _say_what_is_not_copied(others: Sequence[Path]) -> None:
    files = {path for path in others if path.is_file()}
    for path in others:
        what = "not of a kind that visavis reads" if path in files else "a link or a special file"
        click.echo(f"visavis: {path}: {what}, not copied", err=True)
    if files:
        click.echo(f"visavis: what it reads: {UnsupportedFileError.hint}", err=True)


def _count(number: int, what: str, several: str = "") -> str:
    return f"{number:,} {what if number == 1 else several or f'{what}s'}"
