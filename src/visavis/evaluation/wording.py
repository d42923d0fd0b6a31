"""Numbers as a report words them."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_HALF_EVEN, Decimal
from math import floor, log10
from typing import Any

NOT_MEASURABLE = "not measurable"

Json = dict[str, Any]


def percent(share: float, *, up: bool = False) -> str:
    """A share in percent to three digits that say something: "1.23 %", "0.0215 %", "99.967 %".

    The space does not break. With `up`, two digits and rounded up, for bounds that must not be too low.
    """
    if share in {0, 1}:
        return f"{share * 100:.0f}\u00a0%"
    smaller = min(share, 1 - share) if 0 < share < 1 else abs(share)
    digits = (1 if up else 2) - floor(log10(smaller * 100))
    step = Decimal(1).scaleb(-max(0, digits))
    rounding = ROUND_CEILING if up else ROUND_HALF_EVEN
    # Twelve digits: the bound 0.003 is not to become 0.31 % for a last bit.
    exact = Decimal(f"{share * 100:.12g}").quantize(step, rounding=rounding)
    text = f"{exact:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) + "\u00a0%"


def number(value: float | None) -> str:
    """A count: "10,452,407"."""
    return "an unknown number of" if value is None else f"{value:,.0f}"


def one_in(share: float) -> str:
    """A share of which people have a picture: "1 in 4,650", "25 in 100"."""
    if share > 0.1:
        return f"{share * 100:.0f} in 100"
    many = 1 / share
    return f"1 in {float(f'{many:.3g}'):,.0f}"


def score(value: float | None) -> str:
    """A score to four digits; a threshold that every comparison reaches has none."""
    return "none" if value is None else f"{value:.4g}".replace("-", "\u2212")


def similarity(value: float | None) -> str:
    """A similarity, 0 to 100."""
    return "" if value is None else f"{value:.1f}".removesuffix(".0")


def times(ratio: float | None) -> str:
    """How many times as much: "2.4 times"."""
    return NOT_MEASURABLE if ratio is None else f"{ratio:.3g} times"


def signed(difference: float) -> str:
    """A difference of two rates, with its sign: "+0.12 %"."""
    sign = "\u2212" if difference < 0 else "+" if difference > 0 else ""
    return sign + percent(abs(difference))


def shifted(shift: float | None) -> str:
    """A shift in standard deviations: "+0.09"."""
    return "unknown" if shift is None else f"{shift:+.2f}".replace("-", "\u2212")


def accuracy(share: float | None) -> str:
    """An accuracy, to two places as is the custom: "99.62 %"."""
    return NOT_MEASURABLE if share is None else f"{share * 100:.2f}\u00a0%"


def below(rate: Json | None) -> str:
    """What stands for a rate that the sample does not resolve: a bound of 95 %, rounded up."""
    if rate is None or rate["resolution"] is None:
        return NOT_MEASURABLE
    return f"below {percent(bound(rate), up=True)}"


def bound(rate: Json) -> float:
    """What an unresolved rate is below, with a confidence of 95 %."""
    return float(max(rate["resolution"], rate.get("below") or 0, rate["high"] or 0))


def interval(rate: Json | None) -> str:
    """The interval of a rate that has one: "0.75 % to 1.92 %", or "up to 1.92 %" where its low end is not resolved."""
    if rate is None or rate["value"] is None or rate["low"] is None or rate["high"] is None:
        return ""
    if rate["low"] < (rate["resolution"] or 0):
        return f"up to {percent(rate['high'])}"
    return f"{percent(rate['low'])} to {percent(rate['high'])}"


FILTERS = {
    word.__name__: word
    for word in (
        percent,
        one_in,
        number,
        score,
        below,
        interval,
        times,
        similarity,
        signed,
        shifted,
        accuracy,
    )
}
"""By the names under which the report's template calls them."""
