"""`--report` and `--annotations` of `visavis redact`: what is gathered while files are redacted, and the page that is made of it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from visavis.analysis import Analyzer
from visavis.files import unwritable, whole_file, why
from visavis.imaging import Photo
from visavis.redaction.annotations import Annotations, read_annotations
from visavis.redaction.covering import Covering, Redacted, VideoCovering
from visavis.redaction.gathering import VideoMoments, photo_moments
from visavis.redaction.masks import Region
from visavis.redaction.missed import Coverage, coverage, missed_faces
from visavis.redaction.moments import Moment
from visavis.redaction.report import Review, Reviewed, review_page
from visavis.redaction.styles import Style
from visavis.services.photos import read_photo

if TYPE_CHECKING:
    from visavis.cli.redacting import Done
    from visavis.redaction.covers import Covers


@dataclass(slots=True)
class Reviewing:
    """What is asked of a review, and what was gathered for it so far. source: the input, in which files are named."""

    source: Path
    report: Path | None = None
    annotations: Annotations | None = None
    _reviewed: list[Reviewed] = field(default_factory=list)
    _coverage: dict[str, Coverage] = field(default_factory=dict)
    _written: Path | None = None

    @classmethod
    def asked(cls, source: Path, target: Path, report: Path | None, annotations: Path | None) -> Reviewing:
        """As the command line asks. Raises UsageError and AnnotationsError before anything is done."""
        if report is not None:
            _check_place(report, target)
        if annotations is None:
            return cls(source, report)
        try:
            with annotations.open("rb") as file:
                return cls(source, report, read_annotations(file))
        except OSError as error:
            raise click.UsageError(f"the annotations cannot be read: {why(error, 'no access')}") from None

    def name_of(self, file: Path) -> str:
        """How a file of the input is called: its path within it, or its name where it is the input."""
        return file.name if file == self.source else file.relative_to(self.source).as_posix()

    def moments_of(self, analyzer: Analyzer, photo: Path, covering: Covering) -> list[Moment] | None:
        """What is to be looked at in a photo; None where no report is asked for. Raises the ImageError or ModelError that fits."""
        return None if self.report is None else photo_moments(analyzer, read_photo(photo), covering)

    def coverage_of(self, file: Path, photo: bytes, redacted: Redacted) -> Coverage | None:
        """What covers came to in a photo in which faces were marked; None in others."""
        faces = self.annotations.of(self.name_of(file)) if self.annotations else ()
        if not faces:
            return None
        opened = Photo(photo)
        return coverage(redacted.regions, faces, opened.width, opened.height)

    def video(self, file: Path, size: tuple[int, int], covering: VideoCovering) -> VideoReviewing:
        """What watches a video of that width and height while it is redacted."""
        gathered = None if self.report is None else VideoMoments(*size, covering)
        return VideoReviewing(self.name_of(file), size, self.annotations, gathered)

    def kept(self, done: Iterable[Done]) -> Iterator[Done]:
        """What was done, as it comes; what the review needs of it is kept."""
        for one in done:
            name = self.name_of(one.task.source)
            if one.coverage is not None:
                self._coverage[name] = one.coverage
            if self.report is not None:
                self._reviewed.append(Reviewed(name, one.task.target, one.outcome, one.moments))
            yield one

    def missed(self) -> dict[str, Any]:
        """The rates of missed faces under "missed"; nothing where no faces were marked."""
        if self.annotations is None:
            return {}
        return {"missed": missed_faces(self._coverage, len(self.annotations))}

    def write(self, others: Sequence[Path], style: Style) -> None:
        """Write the page, where one is asked for, beside whatever has its name. Raises OutputFullError and OutputUnwritableError."""
        if self.report is None:
            return
        not_copied = [self.name_of(path) for path in others]
        page = review_page(Review(self._reviewed, not_copied, style, self.missed().get("missed")))
        try:
            self._written = _write_beside(self.report, page.encode())
        except OSError as error:
            raise unwritable("the report", error) from None

    def told(self) -> dict[str, Any]:
        """What JSON says of it: "missed", and "report" where the page was written."""
        return self.missed() | ({"report": str(self._written)} if self._written else {})


@dataclass(slots=True)
class VideoReviewing:
    """Watches a video while it is redacted."""

    name: str
    size: tuple[int, int]
    annotations: Annotations | None
    gathered: VideoMoments | None
    coverage: Coverage | None = None
    _frame: int = 0

    def __call__(self, covers: Covers, regions: Sequence[Region]) -> None:
        """Take the next frame."""
        if self.gathered:
            self.gathered.add(covers)
        faces = self.annotations.of(self.name, self._frame) if self.annotations else ()
        if faces:
            self.coverage = (self.coverage or Coverage()) + coverage(regions, faces, *self.size)
        self._frame += 1

    def moments(self) -> list[Moment] | None:
        """What is to be looked at, when all frames were seen; None where no report is asked for."""
        return self.gathered.moments() if self.gathered else None


def _write_beside(path: Path, data: bytes) -> Path:
    """Write a file of that name or, where there is one, of the next that is free, name-2, name-3 ...: which. Raises OSError."""
    for number in count(1):
        place = path if number == 1 else path.with_stem(f"{path.stem}-{number}")
        with suppress(FileExistsError):
            if not os.path.lexists(place):
                with whole_file(place, private=True, new=True) as file:
                    file.write(data)
                return place
    raise AssertionError


def _check_place(report: Path, target: Path) -> None:
    """The page shows what may have been missed: it is not to be among what is published."""
    place = report.resolve()
    if place == target.resolve() or target.resolve() in place.parents:
        raise click.UsageError("--report is not to be published: write it outside of OUTPUT")
