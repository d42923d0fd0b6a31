"""The page of a redaction, as the command line writes it."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from visavis.cli.redact_review import Reviewing
from visavis.errors import OutputFullError
from visavis.redaction.styles import Style


def test_a_full_disk_is_told_as_one_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputFullError, match="the report cannot be written: no space left"):
        Reviewing(tmp_path, tmp_path / "page.html").write([], Style.SOLID)
    assert list(tmp_path.iterdir()) == []
