"""A run on the disk: scores.csv, rates.json, for runs of every pair images.csv and histograms.csv, for runs of another server pairs.csv.

Of every pair of images only the hardest comparisons are in scores.csv; the histograms
count them all. Both together, with the list of images, give a run back as it was.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visavis.errors import EvaluationError, ProtocolError
from visavis.evaluation.comparisons import (
    COSINE_EDGES,
    Comparisons,
    cells_of,
    count_pairs,
    gather,
    mated_by_person,
    non_mated_totals,
)
from visavis.evaluation.protocols import Pairs, Protocol, read_protocol
from visavis.evaluation.run import Run
from visavis.evaluation.scores import BINS, Counts, ScoreSet
from visavis.evaluation.similarities import Similarities
from visavis.files import whole_file, why

SCORES, RATES, IMAGES, HISTOGRAMS, PAIRS, REPORT = (
    "scores.csv",
    "rates.json",
    "images.csv",
    "histograms.csv",
    "pairs.csv",
    "report.html",
)
_NOT_ONE_RUN = "scores.csv, images.csv and histograms.csv are not of one run"
_SCORE_COLUMNS = ("probe", "reference", "mated", "group", "score", "similarity", "error")


def write_run(run: Run, folder: Path) -> None:
    """Write the scores of a run, each file whole or not at all; raises EvaluationError.

    What another run left in the folder and this one does not have is removed.
    """
    for name in (IMAGES, HISTOGRAMS, PAIRS):
        (folder / name).unlink(missing_ok=True)
    _write_csv(folder / SCORES, _SCORE_COLUMNS, _score_rows(run))
    if run.protocol.pairs is None:
        _write_csv(folder / IMAGES, ("image", "subject", "group", "error"), _image_rows(run))
        _write_csv(folder / HISTOGRAMS, ("mated", "group", "other", "from", "count"), _histogram_rows(run))


def write_pairs(protocol: Protocol, folder: Path) -> None:
    """Write the pairs that a protocol lists, so that another system can be given the same; raises EvaluationError."""
    pairs = protocol.pairs
    assert pairs is not None
    columns = pairs.probe.tolist(), pairs.reference.tolist(), pairs.mated.tolist(), pairs.group.tolist()
    rows = (
        (protocol.images[probe], protocol.images[reference], int(mated), protocol.groups[group])
        for probe, reference, mated, group in zip(*columns, strict=True)
    )
    _write_csv(folder / PAIRS, ("probe", "reference", "mated", "group"), rows)


def write_text(path: Path, text: str) -> None:
    """Write a file of a run whole or not at all; raises EvaluationError."""
    try:
        with whole_file(path) as file:
            file.write(text.encode("utf-8"))
    except OSError as error:
        raise cannot_write(path.name, error) from None


def cannot_write(what: str, error: OSError) -> EvaluationError:
    """What is raised where a part of a run cannot be written."""
    return EvaluationError(
        f"{what} cannot be written: {why(error, 'no access')}",
        hint="--out says where; check the folder, its free space and your rights",
    )


def read_run(scores: Path) -> tuple[Run, dict[str, Any]]:
    """A finished run by the path of its scores.csv, and what it says of its system.

    Another program's scores.csv is a run as well. Raises ProtocolError or EvaluationError.
    """
    folder = scores.resolve().parent
    listed = read_protocol(scores)
    rates = _rates(folder / RATES) if scores.name == SCORES else {}
    system = rates.get("system", {"name": folder.name if scores.name == SCORES else scores.stem})
    if listed.pairs is None or listed.pairs.scores is None:
        raise ProtocolError("this is a protocol without scores", hint="give the scores.csv of a finished run")
    if not (folder / HISTOGRAMS).is_file() or scores.name != SCORES:
        return Run(listed, gather(listed, listed.pairs), (), None), system
    protocol = replace(
        read_protocol(folder / IMAGES), name=rates.get("protocol", {}).get("name", folder.name)
    )
    errors = _errors(folder / IMAGES)
    return Run(protocol, _restore(protocol, listed, errors, folder / HISTOGRAMS), errors, None), system


def hardest(run: Run, count: int = 20) -> dict[str, list[dict[str, Any]]]:
    """The comparisons a system gets most wrong: mated ones of low and non-mated ones of high score."""
    return {
        name: [_as_row(run, side, i) for i in range(min(count, len(side.scores)))]
        for name, side in (("mated", run.comparisons.mated), ("non_mated", run.comparisons.non_mated))
    }


def _as_row(run: Run, side: ScoreSet, i: int) -> dict[str, Any]:
    images, score = run.comparisons.images, float(side.scores[i])
    return {
        "probe": images[side.probe[i]],
        "reference": images[side.reference[i]],
        "group": " / ".join(dict.fromkeys(run.comparisons.cells[side.cell[i]])),
        "score": score,
        "similarity": run.calibration.similarity(score) if run.calibration else None,
    }


def _score_rows(run: Run) -> Iterator[tuple[object, ...]]:
    pairs = run.protocol.pairs
    if pairs is None:
        for side in (run.comparisons.mated, run.comparisons.non_mated):
            yield from _kept_rows(run, side)
        return
    assert pairs.scores is not None
    images, groups = run.protocol.images, run.protocol.groups
    for i, score in enumerate(pairs.scores):
        names = images[pairs.probe[i]], images[pairs.reference[i]]
        found = _formatted(float(score), run.calibration) if np.isfinite(score) else ("", "")
        yield (*names, int(pairs.mated[i]), groups[pairs.group[i]], *found, pairs.errors[i])


def _kept_rows(run: Run, side: ScoreSet) -> Iterator[tuple[object, ...]]:
    images, cells = run.comparisons.images, run.comparisons.cells
    labels = [" / ".join(dict.fromkeys(cell)) for cell in cells]
    columns = (side.probe.tolist(), side.reference.tolist(), side.cell.tolist(), side.scores.tolist())
    for probe, reference, cell, score in zip(*columns, strict=True):
        yield (
            images[probe],
            images[reference],
            int(side.mated),
            labels[cell],
            *_formatted(score, run.calibration),
            "",
        )


def _formatted(score: float, calibration: Similarities | None) -> tuple[str, str]:
    """A score that reads back as it was, and its similarity."""
    return repr(score), f"{calibration.similarity(score):.3f}" if calibration else ""


def _image_rows(run: Run) -> Iterator[tuple[object, ...]]:
    protocol = run.protocol
    for i, image in enumerate(protocol.images):
        yield image, protocol.subjects[protocol.people[i]], protocol.groups[protocol.group[i]], run.errors[i]


def _histogram_rows(run: Run) -> Iterator[tuple[object, ...]]:
    for side in (run.comparisons.mated, run.comparisons.non_mated):
        for cell, place in zip(*np.nonzero(side.histogram), strict=True):
            count = side.histogram[cell, place]
            yield int(side.mated), *run.comparisons.cells[cell], f"{side.edges[place]:.4f}", count


def _write_csv(path: Path, columns: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    write_text(path, text.getvalue())


def _rates(path: Path) -> dict[str, Any]:
    """What is used of the rates.json beside some scores; empty where there is none, or it is not of visavis."""
    try:
        rates = json.loads(path.read_text("utf-8"))
        names = rates["system"]["name"], rates["protocol"]["name"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return rates if all(isinstance(name, str) for name in names) else {}


def is_of_visavis(rates: Path) -> bool:
    """Whether a rates.json was written by an evaluation."""
    return bool(_rates(rates).get("visavis"))


def _errors(path: Path) -> tuple[str, ...]:
    with path.open(newline="", encoding="utf-8") as file:
        return tuple(row.get("error") or "" for row in csv.DictReader(file))


def _restore(protocol: Protocol, listed: Protocol, errors: tuple[str, ...], histograms: Path) -> Comparisons:
    """The comparisons of every pair, from the kept ones, the histograms and the list of images."""
    assert listed.pairs is not None
    if len(errors) != len(protocol.images):
        raise EvaluationError(_NOT_ONE_RUN)
    index = {name: i for i, name in enumerate(protocol.images)}
    try:
        place = np.array([index[name] for name in listed.images], np.int32)
        counted = _read_histograms(histograms, cells_of(protocol.groups)[0])
        sides = [
            _restore_side(protocol, listed.pairs, place, counted[int(mated)], mated=mated)
            for mated in (True, False)
        ]
    except (KeyError, ValueError, IndexError, TypeError, OverflowError):
        raise EvaluationError(_NOT_ONE_RUN) from None
    counts = count_pairs(protocol, np.array([not error for error in errors]))
    everyone = np.ones((1, len(counts.images_of)))
    made = mated_by_person(counts.images_of).sum(axis=0), non_mated_totals(counts.images_of, everyone)[0]
    if not all(np.array_equal(side.made, of_cells) for side, of_cells in zip(sides, made, strict=True)):
        raise EvaluationError(_NOT_ONE_RUN)
    mated, non_mated = (
        replace(side, failed=failed, distinct=distinct, distinct_in_all=in_all)
        for side, (failed, distinct, in_all) in zip(sides, (counts.mated, counts.non_mated), strict=True)
    )
    cells, _ = cells_of(protocol.groups)
    return Comparisons(protocol.images, protocol.people, cells, mated, non_mated, counts.images_of)


def _read_histograms(path: Path, cells: tuple[tuple[str, str], ...]) -> Counts:
    """How many comparisons have which score: (2, cells, bins), of non-mated and of mated ones."""
    counted = np.zeros((2, len(cells), BINS), np.int64)
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            bin_of = round((float(row["from"]) + 1) / 2 * BINS)
            kind, cell = ("0", "1").index(row["mated"]), cells.index((row["group"], row["other"]))
            counted[kind, cell, bin_of] = int(row["count"])
    return counted


def _restore_side(
    protocol: Protocol, pairs: Pairs, place: NDArray[np.int32], histogram: Counts, *, mated: bool
) -> ScoreSet:
    _, cell_of = cells_of(protocol.groups)
    chosen = pairs.mated == mated
    assert pairs.scores is not None
    probe, reference = place[pairs.probe[chosen]], place[pairs.reference[chosen]]
    made = histogram.sum(axis=1)
    if (histogram < 0).any() or len(probe) < min(int(made.sum()), 1) or len(probe) > made.sum():
        raise ValueError
    return ScoreSet(
        mated,
        made,
        np.zeros_like(made),
        np.zeros_like(made),
        0,
        COSINE_EDGES,
        histogram,
        pairs.scores[chosen],
        probe,
        reference,
        cell_of[protocol.group[probe], protocol.group[reference]],
    )
