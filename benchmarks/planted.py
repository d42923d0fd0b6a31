"""Whether the report's first screen shows planted faults, and raises no alarm where nothing was planted.

Each trial takes the templates of LFW's development half and gives its people to four groups at random.
A third of the trials each plant: a group whose people are taken for each other five times as often, 2 % of
the images without a template, 1 % of the images under another person's name. As many controls
plant nothing. The key says what was planted; the report is read as a person would, its first screen alone.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from typing import Any

import numpy as np
from common import lfw, save
from numpy.typing import NDArray

from visavis.evaluation.comparisons import compare_every_pair
from visavis.evaluation.groups import common_threshold
from visavis.evaluation.measure import measure
from visavis.evaluation.protocols import Protocol
from visavis.evaluation.report import render_report
from visavis.evaluation.run import Run

TRIALS = 6  # of each fault
GROUPS = ("north", "east", "south", "west")
BIAS, FAILED, MISLABELLED = 5.0, 0.02, 0.01

Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Trial:
    """What is evaluated, the topic under which an alarm is due, and what it must name."""

    protocol: Protocol
    vectors: Vectors
    topic: str | None
    names: str


def main() -> None:
    """Measure, print and write results/planted.json."""
    protocol, vectors = lfw()
    rng = np.random.default_rng(2026)
    plants: list[Callable[[Trial, np.random.Generator], Trial]] = [_biased, _failing, _mislabelled]
    key: list[dict[str, Any]] = []
    for number in range(2 * TRIALS * len(plants)):
        trial = Trial(_grouped(protocol, rng), vectors, None, "")
        if number % 2:
            trial = plants[number // 2 % len(plants)](trial, rng)
        alarms = first_screen_alarms(_report(trial))
        shown = any(trial.names in text for text in alarms)
        right = shown and len(alarms) == 1 if trial.topic else not alarms
        key.append({"planted": trial.topic, "names": trial.names, "alarms": alarms, "right": right})
        print(number, trial.topic, trial.names, alarms, right, file=sys.stderr)
    planted = [entry for entry in key if entry["planted"]]
    controls = [entry for entry in key if not entry["planted"]]
    results = {
        "planted": len(planted),
        "shown": sum(any(entry["names"] in text for text in entry["alarms"]) for entry in planted),
        "other_alarms_beside": sum(max(0, len(entry["alarms"]) - 1) for entry in planted),
        "controls": len(controls),
        "controls_with_alarm": sum(bool(entry["alarms"]) for entry in controls),
        "key": key,
    }
    save("planted", results)


def _grouped(protocol: Protocol, rng: np.random.Generator) -> Protocol:
    """The protocol with its people given to groups of unequal size at random."""
    of_person = rng.choice(len(GROUPS), len(protocol.subjects), p=rng.dirichlet([6] * len(GROUPS)))
    return replace(protocol, groups=GROUPS, group=of_person[protocol.people].astype(np.int32))


def _biased(trial: Trial, rng: np.random.Generator) -> Trial:
    """One group's templates lean to one side, by as much as makes its FMR five times that of the others."""
    target = int(rng.integers(len(GROUPS)))
    side = rng.normal(size=trial.vectors.shape[1])
    side = side / float(np.linalg.norm(side))
    inside = trial.protocol.group == target

    def leaning(strength: float) -> Vectors:
        vectors = trial.vectors + strength * inside[:, None] * side
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)

    low, high = 0.0, 1.0
    for _ in range(9):
        middle = (low + high) / 2
        low, high = (middle, high) if _bias(trial.protocol, leaning(middle), target) < BIAS else (low, middle)
    return replace(trial, vectors=leaning(high), topic="groups", names=GROUPS[target])


def _bias(protocol: Protocol, vectors: Vectors, target: int) -> float:
    """FMR within a group over that within the others, at the threshold at which groups are compared."""
    comparisons = compare_every_pair(protocol, vectors)
    chosen = common_threshold(comparisons)
    assert chosen is not None
    cells = {name: comparisons.cells.index((name, name)) for name in GROUPS}
    own = comparisons.non_mated.of_cells([cells.pop(GROUPS[target])])
    others = comparisons.non_mated.of_cells(list(cells.values()))
    return float(own.rates(np.array([chosen[0]]))[0] / others.rates(np.array([chosen[0]]))[0])


def _failing(trial: Trial, rng: np.random.Generator) -> Trial:
    vectors = trial.vectors.copy()
    count = round(FAILED * len(vectors))
    vectors[rng.choice(len(vectors), count, replace=False)] = np.nan
    return replace(trial, vectors=vectors, topic="failures", names=f"{count:,} of {len(vectors):,} images")


def _mislabelled(trial: Trial, rng: np.random.Generator) -> Trial:
    people = trial.protocol.people.copy()
    wrong = rng.choice(len(people), round(MISLABELLED * len(people)), replace=False)
    people[wrong] = (people[wrong] + rng.integers(1, len(trial.protocol.subjects), len(wrong))) % len(
        trial.protocol.subjects
    )
    return replace(trial, protocol=replace(trial.protocol, people=people), topic="labels", names="labels")


def _report(trial: Trial) -> str:
    errors = tuple(
        "" if np.isfinite(row).all() else "There is no face in the photo." for row in trial.vectors
    )
    run = Run(trial.protocol, compare_every_pair(trial.protocol, trial.vectors), errors, None)
    described = {"visavis": "", "made_at": "", "system": {"name": "planted"}}
    return render_report(
        {**described, **measure(run), "hardest": {"mated": [], "non_mated": []}, "against": None}
    )


class _FirstScreen(HTMLParser):
    """Texts of the alarms in the section that is read first."""

    def __init__(self) -> None:
        super().__init__()
        self.alarms: list[str] = []
        self._depth = 0
        self._in_alarm = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "section":
            self._depth = 1 if values.get("id") == "first-screen" else self._depth + bool(self._depth)
        if self._depth and tag == "li" and "finding-alarm" in (values.get("class") or ""):
            self._in_alarm = True
            self.alarms.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag == "section" and self._depth:
            self._depth -= 1
        if tag == "li":
            self._in_alarm = False

    def handle_data(self, data: str) -> None:
        if self._in_alarm:
            self.alarms[-1] = " ".join(f"{self.alarms[-1]} {data}".split())


def first_screen_alarms(report: str) -> list[str]:
    """The alarms that a report's first screen shows."""
    parser = _FirstScreen()
    parser.feed(report)
    return parser.alarms


if __name__ == "__main__":
    main()
