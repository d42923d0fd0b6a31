"""A stand-in for what answers calls, until it is merged."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from visavis.rekognition.errors import UnknownOperationException
from visavis.rekognition.wire import Answer, write_error
from visavis.services.access import AccessKey
from visavis.services.registry import Registry


@dataclass(frozen=True, slots=True)
class Signed:
    """A call whose signature was verified."""

    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    key: AccessKey
    region: str
    request_id: str


class Service:
    """Answers calls over a registry."""

    def __init__(self, registry: Registry, report: Callable[[str, Exception], None]) -> None:
        self._registry = registry
        self._report = report

    def answer(self, signed: Signed) -> Answer:
        """The answer."""
        return write_error(UnknownOperationException(), signed.request_id)
