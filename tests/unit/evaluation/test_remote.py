"""Comparisons made by another server: what is asked of it, what its answers mean, and what an interruption costs."""

from __future__ import annotations

import io
import itertools
import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from commands import refused, visavis_here
from fake_rekognition import (
    ACCOUNT,
    KEY,
    RESET,
    SECRET,
    Reply,
    assert_same_rates,
    fake_rekognition,
    found,
    paint,
    refusal,
    set_credentials,
)

from visavis.comparison import shipped_calibration
from visavis.errors import (
    EndpointAccessError,
    EndpointBusyError,
    EndpointError,
    EndpointUnreachableError,
    MissingImagesError,
    UnfinishedRunError,
)
from visavis.evaluation.evaluate import UNFINISHED_ANSWERS, Options, evaluate, in_silence
from visavis.evaluation.plan import Plan, Remote
from visavis.evaluation.protocols import Protocol, read_protocol
from visavis.evaluation.remote import AT_ONCE, ask

UNHURRIED = 1e9
"""Calls a second that no test waits for."""


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    set_credentials(monkeypatch)


def write_pairs(folder: Path, pairs: int = 20) -> Path:
    """Photos and a list of pairs, every other one mated."""
    names = paint(folder, 2 * pairs)
    rows = [f"{names[2 * i]},{names[2 * i + 1]},{i % 2},x" for i in range(pairs)]
    path = folder / "pairs.csv"
    path.write_text("probe,reference,mated,group\n" + "\n".join(rows) + "\n")
    return path


def asked(
    path: Path, url: str, remote: Remote | None = None, folder: Path | None = None
) -> tuple[Protocol, dict[str, Any]]:
    remote = replace(remote or Remote(""), url=url, calls_per_second=UNHURRIED)
    return ask(
        read_protocol(path), folder or path.parent, remote, path.parent / "out" / "answers", in_silence
    )


def scores_of(protocol: Protocol) -> list[float]:
    assert protocol.pairs is not None
    assert protocol.pairs.scores is not None
    return [float(score) for score in protocol.pairs.scores]


class Table:
    """Answers that tell pairs apart: the similarity of two photos, by their bytes; `then` once so many were given."""

    def __init__(self, folder: Path, similarity: Callable[[str, str], float]) -> None:
        self._names = {path.read_bytes(): path.name for path in folder.glob("*.png")}
        self._similarity = similarity
        self._lock = threading.Lock()
        self.answered: list[tuple[str, str]] = []
        self.most, self.then = 10**9, RESET

    def __call__(self, probe: bytes, reference: bytes) -> Reply:
        pair = self._names[probe], self._names[reference]
        with self._lock:
            if len(self.answered) >= self.most:
                return self.then
            self.answered.append(pair)
        return found(self._similarity(*pair))


def likeness(probe: str, reference: str) -> float:
    """A number of 0 to 100 that no other pair of a test has."""
    return (int(probe[:-4]) * 7 + int(reference[:-4])) % 1000 / 10 + 0.012345


def test_the_score_is_the_servers_similarity(tmp_path: Path) -> None:
    path = write_pairs(tmp_path)
    with fake_rekognition(Table(tmp_path, likeness)) as fake:
        protocol, system = asked(path, fake.url)
    expected = [likeness(f"{2 * i}.png", f"{2 * i + 1}.png") for i in range(20)]
    assert scores_of(protocol) == expected
    assert all(
        call == {"SimilarityThreshold": 0, "operation": "RekognitionService.CompareFaces"}
        for call in fake.asked
    )
    assert len(fake.asked) == 20
    assert all(KEY in signature for signature in fake.signed)
    assert system["endpoint"] == fake.url
    assert system["name"] == fake.url.removeprefix("http://")


