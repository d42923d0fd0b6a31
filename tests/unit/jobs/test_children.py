"""Workers as children: they end with their server, and are begun again where they end by themselves."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest
from registries import settings_at

from visavis.jobs import children
from visavis.jobs.children import workers

PATIENCE_S = 20
PARENT = """
import sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from registries import settings_at
from visavis.jobs import children
children.WORKER = ("-c", "import os, sys; print(os.getpid(), file=sys.stderr, flush=True); sys.stdin.read()")
with children.workers(settings_at(Path(sys.argv[1])), 1, print):
    time.sleep(60)
"""


def test_a_worker_that_ends_is_begun_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "WORKER", ("-c", "raise SystemExit"))
    monkeypatch.setattr(children, "AGAIN_AFTER_S", 0)
    ended = threading.Semaphore(0)
    with workers(settings_at(tmp_path), 1, ended.release):
        for _ in range(3):
            assert ended.acquire(timeout=PATIENCE_S)


@pytest.mark.parametrize(
    "code",
    [
        "import sys; sys.stdin.read()",
        "import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(60)",
    ],
)
def test_workers_end_with_the_block(code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "WORKER", ("-c", code))
    monkeypatch.setattr(children, "PATIENCE_S", 0.1)
    begun: list[subprocess.Popen[bytes]] = []
    popen = subprocess.Popen

    def begin(*given: object, **more: object) -> subprocess.Popen[bytes]:
        begun.append(popen(*given, **more))  # type: ignore[call-overload]  # as they came
        return begun[-1]

    monkeypatch.setattr(subprocess, "Popen", begin)
    both = threading.Event()
    with workers(settings_at(tmp_path), 2, both.set):
        while len(begun) < 2:
            assert not both.wait(0.01)
    assert all(process.poll() is not None for process in begun)
    assert not both.is_set(), "nobody is told of an end that was meant"


def test_none_are_begun_where_none_are_asked_for(tmp_path: Path) -> None:
    with workers(settings_at(tmp_path), 0, lambda: None):
        assert not any(thread.name.startswith("worker-") for thread in threading.enumerate())


def test_a_worker_sees_that_its_server_was_killed(tmp_path: Path) -> None:
    tests = str(Path(__file__).parents[2])
    command = [sys.executable, "-c", PARENT, str(tmp_path), tests]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as parent:
        assert parent.stderr
        assert int(parent.stderr.readline()) > 0
        parent.kill()
        assert parent.stderr.read() == "", "it is read to its end: nobody has it open any more"


def test_the_server_never_loads_what_only_workers_need() -> None:
    code = "import sys, visavis.server.serve, visavis.cli.serve; print([m for m in ('dbos', 'av') if m in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
