"""Prometheus metrics. Labels are names from fixed lists: no key, gallery or person is one."""

from __future__ import annotations

import re
from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from visavis.rekognition.errors import (
    FrontError,
    MalformedHttpRequestException,
    RequestEntityTooLargeException,
    RequestTimeoutException,
    ThrottlingException,
    WireError,
)
from visavis.server.exchange import GONE, OK, OTHER, Exchange
from visavis.server.operations import ALL_OPERATIONS

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_BODIES = frozenset(
    kind.__name__
    for kind in (MalformedHttpRequestException, RequestEntityTooLargeException, RequestTimeoutException)
)
_CODES = frozenset(kind.__name__ for kind in (*WireError.__subclasses__(), *FrontError.__subclasses__()))
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Metrics:
    """What a server counts. waiting: how many calls wait just now; held: the bytes of all bodies in flight."""

    def __init__(self, waiting: Callable[[], int], held: Callable[[], int]) -> None:
        self._registry = CollectorRegistry()
        self._calls = Counter(
            "visavis_calls", "Calls answered.", ["operation", "code"], registry=self._registry
        )
        self._seconds = Histogram(
            "visavis_call_seconds",
            "How long a call took, its body and its wait included.",
            ["operation"],
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._throttled = Counter(
            "visavis_throttled", "Calls refused because there were too many.", registry=self._registry
        )
        self._refused = Counter(
            "visavis_refused_bodies",
            "Calls refused for their size, form or slowness.",
            ["code"],
            registry=self._registry,
        )
        self._gauge("visavis_queue_length", "Calls that wait for a worker.", waiting)
        self._gauge("visavis_body_bytes", "Bytes of bodies in memory.", held)

    def count(self, exchange: Exchange) -> None:
        """Count a request that is over."""
        operation, code = known_operation(exchange.operation), _known_code(exchange.code)
        self._calls.labels(operation, code).inc()
        self._seconds.labels(operation).observe(exchange.seconds())
        if code == ThrottlingException.__name__:
            self._throttled.inc()
        if code in _BODIES:
            self._refused.labels(code).inc()

    def text(self) -> bytes:
        """All of them in Prometheus's text format."""
        return generate_latest(self._registry)

    def _gauge(self, name: str, meaning: str, value: Callable[[], int]) -> None:
        Gauge(name, meaning, registry=self._registry).set_function(value)


def known_operation(name: str) -> str:
    """The name itself if an operation has it, else `other`: whoever calls must not be able to make up labels, or lines of logs."""
    return name if name in ALL_OPERATIONS else OTHER


def _known_code(code: str) -> str:
    return code if code in _CODES or code in {OK, GONE} or re.fullmatch("[1-5][0-9]{2}", code) else OTHER
