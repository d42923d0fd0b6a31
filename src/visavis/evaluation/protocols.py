"""Protocols: which images there are, who is in each, and which comparisons count.

Three kinds of CSV file, told apart by their columns:

    image,subject,group                           every pair of images is compared
    probe,reference,mated,group                   the listed pairs are
    probe,reference,mated,group,score[,error]     they were already, by whatever system

`group` is the evaluator's own label, of an image or of a pair; it is never
guessed. Nothing is dropped in silence: what is left out is said in `notes`.
"""

from __future__ import annotations

import csv
import hashlib
import io
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from visavis.errors import ProtocolError
from visavis.evaluation.people import contradictions, people_of_pairs
from visavis.files import why

UNLABELLED = "unlabelled"
"""The group of rows whose group is empty."""

MAX_PROTOCOL_BYTES = 1024**3
MAX_GROUPS = 64

Codes = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Pairs:
    """Listed comparisons; with `scores` where they have been made already.

    probe, reference: (N,) index of an image. mated: (N,) bool. group: (N,) index of a group.
    scores: (N,) float64, NaN where the comparison failed; errors: (N,) why, empty where it did not.
    """

    probe: Codes
    reference: Codes
    mated: NDArray[np.bool_]
    group: Codes
    scores: NDArray[np.float64] | None = None
    errors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Protocol:
    """What an evaluation is about.

    images: names, as the file gives them. people: (images,) a number for each
    person; subjects: their names by that number, empty where the file lists pairs. groups: their names; group: (images,) index of each image's group,
    empty where the file lists pairs, whose groups are their own. pairs: None
    where every pair of images counts. notes: what was left out or looks wrong.
    """

    name: str
    sha256: str
    images: tuple[str, ...]
    people: Codes
    subjects: tuple[str, ...]
    groups: tuple[str, ...]
    group: Codes
    pairs: Pairs | None
    notes: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """What the file lists: "images", "pairs" or "scores"."""
        if self.pairs is None:
            return "images"
        return "pairs" if self.pairs.scores is None else "scores"


def read_protocol(path: Path) -> Protocol:
    """Read a protocol; raises ProtocolError, with the line that is wrong."""
    data = _read(path)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ProtocolError("the protocol is not UTF-8 text") from None
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        columns = set(reader.fieldnames or ())
    except csv.Error as error:
        raise ProtocolError(f"line 1: {error}") from None
    name, digest = path.stem, hashlib.sha256(data).hexdigest()
    if {"image", "subject"} <= columns:
        return _images_protocol(name, digest, reader)
    if {"probe", "reference", "mated"} <= columns:
        return _pairs_protocol(name, digest, reader, scored="score" in columns)
    raise ProtocolError


def check_groups(protocol: Protocol) -> None:
    """Raise ProtocolError where a protocol names more groups than anything can be said about."""
    if len(protocol.groups) > MAX_GROUPS:
        raise ProtocolError(
            f"the protocol names {len(protocol.groups)} groups, more than {MAX_GROUPS}",
            hint="merge groups: with so many, each is too small to say anything about",
        )


def _images_protocol(name: str, digest: str, reader: csv.DictReader[str]) -> Protocol:
    known: dict[str, tuple[str, str]] = {}
    repeated = 0
    for line, row in _rows(reader):
        image, subject = _required(line, row, "image"), _required(line, row, "subject")
        label = row.get("group", "") or UNLABELLED
        repeated += image in known
        if known.setdefault(image, (subject, label)) != (subject, label):
            raise ProtocolError(f"line {line}: the image stood before with another subject or group")
    if not known:
        raise ProtocolError("the protocol has no rows")
    unlabelled = sum(label == UNLABELLED for _, label in known.values())
    people = _Numbers()
    groups = _Numbers()
    codes = [(people[subject], groups[label]) for subject, label in known.values()]
    people_codes, group_codes = np.array(codes, np.int32).T
    return Protocol(
        name=name,
        sha256=digest,
        images=tuple(known),
        people=np.ascontiguousarray(people_codes),
        subjects=tuple(people),
        groups=tuple(groups),
        group=np.ascontiguousarray(group_codes),
        pairs=None,
        notes=_notes(
            (repeated, "rows repeat an image; each image counts once"),
            (0 if len(groups) == 1 else unlabelled, f"images have no group and stand under {UNLABELLED!r}"),
        ),
    )


