"""One of several boto3 clients: CompareFaces, one call after the other, when told to.

`comparing_client.py ENDPOINT SOURCE TARGET`; each line on standard input is for how many seconds, each on standard
output when its calls began and ended by the machine's monotonic clock.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from serving import client


def main() -> None:
    """Call once, say "ready", and obey."""
    endpoint, *photos = sys.argv[1:]
    source, target = ({"Bytes": Path(photo).read_bytes()} for photo in photos)
    rekognition = client(endpoint)

    def call() -> tuple[float, float]:
        began = time.monotonic()
        answer = rekognition.compare_faces(SourceImage=source, TargetImage=target, SimilarityThreshold=0)
        assert answer["FaceMatches"]
        return began, time.monotonic()

    call()
    print("ready", flush=True)
    for line in sys.stdin:
        end = time.monotonic() + float(line)
        calls = []
        while time.monotonic() < end:
            calls.append(call())
        print(json.dumps(calls), flush=True)


if __name__ == "__main__":
    main()
