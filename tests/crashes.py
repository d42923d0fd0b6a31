"""Kill processes that use a store, at random moments, and see that nothing they were told of is lost.

    python tests/crashes.py --database sqlite|postgresql --kills 200 --seed 1

One process, or two at once, do a mixed load and say what they begin and what returned. After each kill another process opens the store,
which must open by itself, and holds it against what was said. Prints a line of JSON; exits 1 and says what is wrong where something is.
Every process is forked from one that has imported all it needs and opened nothing.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import random
import signal
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import UUID

import postgresql
from registries import NOW, PURPOSE, Clock, agree, portrait_of, registry_at, template_of
from sqlalchemy import select

from visavis.audit.verify import verify_export
from visavis.consent.terms import Terms
from visavis.errors import GalleryExistsError, StoreBusyError
from visavis.services import consents, contents, galleries, identify, keys, receipts, verify
from visavis.services.checkpoints import sign_log
from visavis.services.enrol import Enrolled, Enrolment, enrol
from visavis.services.erase import sweep
from visavis.services.log import export_log
from visavis.services.registry import Registry
from visavis.store.grants import latest_grant
from visavis.store.references import references_of
from visavis.store.schema import enrolled, grants

for late in ("alembic.command", "faiss", "numpy.ma"):  # which are imported only where they are needed
    import_module(late)

GALLERY = "staff"
KILLS_TO_A_STORE = 20
LOG_CHECKED_EVERY = 5
ROUND_S = 60
STATES = {"give": "given", "request": "requested", "refuse": "refused", "withdraw": "withdrawn"}
"""What a person's consent is once a call returned."""

Say = Callable[[dict[str, Any]], None]


@dataclass(slots=True)
class Known:
    """What processes said of one store. done: of each person, what returned last; begun: what was begun after it, if anything.

    until: of people whose consent ends by itself, when.
    """

    done: dict[str, str] = field(default_factory=dict)
    begun: dict[str, str] = field(default_factory=dict)
    references: dict[str, set[str]] = field(default_factory=dict)
    until: dict[str, int] = field(default_factory=dict)
    checkpoints: list[str] = field(default_factory=list)
    calls: int = 0

    def hear(self, said: dict[str, Any]) -> None:
        """Take one line of a process."""
        person, what = said.get("person", ""), said["what"]
        if said["stage"] == "begin":
            self.begun[person] = what
            for enrolled_person, reference in said.get("removes", []):
                self.references.get(enrolled_person, set()).discard(reference)
            return
        self.calls += 1
        self.begun.pop(person, None)
        if what == "checkpoint":
            self.checkpoints.append(said["checkpoint"])
        for enrolled_person, reference in said.get("references", []):
            self.references.setdefault(enrolled_person, set()).add(reference)
        if "until" in said:
            self.until[person] = said["until"]
        elif what in STATES:
            self.done[person] = what


