"""What is asked of photos: which faces, whether of one person, whose; and to enrol one."""

from __future__ import annotations

from shlex import quote

from visavis.errors import ConsentError, ConsentTermsError, NoConsentError, OtherPurposeError
from visavis.models.manifest import DEFAULT_RECOGNISER
from visavis.rekognition.errors import AccessDeniedException, InvalidParameterException
from visavis.rekognition.faces import (
    LEAST_QUALITIES,
    Document,
    bare_document,
    check_attributes,
    face_document,
    least_similarity,
    match_document,
    quality_reasons,
    reference_document,
    split_external_id,
)
from visavis.rekognition.images import WireImage, read_image
from visavis.rekognition.operations.search import DEFAULT_MATCHES, MOST_FACES, asked_for
from visavis.rekognition.request import Request
from visavis.services import galleries
from visavis.services.access import AccessKey
from visavis.services.compare import compare_photos
from visavis.services.delegation import is_unlimited
from visavis.services.enrol_photo import PhotoEnrolled, Shown, enrol_largest
from visavis.services.identify import identify_photo
from visavis.store.galleries import Gallery

NO_SUBJECT = (
    "ExternalImageId is missing: what stands before its first colon names the person, whose consent is looked up. "
    "See /operations#images on this server."
)


def detect_faces(request: Request) -> Document:
    """The 100 largest faces. No template is made and nothing is kept, so the log holds nothing of it."""
    check_attributes(request.parameters.get("Attributes", []))
    image = read_image(request.parameters["Image"], request.region)
    faces = request.registry.analyzer(DEFAULT_RECOGNISER).detect(image.data)
    return {"FaceDetails": [face_document(face, image) for face in faces[:MOST_FACES]]}


def compare_faces(request: Request) -> Document:
    """The largest face of one photo against the 100 largest of another."""
    parameters = request.parameters
    source = read_image(parameters["SourceImage"], request.region)
    target = read_image(parameters["TargetImage"], request.region)
    least_quality = LEAST_QUALITIES[parameters.get("QualityFilter", "NONE")]
    compared = compare_photos(request.registry, source.data, target.data, least_quality)
    least = least_similarity(parameters.get("SimilarityThreshold"), 80)
    documents = [(found, face_document(found.face, target)) for found in compared.targets]
    return {
        "SourceImageFace": bare_document(compared.source, source),
        "FaceMatches": [
            {"Similarity": found.similarity, "Face": document}
            for found, document in documents
            if found.similarity >= least
        ],
        "UnmatchedFaces": [document for found, document in documents if found.similarity < least],
    }


def index_faces(request: Request) -> Document:
    """Enrol the largest face of a photo under the person that ExternalImageId names. The others are never stored."""
    parameters = request.parameters
    check_attributes(parameters.get("DetectionAttributes", []))
    if "ExternalImageId" not in parameters:
        raise InvalidParameterException(NO_SUBJECT)
    subject, label = split_external_id(parameters["ExternalImageId"])
    gallery = galleries.find(request.registry, parameters["CollectionId"])
    image = read_image(parameters["Image"], request.region)
    least_quality = LEAST_QUALITIES[parameters.get("QualityFilter", "AUTO")]
    try:
        done = enrol_largest(request.registry, gallery.name, Shown(subject, label, image.data, least_quality))
    except ConsentTermsError:
        raise
    except ConsentError as error:
        raise _denied(_as_told(error, request.key), gallery) from None
    return {
        "FaceRecords": _records(done, image),
        "UnindexedFaces": _unindexed(done, image, least_quality),
        "FaceModelVersion": gallery.recogniser,
    }


def search_faces_by_image(request: Request) -> Document:
    """Search a gallery for the largest face of a photo."""
    parameters = request.parameters
    gallery = galleries.find(request.registry, parameters["CollectionId"])
    image = read_image(parameters["Image"], request.region)
    asked = asked_for(
        request,
        gallery,
        least_similarity(parameters.get("FaceMatchThreshold"), 80),
        LEAST_QUALITIES[parameters.get("QualityFilter", "NONE")],
        parameters.get("MaxFaces", DEFAULT_MATCHES),
    )
    found = identify_photo(request.registry, gallery.name, image.data, asked)
    assert found.face is not None
    searched = bare_document(found.face, image)
    return {
        "SearchedFaceBoundingBox": searched["BoundingBox"],
        "SearchedFaceConfidence": searched["Confidence"],
        "FaceMatches": [match_document(candidate) for candidate in found.candidates],
        "FaceModelVersion": gallery.recogniser,
    }


def _as_told(error: ConsentError, key: AccessKey) -> ConsentError:
    """That a person agreed to something else is known from other galleries: who is not told of those is not told of that."""
    return NoConsentError() if isinstance(error, OtherPurposeError) and not is_unlimited(key) else error


def _denied(error: ConsentError, gallery: Gallery) -> AccessDeniedException:
    """Which consent is missing, and what records it. The caller knows whose."""
    return AccessDeniedException(
        f"{error.message.rstrip('.')}: the person that ExternalImageId names needs a live consent to the purpose "
        f"'{gallery.purpose}'. If they say yes, record it: visavis consent grant --subject SUBJECT --purpose {quote(gallery.purpose)} "
        "(SUBJECT is what stands before the first colon of ExternalImageId)."
    )


def _records(done: PhotoEnrolled, image: WireImage) -> list[Document]:
    if done.reference is None:
        return []
    return [
        {
            "Face": reference_document(done.reference),
            "FaceDetail": face_document(done.faces[0], image),
        }
    ]


def _unindexed(done: PhotoEnrolled, image: WireImage, least_quality: float) -> list[Document]:
    """The largest where it is too poor, and everybody else: they were not named."""
    others = done.faces if done.reference is None else done.faces[1:]
    return [
        {
            "FaceDetail": face_document(face, image),
            "Reasons": quality_reasons(face, least_quality) or ["EXCEEDS_MAX_FACES"],
        }
        for face in others[:MOST_FACES]
    ]


HANDLERS = {
    "DetectFaces": detect_faces,
    "CompareFaces": compare_faces,
    "IndexFaces": index_faces,
    "SearchFacesByImage": search_faces_by_image,
}
