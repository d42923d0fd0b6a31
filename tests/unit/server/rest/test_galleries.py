"""Galleries over HTTP."""

from __future__ import annotations

from registries import MODEL, NOW, PURPOSE, agree, enrolled
from rest_calls import KEY, Rest

from visavis.audit.entry import Action
from visavis.consent.times import utc_text
from visavis.services.access import AccessKey

STAFF = AccessKey("VSVSSTAFF", galleries=("staff*",))


def test_a_gallery_is_made_shown_and_deleted(sqlite_rest: Rest) -> None:
    made = sqlite_rest.post("/galleries", STAFF, name="staff", purpose=PURPOSE)
    assert made == {
        "name": "staff",
        "purpose": PURPOSE,
        "created_at": utc_text(NOW),
        "people": 0,
        "references": 0,
        "recogniser": MODEL,
        "recognisers_in_use": [],
        "largest": made["largest"],
    }
    assert made["largest"] > 1_000
    assert (sqlite_rest.last().entry.action, sqlite_rest.last().entry.by) == (Action.GALLERY_CREATE, STAFF.id)
    agree(sqlite_rest.registry, "anna")
    enrolled(sqlite_rest.registry, "staff", "anna", photos=(0, 1))
    shown = sqlite_rest.get("/galleries/staff", STAFF)
    assert (shown["people"], shown["references"], shown["recognisers_in_use"]) == (1, 2, [MODEL])
    answer = sqlite_rest.call("DELETE", "/galleries/staff", STAFF)
    assert answer.json() == {"name": "staff", "references": 2}
    sqlite_rest.refused(404, "unknown-gallery", "DELETE", "/galleries/staff", STAFF)


def test_a_key_is_not_told_of_galleries_that_it_is_not_for(sqlite_rest: Rest) -> None:
    for name in ("staff-1", "staff-2", "visitors"):
        sqlite_rest.post("/galleries", name=name, purpose=PURPOSE)
    names = [gallery["name"] for gallery in sqlite_rest.get("/galleries", STAFF)["galleries"]]
    assert names == ["staff-1", "staff-2"]
    assert len(sqlite_rest.get("/galleries")["galleries"]) == 3
    for name in ("visitors", "not-there"):
        sqlite_rest.refused(403, "not-allowed", "GET", f"/galleries/{name}", STAFF)
        sqlite_rest.refused(403, "not-allowed", "DELETE", f"/galleries/{name}", STAFF)
        assert sqlite_rest.last_is_refusal(Action.GALLERY_DELETE)
        assert sqlite_rest.last().entry.gallery == (name if name == "visitors" else None)
        new = {"name": name, "purpose": PURPOSE}
        sqlite_rest.refused(403, "not-allowed", "POST", "/galleries", STAFF, json=new)
        assert sqlite_rest.last_is_refusal(Action.GALLERY_CREATE)
    assert len(sqlite_rest.get("/galleries")["galleries"]) == 3


def test_what_cannot_be_a_gallery(sqlite_rest: Rest) -> None:
    sqlite_rest.post("/galleries", name="staff", purpose=PURPOSE)
    for status, code, wrong in (
        (409, "gallery-exists", {}),
        (400, "gallery-name", {"name": "a b"}),
        (400, "gallery-name", {"name": "a\0"}),
        (400, "consent-terms", {"name": "a", "purpose": ""}),
        (400, "unknown-model", {"name": "a", "recogniser": "../models"}),
        (400, "bad-request", {"name": "a", "colour": "red"}),
    ):
        new = {"name": "staff", "purpose": PURPOSE} | wrong
        sqlite_rest.refused(status, code, "POST", "/galleries", json=new)
    for name in ("a%00", "a%2Fb", "a" * 256, "%FF"):
        status = 404 if "2F" in name else 400
        for method in ("GET", "DELETE"):
            assert sqlite_rest.call(method, f"/galleries/{name}", KEY).status_code == status
