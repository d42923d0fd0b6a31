"""A program for Amazon Rekognition: it enrols the people of a folder by the first photo of each, and looks for them in the others.

    python rekognition_story.py FOLDER [enrol] [search] [group] [end]      # FOLDER/anna/1.jpg, FOLDER/anna/2.jpg, FOLDER/ben/1.jpg ...

Nothing in it is of visavis, and nothing else is needed for Amazon's service. Before it runs against a server of one's own, a purpose is set and people's
consents are recorded, and the environment says where the server is:

    export VISAVIS_DEFAULT_PURPOSE="entry to the workshop" && visavis serve
    visavis consent import people.csv                      # subject,purpose
    export AWS_ENDPOINT_URL_REKOGNITION=http://127.0.0.1:8080 AWS_SHARED_CREDENTIALS_FILE=... AWS_DEFAULT_REGION=local

Prints what it was told as JSON, a member for each step.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import ClientError

COLLECTION = "staff"

rekognition = boto3.client("rekognition")

People = dict[str, list[bytes]]


def enrol(people: People) -> dict[str, Any]:
    """A collection, with the first photo of each person: FaceIds by name, and who was refused for what."""
    created = rekognition.create_collection(CollectionId=COLLECTION, Tags={"door": "north"})
    indexed, refused = {}, {}
    for name, (photo, *_) in people.items():
        try:
            found = rekognition.index_faces(
                CollectionId=COLLECTION, ExternalImageId=f"{name}:1", Image={"Bytes": photo}, MaxFaces=1
            )
        except ClientError as error:
            refused[name] = error.response["Error"]["Code"]
            continue
        indexed[name] = [record["Face"]["FaceId"] for record in found["FaceRecords"]]
    tags = rekognition.list_tags_for_resource(ResourceArn=created["CollectionArn"])["Tags"]
    count = rekognition.describe_collection(CollectionId=COLLECTION)["FaceCount"]
    return {"indexed": indexed, "refused": refused, "faces": len(faces()), "count": count, "tags": tags}


def faces() -> list[dict[str, Any]]:
    """Every face of the collection."""
    pages = rekognition.get_paginator("list_faces").paginate(
        CollectionId=COLLECTION, PaginationConfig={"PageSize": 7}
    )
    return [face for page in pages for face in page["Faces"]]


def search(people: People) -> dict[str, Any]:
    """Whom the other photos of each person find, the likest first: a list of names for each photo."""
    found: dict[str, list[list[str]]] = {name: [] for name in people}
    for name, photos in people.items():
        for photo in photos[1:]:
            matches = rekognition.search_faces_by_image(CollectionId=COLLECTION, Image={"Bytes": photo})
            found[name].append([name_of(match["Face"]) for match in matches["FaceMatches"]])
    return found


def group(people: People) -> dict[str, Any]:
    """A user for each face of the collection, looked for by image and by face; and one photo of a person compared with another."""
    by_image, by_face, similarities, details = {}, {}, {}, {}
    for face in faces():
        name = name_of(face)
        user = {"CollectionId": COLLECTION, "UserId": f"user-{name}"}
        rekognition.create_user(**user)
        rekognition.associate_faces(**user, FaceIds=[face["FaceId"]])
    for face in faces():
        name = name_of(face)
        first, second = people[name][:2]
        matches = rekognition.search_users_by_image(CollectionId=COLLECTION, Image={"Bytes": second})
        by_image[name] = [match["User"]["UserId"] for match in matches["UserMatches"]]
        matches = rekognition.search_users(CollectionId=COLLECTION, UserId=face["UserId"])
        by_face[name] = [match["User"]["UserId"] for match in matches["UserMatches"]]
        compared = rekognition.compare_faces(
            SourceImage={"Bytes": first}, TargetImage={"Bytes": second}, SimilarityThreshold=0
        )
        similarities[name] = compared["FaceMatches"][0]["Similarity"]
        details[name] = len(rekognition.detect_faces(Image={"Bytes": first})["FaceDetails"])
    return {"by_image": by_image, "by_face": by_face, "similarities": similarities, "details": details}


def end(_: People) -> dict[str, Any]:
    """Take all of it away again: what is left."""
    users = rekognition.list_users(CollectionId=COLLECTION)["Users"]
    for user in users:
        rekognition.delete_user(CollectionId=COLLECTION, UserId=user["UserId"])
    ids = [face["FaceId"] for face in faces()]
    deleted = rekognition.delete_faces(CollectionId=COLLECTION, FaceIds=ids)["DeletedFaces"] if ids else []
    rekognition.delete_collection(CollectionId=COLLECTION)
    left = rekognition.list_collections()["CollectionIds"]
    return {"users": len(users), "faces": len(deleted), "collections": left}


def name_of(face: dict[str, Any]) -> str:
    """Whose face it is."""
    name: str = face["ExternalImageId"].partition(":")[0]
    return name


STEPS: dict[str, Callable[[People], dict[str, Any]]] = {
    "enrol": enrol,
    "search": search,
    "group": group,
    "end": end,
}

if __name__ == "__main__":
    folder, *steps = sys.argv[1:]
    told = {
        person.name: [photo.read_bytes() for photo in sorted(person.iterdir())]
        for person in sorted(Path(folder).iterdir())
    }
    print(json.dumps({step: STEPS[step](told) for step in steps or STEPS}))
