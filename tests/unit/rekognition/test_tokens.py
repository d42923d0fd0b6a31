"""What an SDK repeats is done once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from visavis.errors import UnknownUserError
from visavis.rekognition import tokens as module
from visavis.rekognition.errors import IdempotentParameterMismatchException
from visavis.rekognition.tokens import LIFETIME_S, Tokens


class Calls:
    """A call that counts how often it was done."""

    def __init__(self) -> None:
        self.done = 0

    def __call__(self) -> dict[str, Any]:
        self.done += 1
        return {"Done": self.done, "Similarity": 99.5}


def asked(token: str | None, user: str = "a") -> dict[str, Any]:
    return {"UserId": user} | ({"ClientRequestToken": token} if token else {})


class Time:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_the_same_again_is_the_same_answer() -> None:
    tokens, call = Tokens(), Calls()
    first = tokens.once("key", "CreateUser", asked("t"), call)
    assert tokens.once("key", "CreateUser", dict(reversed(asked("t").items())), call) == first
    assert first == {"Done": 1, "Similarity": 99.5}
    first.clear()
    assert tokens.once("key", "CreateUser", asked("t"), call)["Done"] == 1, "nobody's copy is ours"


def test_a_token_is_one_keys_and_one_operations() -> None:
    tokens, call = Tokens(), Calls()
    for key, operation, token in (
        ("key", "CreateUser", "t"), ("other", "CreateUser", "t"), ("key", "DeleteUser", "t"), ("key", "CreateUser", "u"),
        ("key", "CreateUser", None), ("key", "CreateUser", None),
    ):  # fmt: skip
        tokens.once(key, operation, asked(token), call)
    assert call.done == 6


def test_other_parameters_are_refused() -> None:
    tokens, call = Tokens(), Calls()
    tokens.once("key", "CreateUser", asked("t"), call)
    with pytest.raises(IdempotentParameterMismatchException) as caught:
        tokens.once("key", "CreateUser", asked("t", "b"), call)
    assert caught.value.message == "The ClientRequestToken: t you have supplied is already in use."
    assert call.done == 1


def test_a_call_that_failed_is_not_remembered() -> None:
    tokens, call = Tokens(), Calls()

    def fail() -> dict[str, Any]:
        raise UnknownUserError

    for _ in range(2):
        with pytest.raises(UnknownUserError):
            tokens.once("key", "CreateUser", asked("t"), fail)
    assert len(tokens) == 0
    tokens.once("key", "CreateUser", asked("t", "b"), call)
    assert call.done == 1


def test_answers_are_forgotten_in_time() -> None:
    clock, call = Time(), Calls()
    tokens = Tokens(clock)
    tokens.once("key", "CreateUser", asked("t"), call)
    tokens.once("gone", "CreateUser", asked("t"), call)
    clock.now = LIFETIME_S
    tokens.once("key", "CreateUser", asked("t"), call)
    assert call.done == 2
    clock.now += 0.1
    tokens.once("key", "CreateUser", asked("t"), call)
    assert call.done == 3
    assert len(tokens) == 1, "of the other key nothing is kept either"


def test_answers_are_forgotten_though_no_token_comes_any_more() -> None:
    clock, call = Time(), Calls()
    tokens = Tokens(clock)
    tokens.once("key", "CreateUser", asked("t"), call)
    tokens.forget()
    assert len(tokens) == 1
    clock.now = LIFETIME_S + 0.1
    tokens.forget()
    assert len(tokens) == 0


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_PER_KEY", 3)
    tokens, call = Tokens(), Calls()
    tokens.once("other", "CreateUser", asked("t"), call)
    for token in "abcde":
        tokens.once("key", "CreateUser", asked(token), call)
        assert len(tokens) <= 4
    done = call.done
    for token in "cde":
        tokens.once("key", "CreateUser", asked(token), call)
    tokens.once("other", "CreateUser", asked("t"), call)
    assert call.done == done, "the latest are remembered, and another key's"
    tokens.once("key", "CreateUser", asked("a"), call)
    assert call.done == done + 1


def test_what_is_being_done_is_not_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_PER_KEY", 1)
    clock, call = Time(), Calls()
    tokens = Tokens(clock)

    def while_others_come() -> dict[str, Any]:
        clock.now += 2 * LIFETIME_S
        tokens.once("key", "CreateUser", asked("u"), call)
        tokens.once("key", "CreateUser", asked("v"), call)
        return {"Done": 0}

    tokens.once("key", "CreateUser", asked("t"), while_others_come)
    assert ("CreateUser", "t") in tokens._by_key["key"]


@pytest.mark.parametrize("failures", [0, 1, 3])
def test_simultaneous_calls_are_never_done_twice(failures: int) -> None:
    """Eight at once; the first so many fail, each alone, and one after them does it."""
    tokens, lock, begun = Tokens(), threading.Lock(), threading.Barrier(8)
    running = done = failed = 0

    def do() -> dict[str, Any]:
        nonlocal running, done, failed
        with lock:
            running += 1
            assert running == 1, "one at a time"
        threading.Event().wait(0.01)  # so that the others arrive meanwhile
        with lock:
            running -= 1
            if failed < failures:
                failed += 1
                raise UnknownUserError
            done += 1
        return {"Done": done}

    def call(_: int) -> Any:
        begun.wait()
        try:
            return tokens.once("key", "CreateUser", asked("t"), do)["Done"]
        except UnknownUserError:
            return "failed"

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(call, range(8)))
    assert sorted(answers, key=str) == [1] * (8 - failures) + ["failed"] * failures
    assert done == 1
