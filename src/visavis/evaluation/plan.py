"""What another server is asked for, and what that sends and costs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

CALLS_PER_SECOND = 5.0

PRICE_PER_CALL_USD = 0.001
"""Amazon's list price of CompareFaces; docs/evaluation.md has the date."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is about to be sent.

    host: where to. calls: comparisons left to be made, two photos each; done: those that an interrupted
    run made. usd: an estimate of what Amazon bills, None where it is not Amazon's endpoint.
    """

    host: str
    calls: int
    done: int
    usd: float | None


@dataclass(frozen=True, slots=True)
class Remote:
    """Which server is measured, and how it is asked.

    url: its endpoint, or `aws`. max_calls: how many comparisons are made at most, None for all.
    price_per_call_usd: for the estimate, where Amazon bills the calls. agree: is told the plan before
    anything is sent; what it raises ends the run.
    """

    url: str
    max_calls: int | None = None
    calls_per_second: float = CALLS_PER_SECOND
    price_per_call_usd: float = PRICE_PER_CALL_USD
    agree: Callable[[Plan], None] = lambda _plan: None
