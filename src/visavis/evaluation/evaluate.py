"""One evaluation from its protocol to its report."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from visavis.analysis import Analyzer
from visavis.comparison import Calibration, find_calibration
from visavis.errors import EvaluationError, NotCalibratedError, VisavisError
from visavis.evaluation.acquisition import acquire
from visavis.evaluation.against import check_comparable, compare_runs
from visavis.evaluation.comparisons import compare_every_pair, gather, score_pairs
from visavis.evaluation.folds import check_folds
from visavis.evaluation.measure import measure, plain
from visavis.evaluation.plan import Remote
from visavis.evaluation.protocols import Protocol, check_groups, read_protocol
from visavis.evaluation.remote import ask
from visavis.evaluation.report import render_report
from visavis.evaluation.run import Run
from visavis.evaluation.run_files import (
    HISTOGRAMS,
    IMAGES,
    PAIRS,
    RATES,
    REPORT,
    SCORES,
    hardest,
    is_of_visavis,
    read_run,
    write_pairs,
    write_run,
    write_text,
)
from visavis.evaluation.sampling import choose_pairs
from visavis.evaluation.similarities import OwnSimilarities
from visavis.extras import require_extra
from visavis.imaging import Photo
from visavis.models.manifest import DEFAULT_DETECTOR, DEFAULT_RECOGNISER
from visavis.settings import calibration_folder

UNFINISHED, UNFINISHED_ANSWERS = "templates.unfinished", "answers.unfinished"
_THUMBNAIL_PX = 160

Progress = Callable[[str, int], AbstractContextManager[Callable[[], None]]]
_Finished = tuple[Run, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Options:
    """How to evaluate.

    images: where the paths of the protocol begin. out: the folder for what is written.
    recogniser: which model makes the templates. folds: cut listed pairs into so many runs of rows.
    against: the scores.csv of another run on the same protocol. pictures: show
    the hardest pairs in the report, and not only their paths. remote: the server that makes the
    comparisons, in place of a recogniser here.
    """

    images: Path
    out: Path
    recogniser: str = DEFAULT_RECOGNISER
    folds: int | None = None
    against: Path | None = None
    pictures: bool = False
    remote: Remote | None = None


@contextmanager
def in_silence(_stage: str, _steps: int) -> Iterator[Callable[[], None]]:
    """No progress is shown."""
    yield lambda: None


def evaluate(path: Path, options: Options, progress: Progress = in_silence) -> dict[str, Any]:
    """Measure a system on a protocol; write scores.csv, rates.json and report.html; return what rates.json says.

    path: a protocol of images or pairs, or scores of any system. progress: a
    context, given the name and the number of steps of the work on images, that yields what to call
    after each step. Raises ProtocolError, EvaluationError, MissingExtraError, and ModelError.
    """
    require_extra("evaluation", "jinja2", "matplotlib", "scipy")
    protocol, scored, other = _checked(path, options)
    if options.remote:
        run, system = _asked(protocol, options, options.remote, progress)
    else:
        run, system = scored or _compared(protocol, options, progress)
    measured = measure(run, options.folds)
    measured["protocol"]["kind"] = protocol.kind  # as it was asked: the run has scores by now
    rates: dict[str, Any] = {
        "visavis": version("visavis"),
        "made_at": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "system": system,
        **measured,
        "hardest": plain(hardest(run)),
        "against": {"system": other[1], **plain(compare_runs(run, other[0]))} if other else None,
    }
    write_text(options.out / RATES, json.dumps(rates, indent=1, ensure_ascii=False) + "\n")
    if path.resolve() != (options.out / SCORES).resolve():
        write_run(run, options.out)
    if options.remote:
        write_pairs(run.protocol, options.out)
        (options.out / UNFINISHED_ANSWERS).unlink(missing_ok=True)
    report = render_report(rates, _thumbnails(options.images) if options.pictures else None)
    write_text(options.out / REPORT, report)
    (options.out / UNFINISHED).unlink(missing_ok=True)
    return rates


def _checked(path: Path, options: Options) -> tuple[Protocol, _Finished | None, _Finished | None]:
    """The protocol, its scores where it has them, and the run to compare with; refuses what cannot be done."""
    protocol = read_protocol(path)
    _check_out(path, options)
    if options.remote:
        require_extra("remote", "boto3")
        protocol = _to_ask(protocol, options, options.remote)
    scored = _scored(path) if protocol.kind == "scores" else None
    asked = scored[0].protocol if scored else protocol
    check_groups(asked)
    if options.folds is not None:
        check_folds(asked, options.folds)
    other = read_run(options.against) if options.against else None
    if other:
        check_comparable(asked, other[0].protocol)
    return protocol, scored, other


def _to_ask(protocol: Protocol, options: Options, remote: Remote) -> Protocol:
    """The protocol as the list of pairs that a server is asked to compare."""
    if protocol.kind == "scores":
        raise EvaluationError("the protocol holds scores already", hint="give a list of images or of pairs")
    if options.folds is not None:
        check_folds(protocol, options.folds)
    return choose_pairs(protocol, remote.max_calls)


def _asked(protocol: Protocol, options: Options, remote: Remote, progress: Progress) -> _Finished:
    """Have the comparisons of a protocol made by a server."""
    protocol, system = ask(protocol, options.images, remote, options.out / UNFINISHED_ANSWERS, progress)
    assert protocol.pairs is not None
    return Run(protocol, gather(protocol, protocol.pairs), (), OwnSimilarities()), system


def _compared(protocol: Protocol, options: Options, progress: Progress) -> _Finished:
    """Make the templates and the comparisons of a protocol."""
    analyzer = Analyzer(recogniser=options.recogniser)
    with progress("images", len(protocol.images)) as advance:
        acquired = acquire(protocol.images, options.images, analyzer, options.out / UNFINISHED, advance)
    if protocol.pairs is None:
        if np.count_nonzero(acquired.usable) < 2:
            raise EvaluationError("fewer than two images show a usable face")
        comparisons = compare_every_pair(protocol, acquired.vectors)
    else:
        pairs = score_pairs(protocol.pairs, acquired.vectors, acquired.errors)
        protocol = replace(protocol, pairs=pairs)
        comparisons = gather(protocol, pairs)
    identity = analyzer.identity
    calibration = _calibration(lambda: analyzer.calibration)
    system = {
        "name": identity.name,
        "sha256": identity.sha256,
        "precision": identity.precision,
        "compatibility": identity.compatibility,
        "detector": DEFAULT_DETECTOR,
        "calibration": plain(calibration),
    }
    return Run(protocol, comparisons, acquired.errors, calibration), system


def _scored(path: Path) -> _Finished:
    """Take up scores; those of visavis's own recognisers are read with the calibration of today."""
    run, system = read_run(path)
    if "endpoint" in system:
        return replace(run, calibration=OwnSimilarities()), system
    name = str(system.get("compatibility", ""))
    calibration = _calibration(lambda: find_calibration(name, calibration_folder()))
    return replace(run, calibration=calibration), {**system, "calibration": plain(calibration)}


