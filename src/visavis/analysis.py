"""The Analyzer: from a photo to its faces."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from visavis.ahead import in_order
from visavis.comparison import (
    DEFAULT_MAX_FMR,
    Calibration,
    Comparison,
    compare_templates,
    find_calibration,
)
from visavis.detection import MIN_CONFIDENCE, find_faces
from visavis.errors import NoFaceError, SeveralFacesError, VisavisError
from visavis.faces import Box, Face, Landmarks, ModelIdentity, Pose, Template
from visavis.geometry import ALIGNED_POINTS_XY, head_angles, similarity_transform
from visavis.imaging import DEFAULT_LIMITS, ImageSource, Limits, Photo
from visavis.models.manifest import DEFAULT_DETECTOR, DEFAULT_RECOGNISER, Manifest, find_manifest
from visavis.models.quality import assess
from visavis.models.recogniser import Recogniser, align
from visavis.models.session import OpenVinoSession, available_cpus
from visavis.models.weights import load_weights
from visavis.models.yunet import Detections, YuNet
from visavis.settings import calibration_folder, model_folder

_MIN_EYE_DISTANCE_PX = 1.0
_LARGE_ENOUGH = 0.5
_AHEAD = 4  # photos for each thread that are taken before the first is done: one that takes long, or whoever asks, stops no other

Item = TypeVar("Item")
Result = TypeVar("Result")


class Analyzer:
    """Finds faces in photos and makes templates of them.

    Safe to share between threads; one for a whole process is enough. Models are
    loaded when they are first needed: detection alone never loads a recogniser.

    recogniser: name of the model that makes templates. threads: how many
    photos are worked on side by side, by default one per core this process may
    use. min_confidence: what a detection needs to count as a face, 0 to 1.
    """

    def __init__(
        self,
        *,
        recogniser: str = DEFAULT_RECOGNISER,
        threads: int | None = None,
        min_confidence: float = MIN_CONFIDENCE,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        self._folder = model_folder()
        self._manifest = find_manifest(recogniser, self._folder)
        self._threads = threads or available_cpus()
        self._min_confidence = min_confidence
        self._limits = limits
        self._loading = threading.Lock()
        self._yunet: YuNet | None = None
        self._recogniser: Recogniser | None = None

    @property
    def identity(self) -> ModelIdentity:
        """What this analyzer's templates say of the model that made them; loads it."""
        return self._template_maker().identity

    @property
    def calibration(self) -> Calibration:
        """What turns this recogniser's scores into error rates: one you made, else the shipped one.

        Raises NotCalibratedError where there is none, CalibrationError where it is damaged.
        """
        manifest = self._manifest
        return find_calibration(manifest.compatibility, calibration_folder(), manifest.calibration)

    def detect(self, photo: ImageSource) -> list[Face]:
        """Faces of a photo without templates, largest first; none is an empty list.

        Raises the ImageError or ModelError that fits.
        """
        opened = Photo(photo, self._limits)
        return [face for face, _ in self._faces(opened, largest_only=False)]

    def analyze(self, photo: ImageSource, *, most: int | None = None) -> list[Face]:
        """Faces of a photo with templates, largest first, at most that many; none is an empty list.

        Raises the ImageError or ModelError that fits.
        """
        return self._with_templates(self._faces(Photo(photo, self._limits), largest_only=False)[:most])

    def largest(self, photo: ImageSource) -> Face:
        """The largest face of a photo, with its template; raises NoFaceError where there is none.

        Cheaper than `analyze`: smaller faces are not looked for.
        """
        return self._with_templates([self._largest_aligned(photo)])[0]

    def all_and_largest(self, photo: ImageSource) -> list[Face]:
        """Faces of a photo, largest first; the first alone with its template. None is an empty list."""
        faces = self._faces(Photo(photo, self._limits), largest_only=False)
        return self._with_templates(faces[:1]) + [face for face, _ in faces[1:]]

    def candidates(self, photo: ImageSource, min_confidence: float) -> list[Face]:
        """All that may be a face, largest first, without templates, from that confidence on, 0 to 1.

        For covering, where a miss is worse than a mistake: heads from the side, whose eyes coincide, are among them.
        """
        opened = Photo(photo, self._limits)
        return _described(opened, find_faces(opened, self.detector(), min_confidence=min_confidence))

    def describe(self, photo: ImageSource, found: Detections) -> list[Face]:
        """What the detector found in this photo as faces, without templates."""
        return _described(Photo(photo, self._limits), found)

    def recognise(self, photo: ImageSource, faces: Sequence[Face]) -> list[Face]:
        """These faces, which were found in this photo, each with its template."""
        opened = Photo(photo, self._limits)
        return self._with_templates([(f, _aligned(opened, f.landmarks.as_array())) for f in faces])

    def only(self, photo: ImageSource) -> Face:
        """The face of a photo that shows one person, with its template.

        Raises NoFaceError where there is none, SeveralFacesError where there are others; of them no template is made.
        """
        faces = self._faces(Photo(photo, self._limits), largest_only=False)
        if not faces:
            raise NoFaceError
        if len(faces) > 1:
            raise SeveralFacesError
        return self._with_templates(faces)[0]

    def subject(self, photo: ImageSource) -> Face:
        """The face that a portrait means, with its template; raises NoFaceError where there is none.

        That is the one nearest the middle among those at least half as large as the
        largest: people are put there, and bystanders stand at the edge.
        """
        opened = Photo(photo, self._limits)
        faces = self._faces(opened, largest_only=False)
        if not faces:
            raise NoFaceError
        least = _LARGE_ENOUGH * faces[0][0].box.area

        def off_centre(entry: tuple[Face, NDArray[np.uint8]]) -> float:
            left, top, right, bottom = entry[0].box.xyxy
            return abs((left + right) / opened.width - 1) + abs((top + bottom) / opened.height - 1)

        meant = min((entry for entry in faces if entry[0].box.area >= least), key=off_centre)
        return self._with_templates([meant])[0]

    def analyze_many(
        self, photos: Iterable[ImageSource], *, templates: bool = True
    ) -> Iterator[list[Face] | VisavisError]:
        """Faces of many photos in their order, worked on side by side.

        A photo that cannot be used yields its error in place of its faces, and
        the others go on. Photos are taken from the iterable a few ahead.
        """
        return self.map(self.analyze if templates else self.detect, photos)

    def map(self, work: Callable[[Item], Result], photos: Iterable[Item]) -> Iterator[Result | VisavisError]:
        """Do a work, a method of this analyzer say, with many photos: see `analyze_many`."""

        def attempt(photo: Item) -> Result | VisavisError:
            try:
                return work(photo)
            except VisavisError as error:
                return error

        yield from in_order(attempt, photos, self._threads, _AHEAD * self._threads)

    def compare(
        self, probe: ImageSource, reference: ImageSource, max_fmr: float = DEFAULT_MAX_FMR
    ) -> Comparison:
        """Compare the largest face of each photo.

        max_fmr: the false match rate one is ready to accept. Raises NoFaceError
        where a photo shows none, ValueError where the calibration does not reach
        the rate, and the ImageError or ModelError that fits.
        """
        calibration = self.calibration
        calibration.threshold_score(max_fmr)  # refuse a bad rate before the work
        with ThreadPoolExecutor(2) as pool:
            a, b = pool.map(self._template_of, ("probe", "reference"), (probe, reference))
        return compare_templates(a, b, calibration, max_fmr)

    def _template_of(self, role: str, photo: ImageSource) -> Template:
        try:
            return self._template_maker().templates(self._largest_aligned(photo)[1][None])[0]
        except VisavisError as error:
            raise type(error)(
                f"the {role}: {error.message[0].lower()}{error.message[1:]}", hint=error.hint
            ) from None

    def _largest_aligned(self, photo: ImageSource) -> tuple[Face, NDArray[np.uint8]]:
        faces = self._faces(Photo(photo, self._limits), largest_only=True)
        if not faces:
            raise NoFaceError
        return faces[0]

    def _faces(self, photo: Photo, *, largest_only: bool) -> list[tuple[Face, NDArray[np.uint8]]]:
        """Faces with their aligned pictures (112, 112, 3), largest first."""
        found = find_faces(
            photo, self.detector(), largest_only=largest_only, min_confidence=self._min_confidence
        )
        faces = []
        for xyxy, points, score in zip(found.xyxy, found.points, found.scores, strict=True):
            if np.linalg.norm(points[1] - points[0]) >= _MIN_EYE_DISTANCE_PX:
                faces.append(_describe(photo, xyxy, points, float(score)))
            if largest_only and faces:
                break
        return faces

    def _with_templates(self, faces: list[tuple[Face, NDArray[np.uint8]]]) -> list[Face]:
        if not faces:
            return []
        templates = self._template_maker().templates(np.stack([aligned for _, aligned in faces]))
        return [replace(face, template=t) for (face, _), t in zip(faces, templates, strict=True)]

    def detector(self) -> YuNet:
        """The detector's network; loads it."""
        with self._loading:
            if self._yunet is None:
                self._yunet = YuNet(self._session(find_manifest(DEFAULT_DETECTOR, self._folder)))
            return self._yunet

    def _template_maker(self) -> Recogniser:
        with self._loading:
            if self._recogniser is None:
                self._recogniser = Recogniser(self._session(self._manifest), self._manifest)
            return self._recogniser

    def _session(self, manifest: Manifest) -> OpenVinoSession:
        return OpenVinoSession(load_weights(manifest, self._folder), manifest, threads=self._threads)


def _described(photo: Photo, found: Detections) -> list[Face]:
    looks = zip(found.xyxy, found.points, found.scores, strict=True)
    return [_describe(photo, xyxy, points, float(score))[0] for xyxy, points, score in looks]


def _describe(
    photo: Photo, xyxy: NDArray[np.float32], points: NDArray[np.float32], confidence: float
) -> tuple[Face, NDArray[np.uint8]]:
    left, top, right, bottom = (float(value) for value in xyxy)
    box = Box(left, top, right - left, bottom - top)
    aligned = _aligned(photo, points)
    pose = Pose(*head_angles(points))
    eye_distance_px = float(np.linalg.norm(points[1] - points[0]))
    quality = assess(aligned, eye_distance_px, pose, box, (photo.width, photo.height))
    return Face(box, Landmarks.from_array(points), min(1.0, confidence), pose, quality), aligned


def _aligned(photo: Photo, points: NDArray[np.floating]) -> NDArray[np.uint8]:
    """A face in the standard place, from the smallest decoded picture that need not be enlarged."""
    matrix = similarity_transform(points, ALIGNED_POINTS_XY)
    image = photo.image(float(np.hypot(matrix[0, 0], matrix[1, 0])))
    return align(image, points * (image.width / photo.width))
