"""From an aligned face to a template: SFace, or any recogniser with a manifest."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from visavis.faces import ModelIdentity, Template
from visavis.geometry import ALIGNED_POINTS_XY, ALIGNED_SIZE_PX, invert_affine, similarity_transform
from visavis.models.manifest import Manifest
from visavis.models.session import Session


class Recogniser:
    """A recogniser network and the identity its templates carry."""

    def __init__(self, session: Session, manifest: Manifest) -> None:
        self._session = session
        self.identity = ModelIdentity(
            name=manifest.name,
            sha256=manifest.sha256,
            precision=session.precision,
            compatibility=manifest.compatibility,
        )

    def templates(self, aligned_rgb: NDArray[np.uint8]) -> list[Template]:
        """One template for each aligned face of a batch (N, 112, 112, 3) of uint8 RGB."""
        templates = []
        for face in aligned_rgb:
            # One by one: on a processor a batch gains nothing, and results do
            # not depend on what else was in it.
            (output,) = self._session.run(face[None]).values()
            vector = output[0].astype(np.float32)
            vector /= np.linalg.norm(vector)
            vector.flags.writeable = False
            templates.append(Template(vector, self.identity))
        return templates


def align(image: Image.Image, points_xy: NDArray[np.floating]) -> NDArray[np.uint8]:
    """The face with these landmarks (5, 2) in `image`, brought to the standard place.

    Returns (112, 112, 3) of uint8 RGB, bilinearly sampled; black beyond the
    image's edge. Raises ValueError where the landmarks coincide.
    """
    matrix = invert_affine(similarity_transform(points_xy, ALIGNED_POINTS_XY))
    # Pixel centres: Pillow's lie at +0.5, those of the landmarks and of the
    # aligned points at whole numbers.
    matrix[:, 2] += 0.5 - 0.5 * matrix[:, :2].sum(axis=1)
    size = (ALIGNED_SIZE_PX, ALIGNED_SIZE_PX)
    coefficients = [float(value) for value in matrix.flat]
    aligned = image.transform(size, Image.Transform.AFFINE, coefficients, Image.Resampling.BILINEAR)
    return np.asarray(aligned)