def _check_out(path: Path, options: Options) -> None:
    """Refuse to write over the protocol, over the other system's scores, or over files that no evaluation wrote.

    Scores may be read off again in their own folder: there they stay as they are.
    """
    written = {(options.out / name).resolve() for name in (SCORES, RATES, IMAGES, HISTOGRAMS, PAIRS, REPORT)}
    written -= {path.resolve()} & {(options.out / SCORES).resolve()}
    given = {file.resolve() for file in (path, options.against) if file is not None}
    begun = any((options.out / name).exists() for name in (UNFINISHED, UNFINISHED_ANSWERS))
    own = begun or is_of_visavis(options.out / RATES)
    if given & written or (not own and any(target.exists() for target in written)):
        raise EvaluationError(
            "the folder for results holds files that would be written over",
            hint="--out says which folder: give an empty one, or that of an earlier evaluation",
        )


def _calibration(find: Callable[[], Calibration]) -> Calibration | None:
    try:
        return find()
    except NotCalibratedError:
        return None


def _thumbnails(folder: Path) -> Callable[[str], bytes | None]:
    def thumbnail(name: str) -> bytes | None:
        try:
            picture = Photo(folder / name).image().copy()
        except VisavisError:
            return None
        picture.thumbnail((_THUMBNAIL_PX, _THUMBNAIL_PX))
        data = io.BytesIO()
        picture.save(data, "JPEG", quality=85)
        return data.getvalue()

    return thumbnail
