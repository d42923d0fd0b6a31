"""The page of a redaction."""

from __future__ import annotations

import base64
import io
import re
from dataclasses import dataclass
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from visavis.errors import CorruptImageError
from visavis.redaction.covering import Redacted
from visavis.redaction.missed import Coverage, missed_faces
from visavis.redaction.moments import Moment, Span
from visavis.redaction.report import MOST_MOMENTS, Review, Reviewed, review_page
from visavis.redaction.styles import Style
from visavis.redaction.videos import RedactedVideo

WHERE = (10, 20, 40, 60)
HOSTILE = "<script>alert(1)</script>&\"'.jpg"


class _Tags(HTMLParser):
    """The elements of a page, with their attributes; that each is closed is asserted."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self._open: list[str] = []
        self.feed(page)
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in {"meta", "img"}:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag


@dataclass
class Folder:
    """A folder of outputs, each of one colour."""

    path: Path

    def photo(self, name: str, *moments: Moment, outcome: Redacted | None = None) -> Reviewed:
        output = self.path / f"{abs(hash(name))}.png"
        Image.new("RGB", (64, 64), "teal").save(output)
        return Reviewed(name, output, outcome or Redacted(b"", 1), moments)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def text_of(page: str) -> str:
    """What a reader sees, in one line."""
    body = page.partition("<body>")[2]
    return " ".join(unescape(re.sub("<[^>]+>", " ", body)).split())


def test_the_page_is_whole_loads_nothing_and_runs_nothing(folder: Folder) -> None:
    video = Reviewed("film.mp4", folder.path / "gone.mp4", RedactedVideo(10, 5), [])
    failed = Reviewed(HOSTILE, folder.path / "x", CorruptImageError(), None)
    missed = missed_faces({HOSTILE: Coverage(4, 1, 2, 0, 10, 1)}, 9)
    files = [folder.photo(HOSTILE, Moment("<i>", 0.5, WHERE)), video, failed]
    page = review_page(Review(files, [HOSTILE], missed=missed))
    tags = _Tags(page).seen
    assert {tag for tag, _ in tags}.isdisjoint({"script", "link", "iframe", "object", "form", "a", "i"})
    for _, attributes in tags:
        assert not any(name.startswith("on") for name in attributes)
        assert (attributes.get("src") or "data:").startswith(
            "data:image/jpeg;base64,"
        ) or "src" not in attributes
    policy = next(a["content"] for _, a in tags if a.get("http-equiv") == "Content-Security-Policy")
    assert policy == "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    assert text_of(page).count(HOSTILE) == 4, "as a moment, in the rates, as failed, and as not copied"


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.text(st.characters(codec=None), max_size=30))
def test_any_name_is_shown_as_it_is(folder: Folder, name: str) -> None:
    failed = Reviewed(name, folder.path / "x", CorruptImageError(), None)
    page = review_page(Review([failed], [name], missed=missed_faces({name: Coverage(1, 1)}, 1)))
    page.encode("utf-8")
    assert not {tag for tag, _ in _Tags(page).seen} & {"script", "img", "a"}


def test_what_was_done(folder: Folder) -> None:
    files = [
        folder.photo("a", outcome=Redacted(b"", 1200, kept=3, spared=2)),
        folder.photo("b", outcome=Redacted(b"", 0)),
        Reviewed("c", folder.path / "c.mp4", RedactedVideo(1000, 750, 210), []),
        Reviewed("d", folder.path / "d.mp4", RedactedVideo(100, 0), []),
        Reviewed("e", folder.path / "e", None, None),
        Reviewed("f", folder.path / "f", CorruptImageError(), None),
    ]
    text = text_of(review_page(Review(files, ["notes.txt"])))
    for fact in (
        "Photos redacted 2",
        "Faces covered in photos 1,200",
        "Spared by consent 2",
        "Kept by hand 3",
        "Photos without a covered face 1",
        "Videos redacted 2",
        "Frames with a cover 750 of 1,100",
        "Frames with somebody spared 210 of 1,100",
        "Videos without any cover 1",
        "Done by an earlier run 1",
        "Failed 1",
        "Not copied 1",
        "Failed and not in the output: 1 file.",
        "not looked through for this page: 1 file.",
        "f : The photo is damaged or incomplete.",
        "notes.txt",
    ):
        assert fact in text
    assert "Missed faces" not in text
    assert "guessed back" not in text


def test_what_can_be_guessed_back_is_said(folder: Folder) -> None:
    assert "of the style blur" in text_of(review_page(Review([folder.photo("a")], style=Style.BLUR)))


def test_a_moment_is_shown_with_its_picture_its_place_and_what_corrects_it(folder: Folder) -> None:
    photo = folder.photo("day/a.jpg", Moment("A reason.", 0.5, WHERE))
    gone = Reviewed(
        "film.mp4",
        folder.path / "gone.mp4",
        RedactedVideo(10, 5),
        [Moment("Another reason.", 0.9, WHERE, Span(3_725_200, 1234, 3_724_000, 3_726_000))],
    )
    page = review_page(Review([photo, gone]))
    text = text_of(page)
    assert text.endswith("day/a.jpg A reason. --also 10,20,30,40")
    assert (
        "The output cannot be shown. film.mp4 1:02:05.2, frame 1,234 Another reason. "
        "--also 10,20,30,40@1:02:04.0-1:02:06.0"
    ) in text
    assert text.index("film.mp4") < text.index("day/a.jpg"), "the worst comes first"
    (source,) = (cast("str", attributes["src"]) for tag, attributes in _Tags(page).seen if tag == "img")
    image = Image.open(io.BytesIO(base64.b64decode(source.partition(",")[2])))
    assert image.getpixel((5, 5)) != (0, 0, 0)


def test_a_page_has_an_end(folder: Folder) -> None:
    files = [folder.photo(str(i), Moment("A reason.", 0.5, WHERE)) for i in range(MOST_MOMENTS + 3)]
    page = review_page(Review(files, [f"name {i}" for i in range(150)]))
    assert page.count("<img") == MOST_MOMENTS
    assert "There are 3 more, less likely to be a face." in text_of(page)
    assert "And 50 more." in text_of(page)
    assert "name 99" in page
    assert "name 100" not in page


def test_nothing_doubtful(folder: Folder) -> None:
    assert "Nothing was found that is doubtful." in text_of(review_page(Review([folder.photo("a")])))


def test_rates_of_missed_faces(folder: Folder) -> None:
    by_file = {f"{i:03}": Coverage(10, 0, 0, 0, 100.0, 25.0) for i in range(60)}
    by_file["bad"] = Coverage(10, 10, 4, 4)
    text = text_of(review_page(Review([folder.photo("a")], missed=missed_faces(by_file, 613))))
    assert "All 10 of 610 1.6 %; 0.9 % to 3.0 % 4 of 4 100.0 %; 51.0 % to 100.0 % 25.0 % bad 10 of 10" in text
    assert "000 0 of 10 at most 27.8 % none marked 25.0 %" in text
    assert "And 11 more files" in text
    assert "3 of the marked faces were not measured" in text