class Load:
    """A mixed load: each call says that it begins, and that it returned."""

    def __init__(self, registry: Registry, name: str, seed: int, say: Say) -> None:
        self.registry = registry
        self.name = name
        self.draw = random.Random(f"{seed} {name}")
        self.say = say
        self.people: list[str] = []
        self.count = 0

    def run(self) -> None:
        """Go on until killed."""
        with suppress(GalleryExistsError):
            galleries.create(self.registry, GALLERY, PURPOSE)
        calls = {
            self.give: 6, self.enrol: 6, self.batch: 2, self.identify: 3, self.verify: 1, self.withdraw: 3,
            self.refuse: 1, self.renew: 1, self.checkpoint: 2, self.rotate: 1, self.a_gallery: 1, self.sweep: 2,
            self.brief: 2, self.request: 1, self.remove: 1, self.receipt: 1,
        }  # fmt: skip
        while True:
            self.draw.choices([*calls], [*calls.values()])[0]()

    def call(self, what: str, person: str, work: Callable[[], Any], **begins: Any) -> None:
        """Say what begins, do it, and say that it returned."""
        self.say({"stage": "begin", "what": what, "person": person, **begins})
        with suppress(StoreBusyError):  # it says that nothing was changed
            result = work()
            said = result if isinstance(result, dict) else {}
            self.say({"stage": "done", "what": what, "person": person, **said})

    def new_person(self) -> str:
        """A name that nobody had before."""
        self.count += 1
        return f"{self.name}-{self.count}"

    def give(self) -> None:
        person = self.new_person()
        self.call("give", person, lambda: agree(self.registry, person))
        self.people.append(person)

    def renew(self) -> None:
        if person := self.some_person():
            self.call("give", person, lambda: agree(self.registry, person))

    def brief(self) -> None:
        """A consent that has expired when the next process works."""
        person, until = self.new_person(), self.registry.clock() + ROUND_S

        def give_and_enrol() -> dict[str, Any]:
            consents.give(self.registry, consents.Given(person, PURPOSE, Terms(until=until)))
            self.enrolled([(person, 1)])
            return {"until": until}

        self.call("brief", person, give_and_enrol)

    def request(self) -> None:
        answer = consents.Given(self.new_person(), PURPOSE, Terms())
        self.call("request", answer.subject, lambda: consents.request(self.registry, answer))

    def refuse(self) -> None:
        answer = consents.Given(self.new_person(), PURPOSE, Terms())
        self.call("refuse", answer.subject, lambda: consents.refuse(self.registry, answer))

    def receipt(self) -> None:
        if person := self.some_person():
            renewed = partial(receipts.renewed_receipt, self.registry, person, PURPOSE)
            self.call("receipt", "", lambda: receipts.verify_receipt(renewed().data) and None)

    def remove(self) -> None:
        if person := self.some_person():
            ((_, reference),) = self.enrolled([(person, 2)])
            ids = [UUID(reference).bytes]
            removed = partial(contents.remove, self.registry, GALLERY, ids)
            self.call("remove", "", removed, removes=[(person, reference)])

    def withdraw(self) -> None:
        if person := self.some_person():
            self.people.remove(person)
            self.call("withdraw", person, lambda: consents.withdraw(self.registry, person, PURPOSE))

    def enrol(self) -> None:
        if person := self.some_person():
            photo = self.draw.randrange(10**6)
            self.call("enrol", person, lambda: {"references": self.enrolled([(person, photo)])})

    def batch(self) -> None:
        photos = [(person, self.draw.randrange(10**6)) for person in self.people[-8:]]
        if photos:
            self.call("batch", "", lambda: {"references": self.enrolled(photos)})

    def identify(self) -> None:
        if person := self.some_person():
            self.call(
                "identify", "", lambda: identify.identify(self.registry, GALLERY, [template_of(person, 1)])
            )

    def verify(self) -> None:
        if person := self.some_person():
            self.enrolled([(person, 1)])
            self.call(
                "verify", "", lambda: verify.verify(self.registry, GALLERY, person, [template_of(person, 2)])
            )

    def checkpoint(self) -> None:
        self.call("checkpoint", "", lambda: {"checkpoint": sign_log(self.registry).checkpoint.decode()})

    def rotate(self) -> None:
        self.call("rotate", "", lambda: keys.rotate_master_key(self.registry))

    def a_gallery(self) -> None:
        name = self.new_person()
        self.call("gallery", "", lambda: galleries.create(self.registry, name, PURPOSE))
        self.call("gallery", "", lambda: galleries.delete(self.registry, name))

    def sweep(self) -> None:
        self.call("sweep", "", lambda: sweep(self.registry))

    def some_person(self) -> str:
        """Somebody who agreed; nobody's name where there is nobody."""
        return self.draw.choice(self.people) if self.people else ""

    def enrolled(self, photos: list[tuple[str, int]]) -> list[tuple[str, str]]:
        """Enrol photos; whose they are, and their references."""
        outcomes = enrol(self.registry, GALLERY, [Enrolment(p, portrait_of(p, n)) for p, n in photos])
        assert all(isinstance(outcome, Enrolled) for outcome in outcomes), outcomes
        return [
            (person, str(outcome.reference_id))
            for (person, _), outcome in zip(photos, outcomes, strict=True)
            if isinstance(outcome, Enrolled)
        ]


class Process:
    """A process forked from this one, and what it says in a file."""

    def __init__(self, folder: Path, work: Callable[[Say], None]) -> None:
        self._words = folder / f"words-{time.monotonic_ns()}"
        self.id = os.fork()
        if self.id == 0:
            self._work(work)

    def _work(self, work: Callable[[Say], None]) -> None:
        with self._words.open("ab", buffering=0) as file:
            code = 1
            try:
                work(lambda said: _write(file, said))
                code = 0
            except BaseException:  # noqa: BLE001  whatever it is, the parent is to hear of it
                _write(file, {"stage": "failed", "what": traceback.format_exc()})
            os._exit(code)

    def kill(self) -> None:
        """End it at once."""
        with suppress(ProcessLookupError):
            os.kill(self.id, signal.SIGKILL)

    def words(self) -> list[dict[str, Any]]:
        """All that it said before it ended; a line that was cut off was not said."""
        os.waitpid(self.id, 0)
        lines = self._words.read_bytes().split(b"\n")[:-1] if self._words.exists() else []
        said = [json.loads(line) for line in lines]
        for line in said:
            if line["stage"] == "failed":
                raise AssertionError(line["what"])
        return said


def _write(file: Any, said: dict[str, Any]) -> None:
    file.write(json.dumps(said).encode() + b"\n")


