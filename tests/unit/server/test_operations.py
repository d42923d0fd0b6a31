"""The names that a key can be limited to."""

from __future__ import annotations

import re

from visavis.rekognition.model import OPERATIONS, SERVED
from visavis.server.operations import ALL_OPERATIONS, REST_OPERATIONS


def test_a_name_means_one_operation() -> None:
    assert not REST_OPERATIONS & OPERATIONS.keys()
    assert SERVED < ALL_OPERATIONS
    assert len(ALL_OPERATIONS) == len(OPERATIONS) + len(REST_OPERATIONS)
    assert all(re.fullmatch(r"([A-Z][a-z]+){2,}", name) for name in REST_OPERATIONS)
