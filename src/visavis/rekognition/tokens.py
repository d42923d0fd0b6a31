"""ClientRequestToken: a call that an SDK repeats, because its answer got lost, is not done twice.

Answers are remembered in the memory of this process alone, for ten minutes, and then forgotten at the next call of any kind: a repetition that another process gets, or this one
after a restart, is done anew. Of what a call asked for only a hash is kept; its answer may hold ids of faces and users.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from visavis.rekognition.errors import IdempotentParameterMismatchException

LIFETIME_S = 600.0
"""How long an answer is remembered: SDKs give up repeating long before."""

MOST_PER_KEY = 4_096
"""Answers remembered for one access key, the latest. Each takes a few hundred bytes, and 6 kB where it names a hundred faces."""

_PARAMETER = "ClientRequestToken"

Place = tuple[str, str]
"""An operation and a token."""


@dataclass(slots=True, eq=False)
class _Done:
    """A call that is being done, while its lock is held, or was: then it has an answer, or was dropped because it failed."""

    asked: bytes
    at: float
    lock: threading.Lock = field(default_factory=threading.Lock)
    answer: bytes | None = None
    dropped: bool = False


class Tokens:
    """What was answered to which token. Safe to share between threads. clock: monotonic, in seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._by_key: dict[str, OrderedDict[Place, _Done]] = {}

    def once(
        self, key_id: str, operation: str, parameters: Mapping[str, Any], do: Callable[[], dict[str, Any]]
    ) -> dict[str, Any]:
        """Do a call, or answer what was answered to its token before; one that comes while it is being done waits for its answer.

        key_id: whose token it is. A call that fails is not remembered. Raises IdempotentParameterMismatchException where the token came with
        other parameters, and whatever `do` raises.
        """
        token = parameters.get(_PARAMETER)
        if token is None:
            return do()
        place, asked = (operation, token), _digest(parameters)
        while True:
            done = self._claim(key_id, place, asked)
            with done.lock:
                if done.dropped:  # it failed while this call waited for it
                    continue
                if done.answer is None:
                    try:
                        done.answer = json.dumps(do()).encode()
                    except BaseException:
                        self._drop(key_id, place, done)
                        raise
            answer: dict[str, Any] = json.loads(done.answer)
            return answer

    def __len__(self) -> int:
        with self._lock:
            return sum(map(len, self._by_key.values()))

    def _claim(self, key_id: str, place: Place, asked: bytes) -> _Done:
        with self._lock:
            self._forget()
            calls = self._by_key.setdefault(key_id, OrderedDict())
            done = calls.setdefault(place, _Done(asked, self._clock()))
            if done.asked != asked:
                raise IdempotentParameterMismatchException(
                    f"The ClientRequestToken: {place[1]} you have supplied is already in use."
                )
            if len(calls) > MOST_PER_KEY and (oldest := next(_answered(calls), None)):
                del calls[oldest]
            return done

    def forget(self) -> None:
        """Forget what was answered too long ago: it may name users that are not there any more."""
        with self._lock:
            self._forget()

    def _forget(self) -> None:
        """The same for whoever has the lock; what is being done still is kept."""
        before = self._clock() - LIFETIME_S
        for key_id, calls in list(self._by_key.items()):
            while (oldest := next(_answered(calls), None)) and calls[oldest].at < before:
                del calls[oldest]
            if not calls:
                del self._by_key[key_id]

    def _drop(self, key_id: str, place: Place, done: _Done) -> None:
        with self._lock:
            done.dropped = True
            del self._by_key[key_id][place]


def _answered(calls: Mapping[Place, _Done]) -> Iterator[Place]:
    """The calls that are done, the earliest first."""
    return (place for place, done in calls.items() if done.answer is not None)


def _digest(parameters: Mapping[str, Any]) -> bytes:
    asked = {name: value for name, value in parameters.items() if name != _PARAMETER}
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).digest()
