from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from registries import PURPOSE, agree
from wire_calls import KEY, Caller, Refused, image_of

from visavis.audit.entry import Action, Refusal
from visavis.services.consents import withdraw
from visavis.services.galleries import create
from visavis.services.log import latest_entries
from visavis.services.registry import Registry


@pytest.fixture
def call(registry: Registry) -> Caller:
    create(registry, "staff", PURPOSE)
    agree(registry, "anna", "boris")
    return Caller(registry)


def index(call: Caller, *people: str, subject: str = "anna", **more: object) -> dict[str, Any]:
    return call("IndexFaces", CollectionId="staff", ExternalImageId=subject, Image=image_of(*people), **more)


def test_the_largest_face_is_indexed_and_the_others_are_not(call: Caller) -> None:
    answer = index(call, "anna", "a stranger", subject="anna:img1")
    (record,) = answer["FaceRecords"]
    assert record["Face"]["ExternalImageId"] == "anna:img1"
    assert set(record["FaceDetail"]) == {"BoundingBox", "Confidence", "Landmarks", "Pose", "Quality"}
    assert [face["Reasons"] for face in answer["UnindexedFaces"]] == [["EXCEEDS_MAX_FACES"]]
    assert answer["FaceModelVersion"] == "sface-2021dec"
    assert call("ListFaces", CollectionId="staff")["Faces"] == [record["Face"]]


def test_the_same_photo_twice_is_one_face(call: Caller) -> None:
    assert index(call, "anna")["FaceRecords"] == index(call, "anna")["FaceRecords"]
    assert len(call("ListFaces", CollectionId="staff")["Faces"]) == 1


def test_a_photo_without_a_face_indexes_nobody(call: Caller) -> None:
    answer = index(call)
    assert (answer["FaceRecords"], answer["UnindexedFaces"]) == ([], [])


def test_a_poor_face_is_not_indexed_unless_it_is_asked_for(call: Caller) -> None:
    image = image_of("anna", quality=0.15)
    given = {"CollectionId": "staff", "ExternalImageId": "anna", "Image": image}
    for quality_filter in ({}, {"QualityFilter": "AUTO"}, {"QualityFilter": "HIGH"}):
        answer = call("IndexFaces", **given, **quality_filter)
        assert answer["FaceRecords"] == []
        assert [face["Reasons"] for face in answer["UnindexedFaces"]] == [["LOW_FACE_QUALITY"]]
    assert call("IndexFaces", **given, QualityFilter="LOW")["FaceRecords"]


def test_without_a_name_nobody_is_indexed(call: Caller) -> None:
    with pytest.raises(Refused, match="InvalidParameterException: ExternalImageId is missing"):
        call("IndexFaces", CollectionId="staff", Image=image_of("anna"))
    with pytest.raises(Refused, match="InvalidParameterException: no person stands before the colon"):
        index(call, "anna", subject=":img1")


def test_without_a_consent_nobody_is_indexed_and_the_answer_says_what_is_missing(
    call: Caller, registry: Registry
) -> None:
    with pytest.raises(Refused) as refused:
        index(call, "chen", subject="chen:img1")
    assert refused.value.code == "AccessDeniedException"
    assert f"visavis consent grant --subject SUBJECT --purpose '{PURPOSE}'" in refused.value.message
    assert "chen" not in refused.value.message
    entry = latest_entries(registry, 1)[0].entry
    assert (entry.action, entry.refusal) == (Action.ENROL, Refusal.NO_CONSENT)


def test_a_key_for_some_galleries_is_not_told_what_people_agreed_to_in_others(
    call: Caller, registry: Registry
) -> None:
    agree(registry, "chen", purpose="something else")
    limited = Caller(registry, replace(KEY, galleries=("staff",)))
    told = []
    for caller, person in ((call, "chen"), (limited, "chen"), (limited, "nobody")):
        with pytest.raises(Refused) as refused:
            index(caller, person, subject=person)
        told.append(refused.value.message)
    assert told[0].startswith("The person consented, but to another purpose")
    assert told[1] == told[2]


def test_who_withdraws_is_not_found_any_more(call: Caller, registry: Registry) -> None:
    index(call, "anna")
    search = {"CollectionId": "staff", "Image": image_of("anna", photo=1)}
    assert len(call("SearchFacesByImage", **search)["FaceMatches"]) == 1
    withdraw(registry, "anna", PURPOSE)
    assert call("SearchFacesByImage", **search)["FaceMatches"] == []
    with pytest.raises(Refused, match="AccessDeniedException"):
        index(call, "anna")


