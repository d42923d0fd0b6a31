"""Rekognition's operations: which of them are answered, and botocore's model of their shapes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import cache
from types import MappingProxyType
from typing import Any

VERSION = "2016-06-27"
TARGET_PREFIX = "RekognitionService."

Shape = Any
"""A shape of botocore's service model; botocore has no types."""


class Standing(Enum):
    """What becomes of an operation."""

    SERVED = "served"
    OUTSIDE = "outside"
    """Not about faces: outside the scope."""
    REFUSED = "refused"
    """Never, by design."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an operation stands. reason: a key by which the documentation explains it; the same for a group."""

    standing: Standing
    reason: str


_GROUPS = (
    (Standing.SERVED, "images", "CompareFaces DetectFaces IndexFaces SearchFacesByImage SearchUsersByImage"),
    (Standing.SERVED, "collections", "CreateCollection DeleteCollection DescribeCollection ListCollections"),
    (Standing.SERVED, "faces", "DeleteFaces ListFaces SearchFaces"),
    (Standing.SERVED, "users", "CreateUser DeleteUser ListUsers AssociateFaces DisassociateFaces SearchUsers"),
    (Standing.SERVED, "tags", "TagResource UntagResource ListTagsForResource"),
    (Standing.SERVED, "stored-video", "StartFaceDetection GetFaceDetection StartFaceSearch GetFaceSearch"),
    (Standing.OUTSIDE, "labels", "DetectLabels StartLabelDetection GetLabelDetection"),
    (Standing.OUTSIDE, "text", "DetectText StartTextDetection GetTextDetection"),
    (Standing.OUTSIDE, "moderation", "DetectModerationLabels StartContentModeration GetContentModeration"),
    (Standing.OUTSIDE, "moderation", "StartMediaAnalysisJob GetMediaAnalysisJob ListMediaAnalysisJobs"),
    (Standing.OUTSIDE, "segments", "StartSegmentDetection GetSegmentDetection"),
    (Standing.OUTSIDE, "protective-equipment", "DetectProtectiveEquipment"),
    (Standing.OUTSIDE, "custom-labels", """
        DetectCustomLabels CreateProject DeleteProject DescribeProjects CreateProjectVersion CopyProjectVersion
        DeleteProjectVersion DescribeProjectVersions StartProjectVersion StopProjectVersion PutProjectPolicy
        DeleteProjectPolicy ListProjectPolicies CreateDataset DeleteDataset DescribeDataset
        DistributeDatasetEntries ListDatasetEntries ListDatasetLabels UpdateDatasetEntries"""),
    (Standing.REFUSED, "live-streams", """
        CreateStreamProcessor DeleteStreamProcessor DescribeStreamProcessor ListStreamProcessors
        StartStreamProcessor StopStreamProcessor UpdateStreamProcessor"""),
    (Standing.REFUSED, "live-camera", "CreateFaceLivenessSession GetFaceLivenessSessionResults"),
    (Standing.REFUSED, "following-people", "StartPersonTracking GetPersonTracking"),
    (Standing.REFUSED, "celebrities", """
        RecognizeCelebrities GetCelebrityInfo StartCelebrityRecognition GetCelebrityRecognition"""),
)  # fmt: skip


def _places() -> Iterator[tuple[str, Place]]:
    for standing, reason, operations in _GROUPS:
        for operation in operations.split():
            yield operation, Place(standing, reason)


OPERATIONS = MappingProxyType(dict(_places()))
"""Every operation of Rekognition, and where it stands."""

SERVED = frozenset(name for name, place in OPERATIONS.items() if place.standing is Standing.SERVED)
"""The operations on images, stored videos, collections, faces, users and tags."""


@cache
def service() -> Any:
    """Botocore's model of Rekognition, as installed with it: a user's own files of models do not count."""
    from botocore.loaders import Loader
    from botocore.model import ServiceModel

    loader = Loader(extra_search_paths=[Loader.BUILTIN_DATA_PATH], include_default_search_paths=False)
    return ServiceModel(loader.load_service_model("rekognition", "service-2", VERSION), "rekognition")


def input_shape(operation: str) -> Shape:
    """The shape of an operation's parameters: a structure."""
    return service().operation_model(operation).input_shape


def output_shape(operation: str) -> Shape:
    """The shape of an operation's answer: a structure."""
    return service().operation_model(operation).output_shape