class Store:
    """A store to be worked on and killed, and what its processes said."""

    def __init__(self, home: Path, url: str, seed: int) -> None:
        self.home = home
        self.url = url
        self.draw = random.Random(seed)
        self.known = Known()
        self.rounds = 0

    def kill_once(self) -> None:
        """Let one process work or two, kill them, and check what is left."""
        self.rounds += 1
        names = [f"{chr(97 + i)}{self.rounds}" for i in range(self.draw.choice((1, 2)))]
        running = [Process(self.home, self._load(name)) for name in names]
        # While it opens for the first time; while it opens; while it works.
        time.sleep(
            self.draw.uniform(0, 0.5 if self.rounds < 4 else 0.25 if self.draw.random() < 0.2 else 1.0)
        )
        for process in running:
            process.kill()
        for process in running:
            for said in process.words():
                self.known.hear(said)
        Process(self.home, self._check).words()

    def _load(self, name: str) -> Callable[[Say], None]:
        def load(say: Say) -> None:
            with registry_at(self.home, self.url, self._clock()) as registry:
                Load(registry, name, self.rounds, say).run()

        return load

    def _clock(self) -> Clock:
        return Clock(NOW + self.rounds * ROUND_S)

    def _check(self, _: Say) -> None:
        """Open the store, and hold it against what is known."""
        with registry_at(self.home, self.url, self._clock()) as registry:
            assert registry.keyring.graves(unsettled=True) == []
            check_references(registry)
            for person, what in self.known.done.items():
                if person not in self.known.begun:
                    check_person(registry, person, what, self.known.references.get(person, set()))
            if self.rounds % LOG_CHECKED_EVERY == 0:
                check_log(registry, self.known.checkpoints)
                check_search(registry, self.known)
                check_expiry(registry, self.known)
                check_files(registry)


def check_references(registry: Registry) -> None:
    """No reference without a consent that is given, and a key."""
    with registry.store.read() as connection:
        rows = connection.execute(
            select(grants.c.id, grants.c.state).join(enrolled, enrolled.c.grant_id == grants.c.id)
        ).all()
    assert all(row.state == "given" for row in rows)
    ids = {row.id for row in rows}
    assert registry.keyring.keys(ids).keys() == ids


def check_person(registry: Registry, person: str, what: str, references: set[str]) -> None:
    """What returned is there."""
    with registry.store.read() as connection:
        grant = latest_grant(connection, person, PURPOSE)
        assert grant is not None, f"{what} of {person} is lost"
        found = {str(UUID(bytes=r.id)) for r in references_of(connection, [grant.id])}
    assert grant.state == STATES[what], f"{person}: {grant.state} after {what}"
    has_key = grant.id in registry.keyring.keys([grant.id])
    if what == "give":
        assert has_key
        assert references <= found, f"references of {person} are lost"
    else:
        assert not has_key
        assert not found


def check_log(registry: Registry, checkpoints: list[str]) -> None:
    """The log verifies, and continues whatever was signed of it."""
    file = io.BytesIO()
    export_log(registry, file)
    file.seek(0)
    verify_export(file, earlier_checkpoints=[checkpoint.encode() for checkpoint in checkpoints])


def check_search(registry: Registry, known: Known) -> None:
    """Who withdrew is not found, who agreed and was enrolled is."""
    people = [p for p in [*known.done][-30:] if p not in known.begun]
    for person in people:
        found = identify.identify(registry, GALLERY, [template_of(person, 3)])
        subjects = [candidate.subject for candidate in found.candidates]
        if known.done[person] == "give" and known.references.get(person):
            assert subjects[0] == person
        elif known.done[person] != "give":
            assert person not in subjects


def check_expiry(registry: Registry, known: Known) -> None:
    """Whose consent ended by itself is not found, and after a sweep has neither references nor a key."""
    ended = [person for person, until in known.until.items() if until <= registry.clock()]
    for person in ended[-10:]:
        assert not identify.identify(registry, GALLERY, [template_of(person, 1)]).candidates
    sweep(registry)
    with registry.store.read() as connection:
        latest = [latest_grant(connection, person, PURPOSE) for person in ended]
        assert [grant.state for grant in latest if grant] == ["expired"] * len(ended)
        ids = [grant.id for grant in latest if grant]
        assert references_of(connection, ids) == []
    assert registry.keyring.keys(ids) == {}


def check_files(registry: Registry) -> None:
    """SQLite finds nothing wrong."""
    for database in (registry.store, registry.keyring.database):
        if database.is_sqlite:
            with database.read() as connection:
                assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
                assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []


@contextmanager
def stores(kind: str, *options: str) -> Iterator[Callable[[int], Store]]:
    """Makes a store that is not there yet, by number."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="visavis-crashes-")))
        server = stack.enter_context(postgresql.server(*options)) if kind == "postgresql" else None

        def store(number: int) -> Store:
            home = folder / str(number)
            home.mkdir()
            url = server.new_store(tables=False) if server else f"sqlite:///{home / 'visavis.db'}"
            return Store(home, url, number)

        yield store


def run(kind: str, kills: int, seed: int, *options: str) -> dict[str, int]:
    """Kill so often; what was seen."""
    made: list[Store] = []
    with stores(kind, *options) as store:
        for i in range(kills):
            if i % KILLS_TO_A_STORE == 0:
                made.append(store(seed * 1000 + i))
            made[-1].kill_once()
        return {"kills": kills, "stores": len(made), "calls_that_returned": sum(s.known.calls for s in made)}


def main() -> None:
    """Read the arguments, kill, and print what was seen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], required=True)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--option", action="append", default=[], help="of the PostgreSQL server, such as fsync=off"
    )
    asked = parser.parse_args()
    print(json.dumps(run(asked.database, asked.kills, asked.seed, *asked.option)))


if __name__ == "__main__":
    main()
