from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from visavis.errors import ProtocolError
from visavis.evaluation.protocols import MAX_GROUPS, check_groups, read_protocol


def written(folder: Path, text: str) -> Path:
    path = folder / "people.csv"
    path.write_text(text, "utf-8")
    return path


def test_images(tmp_path: Path) -> None:
    protocol = read_protocol(
        written(tmp_path, "image,subject,group\na.jpg,anna,x\nb.jpg,ben,\nc.jpg,anna,x\n")
    )
    assert protocol.kind == "images"
    assert protocol.images == ("a.jpg", "b.jpg", "c.jpg")
    assert protocol.people.tolist() == [0, 1, 0]
    assert protocol.subjects == ("anna", "ben")
    assert protocol.groups == ("x", "unlabelled")
    assert protocol.notes == ("1 images have no group and stand under 'unlabelled'",)


def test_a_file_as_spreadsheets_write_it(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes('\ufeffimage,subject,group,remark\r\n"a, b.jpg", anna ,x,"two\r\nlines"\r\n'.encode())
    protocol = read_protocol(path)
    assert (protocol.images, protocol.subjects) == (("a, b.jpg",), ("anna",))


def test_repeated_images_count_once_and_are_told(tmp_path: Path) -> None:
    protocol = read_protocol(written(tmp_path, "image,subject,group\na,anna,x\na,anna,x\nb,ben,x\n"))
    assert protocol.images == ("a", "b")
    assert protocol.notes == ("1 rows repeat an image; each image counts once",)


def test_pairs_make_people_of_whom_they_join(tmp_path: Path) -> None:
    text = "probe,reference,mated,group\na,b,1,x\nb,c,1,x\na,d,0,y\nc,d,0,y\na,b,1,x\nd,d,1,x\n"
    protocol = read_protocol(written(tmp_path, text))
    assert protocol.kind == "pairs"
    assert protocol.pairs is not None
    assert protocol.pairs.mated.tolist() == [True, True, False, False]
    a, b, c, d = protocol.people
    assert a == b == c != d
    assert protocol.notes == (
        "1 rows repeat a pair; each pair counts once",
        "1 rows compare an image with itself and are left out",
    )


def test_labels_that_contradict_each_other_are_told(tmp_path: Path) -> None:
    text = "probe,reference,mated,group\na,b,1,x\nb,c,1,x\na,c,0,x\n"
    assert "1 pairs are called non-mated" in read_protocol(written(tmp_path, text)).notes[0]


def test_scores_with_failures(tmp_path: Path) -> None:
    text = "probe,reference,mated,group,score,error\na,b,1,x,99.5,\na,c,0,x,,timed out\nb,c,0,x,-3,\n"
    protocol = read_protocol(written(tmp_path, text))
    assert protocol.kind == "scores"
    assert protocol.pairs is not None
    assert protocol.pairs.scores is not None
    np.testing.assert_equal(protocol.pairs.scores, [99.5, np.nan, -3])
    assert protocol.pairs.errors == ("", "timed out", "")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not an evaluation protocol"),
        ("name,who\na,b\n", "not an evaluation protocol"),
        ("image,subject,group\n", "no rows"),
        ("probe,reference,mated\n", "no rows"),
        ("probe,reference,mated,group\na,a,1,x\n", "no rows"),
        ("image,subject,group\n,anna,x\n", "line 2: the image is missing"),
        ("image,subject,group\na,,x\n", "line 2: the subject is missing"),
        ("image,subject,group\na,anna,x\na,ben,x\n", "line 3: the image stood before"),
        ("image,subject,group\na,anna,x\na,anna,y\n", "line 3: the image stood before"),
        ("image,subject,group\na,anna\n", "line 2: not as many fields"),
        ("image,subject,group\na,anna,x,y,z\n", "line 2: not as many fields"),
        ('image,subject,group\n"a"b,anna,x\n', "line 2: "),
        ("probe,reference,mated,group\na,b,yes,x\n", "line 2: mated is 1 or 0"),
        ("probe,reference,mated,group\na,b,1,x\na,b,0,x\n", "line 3: the pair stood before, mated 1"),
        ("probe,reference,mated,group\na,b,1,x\nb,a,0,x\n", "line 3: the pair stood before, mated 1"),
        ("probe,reference,mated,group\na,b,1,x\na,b,1,y\n", "line 3: the pair stood before with another"),
        ("probe,reference,mated,group,score\na,b,1,x,1\na,b,1,x,2\n", "line 3: the pair stood before with"),
        ('image,"subject\n', "line 1: "),
        ("probe,reference,mated,group,score\na,b,1,x,nan\n", "line 2: the score is not a finite number"),
        ("probe,reference,mated,group,score\na,b,1,x,inf\n", "line 2: the score is not a finite number"),
        ("probe,reference,mated,group,score\na,b,1,x,high\n", "line 2: the score is not a finite number"),
    ],
)
def test_bad_files_are_named_by_their_defect(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ProtocolError, match=said) as caught:
        read_protocol(written(tmp_path, text))
    assert caught.value.hint


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ProtocolError, match="cannot be opened"):
        read_protocol(tmp_path / "absent.csv")
    (tmp_path / "photo.csv").write_bytes(b"\xff\xd8\xff\xe0")
    with pytest.raises(ProtocolError, match="not UTF-8"):
        read_protocol(tmp_path / "photo.csv")


def test_too_many_groups(tmp_path: Path) -> None:
    rows = "".join(f"{i}.jpg,s{i},g{i}\n" for i in range(MAX_GROUPS + 1))
    protocol = read_protocol(written(tmp_path, "image,subject,group\n" + rows))
    with pytest.raises(ProtocolError, match="names 65 groups"):
        check_groups(protocol)
