"""Metrics: whatever clients send, there are no more labels than names in fixed lists."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from visavis.rekognition.model import OPERATIONS
from visavis.server.exchange import GONE, Exchange
from visavis.server.metrics import Metrics, known_operation

METRICS = Metrics(lambda: 0, lambda: 0)


@given(st.text(), st.text())
def test_labels_come_from_fixed_lists(operation: str, code: str) -> None:
    METRICS.count(Exchange(operation=operation, code=code))
    labels = re.findall(r'visavis_calls_total\{code="(.*?)",operation="(.*?)"\}', METRICS.text().decode())
    assert {name for _, name in labels} <= {"other"}
    assert all(re.fullmatch("other|OK|ClientGone|[1-5][0-9]{2}", found) for found, _ in labels)


def test_known_names_stay() -> None:
    assert all(known_operation(name) == name for name in (*OPERATIONS, "GrantConsent", "RevokeKey"))


def test_what_was_refused_is_counted_by_its_reason() -> None:
    metrics = Metrics(lambda: 3, lambda: 70)
    for code in ("ThrottlingException", "ThrottlingException", "RequestTimeoutException", GONE, "OK"):
        metrics.count(Exchange(operation="DetectFaces", code=code))
    text = metrics.text().decode()
    for line in (
        "visavis_throttled_total 2.0",
        'visavis_refused_bodies_total{code="RequestTimeoutException"} 1.0',
        'visavis_calls_total{code="ClientGone",operation="DetectFaces"} 1.0',
        'visavis_call_seconds_count{operation="DetectFaces"} 5.0',
        "visavis_queue_length 3.0",
        "visavis_body_bytes 70.0",
    ):
        assert line in text
