"""The names of what can be asked of the server: what an access key is limited to."""

from __future__ import annotations

from visavis.rekognition.model import OPERATIONS

REST_OPERATIONS = frozenset(
    {
        "CreateGallery",
        "CreateKey",
        "CreateRedaction",
        "DeleteGallery",
        "ExportConsent",
        "GetCheckpoint",
        "GetConsent",
        "GetGallery",
        "GetProof",
        "GetReceipt",
        "GrantConsent",
        "ListConsents",
        "ListEntries",
        "ListGalleries",
        "ListKeys",
        "RefuseConsent",
        "RequestConsent",
        "RevokeKey",
        "WithdrawConsent",
    }
)
"""At /v1; Rekognition has no operation of any of these names."""

ALL_OPERATIONS = OPERATIONS.keys() | REST_OPERATIONS
"""Every name that a key can be limited to."""
