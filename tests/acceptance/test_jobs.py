"""Stored-video jobs in processes that are killed: what comes of them is what comes of one that was left in peace."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from commands import PATIENCE_S, python
from conftest import ROOT
from job_worker import FILM
from people_films import asked, looked_through
from registries import PURPOSE, Clock, agree, enrolled, registry_at
from sqlalchemy import inspect, text

from visavis.jobs.database import engine_for
from visavis.services import galleries, job_results, jobs
from visavis.services.job_results import BEGINNING
from visavis.services.registry import Registry

pytestmark = pytest.mark.slow

SCRIPT = ROOT / "tests" / "job_worker.py"
CHANNEL = {"SNSTopicArn": "arn:aws:sns:local:123456789012:t", "RoleArn": "r"}


@pytest.fixture
def staff(registry: Registry) -> Registry:
    galleries.create(registry, "staff", PURPOSE)
    agree(registry, "anna", "ben")
    enrolled(registry, "staff", "anna", "ben")
    return registry


def seen(registry: Registry, job_id: str) -> object:
    job = jobs.find(registry, job_id)
    if job.gallery is None:
        return job_results.faces(registry, job, BEGINNING, 10_000).seen
    return job_results.people(registry, job, BEGINNING, 10_000).seen


@pytest.mark.parametrize("upgraded", [False, True])
@pytest.mark.parametrize("dies", ["looking", "kept", "ended", "told"])
def test_a_killed_process_is_gone_on_for(
    staff: Registry, tmp_path: Path, database_url: str, dies: str, *, upgraded: bool
) -> None:
    """By another one, of a later version, too."""
    expected = {gallery: asked(staff, gallery) for gallery in (None, "staff")}
    for job_id in expected.values():
        looked_through(staff, job_id, FILM)
    found = {gallery: asked(staff, gallery, channel=CHANNEL, asked=b"x") for gallery in (None, "staff")}
    killed = python(SCRIPT, tmp_path, database_url, dies)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    done = python(SCRIPT, tmp_path, database_url, *(["--upgraded"] if upgraded else []))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    for gallery, job_id in found.items():
        assert seen(staff, job_id) == seen(staff, expected[gallery])
    told = [json.loads(line) for line in (tmp_path / "told").read_text().splitlines()]
    times = Counter(message["JobId"] for message in told)
    assert times.keys() == set(found.values())
    assert times.total() == (3 if dies == "told" else 2), (
        "cut off between telling and noting it, it is told again"
    )


def test_what_dbos_keeps_names_nobody(staff: Registry, tmp_path: Path, database_url: str) -> None:
    job_id = asked(staff, "staff", channel=CHANNEL)
    done = python(SCRIPT, tmp_path, database_url)
    assert done.returncode == 0, done.stderr
    _, engine = engine_for(staff.settings)
    schema = None if database_url.startswith("sqlite") else "dbos"
    kept = []
    with engine.connect() as connection:
        for table in inspect(connection).get_table_names(schema=schema):
            name = f'"{schema}"."{table}"' if schema else f'"{table}"'
            kept += [str(tuple(row)) for row in connection.execute(text(f"SELECT * FROM {name}"))]  # noqa: S608  DBOS's own names
    engine.dispose()
    assert any(job_id in row for row in kept)
    for secret in (
        "anna",
        "a.mp4",
        "arn:aws",
        "staff",
        PURPOSE,
        "gASV",
    ):  # the last begins what pickle writes, in base64
        assert not any(secret in row for row in kept), secret


def test_a_worker_ends_with_its_parent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VISAVIS_HOME", str(tmp_path))
    command = [sys.executable, "-m", "visavis", "worker", "--with-parent"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
        _, said = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0
    assert [json.loads(line)["message"] for line in said.splitlines()] == ["stopped"]
    assert (tmp_path / "visavis-jobs.db").stat().st_mode & 0o077 == 0


def test_a_store_brought_back_without_what_was_noted_of_its_jobs(tmp_path: Path) -> None:
    """The file beside it may be lost: jobs go on all the same."""
    with registry_at(tmp_path, clock=Clock()) as registry:
        job_id = asked(registry)
        assert python(SCRIPT, tmp_path, registry.settings.database_url, "looking").returncode < 0
        for file in tmp_path.glob("visavis-jobs.db*"):
            file.unlink()
        assert python(SCRIPT, tmp_path, registry.settings.database_url).returncode == 0
        assert jobs.find(registry, job_id).segments == 4
