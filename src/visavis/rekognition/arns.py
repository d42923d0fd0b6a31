"""Names of collections across services, as AWS writes them: arn:aws:rekognition:REGION:ACCOUNT:collection/NAME."""

from __future__ import annotations

import re

from visavis.rekognition.errors import ResourceNotFoundException

ACCOUNT = "000000000000"
"""The account in every ARN: there is one operator."""

_COLLECTION = re.compile(rf"arn:aws:rekognition:[a-z0-9-]+:{ACCOUNT}:collection/([A-Za-z0-9_.\-]{{1,255}})")


def collection_arn(region: str, name: str) -> str:
    """The ARN of a collection."""
    return f"arn:aws:rekognition:{region}:{ACCOUNT}:collection/{name}"


def collection_of(arn: str) -> str:
    """The name in the ARN of a collection, of any region; raises ResourceNotFoundException for another resource."""
    found = _COLLECTION.fullmatch(arn)
    if found is None:
        raise ResourceNotFoundException("The resource was not found: it is not the ARN of a collection here.")
    return found[1]
