"""Mutations of films in every form, read and written again, for tests and for as long as one likes.

python tests/film_fuzzing.py --seconds 600 --seed 1

They are worked on in processes of their own, whose memory is bounded: a decoder that crashes takes its process with it.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import resource
import tempfile
import time
from fractions import Fraction
from functools import cache
from pathlib import Path

from films import Film
from fuzzing import mutated

from visavis.errors import VideoError
from visavis.video.formats import video_format_of
from visavis.video.muxing import mux
from visavis.video.opening import VideoLimits
from visavis.video.source import Video
from visavis.video.writing import segment_writer, written_whole

LIMITS = VideoLimits(max_pixels=200_000, max_frames=2000)
MAX_SECONDS = 20
MAX_BYTES = (
    3 * 2**30
)  # of addresses, besides those that the process begins with; a decoder's threads reserve a lot
MS = Fraction(1, 1000)
PTS = tuple(range(0, 480, 40))
FILMS = {
    "mp4": Film(b_frames=2, sound="aac", turned=(90, False)),
    "mov": Film("mov", "prores_ks", layout="yuv422p10le", sound="pcm_s16le"),
    "fragments": Film(sound="aac", muxer_options={"movflags": "frag_keyframe+empty_moov"}),
    "mkv": Film("matroska", b_frames=2, sound="flac", pts=PTS, time_base=MS),
    "hevc": Film("matroska", "libx265", layout="yuv420p10le", pts=PTS, time_base=MS, colour=(1, 9, 16, 9)),
    "webm": Film("webm", "libvpx-vp9", sound="libopus", pts=PTS, time_base=MS),
    "vorbis": Film(
        "matroska", sound="vorbis", sound_options={"strict": "experimental"}, pts=PTS, time_base=MS
    ),
    "av1": Film("matroska", "libsvtav1", options={"preset": "11"}, pts=PTS, time_base=MS),
    "gif": Film("gif", "gif", layout="rgb8", time_base=Fraction(1, 100), pts=range(0, 48, 4)),
}


@cache
def seeds() -> dict[str, bytes]:
    """A film in every form."""
    return {form: film.bytes() for form, film in FILMS.items()}


def survives(path: Path, ending: str) -> None:
    """Fails unless the film is written again, or refused by a VideoError, and that soon, with nothing left behind."""
    start, before = time.monotonic(), set(path.parent.iterdir())
    try:
        for product in _rewritten(path, ending):
            product.unlink()
    except VideoError as error:
        assert error.message
        assert "\n" not in error.message
    left = set(path.parent.iterdir()) - before
    for product in left & {path.parent / "one"}:  # a segment that was whole before the sound proved to be bad
        product.unlink()
    assert not left - {path.parent / "one"}, "something was left behind"
    assert time.monotonic() - start < MAX_SECONDS, "one film took too long"


def _rewritten(path: Path, ending: str) -> list[Path]:
    video = Video(path, LIMITS)
    segment, target = path.parent / "one", path.parent / f"out{ending}"
    written = video_format_of(target)
    with segment_writer(segment, video, written) as writer:
        for frame in video.frames():
            assert (frame.picture.width, frame.picture.height) == (video.width, video.height)
            writer.write(frame)
    with written_whole(target) as file:
        mux(file, [segment], video, written)
    return [segment, target]


def fuzz(form: str, seed: int, rounds: int, folder: Path, until: float | None = None) -> None:
    """Some mutated films, one after another; the last one stays in the folder if its process dies."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + MAX_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    source = random.Random(seed)
    path = folder / "film"
    for _ in range(rounds):
        if until is not None and time.monotonic() > until:
            return
        path.write_bytes(mutated(seeds()[form], source))
        survives(path, source.choice((".mp4", ".mov", ".mkv", ".webm", ".gif")))


def fails(form: str, seed: int, rounds: int, folder: Path, until: float | None = None) -> bool:
    """Whether a process of its own that does so fails."""
    process = multiprocessing.get_context("fork").Process(
        target=fuzz, args=(form, seed, rounds, folder, until)
    )
    process.start()
    process.join()
    return bool(process.exitcode)


def main() -> None:
    """Fuzz for a while; a failure leaves its file behind."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    seeds()
    end, seed = time.monotonic() + options.seconds, options.seed
    while time.monotonic() < end:
        for form in FILMS:
            seed += 1
            with tempfile.TemporaryDirectory() as folder:
                if fails(form, seed, 200, Path(folder), end):
                    Path(f"fuzz-failure-{form}-{seed}.bin").write_bytes((Path(folder) / "film").read_bytes())
                    print(f"{form}, seed {seed} failed", flush=True)
    print(f"{seed - options.seed} times 200 films, no failure")


if __name__ == "__main__":
    main()
