"""Mutated requests to a server in this process, for as many as one likes.

    python tests/wire_fuzzing.py --requests 100000 --seed 1
    python tests/wire_fuzzing.py --replay wire-fuzz-failure.bin

Whatever is sent, the answer comes in time and in its form, and is no failure of the server's; what is refused changes nothing that
is stored; whoever did not sign gets nothing; the log holds nothing that was sent; valid calls still succeed; memory does not grow.
Prints a line of JSON. A failure leaves its request in a file, and another run with its seed comes to it again.
"""

from __future__ import annotations

import argparse
import asyncio
import ctypes
import gc
import json
import os
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock
from uuid import UUID

import fuzzing
from http_calls import Got
from registries import photo_of
from wire_fuzz.answers import DONE
from wire_fuzz.calls import PEOPLE
from wire_fuzz.framing import STREAMS
from wire_fuzz.requests import Shot
from wire_fuzz.shots import any_shot
from wire_fuzz.streams import Stream
from wire_fuzz.target import SturdyAnalyzer, Target, target
from wire_fuzz.watch import Log

import visavis
from visavis.rekognition.films import StoredFilm
from visavis.rekognition.operations import videos
from visavis.server.logs import begin_logging
from visavis.server.rest import video_redactions

FAILURE = Path("wire-fuzz-failure.bin")
ROUND = 500
STREAMS_IN_A_ROUND = 40
"""Of a round's requests, so many go to a socket, all at once; the others are handed to the app one by one."""
LONG_ROUNDS = 10
"""After so many rounds, the world of the photographed is made anew, too, and the memory is looked at."""
MAX_GROWTH_MB = 100
"""How much memory may grow after the first tenth of a run, in which models, caches and heaps find their size."""


