"""What the pages say is what is there."""

from __future__ import annotations

import inspect
import re
import sys
from pathlib import Path

import click
import pytest

from visavis.cli import commands
from visavis.models.quality import REASONS
from visavis.server.rest import video_redactions

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("page", ["README.md", "benchmarks/README.md", "docs/model-card.md"])
def test_figures_are_those_of_the_result_files(page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [str(ROOT / "benchmarks"), *sys.path])
    import figures

    assert (ROOT / page).read_text("utf-8") == figures.updated(page), "run python benchmarks/figures.py"


def test_every_command_and_option_is_documented() -> None:
    text = "".join(
        (ROOT / "docs" / page).read_text("utf-8")
        for page in ("library.md", "galleries.md", "consent.md", "server.md", "redaction.md")
    )
    for name, command in commands.commands.items():
        assert f"visavis {name}" in text
        parts = command.commands.values() if isinstance(command, click.Group) else [command]
        for part in parts:
            assert part.name is not None
            assert part.name in text
            for parameter in part.params:
                if isinstance(parameter, click.Option):
                    assert parameter.opts[0] in text, f"{name}: {parameter.opts[0]}"


def test_every_reason_is_documented() -> None:
    text = (ROOT / "docs" / "library.md").read_text("utf-8")
    assert all(reason in text for reason in REASONS)


def test_links_between_pages_lead_somewhere() -> None:
    for page in (*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("benchmarks/*.md")):
        for target in re.findall(r"\]\(([^)#]+)", page.read_text("utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_what_cancelling_a_job_leaves_is_said_alike_everywhere() -> None:
    command = commands.commands["job"]
    assert isinstance(command, click.Group)
    texts = [
        command.commands["cancel"].help or "",
        inspect.getdoc(video_redactions.cancel) or "",
        *((ROOT / "docs" / page).read_text("utf-8") for page in ("server.md", "rest.md")),
    ]
    for text in map(" ".join, map(str.split, texts)):
        assert "nothing of what it did is kept, but for a re" in text
        assert "that is being stored at that moment" in text
        assert "One that has ended stays as it was." in text
