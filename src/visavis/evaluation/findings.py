"""What a reader must know first, in sentences that need no statistics.

An alarm is raised where something is so large that it must not be overlooked,
and so unlikely by chance that a clean evaluation raises none. benchmarks/planted.py
measures both on planted faults and on clean controls.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from visavis.evaluation.shuffles import SHUFFLES

ALARMING_FAILURES = 0.01
ALARMING_LABELS = 0.005
ALARMING_RATIO = 2.0
CHANCE = 0.002
LEAST_CHANCE = 1 / SHUFFLES

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
    known = {key: groups[key] for key in _RATES if groups[key]}
    tested = {key: spread for key, spread in known.items() if spread["p_value"] is not None}
    unequal = {
        key: spread
        for key, spread in known.items()
        if (spread["p_value"] <= CHANCE if key in tested else spread["apart"])
    }
    for key, spread in unequal.items():
        ratio = spread["worst_over_best"]
        who = f"People of the group “{spread['worst']}” are" if spread["worst"] else "People of one group are"
        times = f", {ratio:.1f} times as often as those of the best group" if ratio else ""
        yield Finding(
            "alarm" if ratio is None or ratio >= ALARMING_RATIO else "note",
            "groups",
            f"{who} {_RATES[key]} most{times}. {_chance(spread['p_value'])}",
        )
    if not tested and not unequal:
        yield Finding("note", "groups", "Whether errors differ between groups cannot be told from so few.")
    if tested and not unequal:
        text = "In this sample no group's error rates differ by so much that chance cannot explain it."
        yield Finding("fine", "groups", text)


def _chance(p_value: float | None) -> str:
    if p_value is None:
        return "The intervals of the two do not overlap."
    least = max(p_value, LEAST_CHANCE)
    return f"Chance alone makes groups differ so much less than once in {1 / least:,.0f} times."


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
    kinds = (
        ("non_mated", "fmr", "pairs of different people", "how often strangers match", "false match rates"),
        ("mated", "fnmr", "two images of one person", "how often people are missed", "false non-match rates"),
    )
    for kind, key, what, question, rates in kinds:
        resolution = overall[f"{key}_resolution"]
        if not protocol[kind]:
            text = f"There are no {what}: {question} is not measurable."
        elif resolution >= 1:
            text = f"The sample is too small to say {question}."
        else:
            least = f"1 in {1 / resolution:,.0f}" if resolution < 0.001 else _percent(resolution)
            text = f"The sample says nothing of {rates} below {least}."
        yield Finding("note", "sample", text)


def _percent(share: float) -> str:
    return f"{float(f'{100 * share:.2g}'):g} %"
