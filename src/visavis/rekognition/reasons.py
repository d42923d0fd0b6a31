"""Why each group of operations stands where it stands: what an error's link leads to."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from types import MappingProxyType

from visavis.rekognition.model import OPERATIONS, Standing

PATH = "/operations"
"""Where the server shows this, to whoever can reach it."""

REASONS: Mapping[str, str] = MappingProxyType(
    {
        "images": "Answered. IndexFaces enrols the largest face alone, under the person that ExternalImageId names before its first colon, "
        "and only while that person's consent to the collection's purpose counts; nobody else in the photo is stored.",
        "collections": "Answered. A collection has one purpose, to which people consent: the tag visavis:purpose at its creation, else "
        "the server's setting default_purpose. It never changes.",
        "faces": "Answered, with people whose consent counts at that moment.",
        "users": "Answered. A user is a caller's grouping of references, is matched by the likest of them, and goes with the last that is erased.",
        "tags": "Answered. visavis:purpose is shown and never changes; visavis:fpir sets how often a search may find somebody for a stranger.",
        "attributes": "A box, landmarks, pose, brightness and sharpness are measured. Age, gender, emotions and the like are guesses about "
        "people from their looks: they are never made. Glasses, open eyes and the like are left out until they can be measured honestly.",
        "stored-video": "Answered, where the server has the packages for it (the extra video). A search tells of people whose consent to the collection's purpose counts at that "
        "moment; nobody else gets an index, an entry or a template that is kept. Nobody is followed, and nothing is watched live.",
        "labels": "What is in a picture besides faces is not what visavis is for.",
        "text": "Text in pictures is not what visavis is for.",
        "moderation": "Judging the contents of pictures is not what visavis is for.",
        "segments": "Cutting videos into scenes is not what visavis is for.",
        "protective-equipment": "Whether people wear protective equipment is not what visavis is for.",
        "custom-labels": "Training of models of one's own is not what visavis is for.",
        "live-streams": "Searching for people in live streams watches everybody who passes by, and nobody of them was asked. It is never built.",
        "live-camera": "A liveness check films people by a live camera. Visavis works on photos and stored videos that an operator already has, "
        "and has no liveness check: a printed photo passes.",
        "following-people": "Following people through a video records where everybody went, whether they agreed or not. It is never built.",
        "celebrities": "Recognising celebrities is a list of people who never enrolled. Nobody is on any list here without having said yes.",
    }
)  # fmt: skip
"""By the reasons of `model.OPERATIONS`, and `attributes` for what is asked of a face."""

_TITLES = {
    Standing.SERVED: "answered",
    Standing.OUTSIDE: "outside the scope",
    Standing.REFUSED: "refused by design",
}


def page() -> str:
    """The page as HTML: each reason under its name, with the operations that it is about."""
    sections = "".join(_section(reason, text) for reason, text in REASONS.items())
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Rekognition on visavis</title>'
        "<style>body{font:16px/1.5 sans-serif;max-width:42rem;margin:2rem auto;padding:0 1rem}"
        "h2{margin:2rem 0 0}code{font-size:.9em}:target{background:#fff3c4}</style>"
        f"<h1>Rekognition on visavis</h1><p>Which of Amazon Rekognition's operations this server answers, and why not the others.</p>{sections}"
    )


def _section(reason: str, text: str) -> str:
    operations = [name for name, place in OPERATIONS.items() if place.reason == reason]
    standing = _TITLES[OPERATIONS[operations[0]].standing] if operations else ""
    listed = (
        f"<p>{standing}: {', '.join(f'<code>{name}</code>' for name in operations)}</p>" if operations else ""
    )
    return f'<section id="{reason}"><h2>{reason.replace("-", " ").capitalize()}</h2><p>{escape(text)}</p>{listed}</section>'
