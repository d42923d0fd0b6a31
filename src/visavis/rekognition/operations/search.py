"""What the searches share."""

from __future__ import annotations

from visavis.rekognition.request import Request
from visavis.services.candidates import Asked
from visavis.services.tags import fpir_of, show
from visavis.store.galleries import Gallery

DEFAULT_MATCHES = 80
MOST_FACES = 100
"""As many faces of one photo as an answer holds; the largest."""


def asked_for(
    request: Request,
    gallery: Gallery,
    min_similarity: float,
    min_quality: float = 0.0,
    most: int = DEFAULT_MATCHES,
) -> Asked:
    """What a call asks of its matches; where the gallery is tagged with a rate of false finds, they have to keep that as well."""
    return Asked(
        max_fmr=1.0,
        max_fpir=fpir_of(show(request.registry, gallery.name)),
        min_similarity=min_similarity,
        min_quality=min_quality,
        max_candidates=most,
    )
