"""Comparing the people of two photos, neither of which is kept. Nobody of a gallery is looked at, but that it was done is logged."""

from __future__ import annotations

from dataclasses import dataclass

from visavis.audit.entry import Action, Counted
from visavis.comparison import Calibration, score_templates
from visavis.errors import NoFaceError
from visavis.faces import Face
from visavis.models.manifest import DEFAULT_RECOGNISER
from visavis.services.refusals import refusals_logged
from visavis.services.registry import Registry
from visavis.services.work import working

MAX_TARGETS = 100


@dataclass(frozen=True, slots=True)
class Target:
    """A face of the target photo. similarity: to the source's, 0 to 100."""

    face: Face
    similarity: float


@dataclass(frozen=True, slots=True)
class PhotosCompared:
    """The source's largest face, and the target's 100 largest by falling similarity to it."""

    source: Face
    targets: tuple[Target, ...]


def compare_photos(
    registry: Registry, source: bytes, target: bytes, min_quality: float = 0.0
) -> PhotosCompared:
    """Compare the largest face of one photo with the faces of another.

    min_quality: faces below it, 0 to 1, are left out. Raises NoFaceError where either photo has none, ImageError, ModelError and StoreError.
    """
    with refusals_logged(registry, Action.VERIFY, None):
        analyzer = registry.analyzer(DEFAULT_RECOGNISER)
        probe = analyzer.largest(source)
        faces = analyzer.analyze(target, most=MAX_TARGETS)
        good = [face for face in faces if face.quality.score >= min_quality]
        if not good or probe.quality.score < min_quality:
            raise NoFaceError
        targets = [Target(face, _similarity(analyzer.calibration, probe, face)) for face in good]
        targets.sort(key=lambda target: -target.similarity)
    with working(registry) as work:
        work.log(Action.VERIFY, counts={Counted.PHOTOS: 2, Counted.FACES: 1 + len(targets)})
    return PhotosCompared(probe, tuple(targets))


def _similarity(calibration: Calibration, probe: Face, face: Face) -> float:
    assert probe.template is not None
    assert face.template is not None
    return calibration.similarity(score_templates(probe.template, face.template))