def _pairs_protocol(name: str, digest: str, reader: csv.DictReader[str], *, scored: bool) -> Protocol:
    rows = _PairRows(scored=scored)
    for line, row in _rows(reader):
        rows.add(line, row)
    if not rows.codes:
        raise ProtocolError("the protocol has no rows")
    pairs = rows.pairs()
    ends = pairs.probe, pairs.reference
    people = people_of_pairs(len(rows.images), *(end[pairs.mated] for end in ends))
    contradicted = contradictions(people, *(end[~pairs.mated] for end in ends))
    unlabelled = 0 if len(rows.groups) == 1 else int(np.sum(pairs.group == rows.groups.get(UNLABELLED, -1)))
    return Protocol(
        name=name,
        sha256=digest,
        images=tuple(rows.images),
        people=people,
        subjects=(),
        groups=tuple(rows.groups),
        group=np.zeros(0, np.int32),
        pairs=pairs,
        notes=_notes(
            (rows.repeated, "rows repeat a pair; each pair counts once"),
            (rows.alone, "rows compare an image with itself and are left out"),
            (unlabelled, f"pairs have no group and stand under {UNLABELLED!r}"),
            (contradicted, "pairs are called non-mated, but other rows together make both one person"),
        ),
    )


class _PairRows:
    """Rows of listed pairs as they are read: (probe, reference) once each, as numbers."""

    def __init__(self, *, scored: bool) -> None:
        self._scored = scored
        self.images, self.groups = _Numbers(), _Numbers()
        self.codes: dict[tuple[int, int], tuple[bool, int, float]] = {}
        self.repeated = self.alone = 0
        self._errors: list[str] = []

    def add(self, line: int, row: dict[str, str]) -> None:
        """Take a row; raises ProtocolError."""
        pair = self.images[_required(line, row, "probe")], self.images[_required(line, row, "reference")]
        mated, group = _mated(line, row), self.groups[row.get("group", "") or UNLABELLED]
        score, error = _score(line, row) if self._scored else (math.nan, "")
        if pair[0] == pair[1]:
            self.alone += 1
        elif self.codes.get(pair, (mated,))[0] != mated or self.codes.get(pair[::-1], (mated,))[0] != mated:
            raise ProtocolError(f"line {line}: the pair stood before, mated {int(not mated)}")
        elif pair not in self.codes:
            self.codes[pair] = mated, group, score
            self._errors.append(error)
        elif self.codes[pair][1] != group or not _same_score(self.codes[pair][2], score):
            raise ProtocolError(f"line {line}: the pair stood before with another group or score")
        else:
            self.repeated += 1

    def pairs(self) -> Pairs:
        """All rows so far."""
        probe, reference = np.array(list(self.codes), np.int32).T
        mated, group, scores = zip(*self.codes.values(), strict=True)
        return Pairs(
            np.ascontiguousarray(probe),
            np.ascontiguousarray(reference),
            np.array(mated),
            np.array(group, np.int32),
            np.array(scores) if self._scored else None,
            tuple(self._errors) if self._scored else (),
        )


class _Numbers(dict[str, int]):
    """Names, numbered in the order in which they are first asked for."""

    def __missing__(self, name: str) -> int:
        self[name] = number = len(self)
        return number


def _rows(reader: csv.DictReader[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Each row with the number of its line."""
    try:
        for row in reader:
            if None in row or None in row.values():
                raise ProtocolError(f"line {reader.line_num}: not as many fields as columns")
            yield reader.line_num, {key: value.strip() for key, value in row.items()}
    except csv.Error as error:
        raise ProtocolError(f"line {reader.line_num + 1}: {error}") from None


def _required(line: int, row: dict[str, str], column: str) -> str:
    if not row[column]:
        raise ProtocolError(f"line {line}: the {column} is missing")
    return row[column]


def _same_score(a: float, b: float) -> bool:
    return a == b or (math.isnan(a) and math.isnan(b))


def _mated(line: int, row: dict[str, str]) -> bool:
    if row["mated"] not in ("0", "1"):
        raise ProtocolError(f"line {line}: mated is 1 or 0")
    return row["mated"] == "1"


def _score(line: int, row: dict[str, str]) -> tuple[float, str]:
    """A finite score, or NaN with what the file says went wrong."""
    if not row["score"]:
        return math.nan, row.get("error", "") or "no score"
    try:
        score = float(row["score"])
    except ValueError:
        score = math.nan
    if not math.isfinite(score):
        raise ProtocolError(
            f"line {line}: the score is not a finite number",
            hint="leave the score of a failed comparison empty, and say why under `error`",
        )
    return score, ""


def _notes(*counted: tuple[int, str]) -> tuple[str, ...]:
    return tuple(f"{count:,} {text}" for count, text in counted if count)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_PROTOCOL_BYTES + 1)
    except OSError as error:
        raise ProtocolError(
            f"the protocol cannot be opened: {why(error, 'no access')}",
            hint="check that it exists and that you may read it",
        ) from None
    if len(data) > MAX_PROTOCOL_BYTES:
        raise ProtocolError("the protocol is larger than 1 GiB")
    return data
