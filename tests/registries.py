"""People that are only numbers, and registries to enrol them in: what the tests of store and services share."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from visavis.comparison import Calibration, shipped_calibration
from visavis.consent.terms import Terms
from visavis.errors import NoFaceError, SeveralFacesError, VisavisError
from visavis.faces import Box, Face, Landmarks, ModelIdentity, Pose, Quality, Template, Vector
from visavis.services.consents import Given, Recorded, give
from visavis.services.enrol import Enrolled, Enrolment, enrol
from visavis.services.photos import Portrait
from visavis.services.registry import Registry, opened
from visavis.settings import Settings, load_settings

Seen = bytes | NDArray[np.uint8]
PURPOSE = "entry to the workshop"
MODEL = "sface-2021dec"
OTHER_MODEL = "other-model"
NOW = 1_790_000_000  # 2026-09-21


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: int = NOW) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now


@cache
def vector_of(person: str, photo: int = 0, dimension: int = 128) -> Vector:
    """A person's template: photos of one are alike (cosine near 0.8), those of two are not (near 0)."""

    def direction(text: str) -> Vector:
        seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
        return np.random.default_rng(seed).standard_normal(dimension).astype(np.float32)

    vector = direction(person) + 0.5 * direction(f"{person} {photo}")
    vector /= np.linalg.norm(vector)
    vector.flags.writeable = False
    return vector


def identity(model: str = MODEL) -> ModelIdentity:
    return ModelIdentity(model, hashlib.sha256(model.encode()).hexdigest(), "f32", model)


def template_of(person: str, photo: int = 0, model: str = MODEL) -> Template:
    return Template(vector_of(f"{person}{model if model != MODEL else ''}", photo), identity(model))


def face_of(person: str, photo: int = 0, model: str = MODEL, quality: float = 0.9) -> Face:
    points = np.array([[40, 50], [60, 50], [50, 60], [42, 70], [58, 70]], np.float64)
    return Face(
        Box(30, 30, 40, 50),
        Landmarks.from_array(points),
        0.99,
        Pose(0, 0, 0),
        Quality(quality, 50, 50),
        template_of(person, photo, model),
    )


def portrait_of(person: str, photo: int = 0, model: str = MODEL) -> Portrait:
    sha256 = hashlib.sha256(f"{person} {photo}".encode()).digest()
    return Portrait(face_of(person, photo, model), (0.3, 0.3, 0.4, 0.5), sha256)


def photo_of(*people: str, photo: int = 0, quality: float = 0.9) -> bytes:
    """The bytes of a photo, grey all over, that `FakeAnalyzer` sees these people in, the largest first."""
    seen, file = json.dumps({"people": people, "photo": photo, "quality": quality}), io.BytesIO()
    Image.new("RGB", (100, 100), "grey").save(file, "JPEG", comment=seen)
    return file.getvalue()


def picture_of(*people: str, photo: int = 0, quality: float = 0.9) -> NDArray[np.uint8]:
    """The pixels of a picture, (100, 100, 3), that `FakeAnalyzer` sees these people in, the largest first."""
    seen = json.dumps({"people": people, "photo": photo, "quality": quality}).encode()
    pixels = np.zeros(30_000, np.uint8)
    pixels[: len(seen)] = np.frombuffer(seen, np.uint8)
    return pixels.reshape(100, 100, 3)


class FakeAnalyzer:
    """Sees in a photo whom `photo_of` put there, and in a picture whom `picture_of` did."""

    def __init__(self, model: str) -> None:
        self.model = model

    @property
    def calibration(self) -> Calibration:
        return shipped_calibration(MODEL)

    def detect(self, photo: Seen) -> list[Face]:
        try:
            return [replace(face, template=None) for face in self._faces(photo)]
        except NoFaceError:
            return []

    def candidates(self, photo: Seen, min_confidence: float) -> list[Face]:
        return [face for face in self.detect(photo) if face.confidence >= min_confidence]

    def largest(self, photo: bytes) -> Face:
        return self._faces(photo)[0]

    def only(self, photo: bytes) -> Face:
        faces = self._faces(photo)
        if len(faces) > 1:
            raise SeveralFacesError
        return faces[0]

    def all_and_largest(self, photo: bytes) -> list[Face]:
        faces = self.analyze(photo)
        return [replace(face, template=None) if i else face for i, face in enumerate(faces)]

    def analyze(self, photo: Seen, *, most: int | None = None) -> list[Face]:
        try:
            return self._faces(photo)[:most]
        except NoFaceError:
            return []

    def recognise(self, photo: Seen, faces: Sequence[Face]) -> list[Face]:
        found = {face.box: face for face in self.analyze(photo)}
        return [replace(face, template=found[face.box].template) for face in faces]

    def map(self, work: Callable[[Any], Any], photos: Iterable[Any]) -> Iterator[Any]:
        for photo in photos:
            try:
                yield work(photo)
            except VisavisError as error:
                yield error

    def _faces(self, photo: Seen) -> list[Face]:
        comment = (
            photo.tobytes().rstrip(b"\0")
            if isinstance(photo, np.ndarray)
            else Image.open(io.BytesIO(photo)).info["comment"]
        )
        seen = json.loads(comment)
        if not seen["people"]:
            raise NoFaceError
        faces = [face_of(person, seen["photo"], self.model, seen["quality"]) for person in seen["people"]]
        return [replace(face, box=replace(face.box, x=30.0 + i)) for i, face in enumerate(faces)]


@contextmanager
def registry_at(
    home: Path, database_url: str | None = None, clock: Clock | None = None, **settings: str | int
) -> Iterator[Registry]:
    """A registry whose analyzers see the people of `photo_of`."""
    chosen = replace(settings_at(home, database_url), **settings)  # type: ignore[arg-type]  # whichever a test sets
    with opened(chosen, clock=clock or Clock(), analyzer=FakeAnalyzer) as registry:  # type: ignore[arg-type]  # it is one, to a service
        yield registry


def settings_at(home: Path, database_url: str | None = None) -> Settings:
    settings = load_settings(database_url or f"sqlite:///{home / 'visavis.db'}")
    return replace(settings, home=home, controller_name="Museum", controller_contact="privacy@museum.example")


def agree(registry: Registry, *subjects: str, purpose: str = PURPOSE) -> list[Recorded]:
    return [give(registry, Given(subject, purpose, Terms())) for subject in subjects]


def enrolled(registry: Registry, gallery: str, *people: str, photos: Sequence[int] = (0,)) -> list[Enrolled]:
    """Enrol people under their own names; all must be taken."""
    wanted = [Enrolment(person, portrait_of(person, photo)) for person in people for photo in photos]
    outcomes = []
    for outcome in enrol(registry, gallery, wanted):
        assert isinstance(outcome, Enrolled), outcome
        outcomes.append(outcome)
    return outcomes
