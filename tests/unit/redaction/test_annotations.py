"""Files of annotations: what they say, and what is said of bad ones."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.errors import AnnotationsError
from visavis.faces import Box
from visavis.redaction import annotations as room
from visavis.redaction.annotations import Annotations, read_annotations

HEADER = "file,frame,x,y,width,height\n"


def read(text: str) -> Annotations:
    return read_annotations(io.BytesIO(text.encode()))


def test_photos_and_frames() -> None:
    read_in = read(
        HEADER + "day/a.jpg,,1,2,3,4\nfilm.mp4,0,5,6,7.5,8\nday/a.jpg,,9,2,3,4\nfilm.mp4,12,5,6,7,8\n"
    )
    assert read_in.of("day/a.jpg") == (Box(1, 2, 3, 4), Box(9, 2, 3, 4))
    assert read_in.of("film.mp4", 0) == (Box(5, 6, 7.5, 8),)
    assert read_in.of("film.mp4") == read_in.of("film.mp4", 1) == ()
    assert len(read_in) == 4


def test_a_file_as_spreadsheets_write_it() -> None:
    text = '\ufefffile,frame,x,y,width,height\r\n\r\n"a, b.jpg", ,-1,2, 3 ,4\r\n'
    assert read(text).boxes == {("a, b.jpg", None): (Box(-1, 2, 3, 4),)}


names = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1).filter(lambda n: n == n.strip())
sides = st.floats(0.01, 1e5)
faces = st.tuples(names, st.none() | st.integers(0, 10**6), st.builds(Box, sides, sides, sides, sides))


@given(st.lists(faces, max_size=20))
def test_what_was_written_is_read(rows: list[tuple[str, int | None, Box]]) -> None:
    file = io.StringIO()
    file.write(HEADER)
    for name, frame, box in rows:
        csv.writer(file).writerow([name, frame, box.x, box.y, box.width, box.height])
    found = read(file.getvalue())
    assert len(found) == len(rows)
    assert all(box in found.of(name, frame) for name, frame, box in rows)


@pytest.mark.parametrize(
    ("row", "where"),
    [
        ("SECRET,,1,2,3", "line 3: not as many fields"),
        ("SECRET,,1,2,3,4,5", "line 3: not as many fields"),
        (",SECRET,1,2,3,4", "line 3, column file"),
        ("a,SECRET,1,2,3,4", "line 3, column frame"),
        ("a,-1,1,2,3,4", "line 3, column frame"),
        ("a,1e3,1,2,3,4", "line 3, column frame"),
        (f"a,{'9' * 5000},1,2,3,4", "line 3, column frame"),
        ("a,1,SECRET,2,3,4", "line 3, column x"),
        ("a,1,1,nan,3,4", "line 3, column y"),
        ("a,1,1,2,inf,4", "line 3, column width"),
        ("a,1,1,2,0,4", "line 3, column width"),
        ("a,1,1,2,3,-4", "line 3, column height"),
        ("a,1,1,2,3,1e7", "line 3, column height"),
        ('"SECRET"x,1,1,2,3,4', "line 3: this is not CSV"),
    ],
)
def test_a_wrong_row_is_told_by_its_place(row: str, where: str) -> None:
    with pytest.raises(AnnotationsError) as caught:
        read(f"{HEADER}a.jpg,,1,2,3,4\n{row}\n")
    assert caught.value.message.startswith(where)
    assert "SECRET" not in caught.value.message


@pytest.mark.parametrize("text", ["", "a.jpg,,1,2,3,4\n", "file,x,y,width,height\n"])
def test_a_file_without_its_header(text: str) -> None:
    with pytest.raises(AnnotationsError, match="line 1: the columns are not file,frame"):
        read(text)


def test_text_of_another_kind() -> None:
    with pytest.raises(AnnotationsError, match="not UTF-8"):
        read_annotations(io.BytesIO(b"\xff\xfe\x00"))


def test_a_file_without_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "MAX_FACES", 2)
    with pytest.raises(AnnotationsError, match=r"line 4: .* at most 2 faces"):
        read(HEADER + "a,,1,2,3,4\n" * 3)
    monkeypatch.setattr(room, "MAX_BYTES", 16)
    with pytest.raises(AnnotationsError, match="larger than"):
        read(HEADER)
