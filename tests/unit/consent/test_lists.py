from __future__ import annotations

import hashlib
import io
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from visavis.consent import lists
from visavis.consent.lists import ListedConsent, read_consent_list
from visavis.consent.terms import Consenter, Terms
from visavis.errors import ConsentListError

NOON = 1_791_201_600
DAY = 86_400
MIDNIGHT = NOON - DAY // 2
NOWHERE = Path("/nonexistent")


def read(text: str | bytes, folder: Path = NOWHERE) -> tuple[ListedConsent, ...]:
    data = text.encode() if isinstance(text, str) else text
    return read_consent_list(io.BytesIO(data), folder=folder, now=NOON)


def fails(text: str | bytes, folder: Path = NOWHERE) -> str:
    with pytest.raises(ConsentListError) as raised:
        read(text, folder)
    return raised.value.message


def test_the_least() -> None:
    assert read("subject,purpose\np-1,entry\n") == (ListedConsent("p-1", "entry", NOON, Terms(), 2),)
    assert read("subject,purpose\n") == ()


def test_everything(tmp_path: Path) -> None:
    (tmp_path / "scans").mkdir()
    (tmp_path / "scans" / "1.pdf").write_bytes(b"signed")
    digest = hashlib.sha256(b"signed").hexdigest()
    found = read(
        "evidence,language,notice_version,consented_by,given_at,until,purpose,subject\n"
        f"scans/1.pdf,de,v1,guardian,2026-10-01,2026-12-31,entry,p-1\n"
        f'sha256:{digest.upper()},,,,2026-10-05T13:00+02:00,2027-01-01T00:00:00Z,"entry, and exit",p-2\n'
        f'./scans/1.pdf,,,representative,,,"entry",p-2\n',
        tmp_path,
    )
    assert found == (
        ListedConsent("p-1", "entry", MIDNIGHT - 4 * DAY, Terms(Consenter.GUARDIAN, "v1", "de", digest, MIDNIGHT + 88 * DAY), 2),
        ListedConsent("p-2", "entry, and exit", NOON - 3600, Terms(evidence_sha256=digest, until=MIDNIGHT + 88 * DAY), 3),
        ListedConsent("p-2", "entry", NOON, Terms(Consenter.REPRESENTATIVE, evidence_sha256=digest), 4),
    )  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "subject;purpose\np-1;entry\n", "\ufeffsubject,purpose\np-1,entry\n", "\ufeffsubject;purpose\r\np-1;entry\r\n",
        "subject,purpose\rp-1,entry\r", "subject,purpose\np-1,entry", ' subject , purpose \n p-1 ,"entry "\n',
        '"subject";"purpose"\n"p-1";"entry"\n', "purpose,subject\nentry,p-1\n", "subject,purpose,until\np-1,entry,\n",
    ],
)  # fmt: skip
def test_forms_of_a_list(text: str) -> None:
    assert read(text) == (ListedConsent("p-1", "entry", NOON, Terms(), 2),)


def test_lines_are_those_of_the_file() -> None:
    text = '\n\nsubject,purpose,evidence\n\np-1,entry,\n"p-2",entry,"\n"\np-3,entry,\n'
    assert [consent.line for consent in read(text)] == [5, 6, 8]


def test_a_semicolon_in_a_purpose_is_not_taken_for_a_delimiter() -> None:
    assert read("subject,purpose\np-1,a; b; c\n")[0].purpose == "a; b; c"
    assert read("subject;purpose\np-1;a, b, c\n")[0].purpose == "a, b, c"


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("Anna Muster,entry,,,,,,", "line 2, column subject: a subject is 1 to 255 letters, digits, _, . and -"),
        (",entry,,,,,,", "line 2, column subject: this is missing"),
        ("p-1,,,,,,,", "line 2, column purpose: this is missing"),
        (f"p-1,{'x' * 257},,,,,,", "line 2, column purpose: a purpose is 1 to 256"),
        ("p-1,entry,31.12.2026,,,,,", "line 2, column until: this is not a day"),
        ("p-1,entry,1969-12-31,,,,,", "line 2, column until: this is not a day"),
        ("p-1,entry,9999-12-31,,,,,", "line 2, column until: this is not a day"),
        ("p-1,entry,2026-10-04,,,,,", "line 2, column until: the consent ends before it was given"),
        ("p-1,entry,2026-10-03T12:00Z,2026-10-03T12:00Z,,,,", "line 2, column until: the consent ends before"),
        ("p-1,entry,,yesterday,,,,", "line 2, column given_at: this is not a day"),
        ("p-1,entry,,2026-10-06,,,,", "line 2, column given_at: this is in the future"),
        ("p-1,entry,,2026-10-05T12:00:01Z,,,,", "line 2, column given_at: this is in the future"),
        ("p-1,entry,,,mother,,,", "line 2, column consented_by: this is one of person, guardian, representative"),
        (f"p-1,entry,,,,{'v' * 65},,", "line 2, column notice_version: a notice version is 1 to 64"),
        ("p-1,entry,,,,,German!,", "line 2, column language: a language is a BCP 47 tag"),
        ("p-1,entry,,,,,,sha256:12", "line 2, column evidence: 64 hexadecimal digits follow sha256:"),
        ("p-1,entry,,,,,,missing.pdf", "line 2, column evidence: there is no such file"),
        ("p-1,entry,,,,,,a\x00b", "line 2, column evidence: the file cannot be read"),
        (f"p-1,entry,,,,,,{'x' * 5000}", "line 2, column evidence: the file cannot be read"),
        ("p-1,entry,,,,,", "line 2: not as many fields as columns"),
        ("p-1,entry,,,,,,,", "line 2: not as many fields as columns"),
        ('p-1,"entry"x,,,,,,', "line 2: ',' expected after '\"'"),
        ('p-1,"entry', "line 2: unexpected end of data"),
    ],
)  # fmt: skip
def test_rows_that_are_wrong(row: str, message: str, tmp_path: Path) -> None:
    header = "subject,purpose,until,given_at,consented_by,notice_version,language,evidence\n"
    found = fails(f"{header}{row}\n", tmp_path)
    assert found.startswith(message)
    assert not {field for field in row.split(",") if len(field) > 6 and field in found}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1: there is no column subject"),
        ("\n\n", "line 1: there is no column subject"),
        ("subject\np-1\n", "line 1: there is no column purpose"),
        ("subject,purpose,age\n", "line 1: the column 'age' is not known"),
        ("subject,purpose,\n", "line 1: the column '' is not known"),
        ("subject,purpose,until,until\n", "line 1: the column until stands there twice"),
        (b"subject,purpose\np-1,\xff\n", "the list is not UTF-8 text"),
        ("subject,purpose\n".encode("utf-16"), "the list is not UTF-8 text"),
    ],
)
def test_what_is_no_list(text: str | bytes, message: str) -> None:
    assert fails(text) == message


