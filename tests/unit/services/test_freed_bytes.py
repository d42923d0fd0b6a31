"""What was erased is not in the files any more: not in the databases, not in their write-ahead logs."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from registries import PURPOSE, agree, enrolled, registry_at, settings_at, template_of
from sqlalchemy import select

from visavis.errors import StoreMismatchError
from visavis.services import consents, contents, galleries, identify, tags, users
from visavis.services.registry import Registry, opened
from visavis.store.keyring_schema import data_keys
from visavis.store.references import references_of
from visavis.store.schema import enrolled as enrolled_rows
from visavis.store.schema import salts

# SQLite's alone: what PostgreSQL keeps of deleted rows is documented (docs/galleries.md).


def bytes_of(registry: Registry, grant_id: bytes) -> dict[str, bytes]:
    """Everything secret that is stored of a person, as it lies in the files."""
    with registry.keyring.database.read() as connection:
        key = connection.execute(
            select(data_keys.c.sealed_key).where(data_keys.c.grant_id == grant_id)
        ).scalar_one()
    with registry.store.read() as connection:
        row = connection.execute(
            select(enrolled_rows.c.sealed_template, enrolled_rows.c.image_digest).where(
                enrolled_rows.c.grant_id == grant_id
            )
        ).one()
        salt = (
            connection.execute(select(salts.c.sealed_salt).where(salts.c.grant_id == grant_id))
            .scalars()
            .first()
        )
    assert salt is not None
    return {"key": key, "template": row.sealed_template, "image digest": row.image_digest, "salt": salt}


def found_in(folder: Path, secrets: dict[str, bytes]) -> set[tuple[str, str]]:
    """Which secrets are in which files."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {
        (name, path.name) for name, secret in secrets.items() for path in files if secret in path.read_bytes()
    }


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def test_nothing_of_a_person_is_left_in_the_files(home: Path) -> None:
    with registry_at(home) as registry, registry_at(home) as idle:
        galleries.create(registry, "staff", PURPOSE)
        grants = [recorded.grant for recorded in agree(registry, "anna", "ben")]
        enrolled(registry, "staff", "anna", "ben", photos=(0,))
        identify.identify(idle, "staff", [template_of("anna", 1)])  # another connection has read it all
        secrets = [bytes_of(registry, grant.id) for grant in grants]
        for kept in secrets:
            assert {name for name, _ in found_in(home, kept)} == kept.keys(), "or the test could not fail"
        consents.withdraw(registry, "anna", PURPOSE)
        assert found_in(home, secrets[0]) == set()
        assert {name for name, _ in found_in(home, secrets[1])} == secrets[1].keys()
    assert found_in(home, secrets[0]) == set()


def test_a_deleted_reference_is_not_left_either(home: Path) -> None:
    with registry_at(home) as registry:
        galleries.create(registry, "staff", PURPOSE)
        grant = agree(registry, "anna")[0].grant
        reference = enrolled(registry, "staff", "anna")[0]
        secrets = bytes_of(registry, grant.id)
        contents.remove(registry, "staff", [reference.reference_id.bytes])
        assert {name for name, _ in found_in(home, secrets)} == {"key", "salt"}


def test_names_of_users_and_tags_are_not_left_either(home: Path) -> None:
    words = {
        name: name.encode()
        for name in ("erased-name", "deleted-name", "former-tag", "removed-tag", "kept-name")
    }
    with registry_at(home) as registry:
        galleries.create(registry, "staff", PURPOSE)
        agree(registry, "anna")
        (reference,) = enrolled(registry, "staff", "anna")
        for name in ("erased-name", "deleted-name", "kept-name"):
            users.create(registry, "staff", name)
        users.associate(registry, "staff", "erased-name", [reference.reference_id])
        tags.put(registry, "staff", {"owner": "former-tag"})
        assert {name for name, _ in found_in(home, words)} == words.keys() - {"removed-tag"}
        tags.put(registry, "staff", {"owner": "removed-tag"})
        assert "former-tag" not in {name for name, _ in found_in(home, words)}
        tags.remove(registry, "staff", ["owner"])
        assert "removed-tag" not in {name for name, _ in found_in(home, words)}
        users.delete(registry, "staff", "deleted-name")
        assert "deleted-name" not in {name for name, _ in found_in(home, words)}
        consents.withdraw(registry, "anna", PURPOSE)
        assert {name for name, _ in found_in(home, words)} == {"kept-name"}


def test_a_copy_of_the_store_from_before_yields_no_template(home: Path, tmp_path: Path) -> None:
    with registry_at(home) as registry:
        galleries.create(registry, "staff", PURPOSE)
        agree(registry, "anna", "ben")
        enrolled(registry, "staff", "anna", "ben")
    copied = tmp_path / "copied"
    shutil.copytree(home, copied)
    with registry_at(home) as registry:
        consents.withdraw(registry, "anna", PURPOSE)
    for name in ("visavis-keyring.db", "master.key"):  # today's keyring beside yesterday's store
        shutil.copy(home / name, copied / name)
    with registry_at(copied) as registry:
        # The tombstone is settled, so opening does nothing: the store still says that she agreed.
        found = identify.identify(registry, "staff", [template_of("anna", 1), template_of("ben", 1)])
        assert "anna" not in {candidate.subject for candidate in found.candidates}
        with registry.store.read() as connection:
            references = references_of(connection, list(connection.scalars(select(enrolled_rows.c.grant_id))))
        keys = registry.keyring.keys(reference.grant_id for reference in references)
        assert len(references) == 2
        assert {r.subject for r in references if r.grant_id in keys} == {"ben"}


def test_another_stores_keyring_is_refused(home: Path, tmp_path: Path) -> None:
    for folder in (home, tmp_path / "other"):
        with registry_at(folder) as registry:
            galleries.create(registry, "staff", PURPOSE)
    for name in ("visavis-keyring.db", "master.key"):
        shutil.copy(tmp_path / "other" / name, home / name)
    with pytest.raises(StoreMismatchError), opened(settings_at(home)):
        pass
