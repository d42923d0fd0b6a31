"""What the searches share."""

from __future__ import annotations

from visavis.rekognition.request import Request
from visavis.services.candidates import Asked
from visavis.services.tags import max_fpir
from visavis.store.galleries import Gallery

DEFAULT_MATCHES = 80


def asked_for(request: Request, gallery: Gallery, min_similarity: float, min_quality: float = 0.0) -> Asked:
    """What a call asks of its matches; where the gallery is tagged with a rate of false finds, they have to keep that as well."""
    return Asked(
        max_fmr=1.0,
        max_fpir=max_fpir(request.registry, gallery),
        min_similarity=min_similarity,
        min_quality=min_quality,
        max_candidates=request.parameters.get("MaxFaces", DEFAULT_MATCHES),
    )
