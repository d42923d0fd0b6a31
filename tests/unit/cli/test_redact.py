"""What `visavis redact` takes for done."""

from __future__ import annotations

import json
from pathlib import Path

from commands import visavis_here
from PIL import Image


def test_another_gallery_of_the_name_is_not_taken_for_the_same(tmp_path: Path) -> None:
    photo, out = tmp_path / "photo.png", tmp_path / "out.png"
    Image.new("RGB", (64, 64)).save(photo)
    create = ("gallery", "create", "reunion", "--purpose", "pictures of the reunion")
    redact = ("redact", photo, out, "--keep", "reunion", "--json")
    assert visavis_here(*create).returncode == 0
    before = [json.loads(visavis_here(*redact).stdout)["files"][0]["done_before"] for _ in range(2)]
    assert before == [False, True]
    assert visavis_here("gallery", "delete", "reunion", "--yes").returncode == 0
    assert visavis_here(*create).returncode == 0
    (entry,) = json.loads(visavis_here(*redact).stdout)["files"]
    assert "There is a file of that name" in entry["error"]["message"]
