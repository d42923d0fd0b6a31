"""What the tests share: two public-domain portraits, one analyzer, the evaluation data where it is."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import postgresql
import pytest
from hypothesis import HealthCheck, settings
from numpy.typing import NDArray
from PIL import Image
from registries import Clock, registry_at

import visavis
from visavis.services.registry import Registry

# How long an example takes says nothing on a machine that others use, too.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("VISAVIS_EVALUATION_DATA", ROOT.parent / "shared" / "data" / "dev"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    missing = pytest.mark.skip(reason="the evaluation data is not here (CONTRIBUTING.md, Evaluation data)")
    for item in items:
        if "data" in item.keywords and not DATA.is_dir():
            item.add_marker(missing)


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the state folder of whoever runs it."""
    monkeypatch.setenv("VISAVIS_HOME", str(tmp_path_factory.mktemp("home")))


def _within(package: str, *parts: str) -> Path:
    spec = find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent.joinpath(*parts)


@pytest.fixture(scope="session")
def astronaut() -> Path:
    """Eileen Collins, NASA, 512 x 512; one face near (225, 120)."""
    return _within("skimage", "data", "astronaut.png")


@pytest.fixture(scope="session")
def hopper() -> Path:
    """Grace Hopper, US Navy, 512 x 600; one face near (265, 225)."""
    return _within("matplotlib", "mpl-data", "sample_data", "grace_hopper.jpg")


@pytest.fixture(scope="session")
def astronaut_rgb(astronaut: Path) -> NDArray[np.uint8]:
    return np.asarray(Image.open(astronaut).convert("RGB"))


@pytest.fixture(scope="session")
def analyzer() -> visavis.Analyzer:
    return visavis.Analyzer()


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[postgresql.Server]:
    """One server for all tests; what it holds need not outlast them."""
    if reason := postgresql.why_not():
        pytest.skip(reason)
    with postgresql.server("fsync=off", "full_page_writes=off") as server:
        yield server


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a store that is not there yet: each test that takes this runs on both kinds."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'visavis.db'}"
        return
    server: postgresql.Server = request.getfixturevalue("postgresql_server")
    url = server.new_store()
    yield url
    server.drop_store(url)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def registry(tmp_path: Path, database_url: str, clock: Clock) -> Iterator[Registry]:
    """An empty registry that sees the people of `registries.photo_of`."""
    with registry_at(tmp_path, database_url, clock) as opened:
        yield opened


@pytest.fixture
def sqlite_registry(tmp_path: Path, clock: Clock) -> Iterator[Registry]:
    """An empty registry on SQLite alone: for what is decided before a database is asked."""
    with registry_at(tmp_path, clock=clock) as opened:
        yield opened
