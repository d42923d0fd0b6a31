"""Our server measured through boto3, as Amazon's would be: the same rates as the library's, and nothing lost where the server dies half-way."""

from __future__ import annotations

import csv
import itertools
import json
import subprocess
import threading
from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from commands import visavis_here
from conftest import DATA
from fake_rekognition import assert_same_rates
from PIL import Image, ImageOps
from server_process import ServerProcess, server_process, use

import visavis

ALONE, VARIANTS = 6, 9
HALF_WAY = 15


@pytest.fixture(autouse=True)
def _unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """No key is throttled, and boto3 does not wait between its attempts."""
    monkeypatch.setenv("VISAVIS_CALLS_PER_SECOND", "100000")
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=lambda _seconds: None))


def pictures_of(portrait: Path, folder: Path, name: str) -> list[str]:
    """Names of pictures made of a portrait, each unlike the others: cut, mirrored, smaller, darker. Each shows one face."""
    picture = Image.open(portrait).convert("RGB")
    names = [f"{name}{i}.jpg" for i in range(VARIANTS)]
    for i, file in enumerate(names):
        cut = picture.crop((3 * i, 2 * i, picture.width - 4 * i, picture.height - 60 - 7 * i))
        small = (ImageOps.mirror(cut) if i % 2 else cut).resize((240 - 9 * i, 270 - 11 * i))
        small.point(lambda value, i=i: value * (1 - i / 20)).save(folder / file)
    return names


def write_pairs(folder: Path, pairs: Iterable[tuple[str, str, bool]]) -> Path:
    path = folder / "pairs.csv"
    rows = [f"{probe},{reference},{int(mated)},all\n" for probe, reference, mated in pairs]
    path.write_text("probe,reference,mated,group\n" + "".join(rows))
    return path


def evaluated(*words: str | Path, expect: int = 0) -> subprocess.CompletedProcess[str]:
    run = visavis_here("evaluate", *words)
    assert run.returncode == expect, run.stderr
    return run


def at_server(server: ServerProcess) -> list[str]:
    return ["--endpoint-url", server.endpoint, "--yes", "--calls-per-second", "1e9"]


def rates_in(folder: Path) -> dict[str, Any]:
    rates: dict[str, Any] = json.loads((folder / "rates.json").read_text("utf-8"))
    return rates


@pytest.mark.slow
def test_a_server_that_dies_half_way(
    tmp_path: Path, astronaut: Path, hopper: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    eileens, graces = (
        pictures_of(photo, tmp_path, name) for photo, name in ((astronaut, "a"), (hopper, "b"))
    )
    # Who is in no mated pair is a person of their own to `evaluate`: else an FMR of two people could not be measured.
    pairs = [(a, b, True) for of in (eileens, graces) for a, b in itertools.combinations(of[ALONE:], 2)]
    pairs += [(a, b, False) for a, b in itertools.product(eileens[:ALONE], graces[:ALONE])]
    path = write_pairs(tmp_path, pairs)
    here, there = tmp_path / "here", tmp_path / "there"
    evaluated(path, "--out", here)

    with server_process() as server:
        use(server, monkeypatch)
        killed: list[bool] = []

        def kill_half_way() -> None:
            killed.append(server.wait_until_answered("CompareFaces", HALF_WAY))
            server.process.kill()

        killer = threading.Thread(target=kill_half_way)
        killer.start()
        run = evaluated(path, "--out", there, *at_server(server), expect=1)
        killer.join()
    assert killed == [True]
    assert "hint: " in run.stderr
    assert not (there / "rates.json").exists()

    with server_process(port=server.port) as again:
        run = evaluated(path, "--out", there, *at_server(again), "--against", here / "scores.csv")
        asked_again = again.answered("CompareFaces")
    done = int(run.stderr.partition("(")[2].partition(" ")[0])
    assert done >= HALF_WAY - 8  # as many answers may be under way when the server dies
    assert done + asked_again == len(pairs)
    ours, theirs = rates_in(here), rates_in(there)
    assert_same_rates(ours, theirs)
    assert theirs["against"]["rows"]
    assert all(row["difference"] == 0 for row in theirs["against"]["rows"])
    report = (there / "report.html").read_text("utf-8")
    assert ours["system"]["name"] in report
    assert server.endpoint in report


@pytest.mark.data
@pytest.mark.slow
def test_the_same_rates_as_the_library(
    tmp_path: Path, analyzer: visavis.Analyzer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten people of LFW, three photos each, in which there is one face: where there are more, CompareFaces takes the largest and the library the middle one."""
    people = photos_with_one_face(analyzer, 10)
    pairs = [
        (people[i][a], people[j][b], i == j)
        for (i, a), (j, b) in itertools.combinations(itertools.product(range(10), range(3)), 2)
        if i == j or a == b
    ]
    path = write_pairs(tmp_path, pairs)
    here, there = tmp_path / "here", tmp_path / "there"
    evaluated(path, "--images", DATA, "--out", here)
    with server_process() as server:
        use(server, monkeypatch)
        evaluated(
            path, "--images", DATA, "--out", there, *at_server(server), "--against", here / "scores.csv"
        )
        assert server.answered("CompareFaces") == len(pairs)
    ours, theirs = rates_in(here), rates_in(there)
    assert_same_rates(ours, theirs)
    assert all(row["difference"] == 0 for row in theirs["against"]["rows"])
    measured = {point["asked"]: point for point in ours["overall"]["at_similarity"]}
    for point in theirs["overall"]["at_similarity"][:3]:  # 80, 90 and 95: those that both tables name
        at_the_same = measured[point["asked"]]
        assert (point["fmr"], point["fnmr"]) == (at_the_same["fmr"], at_the_same["fnmr"])


def photos_with_one_face(analyzer: visavis.Analyzer, people: int) -> list[list[str]]:
    """Of each of so many people the names of three photos, below the evaluation data."""
    with (DATA / "protocols" / "lfw_images.csv").open(newline="") as file:
        photos: dict[str, list[str]] = {}
        for row in csv.DictReader(file):
            photos.setdefault(row["subject"], []).append(row["image"])
    found: list[list[str]] = []
    for name in sorted(name for name, images in photos.items() if len(images) >= 3):
        alone = [image for image in photos[name][:5] if len(analyzer.detect(DATA / image)) == 1]
        if len(alone) >= 3:
            found.append(alone[:3])
        if len(found) == people:
            break
    return found
