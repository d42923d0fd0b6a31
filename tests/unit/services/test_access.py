"""Access keys: told once, found at each request, limited, and ended at once in every process."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from registries import NOW, Clock, registry_at
from sqlalchemy import insert, update

from visavis.audit.entry import Action, Entry
from visavis.errors import (
    AccessKeyError,
    ClockError,
    CredentialsFileError,
    RevokeUnfinishedError,
    StoreBusyError,
    UnknownAccessKeyError,
)
from visavis.services import access
from visavis.services.access import AccessKey, Live, NewKey
from visavis.services.keys import rotate_master_key
from visavis.services.log import latest_entries
from visavis.services.registry import Registry
from visavis.store import schema
from visavis.store.access_secrets import delete_secret, ids_with_secret, keep_secret

UNKNOWN = "VSVS" + "A" * 16


def actions(registry: Registry) -> list[tuple[Action, str]]:
    return [(n.entry.action, n.entry.by) for n in latest_entries(registry, 99)]


def test_a_key_is_told_once_and_found_from_then_on(registry: Registry, database_url: str) -> None:
    new = access.create(registry, ("DetectFaces", "Search*", "DetectFaces"), ["staff"], NOW + 9)
    assert new.key == AccessKey(new.key.id, ("DetectFaces", "Search*"), ("staff",), NOW, NOW + 9)
    assert re.fullmatch(r"VSVS[A-Z2-7]{16}", new.key.id)
    assert re.fullmatch(r"[A-Za-z0-9]{40}", new.secret)
    with registry_at(registry.settings.home, database_url) as other:
        for one in (registry, other):
            assert access.find(one, new.key.id) == Live(new.key, new.secret)
            assert access.keys(one) == [new.key]
    assert actions(registry) == [(Action.KEY_CREATE, "local")]
    rotate_master_key(registry)
    assert access.find(registry, new.key.id) == Live(new.key, new.secret)


def test_no_two_keys_are_alike(registry: Registry) -> None:
    new = [access.create(registry) for _ in range(5)]
    assert len({one.key.id for one in new}) == len({one.secret for one in new}) == 5
    assert all(access.find(registry, one.key.id) == Live(one.key, one.secret) for one in new)


def test_it_says_in_the_log_who_acts(sqlite_registry: Registry) -> None:
    first = access.create(sqlite_registry)
    caller = sqlite_registry.acting_as(first.key.id)
    access.revoke(caller, access.create(caller).key.id)
    assert [by for _, by in actions(sqlite_registry)][1:] == [first.key.id] * 2
    assert Entry.from_bytes(latest_entries(sqlite_registry, 1)[0].entry.to_bytes()).by == first.key.id


def test_no_repr_tells_a_secret(sqlite_registry: Registry) -> None:
    new = access.create(sqlite_registry)
    live = access.find(sqlite_registry, new.key.id)
    assert live is not None
    assert new.key.id in repr(new)
    assert new.secret not in repr([new, live, live.key])


def test_a_revoked_key_stops_at_once_in_every_process(registry: Registry, database_url: str) -> None:
    new, stays = access.create(registry), access.create(registry)
    with registry_at(registry.settings.home, database_url) as other:
        assert access.find(other, new.key.id) is not None
        registry.clock.now += 5  # type: ignore[attr-defined]  # a Clock, in tests
        revoked = access.revoke(registry, new.key.id)
        assert revoked == replace(new.key, revoked_at=NOW + 5)
        assert access.find(other, new.key.id) is None
        assert access.find(registry, new.key.id) is None
        assert access.find(other, stays.key.id) == Live(stays.key, stays.secret)
        assert sorted(access.keys(other), key=lambda key: key.id) == sorted(
            (revoked, stays.key), key=lambda key: key.id
        )
    assert ids_with_secret(registry.keyring) == {stays.key.id}


def test_revoking_twice_changes_nothing(registry: Registry, clock: Clock) -> None:
    new = access.create(registry)
    revoked = access.revoke(registry, new.key.id)
    clock.now += 5
    assert access.revoke(registry, new.key.id) == revoked
    assert [action for action, _ in actions(registry)] == [
        Action.KEY_CREATE,
        Action.KEY_REVOKE,
        Action.KEY_REVOKE,
    ]


@pytest.mark.parametrize(
    "unknown", [UNKNOWN, "", "local", "VSVS\0", UNKNOWN + "\n", "VSVS" + "é" * 16, "\udc80"]
)
def test_what_is_no_key(unknown: str, registry: Registry) -> None:
    assert access.find(registry, unknown) is None
    with pytest.raises(UnknownAccessKeyError):
        access.revoke(registry, unknown)
    assert actions(registry) == []


def test_a_key_expires_to_the_second(registry: Registry, clock: Clock) -> None:
    new = access.create(registry, expires_at=NOW + 10)
    clock.now = NOW + 9
    assert access.find(registry, new.key.id) is not None
    clock.now = NOW + 10
    assert access.find(registry, new.key.id) is None
    assert access.keys(registry) == [new.key]
    assert access.revoke(registry, new.key.id).revoked_at == NOW + 10


@pytest.mark.parametrize("expires_at", [NOW, NOW - 1, 0, 253_402_300_800, 10**30])
def test_a_time_that_is_over_or_has_no_text(expires_at: int, sqlite_registry: Registry) -> None:
    with pytest.raises(AccessKeyError):
        access.create(sqlite_registry, expires_at=expires_at)
    assert access.keys(sqlite_registry) == []
    assert ids_with_secret(sqlite_registry.keyring) == set()


@pytest.mark.parametrize(
    "patterns",
    [[], [""], ["a b"], ["a", ""], ["a,b"], ["[a]"], ["a?"], ["a\n"], ["é"], ["x" * 256], ["*"] * 101],
)
def test_what_is_no_pattern(patterns: list[str], sqlite_registry: Registry) -> None:
    for limits in ((patterns, access.ALL), (access.ALL, patterns)):
        with pytest.raises(AccessKeyError) as caught:
            access.create(sqlite_registry, *limits)
        assert "x" * 9 not in caught.value.message
    assert access.keys(sqlite_registry) == []
    assert actions(sqlite_registry) == []


NAME = st.text("AbZ09_.-", min_size=1, max_size=6)


@given(st.lists(NAME, min_size=1, max_size=4), NAME, NAME)
def test_a_star_stands_for_any_text_and_all_else_for_itself(names: list[str], head: str, tail: str) -> None:
    key = AccessKey(UNKNOWN, tuple(names), (f"{head}*{tail}",))
    for name in (*names, head, tail, f"{head}{tail}"):
        assert key.allows(name) == (name in names)
    assert key.reaches(f"{head}{tail}")
    assert key.reaches(f"{head}any text{tail}")
    assert not key.reaches(f"{head}{tail}!")
    assert key.allows(names[0], f"{head}-{tail}")
    assert not key.allows(names[0], f"!{head}{tail}")


def test_operations_that_there_are_none_of() -> None:
    known = {"DetectFaces", "SearchFaces"}
    access.check_operations(["DetectFaces", "Search*", "*"], known)
    for patterns in (["DetectFaces", "Detectfaces"], ["Delete*"], ["detect*"], [""]):
        with pytest.raises(AccessKeyError):
            access.check_operations(patterns, known)


def test_a_key_that_is_not_logged_is_not_made(
    registry: Registry, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = access.create(registry)
    clock.now -= 301
    with pytest.raises(ClockError):
        access.create(registry)
    assert ids_with_secret(registry.keyring) == {first.key.id}, "nor a secret"
    clock.now += 301
    monkeypatch.setattr("visavis.services.access.insert_access_key", busy)
    with pytest.raises(StoreBusyError):
        access.create(registry)
    assert access.keys(registry) == [first.key]


def busy(*_: object) -> None:
    raise StoreBusyError


def test_a_secret_without_a_row_opens_nothing(registry: Registry) -> None:
    """So ends a creation that was cut off."""
    keep_secret(registry.keyring, UNKNOWN, "s" * 40)
    assert access.find(registry, UNKNOWN) is None
    assert access.keys(registry) == []


def test_a_row_without_a_secret_is_revoked_at_the_next_opening(registry: Registry, database_url: str) -> None:
    """So ends a revocation that was cut off. Nobody could use the key meanwhile."""
    cut, stays = access.create(registry), access.create(registry)
    delete_secret(registry.keyring, cut.key.id)
    assert access.find(registry, cut.key.id) is None
    for later in (NOW + 7, NOW + 9):
        with registry_at(registry.settings.home, database_url, Clock(later)) as again:
            found = {key.id: key for key in access.keys(again)}
            assert found == {
                cut.key.id: replace(cut.key, revoked_at=NOW + 7),
                stays.key.id: stays.key,
            }
    assert [action for action, _ in actions(registry)].count(Action.KEY_REVOKE) == 1


def fall_behind(registry: Registry) -> None:
    registry.clock.now -= 301  # type: ignore[attr-defined]  # a Clock, in tests


def test_whatever_fails_the_secret_is_gone(registry: Registry, database_url: str) -> None:
    new = access.create(registry)
    fall_behind(registry)
    with pytest.raises(RevokeUnfinishedError, match="Nobody can use the key any more"):
        access.revoke(registry, new.key.id)
    assert access.find(registry, new.key.id) is None
    with registry_at(registry.settings.home, database_url, Clock(NOW - 301)) as behind:
        assert access.keys(behind) == [new.key], "it opens, and waits for the right clock"
    with registry_at(registry.settings.home, database_url) as again:
        assert access.keys(again) == [replace(new.key, revoked_at=NOW)]


def test_who_writes_to_the_store_cannot_revive_a_key(registry: Registry) -> None:
    new, other = access.create(registry), access.create(registry)
    access.revoke(registry, new.key.id)
    with registry.store.write() as connection:
        connection.execute(
            update(schema.access_keys).where(schema.access_keys.c.id == new.key.id).values(revoked_at=None)
        )
        made_up = {"id": UNKNOWN, "operations": "*", "galleries": "*", "created_at": NOW}
        connection.execute(insert(schema.access_keys).values(**made_up))
    assert access.find(registry, new.key.id) is None
    assert access.find(registry, UNKNOWN) is None
    assert access.find(registry, other.key.id) is not None


def test_the_file_is_what_awss_tools_read(sqlite_registry: Registry, tmp_path: Path) -> None:
    file = tmp_path / "new" / "credentials"
    key = access.create_in_file(sqlite_registry, file, ["DetectFaces"], ["staff"], NOW + 1)
    live = access.find(sqlite_registry, key.id)
    assert live is not None
    assert (live.key.operations, live.key.galleries, live.key.expires_at) == (
        ("DetectFaces",),
        ("staff",),
        NOW + 1,
    )
    assert file.stat().st_mode & 0o777 == 0o600
    assert read_by_botocore(file) == (key.id, live.secret)


def read_by_botocore(file: Path) -> tuple[str, str]:
    from botocore.credentials import SharedCredentialProvider

    found = SharedCredentialProvider(str(file)).load()
    return found.access_key, found.secret_key


def test_a_file_that_is_there_stays_and_no_key_is_made(sqlite_registry: Registry, tmp_path: Path) -> None:
    file, link = tmp_path / "credentials", tmp_path / "link"
    file.write_text("mine")
    link.symlink_to(tmp_path / "nowhere")
    for taken in (file, link, tmp_path):
        with pytest.raises(CredentialsFileError):
            access.create_in_file(sqlite_registry, taken)
        with pytest.raises(CredentialsFileError):
            access.write_credentials(taken, NewKey(AccessKey(UNKNOWN), "s" * 40))
    assert file.read_text() == "mine"
    assert access.keys(sqlite_registry) == []


def test_a_key_whose_file_cannot_be_written_is_revoked(sqlite_registry: Registry, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(CredentialsFileError) as caught:
        access.create_in_file(sqlite_registry, tmp_path / "file" / "credentials")
    assert str(tmp_path) not in caught.value.message
    (key,) = access.keys(sqlite_registry)
    assert key.revoked_at == NOW
    assert ids_with_secret(sqlite_registry.keyring) == set()
