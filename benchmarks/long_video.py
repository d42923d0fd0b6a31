"""Half an hour of 720p redacted: memory all along, and once more with the process killed on the way.

The film is the evaluation data's signers, enlarged to 1280 x 720, ten frames a second, over and over for 30 minutes: 18,000
frames. One run goes to its end; another is killed (SIGKILL) five times, at moments drawn at random, and repeated; both outputs must be the
same, byte for byte.

    python benchmarks/long_video.py [--minutes 30] [--kills 5]
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from fractions import Fraction
from hashlib import sha256
from pathlib import Path
from typing import Any

import av
import numpy as np
from common import DATA, save

WIDTH, HEIGHT, RATE, PIECE_S = 1280, 720, 10, 60
MiB = 2**20


def main() -> None:
    """Make the film, redact it twice, and write results/long_video.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=int, default=30)
    parser.add_argument("--kills", type=int, default=5)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        film = Path(folder) / "film.mp4"
        frames = write_film(film, asked.minutes)
        whole, killed = (_Run(film, Path(folder) / name) for name in ("whole", "killed"))
        whole.to_its_end()
        draw = random.Random(1)  # noqa: S311  no secret
        for _ in range(asked.kills):
            killed.until(draw.uniform(0.05, 0.9) * whole.seconds / asked.kills)
        killed.to_its_end()
        same = whole.digest() == killed.digest()
        left = sorted(path.name for path in (Path(folder) / "killed").rglob("*") if path.is_file())
    results: dict[str, Any] = {"frames": frames, "minutes": asked.minutes, "seconds": round(whole.seconds)}
    results |= {"resident_MiB": whole.memory(), "kills": asked.kills, "same_output": same, "files_left": left}
    save("long_video", results)
    if not same:
        sys.exit("the run that was killed gave another video")


def write_film(path: Path, minutes: int) -> int:
    """A minute of signers, encoded once and repeated; how many frames it has."""
    with av.open(path, "w") as out:
        stream = out.add_stream("libx264", RATE, options={"preset": "veryfast", "crf": "23"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.codec_context.max_b_frames, stream.codec_context.gop_size = 0, RATE * PIECE_S
        packets = [*_encoded(stream), *stream.encode(None)]
        kept = [(bytes(packet), packet.pts, packet.is_keyframe) for packet in packets]
        base = packets[0].time_base
        assert base is not None
        ticks = round(PIECE_S / base)
        for minute in range(minutes):
            for data, pts, key in kept:
                packet: av.Packet[Any] = av.Packet(data)
                packet.pts = packet.dts = (pts or 0) + minute * ticks
                packet.time_base, packet.stream, packet.is_keyframe = base, stream, key
                out.mux(packet)
    return len(kept) * minutes


def _encoded(stream: Any) -> list[Any]:
    packets, number = [], 0
    while number < RATE * PIECE_S:
        for clip in sorted((DATA / "video_ccby" / "asl_gestures").glob("*.mkv")):
            with av.open(clip) as source:
                for i, frame in enumerate(source.decode(video=0)):
                    if i % 3 or number >= RATE * PIECE_S:
                        continue
                    large = frame.reformat(WIDTH, HEIGHT, "yuv420p")
                    large.pts, large.time_base, large.pict_type = number, Fraction(1, RATE), 0
                    packets += stream.encode(large)
                    number += 1
    return packets


@dataclass
class _Run:
    """`visavis redact` with a state folder of its own. seconds: how long it took; resident: bytes, now and then."""

    film: Path
    folder: Path
    seconds: float = 0
    resident: list[int] = field(default_factory=list)

    def to_its_end(self) -> None:
        process, began = self._start(), time.monotonic()
        while process.poll() is None:
            self.resident.append(_resident_bytes(process.pid))
            time.sleep(0.5)
        self.seconds = time.monotonic() - began
        if process.returncode:
            sys.exit(f"visavis redact failed: {process.returncode}")

    def until(self, seconds: float) -> None:
        """Kill it after so many seconds."""
        process = self._start()
        time.sleep(seconds)
        if process.poll() is not None:
            sys.exit("it ended before it was killed")
        process.send_signal(signal.SIGKILL)
        process.wait()

    def memory(self) -> dict[str, Any]:
        """Resident MiB: the median in each tenth of the run, and the most."""
        tenths = np.array_split(np.array(self.resident) // MiB, 10)
        return {"tenths": [int(np.median(tenth)) for tenth in tenths], "peak": max(self.resident) // MiB}

    def digest(self) -> str:
        return sha256((self.folder / "out" / "film.mp4").read_bytes()).hexdigest()

    def _start(self) -> subprocess.Popen[bytes]:
        command = [
            sys.executable,
            "-m",
            "visavis",
            "redact",
            str(self.film),
            str(self.folder / "out" / "film.mp4"),
        ]
        environment = os.environ | {"VISAVIS_HOME": str(self.folder / "home")}
        return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)


def _resident_bytes(pid: int) -> int:
    try:
        fields = Path(f"/proc/{pid}/statm").read_text("ascii").split()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return int(fields[1]) * os.sysconf("SC_PAGE_SIZE") if len(fields) > 1 else 0


if __name__ == "__main__":
    main()
