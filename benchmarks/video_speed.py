"""How fast videos of 720p are redacted, beside deface as it comes and with its detector scaled down, in one run, whole commands in turn.

Two films of 12 seconds: crowds with a camera that moves over them (filming.py), and signers, one face each, enlarged to 1280 x 720. What each of them
leaves uncovered: video_covers.py.

    python benchmarks/video_speed.py DEFACE       DEFACE: the command, of an environment of its own with deface, onnx and onnxruntime
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any

import av
import numpy as np
from common import DATA, save
from filming import HEIGHT, WIDTH, make_film

SCENES, FRAMES, ROUNDS = 4, 300, 3
SCALED = "640x360"


def main() -> None:
    """Measure, print and write results/video_speed.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("deface", type=Path)
    deface = parser.parse_args().deface
    before = os.getloadavg()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        films = {
            "crowds": make_film(folder / "crowds.mp4", SCENES).path,
            "signers": _signers(folder / "signers.mp4"),
        }
        results = {kind: _compared(film, deface, folder) for kind, film in films.items()}
    save("video_speed", {"load_averages": {"before": before, "after": os.getloadavg()}, **results})


def _compared(film: Path, deface: Path, folder: Path) -> dict[str, Any]:
    """Frames a second of each command, and how many times as fast ours is: median and range of the rounds."""
    with av.open(film) as opened:
        frames = sum(1 for _ in opened.decode(video=0))
    out = folder / "out.mp4"
    commands = {
        "visavis": [sys.executable, "-m", "visavis", "redact", film, out],
        "deface": [deface, film, "--output", out],
        "deface_scaled": [deface, film, "--output", out, "--scale", SCALED],
    }
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for number in range(ROUNDS):
        for name, command in commands.items():
            seconds[name].append(_seconds([str(word) for word in command], folder / f"home-{number}"))
            out.unlink()
    ours = np.array(seconds["visavis"])
    return {
        "frames": frames,
        "frames_a_second": {name: round(frames / float(np.median(own)), 1) for name, own in seconds.items()},
        "times_as_fast_as": {
            name: [round(float(q), 2) for q in np.quantile(np.array(seconds[name]) / ours, (0.5, 0, 1))]
            for name in ("deface", "deface_scaled")
        },
    }


def _seconds(command: list[str], home: Path) -> float:
    began = time.monotonic()
    subprocess.run(
        command,
        env=os.environ | {"VISAVIS_HOME": str(home)},
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return time.monotonic() - began


def _signers(path: Path) -> Path:
    """The evaluation data's signers, one after the other."""
    clips = sorted((DATA / "video_ccby" / "asl_gestures").glob("*.mkv"))
    with av.open(path, "w") as out:
        stream = out.add_stream("libx264", 25, options={"preset": "veryfast", "crf": "20"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for number, frame in enumerate(islice(_frames(clips), FRAMES)):
            large = frame.reformat(WIDTH, HEIGHT, "yuv420p")
            large.pts, large.time_base, large.pict_type = number, Fraction(1, 25), 0
            out.mux(stream.encode(large))
        out.mux(stream.encode(None))
    return path


def _frames(clips: list[Path]) -> Any:
    for clip in clips:
        with av.open(clip) as source:
            yield from source.decode(video=0)


if __name__ == "__main__":
    main()
