"""Lists of consents that an operator has already: CSV files for `visavis consent import`.

    subject,purpose,until,given_at,consented_by,notice_version,language,evidence

The first two columns are required; a column or field that is empty is not known. UTF-8, with comma or semicolon.
until, given_at: a day (2026-10-05) or a time (2026-10-05T12:00:00Z), in UTC unless it has an offset; a consent holds through the end of its last day.
evidence: sha256:HEX, or a file in the folder of the list or below it, of which only the hash is kept.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from visavis.consent.terms import Consenter, Terms, check_purpose, check_subject, evidence_digest
from visavis.consent.times import end_of, start_of
from visavis.errors import ConsentListError, ConsentTermsError

MAX_LIST_BYTES = 2**26
MAX_ROWS = 1_000_000

_REQUIRED = ("subject", "purpose")
_COLUMNS = (*_REQUIRED, "until", "given_at", "consented_by", "notice_version", "language", "evidence")


@dataclass(frozen=True, slots=True)
class ListedConsent:
    """One row. given_at: when the person said yes, epoch seconds, UTC. line: the first of the row in the file, from 1."""

    subject: str = field(repr=False)
    purpose: str
    given_at: int
    terms: Terms
    line: int


def read_consent_list(file: IO[bytes], *, folder: Path, now: int) -> tuple[ListedConsent, ...]:
    """The consents of a list, in its order, one for each subject and purpose.

    folder: where the paths under `evidence` begin. now: epoch seconds, UTC; a consent without given_at was given then.
    Raises ConsentListError, which names the line and the column but never what stands there, and OSError where `file` cannot be read.
    """
    listing = _Listing(folder, now)
    rows = _rows(_text(file))
    columns = _columns(rows)
    lines: dict[tuple[str, str], int] = {}
    consents: list[ListedConsent] = []
    for line, fields in rows:
        if len(fields) != len(columns):
            raise ConsentListError(f"line {line}: not as many fields as columns")
        consent = listing.consent(line, dict(zip(columns, fields, strict=True)))
        earlier = lines.setdefault((consent.subject, consent.purpose), line)
        if earlier != line:
            raise ConsentListError(f"line {line}: the same subject and purpose stand in line {earlier}")
        if len(consents) == MAX_ROWS:
            raise ConsentListError(f"line {line}: a list has at most {MAX_ROWS:,} rows")
        consents.append(consent)
    return tuple(consents)


@dataclass(slots=True)
class _Listing:
    """What the rows of one list share. digests: of the files read already, by the text that names them."""

    folder: Path
    now: int
    digests: dict[str, str] = field(default_factory=dict)

    def consent(self, line: int, row: dict[str, str]) -> ListedConsent:
        """The consent of a row; raises ConsentListError."""
        for column in _REQUIRED:
            if not row[column]:
                raise _wrong(line, column, "this is missing")
        given_at = _time(line, row, "given_at")
        given_at = self.now if given_at is None else given_at
        if given_at > self.now:
            raise _wrong(line, "given_at", "this is in the future (days count in UTC)")
        until = _time(line, row, "until")
        if until is not None and until <= given_at:
            raise _wrong(line, "until", "the consent ends before it was given")
        try:
            check_subject(row["subject"])
            check_purpose(row["purpose"])
            terms = Terms(
                _consenter(line, row),
                row.get("notice_version") or None,
                row.get("language") or None,
                self._evidence(line, row),
                until,
            )
        except ConsentTermsError as error:
            raise _wrong(line, error.field, error.message) from None
        return ListedConsent(row["subject"], row["purpose"], given_at, terms, line)

    def _evidence(self, line: int, row: dict[str, str]) -> str | None:
        named = row.get("evidence", "")
        if not named:
            return None
        if named.startswith("sha256:"):
            digest = named.removeprefix("sha256:").lower()
            if not re.fullmatch(r"[0-9a-f]{64}", digest):
                raise _wrong(line, "evidence", "64 hexadecimal digits follow sha256:")
            return digest
        if named not in self.digests:
            self.digests[named] = self._file_digest(line, named)
        return self.digests[named]

    def _file_digest(self, line: int, named: str) -> str:
        try:
            path = (self.folder / named).resolve()
            if not path.is_relative_to(self.folder.resolve()):
                raise _wrong(line, "evidence", "the file is outside the folder of the list")
            if not path.is_file():
                raise _wrong(line, "evidence", "there is no such file in the folder of the list")
            with path.open("rb") as file:
                return evidence_digest(file)
        except (OSError, ValueError, RuntimeError):  # no file has such a name, or links that go in circles
            raise _wrong(line, "evidence", "the file cannot be read") from None


def _wrong(line: int, column: str, what: str) -> ConsentListError:
    return ConsentListError(f"line {line}, column {column}: {what}")


def _text(file: IO[bytes]) -> str:
    data = file.read(MAX_LIST_BYTES + 1)
    if len(data) > MAX_LIST_BYTES:
        raise ConsentListError("the list is larger than 64 MiB")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ConsentListError("the list is not UTF-8 text") from None


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """Each row that is not empty, with the number of its first line."""
    header = text.lstrip("\r\n").partition("\n")[0]
    delimiter = ";" if header.count(";") > header.count(",") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            fields = next(reader, None)
        except csv.Error as error:
            raise ConsentListError(f"line {line}: {error}") from None
        if fields is None:
            return
        if fields:
            yield line, [value.strip() for value in fields]


def _columns(rows: Iterator[tuple[int, list[str]]]) -> list[str]:
    """The columns of the header. Its words are repeated only where it is one: a list without a header starts with a person."""
    line, columns = next(rows, (1, []))
    for column in _REQUIRED:
        if column not in columns:
            raise ConsentListError(f"line {line}: there is no column {column}")
    for column in columns:
        if column not in _COLUMNS:
            raise ConsentListError(f"line {line}: the column {column[:64]!r} is not known")
        if columns.count(column) > 1:
            raise ConsentListError(f"line {line}: the column {column} stands there twice")
    return columns


def _time(line: int, row: dict[str, str], column: str) -> int | None:
    text = row.get(column, "")
    if not text:
        return None
    try:
        return end_of(text) if column == "until" else start_of(text)
    except ValueError:
        raise _wrong(
            line, column, "this is not a day (2026-10-05) or a time (2026-10-05T12:00:00Z) after 1969"
        ) from None


def _consenter(line: int, row: dict[str, str]) -> Consenter:
    try:
        return Consenter(row.get("consented_by") or Consenter.PERSON)
    except ValueError:
        raise _wrong(line, "consented_by", f"this is one of {', '.join(Consenter)}") from None
