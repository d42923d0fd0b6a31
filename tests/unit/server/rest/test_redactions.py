"""Photos redacted over HTTP."""

from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import Image
from registries import PURPOSE, agree, enrolled, photo_of
from rest_calls import KEY, Rest

from visavis.audit.entry import Action, Counted, Refusal
from visavis.redaction.encoding import Format, encode
from visavis.server.rest.redactions import MAX_BOXES
from visavis.services import consents, galleries
from visavis.services.access import AccessKey
from visavis.services.log import log_size

STAFF = AccessKey("VSVSSTAFF", galleries=("staff*",))
ANNA = photo_of("anna")


@pytest.fixture
def staff(sqlite_rest: Rest) -> Rest:
    """With a gallery in which anna is enrolled, and another."""
    for name in ("staff", "visitors"):
        galleries.create(sqlite_rest.registry, name, PURPOSE)
    agree(sqlite_rest.registry, "anna")
    enrolled(sqlite_rest.registry, "staff", "anna", photos=(1, 2))
    return sqlite_rest


def redacted(rest: Rest, photo: bytes, key: AccessKey = KEY, **query: Any) -> tuple[Image.Image, list[int]]:
    """The picture, and how many faces were covered, kept and spared."""
    answer = rest.call("POST", "/redactions", key, content=photo, params=query)
    assert answer.status_code == 200, answer.text
    counts = [int(answer.headers[f"visavis-{what}"]) for what in ("covered", "kept", "spared")]
    image = Image.open(io.BytesIO(answer.content))
    assert Image.MIME[image.format or ""] == answer.headers["content-type"]
    assert "comment" not in image.info
    return image.convert("RGB"), counts


def is_black(image: Image.Image, x: int, y: int) -> bool:
    pixel = image.getpixel((x, y))
    assert isinstance(pixel, tuple)
    return max(pixel) < 30


def test_everybody_is_covered_and_the_log_has_nothing_of_it(sqlite_rest: Rest) -> None:
    image, counts = redacted(sqlite_rest, ANNA)
    assert counts == [1, 0, 0]
    assert is_black(image, 50, 55)
    assert not is_black(image, 5, 5)
    assert log_size(sqlite_rest.registry) == 0


def test_what_is_asked_for_by_hand(sqlite_rest: Rest) -> None:
    image, counts = redacted(sqlite_rest, ANNA, keep_box="30,30,40,50", also=["0,0,10,10", "90,90,10,10"])
    assert counts == [0, 1, 0]
    answer = sqlite_rest.call("POST", "/redactions", content=ANNA, params={"also": ["0,0,9,9", "9,9,9,9"]})
    assert answer.headers["visavis-also"] == "2"
    assert is_black(image, 5, 5)
    assert is_black(image, 95, 95)
    assert not is_black(image, 50, 55)
    assert not is_black(redacted(sqlite_rest, ANNA, style="blur", shape="box")[0], 50, 55)


def test_people_who_agreed_are_spared_until_they_withdraw(staff: Rest) -> None:
    assert redacted(staff, ANNA, STAFF, keep="staff", fpir=0.01)[1] == [0, 0, 1]
    entry = staff.last().entry
    assert (entry.action, entry.by, entry.gallery) == (Action.REDACT, STAFF.id, "staff")
    assert entry.counts == {Counted.PHOTOS: 1, Counted.FACES: 1, Counted.CANDIDATES: 1}
    assert redacted(staff, photo_of("somebody"), keep="staff")[1] == [1, 0, 0]
    assert redacted(staff, photo_of(), keep="staff")[1] == [0, 0, 0]
    consents.withdraw(staff.registry, "anna", PURPOSE)
    assert redacted(staff, ANNA, keep="staff")[1] == [1, 0, 0]


def test_a_key_spares_nobody_of_galleries_that_it_is_not_for(staff: Rest) -> None:
    for name in ("visitors", "not-there"):
        query = {"keep": name}
        staff.refused(403, "not-allowed", "POST", "/redactions", STAFF, content=ANNA, params=query)
        assert staff.last_is_refusal(Action.REDACT)
    staff.refused(404, "unknown-gallery", "POST", "/redactions", content=ANNA, params={"keep": "not-there"})
    assert redacted(staff, ANNA, STAFF)[1] == [1, 0, 0]


def test_a_rate_beyond_the_calibration_is_refused_and_logged(staff: Rest) -> None:
    query = {"keep": "staff", "fpir": 1e-9}
    staff.refused(400, "search-rate", "POST", "/redactions", content=ANNA, params=query)
    assert (staff.last().entry.action, staff.last().entry.refusal) == (Action.REDACT, Refusal.BAD_REQUEST)


@pytest.mark.parametrize(
    ("status", "code", "photo"),
    [
        (400, "corrupt-image", b""),
        (415, "unsupported-image", b'{"photo": "anna.jpg"}'),
        (415, "unsupported-image", b"%PDF-1.7"),
        (400, "corrupt-image", photo_of("anna")[:-400]),
        (413, "image-too-large", encode(Image.new("RGB", (11_000, 11_000)), Format.GIF)),
    ],
)
def test_what_is_no_photo(status: int, code: str, photo: bytes, sqlite_rest: Rest) -> None:
    said = sqlite_rest.refused(status, code, "POST", "/redactions", content=photo)
    assert "anna" not in said


def test_a_box_that_would_cover_nothing_is_refused(sqlite_rest: Rest) -> None:
    query = {"also": ["0,0,9,9", "100,0,9,9"]}
    said = sqlite_rest.refused(400, "correction", "POST", "/redactions", content=ANNA, params=query)
    assert "box 2 of those to be covered by hand lies outside" in said


@pytest.mark.parametrize(
    "query",
    [
        {"style": "anna"},
        {"shape": "anna"},
        {"fpir": 0},
        {"fpir": 1},
        {"fpir": "nan"},
        {"keep": "an na"},
        {"keep_box": "anna,2,3,4"},
        {"keep_box": "1,2,3"},
        {"also": "1e308,0,1e308,4"},
        {"also": "nan,0,1,1"},
        {"also": "1,2,0.5,4"},
        {"also": ["1,2,3,4"] * (MAX_BOXES + 1)},
        {"keeps": "anna"},
    ],
)
def test_what_cannot_be_asked(query: dict[str, Any], sqlite_rest: Rest) -> None:
    said = sqlite_rest.refused(400, "bad-request", "POST", "/redactions", content=ANNA, params=query)
    assert next(iter(query)) in said or "keeps" in query
    assert "anna" not in said


@pytest.mark.parametrize("written", list(Format))
def test_a_photo_stays_what_it_was(
    written: Format, sqlite_rest: Rest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("registries.FakeAnalyzer.candidates", lambda *_: [])
    photo = encode(Image.new("RGB", (64, 48), "grey"), written)
    answer = sqlite_rest.call("POST", "/redactions", content=photo)
    assert (answer.status_code, answer.headers["content-type"]) == (200, written.media_type)
    described = sqlite_rest.app.openapi()["paths"]["/redactions"]["post"]
    assert written.media_type in described["responses"]["200"]["content"]
    assert written.media_type in described["requestBody"]["content"]