def test_a_list_without_a_header_does_not_give_its_first_person_away() -> None:
    assert "Muster" not in fails("Anna Muster,entry\n")


def test_a_consent_stands_once() -> None:
    text = "subject,purpose\np-1,entry\np-1,exit\np-2,entry\np-1,entry\n"
    assert fails(text) == "line 5: the same subject and purpose stand in line 2"


def test_evidence_outside_the_folder_is_not_read(tmp_path: Path) -> None:
    inside = tmp_path / "lists"
    inside.mkdir()
    (tmp_path / "secret").write_bytes(b"secret")
    (inside / "link").symlink_to(tmp_path / "secret")
    (inside / "circle").symlink_to(inside / "circle")
    for named in ("../secret", str(tmp_path / "secret"), "link"):
        assert "outside the folder" in fails(f"subject,purpose,evidence\np-1,entry,{named}\n", inside)
    for named in ("circle", "."):
        message = fails(f"subject,purpose,evidence\np-1,entry,{named}\n", inside)
        assert message.startswith("line 2, column evidence: ")


def test_evidence_that_many_share_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "form.pdf").write_bytes(b"form")
    digests = iter([hashlib.sha256(b"form").hexdigest()])
    monkeypatch.setattr(lists, "evidence_digest", lambda _: next(digests))
    assert len(read("subject,purpose,evidence\np-1,a,form.pdf\np-2,a,form.pdf\n", tmp_path)) == 2
    assert not list(digests)


def test_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "MAX_ROWS", 2)
    rows = ["subject,purpose", "p-1,a", "p-2,a", "p-3,a"]
    assert len(read("\n".join(rows[:3]))) == 2
    assert fails("\n".join(rows)) == "line 4: a list has at most 2 rows"
    monkeypatch.setattr(lists, "MAX_LIST_BYTES", 20)
    assert fails("subject,purpose\np-1,a\n") == "the list is larger than 64 MiB"


PIECES = st.sampled_from(
    ["subject", "purpose", "until", "given_at", "evidence", "p-1", "entry", "2026-10-01", "sha256:", ",", ";", "\n", "\r", '"', "\x00",
     "\ufeff", "..", "/", "\ud7ff", " "]
)  # fmt: skip
TEXTS = st.lists(PIECES | st.text(max_size=3), max_size=40).map(
    lambda pieces: "".join(pieces).encode("utf-8", "replace")
)
HEADED = TEXTS.map(lambda rest: b"subject,purpose,until,given_at,evidence\n" + rest)


@given(st.binary(max_size=200) | TEXTS | HEADED)
@example(b"subject,purpose\np-1,entry\np-1,entry")
@example(b"subject,purpose,evidence\np-1,entry,\x7f/../x")
def test_any_bytes_are_a_list_or_say_why_not(data: bytes) -> None:
    try:
        found = read(data)
    except ConsentListError as error:
        assert error.message
        assert "\n" not in error.message
    else:
        assert len({(one.subject, one.purpose) for one in found}) == len(found)
        assert all(one.given_at <= NOON and (one.terms.until or NOON + 1) > one.given_at for one in found)


WORDS = st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=20)


@given(
    st.lists(st.tuples(st.from_regex(r"[A-Za-z0-9_.-]{1,12}", fullmatch=True), WORDS), unique=True),
    st.sampled_from(",;"),
)
def test_what_is_written_is_read(consents: list[tuple[str, str]], delimiter: str) -> None:
    def quoted(value: str) -> str:
        return '"' + value.replace('"', '""') + '"'

    rows = [("subject", "purpose"), *consents]
    text = "\r\n".join(delimiter.join(map(quoted, row)) for row in rows)
    assert [(one.subject, one.purpose) for one in read(text)] == consents
