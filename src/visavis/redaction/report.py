"""The page of a redaction: what was done, and where a face may have been missed. `report.html` beside this module is its frame."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from importlib import resources
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any

from visavis.errors import VisavisError
from visavis.redaction.covering import Redacted
from visavis.redaction.markup import named, section
from visavis.redaction.moments import Moment, chosen
from visavis.redaction.report_moments import moments_section
from visavis.redaction.report_rates import rates_section
from visavis.redaction.styles import Style

if TYPE_CHECKING:
    from visavis.redaction.videos import RedactedVideo

MOST_MOMENTS = 48
_MOST_NAMES = 100


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What became of one file. name: as it is called within the input folder. output: where it was to be redacted to.

    outcome: None where an earlier run had done it. moments: what is to be looked at; None where nobody has looked for that.
    """

    name: str
    output: Path
    outcome: Redacted | RedactedVideo | VisavisError | None
    moments: Sequence[Moment] | None

    @property
    def is_written(self) -> bool:
        """Whether there is an output."""
        return not isinstance(self.outcome, VisavisError)


@dataclass(frozen=True, slots=True)
class Review:
    """All of a redaction. not_copied: names of what is of no kind that visavis reads. missed: see `missed.missed_faces`."""

    files: Sequence[Reviewed]
    not_copied: Sequence[str] = ()
    style: Style = Style.SOLID
    missed: dict[str, Any] | None = None


def review_page(review: Review, most: int = MOST_MOMENTS) -> str:
    """One HTML page, complete in itself: no script, nothing to fetch, fit for A4 and for a phone.

    It holds pictures of the outputs where a face may have been missed: it is for whoever decides, not to be published. most: so many
    moments at most.
    """
    shown = chosen([file.moments or () for file in review.files], most)
    more = sum(len(file.moments or ()) for file in review.files) - len(shown)
    sections = (
        moments_section(
            [(review.files[number].name, review.files[number].output, moment) for number, moment in shown],
            more,
        ),
        rates_section(review.missed),
        _failed(review),
        _not_copied(review),
    )
    frame = resources.files("visavis.redaction").joinpath("report.html").read_text("utf-8")
    return Template(frame).substitute(
        facts="\n".join(
            f"<div><dt>{escape(label)}</dt><dd>{value}</dd></div>" for label, value in _facts(review)
        ),
        warnings="\n".join(f'<p class="warning">{escape(warning)}</p>' for warning in _warnings(review)),
        sections="\n".join(filter(None, sections)),
    )


def _facts(review: Review) -> Iterable[tuple[str, str]]:
    """What stands in the table: a label and HTML."""
    outcomes = [file.outcome for file in review.files]
    photos = [outcome for outcome in outcomes if isinstance(outcome, Redacted)]
    videos = [o for o in outcomes if not isinstance(o, Redacted | VisavisError | None)]
    covered, frames = sum(video.covered_frames for video in videos), sum(video.frames for video in videos)
    spared = sum(video.spared_frames for video in videos)
    facts = {
        "Photos redacted": len(photos),
        "Faces covered in photos": sum(photo.covered for photo in photos),
        "Spared by consent": sum(photo.spared for photo in photos),
        "Kept by hand": sum(photo.kept for photo in photos),
        "Photos without a covered face": sum(not photo.covered for photo in photos),
        "Videos redacted": len(videos),
        "Frames with a cover": covered and f"{covered:,} of {frames:,}",
        "Frames with somebody spared": spared and f"{spared:,} of {frames:,}",
        "Videos without any cover": sum(not video.covered_frames for video in videos),
        "Done by an earlier run": outcomes.count(None),
        "Failed": sum(isinstance(outcome, VisavisError) for outcome in outcomes),
        "Not copied": len(review.not_copied),
    }
    yield from (
        (label, f"{fact:,}" if isinstance(fact, int) else fact) for label, fact in facts.items() if fact
    )


def _warnings(review: Review) -> Iterable[str]:
    failed = sum(not file.is_written for file in review.files)
    if failed:
        yield f"Failed and not in the output: {_count(failed, 'file')}."
    unknown = sum(file.is_written and file.moments is None for file in review.files)
    if unknown:
        yield (
            f"Written by an earlier run, and not looked through for this page: {_count(unknown, 'file')}. "
            "Redact again, to a new place, to have that done."
        )
    if review.style.reversible:
        yield f"The covers are of the style {review.style}: what they hide can be guessed back by software. The style solid leaves nothing."


def _failed(review: Review) -> str:
    failed = [(file.name, file.outcome) for file in review.files if isinstance(file.outcome, VisavisError)]
    return _names("Failed", [f"{named(name)}: {escape(error.message)}" for name, error in failed])


def _not_copied(review: Review) -> str:
    return _names(
        "Not copied: of no kind that visavis reads, or links and special files",
        [named(name) for name in review.not_copied],
    )


def _names(heading: str, items: Sequence[str]) -> str:
    """A list of HTML, cut off where it becomes too long."""
    if not items:
        return ""
    shown = "\n".join(f"<li>{item}</li>" for item in items[:_MOST_NAMES])
    more = len(items) - _MOST_NAMES
    return section(heading, f"<ul>\n{shown}\n</ul>" + (f"\n<p>And {more:,} more.</p>" if more > 0 else ""))


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
