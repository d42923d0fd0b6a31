"""Kill `visavis redact` and `visavis enrol` over a folder at random moments, repeat them, and see that all is as if nobody had.

    python tests/folder_crashes.py --kills 200 --seed 1

A folder is redacted, or enrolled, in runs that are killed at random moments, and then in one that is not. The outputs must be those of a run
that nobody killed, byte for byte, with nothing half written beside them; every photo has one reference and one entry of its enrolment;
and of those that were redacted for a gallery no more have two entries than were under way when their runs were killed. No model looks at the photos.
Prints a line of JSON; exits 1 and says what is wrong where something is.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from unittest import mock

import numpy as np
from blind import without_models
from PIL import Image
from registries import PURPOSE, Clock, agree, registry_at

import visavis.cli
from visavis.audit.entry import Action, Counted
from visavis.models.session import available_cpus
from visavis.services import contents, galleries
from visavis.services.log import latest_entries, log_size

GALLERY = "staff"
PEOPLE, OF_A_PERSON = 12, 5
KILLS_TO_A_FOLDER = 5
LITTLE_S = 0.05


@dataclass
class Folder:
    """A folder of photos, SUBJECT/photo.jpg, and what was done to it so far."""

    home: Path
    draw: random.Random
    photos: list[Path] = field(default_factory=list)
    killed: int = 0

    def __post_init__(self) -> None:
        pixels = np.random.default_rng(self.draw.randrange(2**32))
        people = [f"p-{i}" for i in range(PEOPLE)]
        for person in people:
            for number in range(OF_A_PERSON):
                self.photos.append(self.home / "in" / person / f"{number}.jpg")
                self.photos[-1].parent.mkdir(parents=True, exist_ok=True)
                Image.fromarray(pixels.integers(0, 255, (64, 64, 3), np.uint8)).save(self.photos[-1])
        with registry_at(self.home, clock=Clock(int(time.time()))) as registry:
            galleries.create(registry, GALLERY, PURPOSE)
            agree(registry, *people)

    def check_redact(self, kills: int) -> None:
        """Redact, killed so often, and compare with a run that was not."""
        words = ["redact", str(self.home / "in"), "--keep", GALLERY, "--fpir", "0.01"]
        whole, out = self.home / "whole", self.home / "out"
        self.finish([*words[:2], str(whole), *words[2:]])
        before = self.entries(Action.REDACT)
        self.kill([*words[:2], str(out), *words[2:]], kills, lambda: len(list(out.glob("*/*.jpg"))))
        assert contents_of(out) == contents_of(whole), "the outputs differ"
        assert len(contents_of(out)) == len(self.photos)
        twice = self.entries(Action.REDACT) - before - len(self.photos)
        assert 0 <= twice <= kills * available_cpus(), f"{twice} photos have two entries"

    def check_enrol(self, kills: int) -> None:
        """Enrol, killed so often, and count what came of it."""
        words = ["enrol", GALLERY, "--folder", str(self.home / "in"), "--confirm"]
        self.kill(words, kills, self.enrolled)
        with registry_at(self.home, clock=Clock(int(time.time()))) as registry:
            enrolled = list(contents.view(registry, GALLERY))
            assert len(enrolled) == len(self.photos), f"{len(enrolled)} references"
        assert self.entries(Action.ENROL) == len(self.photos)

    def kill(self, words: Sequence[str], kills: int, done: Callable[[], int]) -> None:
        """Run a command and kill it, so often, a little further each time, then run it to its end. done: how many photos are."""
        for number in range(kills):
            process = forked(lambda: run(self.home, words))
            until = len(self.photos) * number / kills
            while done() < until:
                time.sleep(0.001)
            time.sleep(self.draw.uniform(0, LITTLE_S))
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)
            self.killed += 1
        self.finish(words)
        assert not list(self.home.rglob("*.part")), "something half written is left"

    def finish(self, words: Sequence[str]) -> None:
        """Run a command to its end."""
        _, status = os.waitpid(forked(lambda: run(self.home, words)), 0)
        assert status == 0, f"{words[0]} ended with {status}"

    def enrolled(self) -> int:
        """How many references there are."""
        with closing(sqlite3.connect(self.home / "visavis.db")) as connection:
            number: int = connection.execute("SELECT count(*) FROM enrolled").fetchone()[0]
        return number

    def entries(self, action: Action) -> int:
        """How many entries the log has of this, with which something was done."""
        with registry_at(self.home, clock=Clock(int(time.time()))) as registry:
            found = [numbered.entry for numbered in latest_entries(registry, log_size(registry))]
        assert not any(entry.refusal for entry in found)
        done = [entry for entry in found if entry.action is action]
        return sum(entry.counts.get(Counted.REFERENCES, 1) for entry in done)


def contents_of(folder: Path) -> dict[str, bytes]:
    """What is in the files of a folder, hidden ones too, by their places in it."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def forked(work: Callable[[], None]) -> int:
    """A process of this one's kind, which has imported all and opened nothing."""
    process = os.fork()
    if process:
        return process
    code = 1
    try:
        work()
        code = 0
    finally:
        os._exit(code)


def run(home: Path, words: Sequence[str]) -> None:
    """A command; it must succeed."""
    os.environ["VISAVIS_HOME"] = str(home)
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    with without_models(), mock.patch.object(sys, "argv", ["visavis", *words]):
        try:
            visavis.cli.main()
        except SystemExit as ended:
            assert not ended.code, ended.code


def kill_folders(kills: int, seed: int) -> dict[str, int]:
    """Kill so often; what was seen."""
    draw = random.Random(seed)
    folders = killed = 0
    while killed < kills:
        with tempfile.TemporaryDirectory(prefix="visavis-folder-crashes-") as name:
            folder = Folder(Path(name), draw)
            folder.check_enrol(min(KILLS_TO_A_FOLDER, kills - killed))
            folder.check_redact(max(1, min(KILLS_TO_A_FOLDER, kills - killed - folder.killed)))
        folders, killed = folders + 1, killed + folder.killed
    return {"kills": killed, "folders": folders, "photos_each": PEOPLE * OF_A_PERSON}


def main() -> None:
    """Read the arguments, kill, and print what was seen."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    print(json.dumps(kill_folders(asked.kills, asked.seed)))


if __name__ == "__main__":
    main()
