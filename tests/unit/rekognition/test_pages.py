from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.rekognition.errors import InvalidPaginationTokenException
from visavis.rekognition.pages import read_id_token, read_token, write_token

places = st.lists(st.text(), max_size=4)


@given(st.integers(0, 2**63 - 1), places)
def test_a_token_leads_on_from_where_it_was_written(after: int, place: list[str]) -> None:
    token = write_token(after, *place)
    assert read_token(token, *place) == after
    assert len(token) <= 255
    with pytest.raises(InvalidPaginationTokenException):
        read_id_token(token, *place)
    with pytest.raises(InvalidPaginationTokenException):
        read_token(token, *place, "elsewhere")


@given(places)
def test_an_id_may_stand_in_it_as_well(place: list[str]) -> None:
    token = write_token("0f" * 16, *place)
    assert read_id_token(token, *place) == "0f" * 16
    with pytest.raises(InvalidPaginationTokenException):
        read_token(token, *place)


def test_without_a_token_it_begins_at_the_beginning() -> None:
    assert read_token(None, "ListFaces") == 0
    assert read_id_token(None, "ListCollections") == ""


@given(st.text(max_size=255))
def test_any_other_text_is_no_token(text: str) -> None:
    with pytest.raises(InvalidPaginationTokenException):
        read_token(text, "ListFaces", "staff")


@pytest.mark.parametrize("after", [-1, 2**63, True, 1.5, None, [1]])
def test_what_is_no_number_is_no_token(after: object) -> None:
    with pytest.raises(InvalidPaginationTokenException):
        read_token(write_token(after, "ListFaces"), "ListFaces")  # type: ignore[arg-type]  # as somebody might write it
