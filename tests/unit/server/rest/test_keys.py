"""Access keys over HTTP: a key hands on no more than it has."""

from __future__ import annotations

from typing import Any

from registries import NOW
from rest_calls import KEY, Rest

from visavis.audit.entry import Action
from visavis.consent.times import utc_text
from visavis.services import access
from visavis.services.access import AccessKey

DAY = 86_400
LIMITED = AccessKey(
    "VSVSLIMITED", ("CreateKey", "ListKeys", "RevokeKey", "Search*"), ("staff-*",), 0, NOW + 9 * DAY
)


def test_a_key_is_made_listed_and_ended(rest: Rest) -> None:
    made = rest.post("/keys", operations=["Detect*"], galleries=["staff"], expires_at=utc_text(NOW + DAY))
    key = made["key"]
    assert key == {
        "access_key_id": key["access_key_id"],
        "operations": ["Detect*"],
        "galleries": ["staff"],
        "created_at": utc_text(NOW),
        "expires_at": utc_text(NOW + DAY),
        "revoked_at": None,
    }
    assert (rest.last().entry.action, rest.last().entry.by) == (Action.KEY_CREATE, KEY.id)
    live = access.find(rest.registry, key["access_key_id"])
    assert live is not None
    assert live.secret == made["secret_access_key"]
    assert rest.get("/keys") == {"keys": [key]}
    ended = rest.call("DELETE", f"/keys/{key['access_key_id']}").json()
    assert ended == key | {"revoked_at": utc_text(NOW)}
    assert access.find(rest.registry, key["access_key_id"]) is None
    assert rest.get("/keys") == {"keys": [ended]}


def test_what_is_left_out_is_as_the_makers_own(sqlite_rest: Rest) -> None:
    made = sqlite_rest.post("/keys", LIMITED)["key"]
    assert tuple(made["operations"]) == LIMITED.operations
    assert tuple(made["galleries"]) == LIMITED.galleries
    assert made["expires_at"] == utc_text(NOW + 9 * DAY)


def test_a_key_makes_no_key_that_may_do_more(sqlite_rest: Rest) -> None:
    more: tuple[dict[str, Any], ...] = (
        {"operations": ["*"]},
        {"operations": ["Search*", "DetectFaces"]},
        {"operations": ["S*"]},
        {"galleries": ["*"]},
        {"galleries": ["staff*"]},
        {"galleries": ["staff-1", "visitors"]},
        {"expires_at": utc_text(NOW + 9 * DAY + 1)},
    )
    for asked in more:
        sqlite_rest.refused(403, "not-allowed", "POST", "/keys", LIMITED, json=asked)
        assert sqlite_rest.last_is_refusal(Action.KEY_CREATE)
    assert access.keys(sqlite_rest.registry) == []
    less = {"operations": ["SearchFaces"], "galleries": ["staff-1*"], "expires_at": utc_text(NOW + DAY)}
    assert sqlite_rest.post("/keys", LIMITED, **less)["key"].items() >= less.items()


def test_keys_for_other_galleries_are_neither_told_nor_ended(sqlite_rest: Rest) -> None:
    whole, other, own = (
        access.create(sqlite_rest.registry, galleries=galleries).key.id
        for galleries in (("*",), ("visitors", "staff-1"), ("staff-1", "staff-2*"))
    )
    assert [key["access_key_id"] for key in sqlite_rest.get("/keys", LIMITED)["keys"]] == [own]
    for access_key_id in (whole, other, "VSVSNOTTHERE"):
        sqlite_rest.refused(404, "unknown-access-key", "DELETE", f"/keys/{access_key_id}", LIMITED)
    assert sqlite_rest.call("DELETE", f"/keys/{own}", LIMITED).status_code == 200
    assert len(sqlite_rest.get("/keys")["keys"]) == 3


def test_what_cannot_be_a_key(sqlite_rest: Rest) -> None:
    for code, wrong in (
        ("access-key", {"operations": ["DetectTigers"]}),
        ("access-key", {"galleries": ["a b"]}),
        ("access-key", {"expires_at": utc_text(NOW)}),
        ("bad-request", {"operations": []}),
        ("bad-request", {"galleries": "staff"}),
        ("bad-request", {"expires_at": "soon"}),
        ("bad-request", {"secret_access_key": "mine"}),
    ):
        sqlite_rest.refused(400, code, "POST", "/keys", json=wrong)
    assert access.keys(sqlite_rest.registry) == []
    sqlite_rest.refused(400, "bad-request", "DELETE", "/keys/a%00")
