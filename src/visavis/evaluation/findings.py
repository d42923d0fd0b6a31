"""What a reader must know first, in sentences that need no statistics.

An alarm is raised where something is so large that it must not be overlooked,
and so unlikely by chance that a clean evaluation raises none. benchmarks/planted.py
measures both on planted faults and on clean controls.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

ALARMING_FAILURES = 0.01
ALARMING_LABELS = 0.005
ALARMING_RATIO = 2.0
CHANCE = 0.002

_RATES = {
    "fmr": "taken for someone else",
    "fnmr": "not recognised",
    "fta": "left without a usable face",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence or two. topic: failures, groups, labels, folds, sample or rows."""

    level: Literal["alarm", "note", "fine"]
    topic: str
    text: str


def findings(result: dict[str, Any]) -> list[Finding]:
    """What `measure` found, alarms first."""
    found = [
        *_failures(result["failures"]),
        *_groups(result["groups"]),
        *_labels(result["labels"]),
        *_folds(result["folds"]),
        *_sample(result["protocol"], result["overall"]),
        *(Finding("note", "rows", note + ".") for note in result["protocol"]["notes"]),
    ]
    return sorted(found, key=lambda finding: ("alarm", "note", "fine").index(finding.level))


def _failures(failures: dict[str, Any]) -> Iterator[Finding]:
    fta, fte, comparisons = failures["fta"], failures["fte"], failures["comparisons"]
    counted, what = (fta, "images") if fta is not None else (comparisons, "comparisons")
    failed, of = counted["errors"], counted["trials"]
    if not failed:
        yield Finding("fine", "failures", f"Every one of the {of:,} {what} could be used.")
        return
    level: Literal["alarm", "note"] = "alarm" if failed >= 2 and failed / of >= ALARMING_FAILURES else "note"
    people = (
        f"; {fte['errors']:,} of {fte['trials']:,} people cannot be enrolled" if fte and fte["errors"] else ""
    )
    yield Finding(
        level,
        "failures",
        f"{failed:,} of {of:,} {what} ({_percent(failed / of)}) gave nothing to compare{people}. "
        "The other rates do not count them; FAR and FRR do.",
    )


def _groups(groups: dict[str, Any] | None) -> Iterator[Finding]:
    if groups is None:
        return
    tested = {key: groups[key] for key in _RATES if groups[key] and groups[key]["p_value"] is not None}
    unequal = {key: spread for key, spread in tested.items() if spread["p_value"] <= CHANCE}
    for key, spread in unequal.items():
        ratio = spread["worst_over_best"]
        who = f"People of the group “{spread['worst']}” are" if spread["worst"] else "People of one group are"
        times = f", {ratio:.1f} times as often as those of the best group" if ratio else ""
        yield Finding(
            "alarm" if ratio is None or ratio >= ALARMING_RATIO else "note",
            "groups",
            f"{who} {_RATES[key]} most{times}. Chance alone makes groups differ so much "
            f"less than once in {1 / max(spread['p_value'], 1 / 2000):,.0f} times.",
        )
    if not tested:
        yield Finding("note", "groups", "Whether errors differ between groups cannot be told from so few.")
    elif not unequal:
        text = "In this sample no group's error rates differ by more than chance explains."
        yield Finding("fine", "groups", text)


def _labels(labels: dict[str, Any] | None) -> Iterator[Finding]:
    if labels is None:
        yield Finding("note", "labels", "Whether the labels are right cannot be told from these scores.")
        return
    doubts = [
        (labels["called_mated"], labels["called_mated_share"], "pairs called one person look like two"),
        (
            labels["called_non_mated"],
            labels["called_non_mated_share"],
            "pairs called two people look like one",
        ),
    ]
    seen = " and ".join(f"{count:,} {what}" for count, _, what in doubts if count)
    if not seen:
        yield Finding("fine", "labels", "No pair looks as if its label were wrong.")
        return
    alarming = any(count >= 3 and share >= ALARMING_LABELS for count, share, _ in doubts)
    yield Finding(
        "alarm" if alarming else "note",
        "labels",
        f"{seen}: about {_percent(max(share for _, share, _ in doubts))} of the labels may be wrong. "
        "They are among the hardest pairs below; error rates count them as they are labelled.",
    )


def _folds(folds: dict[str, Any] | None) -> Iterator[Finding]:
    if folds and folds["shared_people"]:
        yield Finding(
            "alarm",
            "folds",
            f"{folds['shared_people']:,} people stand in more than one fold, so thresholds were chosen on "
            "people they are judged by: the accuracy over folds flatters.",
        )


def _sample(protocol: dict[str, Any], overall: dict[str, Any]) -> Iterator[Finding]:
    if not protocol["non_mated"]:
        yield Finding(
            "note",
            "sample",
            "There are no pairs of different people: how often strangers match is not measurable.",
        )
    if not protocol["mated"]:
        yield Finding(
            "note",
            "sample",
            "There are no two images of one person: how often people are missed is not measurable.",
        )
    if protocol["non_mated"]:
        yield Finding(
            "note",
            "sample",
            f"The sample says nothing of false match rates below 1 in {1 / overall['fmr_resolution']:,.0f}"
            + (
                f", and nothing of false non-match rates below {_percent(overall['fnmr_resolution'])}."
                if protocol["mated"]
                else "."
            ),
        )


def _percent(share: float) -> str:
    return f"{float(f'{100 * share:.2g}'):g} %"
