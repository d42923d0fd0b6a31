"""A worker that redacts films of S3, and may end itself at a place: what the test of its crashes runs in a process of its own.

    python tests/redaction_worker.py HOME [looked|covered|stored]

It works until no job is left open.
"""

from __future__ import annotations

import sys
from pathlib import Path
from unittest import mock

from job_worker import after, hurry, work
from registries import settings_at

from visavis.jobs import redactions
from visavis.redaction import videos
from visavis.rekognition.deliveries import deliver
from visavis.services.film_redactions import RedactionProgress
from visavis.services.registry import opened

PART_FRAMES = 10


def main(home: Path, dies: str) -> None:
    hurry()
    videos.PART_FRAMES = PART_FRAMES
    if dies == "stored":
        mock.patch.object(redactions, "deliver", after(deliver)).start()
    elif dies != "never":
        RedactionProgress.note = after(RedactionProgress.note, 2 if dies == "looked" else 6)  # type: ignore[method-assign]  # as it is, but for its end
    with opened(settings_at(home)) as registry:
        work(registry)


if __name__ == "__main__":
    main(Path(sys.argv[1]), *(sys.argv[2:] or ["never"]))
