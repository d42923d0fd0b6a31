from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.rekognition.arns import collection_arn, collection_of
from visavis.rekognition.errors import ResourceNotFoundException


@given(st.from_regex(r"[a-zA-Z0-9_.\-]{1,255}", fullmatch=True), st.sampled_from(["eu-west-1", "local"]))
def test_a_collection_is_found_by_the_arn_that_it_was_given(name: str, region: str) -> None:
    assert collection_of(collection_arn(region, name)) == name


@pytest.mark.parametrize(
    "arn",
    [
        "",
        "staff",
        "arn:aws:rekognition:eu-west-1:123456789012:collection/staff",
        "arn:aws:rekognition:eu-west-1:000000000000:project/staff",
        "arn:aws:rekognition:eu-west-1:000000000000:collection/",
        "arn:aws:rekognition:eu-west-1:000000000000:collection/staff\n",
        "arn:aws:rekognition:eu-west-1:000000000000:collection/a/b",
    ],
)
def test_what_is_no_collection_here_is_not_found(arn: str) -> None:
    with pytest.raises(ResourceNotFoundException):
        collection_of(arn)