def test_somebody_elses_face_under_a_name_is_refused(call: Caller) -> None:
    index(call, "anna")
    for subject in ("anna", "boris"):
        with pytest.raises(
            Refused, match=r"InvalidParameterException: The face (looks|does not look) like .*confirm"
        ):
            index(call, {"anna": "boris", "boris": "anna"}[subject], subject=subject)


def test_a_search_by_photo_answers_the_box_of_the_largest_face(call: Caller) -> None:
    index(call, "anna")
    index(call, "boris", subject="boris")
    answer = call("SearchFacesByImage", CollectionId="staff", Image=image_of("boris", "anna", photo=3))
    assert answer["SearchedFaceBoundingBox"] == pytest.approx(
        {"Left": 0.3, "Top": 0.3, "Width": 0.4, "Height": 0.5}
    )
    assert answer["SearchedFaceConfidence"] == pytest.approx(99)
    assert [match["Face"]["ExternalImageId"] for match in answer["FaceMatches"]] == ["boris"]


@pytest.mark.parametrize(
    ("image", "more"), [(image_of(), {}), (image_of("anna", quality=0.4), {"QualityFilter": "HIGH"})]
)
def test_a_search_without_a_face_that_is_good_enough(
    call: Caller, image: dict[str, bytes], more: dict[str, str]
) -> None:
    with pytest.raises(Refused) as refused:
        call("SearchFacesByImage", CollectionId="staff", Image=image, **more)
    assert refused.value.code == "InvalidParameterException"
    assert refused.value.message == "There are no faces in the image. Should be at least 1."


def test_faces_are_detected_largest_first_without_a_trace(call: Caller, registry: Registry) -> None:
    before = latest_entries(registry, 1)[0].number
    faces = call("DetectFaces", Image=image_of("anna", "boris"), Attributes=["ALL"])["FaceDetails"]
    assert len(faces) == 2
    assert {landmark["Type"] for landmark in faces[0]["Landmarks"]} == {
        "eyeLeft", "eyeRight", "nose", "mouthLeft", "mouthRight",
    }  # fmt: skip
    assert faces[0]["Quality"] == {"Brightness": 50, "Sharpness": 50}
    assert latest_entries(registry, 1)[0].number == before


def test_at_most_a_hundred_faces_are_answered(call: Caller) -> None:
    crowd = image_of(*(f"person {number}" for number in range(120)))
    assert len(call("DetectFaces", Image=crowd)["FaceDetails"]) == 100
    assert len(index(call, "anna", *(f"person {n}" for n in range(120)))["UnindexedFaces"]) == 100
    compared = call("CompareFaces", SourceImage=image_of("person 3"), TargetImage=crowd)
    assert len(compared["FaceMatches"]) + len(compared["UnmatchedFaces"]) == 100


@pytest.mark.parametrize("attribute", ["GENDER", "AGE_RANGE", "EMOTIONS", "SUNGLASSES", "SMILE"])
def test_guesses_about_people_are_refused_by_name(call: Caller, attribute: str) -> None:
    with pytest.raises(Refused, match=f"InvalidParameterException: .*{attribute}.*attributes"):
        call("DetectFaces", Image=image_of("anna"), Attributes=["ALL", attribute])
    with pytest.raises(Refused, match=f"InvalidParameterException: .*{attribute}"):
        index(call, "anna", DetectionAttributes=[attribute])


def test_a_comparison_splits_the_faces_at_the_threshold(call: Caller) -> None:
    images = {"SourceImage": image_of("anna"), "TargetImage": image_of("boris", "anna", "chen", photo=1)}
    answer = call("CompareFaces", **images)
    assert [match["Similarity"] > 80 for match in answer["FaceMatches"]] == [True]
    assert len(answer["UnmatchedFaces"]) == 2
    assert set(answer["SourceImageFace"]) == {"BoundingBox", "Confidence"}
    everybody = call("CompareFaces", **images, SimilarityThreshold=0)
    similarities = [match["Similarity"] for match in everybody["FaceMatches"]]
    assert len(similarities) == 3
    assert similarities == sorted(similarities, reverse=True)
    for similarity in similarities:
        at_it = call("CompareFaces", **images, SimilarityThreshold=similarity)["FaceMatches"]
        assert [match["Similarity"] for match in at_it] == [s for s in similarities if s >= similarity]


def test_a_comparison_without_a_face_on_either_side(call: Caller) -> None:
    for source, target in ((image_of(), image_of("anna")), (image_of("anna"), image_of())):
        with pytest.raises(Refused, match="InvalidParameterException: Request has invalid parameters"):
            call("CompareFaces", SourceImage=source, TargetImage=target)
