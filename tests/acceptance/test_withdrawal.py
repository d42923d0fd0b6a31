"""Two processes share a store, and one withdraws: once its call returned, the other does not find the person, not once."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))  # where it is the other process

from registries import PURPOSE, agree, enrolled, registry_at, template_of

from visavis.services import consents, galleries, identify

PEOPLE, TRIES = 20, 60


class Searcher:
    """A process of its own that searches for whom it is told, and says of each search when it began and whether it found them."""

    def __init__(self, home: Path, database_url: str) -> None:
        command = [sys.executable, __file__, str(home), database_url]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def begin(self, person: str) -> None:
        """Let it search for somebody `TRIES` times."""
        assert self._process.stdin is not None
        self._process.stdin.write(person + "\n")
        self._process.stdin.flush()

    def answer(self) -> tuple[float, bool]:
        """When its next search began, by the machine's monotonic clock, and whether it found the person."""
        assert self._process.stdout is not None
        began, found = json.loads(self._process.stdout.readline())
        return began, found

    def end(self) -> int:
        """Let it go; its exit code."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        code = self._process.wait(30)
        self._process.stdout.close()
        return code


def search(home: Path, database_url: str) -> None:
    """What the other process does."""
    with registry_at(home, database_url) as registry:
        for line in sys.stdin:
            person = line.strip()
            for i in range(TRIES):
                began = time.monotonic()
                found = identify.identify(registry, "staff", [template_of(person, i)]).candidates
                print(json.dumps([began, person in {c.subject for c in found}]), flush=True)


@pytest.mark.slow
def test_who_withdrew_is_not_found_by_another_process(database_url: str, tmp_path: Path) -> None:
    people = [f"p{i}" for i in range(PEOPLE)]
    found_before = tries_after = found_after = 0
    with registry_at(tmp_path, database_url) as registry:
        galleries.create(registry, "staff", PURPOSE)
        agree(registry, *people)
        enrolled(registry, "staff", *people)
        other = Searcher(tmp_path, database_url)
        for person in people:
            other.begin(person)
            answers = [other.answer()]  # it is at it while the person withdraws
            consents.withdraw(registry, person, PURPOSE)
            returned = time.monotonic()
            answers += [other.answer() for _ in range(TRIES - 1)]
            found_before += sum(found for began, found in answers if began < returned)
            tries_after += sum(began >= returned for began, _ in answers)
            found_after += sum(found for began, found in answers if began >= returned)
        assert other.end() == 0
    assert found_before >= PEOPLE
    assert tries_after >= 1_000
    assert found_after == 0


if __name__ == "__main__":
    search(Path(sys.argv[1]), sys.argv[2])