@pytest.mark.parametrize(
    ("reply", "score", "error"),
    [
        (found(12.5), 12.5, ""),
        (found(3.0, 99.5, 40.0), 99.5, ""),
        (found(unmatched=2), 0.0, ""),
        (found(), None, "no face"),
        (refusal("InvalidParameterException"), None, "no face"),
        (refusal("InvalidImageFormatException"), None, "does not read"),
        (refusal("ImageTooLargeException"), None, "no photo as large"),
    ],
)
def test_what_an_answer_means(tmp_path: Path, reply: Reply, score: float | None, error: str) -> None:
    path = write_pairs(tmp_path, 2)
    with fake_rekognition(lambda *_photos: reply) as fake:
        protocol, _ = asked(path, fake.url)
    assert protocol.pairs is not None
    assert scores_of(protocol) == pytest.approx([np.nan if score is None else score] * 2, nan_ok=True)
    assert all((error in said) if error else not said for said in protocol.pairs.errors)


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (refusal("AccessDeniedException"), EndpointAccessError),
        (refusal("ThrottlingException"), EndpointBusyError),
        (refusal("ProvisionedThroughputExceededException"), EndpointBusyError),
        (refusal("Whatever", 429), EndpointBusyError),
        (refusal("InternalServerError", 500), EndpointError),
        (refusal("SomethingElse"), EndpointError),
        (refusal(f"arn:{ACCOUNT}"), EndpointError),
        (RESET, EndpointUnreachableError),
        ((200, {}), EndpointError),
        ((200, b"<html>no API here</html>"), EndpointError),
        ((200, {"FaceMatches": [{"Face": {}}], "SourceImageFace": {}}), EndpointError),
        ((404, b"<html>no API here</html>"), EndpointError),
        ((307, b""), EndpointError),
    ],
)
def test_what_ends_a_run(tmp_path: Path, reply: Reply, error: type[EndpointError]) -> None:
    path = write_pairs(tmp_path, 2)
    with fake_rekognition(lambda *_photos: reply) as fake, pytest.raises(EndpointError) as raised:
        asked(path, fake.url)
    assert type(raised.value) is error
    assert ACCOUNT not in raised.value.message + raised.value.hint
    assert raised.value.hint


def test_a_busy_or_broken_moment_is_waited_for(tmp_path: Path) -> None:
    """Each pair is refused twice, then answered: botocore's standard mode repeats it."""
    path = write_pairs(tmp_path, 3)
    table, moments = Table(tmp_path, likeness), itertools.count()
    bad = [refusal("ThrottlingException"), RESET, refusal("InternalServerError", 500)]

    def sometimes(probe: bytes, reference: bytes) -> Reply:
        moment = next(moments)
        return bad[moment] if moment < len(bad) else table(probe, reference)

    with fake_rekognition(sometimes) as fake:
        protocol, _ = asked(path, fake.url)
    assert all(np.isfinite(scores_of(protocol)))
    assert len(fake.asked) == 6


@pytest.mark.parametrize(
    "then", [RESET, refusal("ThrottlingException"), refusal("InternalServerError", 500), (200, b"down")]
)
def test_an_endpoint_that_fails_half_way_loses_nothing(tmp_path: Path, then: Reply) -> None:
    path = write_pairs(tmp_path)
    table = Table(tmp_path, likeness)
    table.most, table.then = 7, then
    plans: list[Plan] = []
    with fake_rekognition(table) as fake:
        with pytest.raises(EndpointError):
            asked(path, fake.url)
        assert len(table.answered) == 7
        table.most = 10**9
        protocol, _ = asked(path, fake.url, Remote("", agree=plans.append))
    assert (plans[0].done, plans[0].calls) == (7, 13)
    assert len(table.answered) == len(set(table.answered)) == 20, "nothing was asked twice"
    assert scores_of(protocol) == [likeness(f"{2 * i}.png", f"{2 * i + 1}.png") for i in range(20)]


def test_an_interruption_keeps_what_was_under_way(tmp_path: Path) -> None:
    """Ctrl-C: the calls that are out come back, are paid for, and are kept."""
    path = write_pairs(tmp_path)
    table = Table(tmp_path, likeness)

    steps = itertools.count()

    def advance() -> None:
        if next(steps) == 3:
            raise KeyboardInterrupt

    with fake_rekognition(table) as fake:
        remote = Remote(fake.url, calls_per_second=UNHURRIED)
        with pytest.raises(KeyboardInterrupt):
            ask(read_protocol(path), tmp_path, remote, tmp_path / "answers", lambda *_: nullcontext(advance))
        made = len(table.answered)
        assert 4 <= made < 20
        ask(read_protocol(path), tmp_path, remote, tmp_path / "answers", in_silence)
    assert len(table.answered) == len(set(table.answered)) == 20