@dataclass
class Fuzzer:
    """Two servers: one that sees the people of `photo_of`, and is fast, and one that looks at photos."""

    plain: Target
    photographed: Target
    seed: int
    kinds: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)
    memory_mb: list[int] = field(default_factory=list)

    def run(self, requests: int) -> dict[str, Any]:
        """Send so many; what was seen. Raises AssertionError and TimeoutError."""
        draw, began = random.Random(self.seed), time.monotonic()
        for number in range(-(-requests // ROUND)):
            if number % LONG_ROUNDS == 0:
                self.photographed.renew()
                self.memory_mb.append(resident_mb())
            self.plain.renew()
            self.round(min(ROUND, requests - number * ROUND), draw)
        self.plain.renew()
        self.photographed.renew()
        self.memory_mb.append(resident_mb())
        settled = self.memory_mb[-(-len(self.memory_mb) // 10)]
        assert self.memory_mb[-1] - settled < MAX_GROWTH_MB, f"memory grew: {self.memory_mb} MB"
        return self.seen(time.monotonic() - began)

    def round(self, requests: int, draw: random.Random) -> None:
        """Some requests to the world as it was made; the first go to a socket."""
        streams = [
            draw.choice(STREAMS)(draw, self.plain.world) for _ in range(min(requests, STREAMS_IN_A_ROUND))
        ]
        self.send_all(streams)
        for _ in range(requests - len(streams)):
            self.send(any_shot(draw, self.plain.world))

    def send(self, shot: Shot) -> None:
        """Send one."""
        with left_behind(shot, self.seed):
            got = (self.photographed if shot.photographed else self.plain).send(shot)
        self.kinds[shot.kind] += 1
        self.answers[said(got)] += 1

    def send_all(self, streams: list[Stream]) -> None:
        """Send these at once; where something is wrong, each again, to find out which it was."""
        try:
            self.plain.send_all(streams)
        except BaseException:
            for stream in streams:
                with left_behind(stream, self.seed):
                    self.plain.send_all([stream])
            raise
        self.kinds.update(stream.kind for stream in streams)

    def seen(self, seconds: float) -> dict[str, Any]:
        """What a run has seen."""
        requests = self.kinds.total()
        return {
            "requests": requests,
            "seconds": round(seconds, 1),
            "requests_a_second": round(requests / seconds),
            "processor_s": round(time.process_time(), 1),
            "slowest_s": round(max(self.plain.slowest_s, self.photographed.slowest_s), 2),
            "memory_mb": self.memory_mb,
            "kinds": dict(self.kinds.most_common()),
            "answers": dict(self.answers.most_common()),
        }


@contextmanager
def left_behind(sent: Shot | Stream, seed: int) -> Iterator[None]:
    """Where the block fails, what was sent is left in a file."""
    try:
        yield
    except BaseException:
        FAILURE.write_bytes(sent.to_bytes())
        print(
            f"a request of seed {seed} ({sent.kind}) is in {FAILURE}: --replay {FAILURE}", file=sys.__stderr__
        )
        raise


def said(got: Got) -> str:
    """An answer in a word or two."""
    if got.status in {0, *DONE}:
        return str(got.status or "gone")
    document = json.loads(got.body)
    return f"{got.status} {document['error']['code'] if 'error' in document else document.get('__type', '')}"


def resident_mb() -> int:
    """The memory that this process takes, without what is free already: photos leave much of that in the C library's heaps."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 2**20


def film_found(s3_object: dict[str, str], region: str) -> StoredFilm:
    """There is every film, and nobody looks for it."""
    return StoredFilm(s3_object, region, "", 1)


@contextmanager
def fuzzer(seed: int) -> Iterator[Fuzzer]:
    """Both servers, in a folder of their own. Ids that they make are drawn from the seed, so that a run can be repeated."""
    ids = random.Random(seed)

    def new_id() -> UUID:
        return UUID(int=ids.getrandbits(128), version=4)

    def new_token(size: int) -> str:
        return ids.randbytes(size).hex()

    people = {person: photo_of(person) for person in PEOPLE}
    portrait = {PEOPLE[0]: fuzzing.seeds()["JPEG"]}
    analyzer = visavis.Analyzer()
    analyzer.analyze(portrait[PEOPLE[0]])  # as `serve` does: no request waits for the models
    log = Log()
    begin_logging(log)
    with ExitStack() as stack:
        stack.enter_context(redirect_stderr(log))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="visavis-wire-fuzzing-")))
        stack.enter_context(mock.patch.dict(os.environ, environment(folder)))
        for module in ("enrol", "galleries", "consents"):
            stack.enter_context(mock.patch(f"visavis.services.{module}.uuid4", new_id))
        stack.enter_context(mock.patch("visavis.services.jobs.secrets", mock.Mock(token_hex=new_token)))
        for asking in (videos, video_redactions):
            stack.enter_context(mock.patch.object(asking, "find_film", film_found))
        stack.enter_context(mock.patch.object(video_redactions, "check_free", return_value=None))
        loop = stack.enter_context(running_loop())
        plain = stack.enter_context(target(folder / "plain", SturdyAnalyzer, people, loop, log))
        photographed = target(folder / "photos", lambda _: analyzer, portrait, loop, log)
        yield Fuzzer(plain, stack.enter_context(photographed), seed)


def environment(folder: Path) -> dict[str, str]:
    """Nothing of whoever runs this, and an S3 that nobody answers at."""
    return {
        "VISAVIS_HOME": str(folder),
        "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:1",
        "AWS_ACCESS_KEY_ID": "a",
        "AWS_SECRET_ACCESS_KEY": "b",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


@contextmanager
def running_loop() -> Iterator[asyncio.AbstractEventLoop]:
    """An event loop in a thread."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    yield loop
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def replay(made: Fuzzer, data: bytes) -> None:
    """Send what a failure left behind."""
    if b'"answered"' in data.partition(b"\n")[0]:
        made.send_all([Stream.from_bytes(data)])
    else:
        made.send(Shot.from_bytes(data))


def main() -> None:
    """Read the arguments, send, and print what was seen."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--replay", type=Path, metavar="FILE")
    options = parser.parse_args()
    with fuzzer(options.seed) as made:
        if options.replay:
            replay(made, options.replay.read_bytes())
            print(json.dumps(made.seen(1)))
        else:
            print(json.dumps(made.run(options.requests)))


if __name__ == "__main__":
    main()
