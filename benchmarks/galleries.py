"""Galleries at scale: enrolling 10,000 people, and opening a gallery of a million.

    python benchmarks/galleries.py [--references 1000000]

Templates are random numbers: no model runs. Opening is measured in a process of its own, so that memory is what the gallery takes.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
from common import ROOT, save

sys.path.insert(0, str(ROOT / "tests"))

import postgresql
from registries import MODEL, PURPOSE, identity, portrait_of, registry_at

from visavis.audit.entry import Action
from visavis.consent.terms import Terms
from visavis.errors import GalleryExistsError
from visavis.faces import Template, Vector
from visavis.services import galleries
from visavis.services.consents import Given, give_many
from visavis.services.enrol import Enrolled, Enrolment, enrol
from visavis.services.identify import identify
from visavis.services.registry import Registry
from visavis.services.work import working
from visavis.store.crypto import template_context
from visavis.store.galleries import Gallery
from visavis.store.references import NewReference, insert_references, model_number

GALLERY = "large"
ENROLLED, ONE_BY_ONE, BATCH = 10_000, 300, 1_000
DIMENSIONS = 128


def main() -> None:
    """Measure, print and write results/galleries.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--references", type=int, default=1_000_000)
    parser.add_argument("--open", metavar="FOLDER", help="open the gallery there, and print what it took")
    asked = parser.parse_args()
    if asked.open:
        print(json.dumps(opening(Path(asked.open), asked.references)))
        return
    results: dict[str, Any] = {"enrolling": {}}
    for kind in ("sqlite", "postgresql"):
        with empty_store(kind) as (home, url):
            results["enrolling"][kind] = enrolling(home, url)
    with tempfile.TemporaryDirectory(prefix="visavis-galleries-") as folder:
        fill(Path(folder), asked.references)
        results["opening"] = {
            "references": asked.references,
            **opened_elsewhere(Path(folder), asked.references),
        }
    save("galleries", results)


@contextmanager
def empty_store(kind: str) -> Iterator[tuple[Path, str | None]]:
    """A folder and a database, which is as durable as by default."""
    with tempfile.TemporaryDirectory(prefix="visavis-galleries-") as folder:
        if kind == "sqlite":
            yield Path(folder), None
            return
        with postgresql.server() as server:
            yield Path(folder), server.new_store()


def enrolling(home: Path, url: str | None) -> dict[str, Any]:
    """Milliseconds a person, leaf included: many to a transaction, and a transaction each; in turn, in one store."""
    people = [f"p{i}" for i in range(ENROLLED + ONE_BY_ONE)]
    wanted = [Enrolment(person, replace(portrait_of(person), sha256=bytes(32))) for person in people]
    with registry_at(home, url) as registry:
        galleries.create(registry, GALLERY, PURPOSE)
        give_many(registry, [Given(person, PURPOSE, Terms()) for person in people])
        start = time.perf_counter()
        for first in range(0, ENROLLED, BATCH):
            done(enrol(registry, GALLERY, wanted[first : first + BATCH]))
        together = time.perf_counter() - start
        start = time.perf_counter()
        for one in wanted[ENROLLED:]:
            done(enrol(registry, GALLERY, [one]))
        one_by_one = time.perf_counter() - start
    together_ms, one_by_one_ms = 1000 * together / ENROLLED, 1000 * one_by_one / ONE_BY_ONE
    return {
        "ms_each_together": round(together_ms, 3),
        "ms_each_alone": round(one_by_one_ms, 3),
        "times_as_fast": round(one_by_one_ms / together_ms, 1),
    }


def done(outcomes: list[Any]) -> None:
    """All were enrolled."""
    assert all(isinstance(outcome, Enrolled) and not outcome.known for outcome in outcomes), outcomes[:3]


def fill(home: Path, count: int) -> None:
    """A store with a gallery of so many people, a reference each: consents through the service, rows through the store's own functions."""
    random = np.random.default_rng(0)
    with registry_at(home) as registry:
        gallery = galleries.create(registry, GALLERY, PURPOSE)
        for first in range(0, count, 10_000):
            people = range(first, min(first + 10_000, count))
            grants = [
                r.grant.id for r in give_many(registry, [Given(f"p{i}", PURPOSE, Terms()) for i in people])
            ]
            insert(registry, gallery, grants, units(random, len(people)))


def insert(registry: Registry, gallery: Gallery, grants: list[bytes], vectors: Vector) -> None:
    """References, without the checks that enrolment makes."""
    keys = registry.keyring.keys(grants)
    with working(registry) as work:
        model = model_number(work.connection, identity())
        rows = []
        for i, grant in enumerate(grants):
            reference = UUID(int=int.from_bytes(grant, "big") ^ 1).bytes
            sealed = keys[grant].seal(
                vectors[i].tobytes(), template_context(grant, gallery.id, reference, MODEL)
            )
            rows.append(
                NewReference(
                    reference,
                    gallery.id,
                    grant,
                    PURPOSE,
                    model,
                    "",
                    bytes(32),
                    sealed,
                    0,
                    0,
                    1,
                    1,
                    1,
                    1,
                    work.now,
                    work.by,
                )
            )
        insert_references(work.connection, rows)
        work.log(Action.ENROL, where=gallery)


def opened_elsewhere(home: Path, references: int) -> dict[str, Any]:
    """What opening takes, in a process of its own."""
    command = [sys.executable, __file__, "--open", str(home), "--references", str(references)]
    run = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(run.stdout)
    return found


def opening(home: Path, references: int) -> dict[str, Any]:
    """Seconds until the first search is answered, megabytes that it takes, milliseconds of later searches and of the scan in them."""
    probes = units(np.random.default_rng(1), 21)
    with registry_at(home) as registry:
        with suppress(GalleryExistsError):
            galleries.create(registry, "small", "another purpose")
        search(registry, "small", probes[0])  # what comes with the first use of anything
        before = status("VmRSS")
        start = time.perf_counter()
        search(registry, GALLERY, probes[0])
        seconds = time.perf_counter() - start
        after, peak = status("VmRSS"), status("VmHWM")
        searches = [timed(lambda probe=probe: search(registry, GALLERY, probe)) for probe in probes[1:]]
        index = registry.indexes.of(galleries.find(registry, GALLERY).id)[MODEL]
        scans = [timed(lambda probe=probe: index.propose(probe, 10)) for probe in probes[1:]]
        assert len(index) == references
    fp16 = references * DIMENSIONS * 2
    return {
        "seconds": round(seconds, 1),
        "growth_times_fp16": round((after - before) / fp16, 2),
        "peak_growth_times_fp16": round((peak - before) / fp16, 2),
        "search_ms": round(float(np.median(searches)), 1),
        "scan_ms": round(float(np.median(scans)), 1),
    }


def search(registry: Registry, gallery: str, probe: Vector) -> None:
    """One search, logged."""
    identify(registry, gallery, [Template(probe, identity())])


def timed(work: Any) -> float:
    """Milliseconds."""
    start = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - start)


def status(name: str) -> int:
    """Bytes of this process, as the system counts them."""
    text = Path("/proc/self/status").read_text("utf-8")
    return 1024 * int(text.split(f"{name}:")[1].split()[0])


def units(random: np.random.Generator, count: int) -> Vector:
    """Random templates: float32 (count, D), unit length."""
    vectors = random.standard_normal((count, DIMENSIONS), np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


if __name__ == "__main__":
    main()