def test_a_kill_loses_only_what_was_under_way(tmp_path: Path) -> None:
    path = write_pairs(tmp_path, 30)
    table = Table(tmp_path, likeness)
    arrived, stuck, release = itertools.count(1), threading.Event(), threading.Event()

    def until_stuck(probe: bytes, reference: bytes) -> Reply:
        # A call begins when another is noted down: by the time of this one, ten are.
        if (number := next(arrived)) >= 10 + AT_ONCE:
            stuck.set()
        if number > 10 and not release.is_set():
            release.wait(60)
            return RESET
        return table(probe, reference)

    with fake_rekognition(until_stuck) as fake:
        words: list[str | Path] = [
            "evaluate",
            path,
            "--endpoint-url",
            fake.url,
            "--yes",
            "--calls-per-second",
            "1e9",
        ]
        words += ["--out", tmp_path / "out"]
        process = subprocess.Popen(
            [sys.executable, "-m", "visavis", *map(str, words)],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            assert stuck.wait(60)
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()
            release.set()
        with (tmp_path / "out" / UNFINISHED_ANSWERS).open("a") as file:
            file.write('{"key": "torn')
        assert (tmp_path / "out" / UNFINISHED_ANSWERS).stat().st_mode & 0o777 == 0o600
        assert len(table.answered) == 10
        run = visavis_here(*words)
        assert run.returncode == 0, run.stderr
    assert "20 calls of CompareFaces to 127.0.0.1 (10 are done)" in run.stderr
    assert len(table.answered) == len(set(table.answered)) == 30
    assert not (tmp_path / "out" / UNFINISHED_ANSWERS).exists()


def test_another_endpoint_or_protocol_does_not_go_on(tmp_path: Path) -> None:
    path = write_pairs(tmp_path)
    table = Table(tmp_path, likeness)
    table.most = 5
    with fake_rekognition(table) as fake, fake_rekognition(table) as other:
        with pytest.raises(EndpointUnreachableError):
            asked(path, fake.url)
        with pytest.raises(UnfinishedRunError):
            asked(path, other.url)
        text = path.read_text()
        path.write_text(text + "0.png,3.png,0,x\n")
        with pytest.raises(UnfinishedRunError):
            asked(path, fake.url)
        path.write_text(text)
        table.most = 10**9
        asked(path, fake.url)
    assert len(table.answered) == 20


def test_a_photo_that_changed_is_compared_again(tmp_path: Path) -> None:
    path = write_pairs(tmp_path, 3)
    with fake_rekognition(lambda *_photos: found(50.0)) as fake:
        asked(path, fake.url)
        (tmp_path / "0.png").write_bytes((tmp_path / "0.png").read_bytes() + b"more")
        asked(path, fake.url)
    assert len(fake.asked) == 4


def test_photos_that_cannot_be_sent(tmp_path: Path) -> None:
    path = write_pairs(tmp_path, 3)
    (tmp_path / "0.png").write_bytes(b"no photo")
    with fake_rekognition(lambda *_photos: found(50.0)) as fake:
        protocol, _ = asked(path, fake.url)
    assert protocol.pairs is not None
    assert protocol.pairs.errors == ("This is not a photo in a format visavis reads.", "", "")
    assert len(fake.asked) == 2
    assert "1 images are no JPEG or PNG" in protocol.notes[-1]
    with pytest.raises(MissingImagesError):
        asked(path, fake.url, folder=tmp_path / "elsewhere")


def test_nothing_is_sent_before_a_yes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_pairs(tmp_path, 3)

    class NoError(Exception):
        pass

    def disagree(plan: Plan) -> None:
        assert plan == Plan("127.0.0.1", 3, 0, None)
        raise NoError

    with fake_rekognition(lambda *_photos: found(50.0)) as fake:
        with pytest.raises(NoError):
            asked(path, fake.url, Remote("", agree=disagree))
        for said in ("", "\n"):
            monkeypatch.setattr("sys.stdin", io.StringIO(said))
            run = visavis_here("evaluate", path, "--endpoint-url", fake.url, "--out", tmp_path / "out")
            assert run.returncode == 1
            assert "3 calls of CompareFaces to 127.0.0.1." in run.stderr
    assert not fake.asked
    assert not (tmp_path / "out").exists()


def test_the_same_rates_as_the_library_for_the_same_scores(tmp_path: Path) -> None:
    """Twelve people; the server's similarities are what the shipped calibration makes of the library's scores."""
    calibration = shipped_calibration("sface-2021dec")
    names = paint(tmp_path, 36)
    rng = np.random.default_rng(3)
    pairs = [(i, j) for i, j in itertools.combinations(range(36), 2) if i // 3 == j // 3 or i % 3 == j % 3]
    scores = {
        (names[i], names[j]): float(np.clip(rng.normal(0.45 if i // 3 == j // 3 else 0.2, 0.12), -1, 1))
        for i, j in pairs
    }
    rows = [f"{names[i]},{names[j]},{int(i // 3 == j // 3)},{'xy'[i % 2]}" for i, j in pairs]
    (tmp_path / "pairs.csv").write_text("probe,reference,mated,group\n" + "\n".join(rows) + "\n")
    scored = [f"{row},{score!r},," for row, score in zip(rows, scores.values(), strict=True)]
    (tmp_path / "library.csv").write_text(
        "probe,reference,mated,group,score,similarity,error\n" + "\n".join(scored) + "\n"
    )
    table = Table(tmp_path, lambda *pair: calibration.similarity(scores[pair]))
    ours = evaluate(tmp_path / "library.csv", Options(tmp_path, tmp_path / "ours"))
    with fake_rekognition(table) as fake:
        remote = Remote(fake.url, calls_per_second=UNHURRIED)
        options = Options(tmp_path, tmp_path / "theirs", against=tmp_path / "ours" / "scores.csv")
        theirs = evaluate(tmp_path / "pairs.csv", replace(options, remote=remote))
    assert_same_rates(ours, theirs)
    assert all(row["difference"] == 0 for row in theirs["against"]["rows"])
    assert theirs["against"]["rows"]
    at_80 = theirs["overall"]["at_similarity"][0]
    assert (at_80["asked"], at_80["threshold"], at_80["nominal_fmr"]) == (80, 80, None)
    non_mated = [score for (a, b), score in scores.items() if int(a[:-4]) // 3 != int(b[:-4]) // 3]
    assert at_80["fmr"]["errors"] == sum(calibration.similarity(score) >= 80 for score in non_mated)
    _check_files(tmp_path / "theirs", fake.url)
    again = evaluate(tmp_path / "theirs" / "scores.csv", Options(tmp_path, tmp_path / "theirs"))
    assert again["overall"] == theirs["overall"]
    assert again["system"] == theirs["system"]


def _check_files(out: Path, url: str) -> None:
    """What a run leaves: its report says which server, and no file holds a secret."""
    assert {path.name for path in out.iterdir()} == {"scores.csv", "rates.json", "report.html", "pairs.csv"}
    report = (out / "report.html").read_text("utf-8")
    assert url in report
    assert "The scores were given" not in report
    for path in out.iterdir():
        text = path.read_text("utf-8")
        assert not any(secret in text for secret in (KEY, SECRET, ACCOUNT)), path.name


def test_a_list_of_images_and_the_same_pairs_here(tmp_path: Path) -> None:
    names = paint(tmp_path, 12)
    rows = [f"{name},person {i // 2},{'ab'[i % 2]}" for i, name in enumerate(names)]
    (tmp_path / "people.csv").write_text("image,subject,group\n" + "\n".join(rows) + "\n")
    words: list[str | Path] = ["evaluate", tmp_path / "people.csv", "--out", tmp_path / "out", "--yes"]
    table = Table(tmp_path, likeness)
    with fake_rekognition(table) as fake:
        words += ["--endpoint-url", fake.url, "--calls-per-second", "1e9", "--json", "--max-calls", "20"]
        run = visavis_here(*words)
    assert run.returncode == 0, run.stderr
    rates = json.loads(run.stdout)
    assert (rates["protocol"]["mated"], rates["protocol"]["non_mated"]) == (6, 14)
    assert any("20 of 66 comparisons were made: a sample" in finding["text"] for finding in rates["findings"])
    listed = read_protocol(tmp_path / "out" / "pairs.csv")
    assert listed.pairs is not None
    images = listed.images
    assert {(images[i], images[j]) for i, j in zip(listed.pairs.probe, listed.pairs.reference, strict=True)} == set(
        table.answered
    )  # fmt: skip


def test_refusals(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = write_pairs(tmp_path, 2)
    with fake_rekognition(lambda *_photos: RESET) as fake:
        url = fake.url  # where nobody listens any more

    def run(url: str, *more: str, of: Path = path) -> subprocess.CompletedProcess[str]:
        return visavis_here("evaluate", of, "--endpoint-url", url, "--out", tmp_path / "out", "--yes", *more)

    unreachable = run(url)
    assert unreachable.returncode == 1
    assert unreachable.stderr.splitlines()[1:] == [
        "visavis: The endpoint cannot be reached.",
        "hint: check --endpoint-url and the network; no answer so far is lost: the same command goes on where it stopped",
    ]
    for bad in (
        "127.0.0.1:80",
        "ftp://a",
        "https://",
        "https://me:word@host",
        "https://host:99999",
        "https://host?a=b",
    ):
        refused(run(bad), "not the URL of an endpoint", "hint: ")
    refused(
        run(url, "--images", str(tmp_path / "nowhere")),
        "4 of 4 images of the protocol are not there, the first: 0.png",
    )
    refused(run(url, "--folds", "3"), "do not make 3 folds")
    scored = tmp_path / "scored.csv"
    scored.write_text("probe,reference,mated,group,score\na,b,1,x,0.9\n")
    refused(run(url, of=scored), "holds scores already")
    assert run(url, "--recogniser", "other").returncode == 2
    assert visavis_here("evaluate", path, "--max-calls", "5").returncode == 2
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    refused(run("aws"), "no region is set", "hint: ")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    refused(run(url), "no credentials", "hint: ")
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    refused(run(url), "no credentials", "hint: ")


def test_bad_credentials(tmp_path: Path) -> None:
    path = write_pairs(tmp_path, 2)
    for code in ("UnrecognizedClientException", "InvalidSignatureException"):
        with fake_rekognition(lambda *_photos, code=code: refusal(code)) as fake:
            run = visavis_here(
                "evaluate", path, "--endpoint-url", fake.url, "--yes", "--out", tmp_path / "out"
            )
        assert run.returncode == 1
        assert "does not accept them" in run.stderr
        assert ACCOUNT not in run.stderr
