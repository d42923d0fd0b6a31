"""What `visavis redact` says of what it did."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from visavis.cli.output import report
from visavis.errors import VisavisError
from visavis.redaction.covering import Redacted
from visavis.redaction.outputs import Task
from visavis.redaction.styles import Style

if TYPE_CHECKING:
    from visavis.redaction.videos import RedactedVideo

Entries = Sequence[dict[str, Any]]


def photo_entry(task: Task, outcome: Redacted | VisavisError | None) -> dict[str, Any]:
    """What is said of one photo; an error is said at once on standard error, too."""
    entry = _entry("photo", task, outcome)
    if isinstance(outcome, Redacted):
        entry |= {"covered": outcome.covered, "kept": outcome.kept, "spared": outcome.spared}
    return entry


def video_entry(task: Task, outcome: RedactedVideo | VisavisError | None) -> dict[str, Any]:
    """What is said of one video; an error is said at once on standard error, too."""
    entry = _entry("video", task, outcome)
    if not isinstance(outcome, VisavisError | None):
        entry |= {"frames": outcome.frames, "covered_frames": outcome.covered_frames}
    return entry


def _entry(kind: str, task: Task, outcome: object) -> dict[str, Any]:
    named = {kind: str(task.source)}
    if isinstance(outcome, VisavisError):
        report(str(task.source), outcome)
        return named | {"error": {"message": outcome.message, "hint": outcome.hint}}
    return named | {"output": str(task.target), "done_before": outcome is None}


def say_what_was_done(photos: Entries, videos: Entries, others: Sequence[Path], style: Style) -> None:
    """One line for people, and what they should know on standard error."""
    for path in others:
        click.echo(f"visavis: {path}: neither a photo nor a video, not copied", err=True)
    if style.reversible:
        click.echo(f"visavis: what {style} hides can be guessed back; --style solid leaves nothing", err=True)
    click.echo(", ".join([*_of_photos(photos), *_of_videos(videos), *_of_both(photos, videos, others)]))


def _of_photos(entries: Entries) -> list[str]:
    new = [entry for entry in entries if "covered" in entry]
    if not entries:
        return []
    counts = {
        what: sum(entry[name] for entry in new)
        for name, what in (("spared", "spared by consent"), ("kept", "kept by hand"))
    }
    return [
        f"redacted {_count(len(new), 'photo')}",
        f"covered {_count(sum(entry['covered'] for entry in new), 'face')}",
        *(f"{count:,} {what}" for what, count in counts.items() if count),
    ]


def _of_videos(entries: Entries) -> list[str]:
    new = [entry for entry in entries if "frames" in entry]
    if not entries:
        return []
    frames, covered = (sum(entry[name] for entry in new) for name in ("frames", "covered_frames"))
    return [
        f"redacted {_count(len(new), 'video')}",
        f"covered faces in {covered:,} of {_count(frames, 'frame')}",
    ]


def _of_both(photos: Entries, videos: Entries, others: Sequence[Path]) -> list[str]:
    both = [*photos, *videos]
    counts = {
        "done before": sum(entry.get("done_before", False) for entry in both),
        "failed": sum("error" in entry for entry in both),
        "other files not copied": len(others),
    }
    return [f"{count:,} {what}" for what, count in counts.items() if count]


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
