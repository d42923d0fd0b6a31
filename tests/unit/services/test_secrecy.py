"""No message, no repr and no line of a program's own log tells a person's name, a template, a key or a password."""

from __future__ import annotations

import base64
import logging
import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from registries import (
    MODEL,
    NOW,
    OTHER_MODEL,
    PURPOSE,
    Clock,
    agree,
    enrolled,
    photo_of,
    portrait_of,
    settings_at,
    template_of,
    vector_of,
)
from sqlalchemy import text

from visavis.consent.terms import Terms
from visavis.errors import NoFaceError, VisavisError
from visavis.services import access, consents, contents, galleries, upgrades
from visavis.services.backup import Restoring, back_up, restore
from visavis.services.candidates import Asked
from visavis.services.consents import Given
from visavis.services.disclosure import disclose
from visavis.services.enrol import Enrolment, enrol
from visavis.services.folders import HowToEnrol, PhotoOf, enrol_photos
from visavis.services.identify import identify, identify_photo
from visavis.services.receipts import receipt_of, renewed_receipt, verify_receipt
from visavis.services.records import list_consents, records_about
from visavis.services.registry import Registry, opened
from visavis.services.verify import verify, verify_photo
from visavis.services.work import Concerned

SUBJECT, OTHER = "anna-the-secret", "ben-the-secret"
PASSWORD = "secret-password"  # noqa: S105  of nothing
Call = Callable[[], Any]


@pytest.fixture
def staff(registry: Registry) -> Registry:
    """A registry with a gallery in which two people are enrolled; others refused, left and expired."""
    galleries.create(registry, "staff", PURPOSE)
    agree(registry, SUBJECT, OTHER, "left-the-secret")
    enrolled(registry, "staff", SUBJECT, OTHER)
    consents.withdraw(registry, "left-the-secret", PURPOSE)
    consents.refuse(registry, Given("no-the-secret", PURPOSE, Terms()))
    consents.give(registry, Given("late-the-secret", PURPOSE, Terms(until=NOW + 1)))
    agree(registry, "else-the-secret", purpose="something else")
    access.create(registry)
    return registry


def secrets_of(registry: Registry) -> Iterator[str]:
    """What must be told nowhere."""
    yield from ("the-secret", PASSWORD)
    master = registry.settings.master_key_file.read_text().strip()
    yield from forms(base64.b64decode(master))
    with registry.store.read() as connection:
        ids = list(connection.scalars(text("SELECT id FROM grants")))
    keys = registry.keyring.keys(ids)
    assert len(keys) == 4
    for key in keys.values():
        yield from forms(key._key)
    state = registry.keyring.state()
    assert state is not None
    yield from forms(state.log_seed)
    live = live_key(registry)
    yield from (live.secret, *forms(live.secret.encode()))
    for person in (SUBJECT, OTHER):
        vector = vector_of(person)
        yield from forms(vector.tobytes())
        yield from (f"{number:.5f}"[:-1] for number in vector[:8])


def live_key(registry: Registry) -> access.Live:
    (key,) = access.keys(registry)
    live = access.find(registry, key.id)
    assert live is not None
    return live


def forms(secret: bytes) -> Iterator[str]:
    """How bytes look where somebody prints them."""
    yield from (
        secret.hex(),
        base64.b64encode(secret).decode().rstrip("="),
        repr(secret)[2:-1],
        str(list(secret))[1:-1],
    )


def refusals(registry: Registry, clock: Clock, folder: Path) -> Iterator[Call]:
    """Calls that must fail."""
    r, face = registry, photo_of(SUBJECT, photo=3)
    clock.now += 1
    for subject in (
        "no-the-secret",
        "left-the-secret",
        "late-the-secret",
        "else-the-secret",
        "who-the-secret",
    ):
        yield partial(verify_photo, r, "staff", subject, face)
        yield partial(enrol_one, r, Enrolment(subject, portrait_of(subject)))
    yield lambda: verify(r, "staff", SUBJECT, [template_of(SUBJECT, 3, OTHER_MODEL)])
    yield lambda: verify_photo(r, "staff", SUBJECT, photo_of())
    yield lambda: enrol_one(r, Enrolment(SUBJECT, portrait_of("x")))
    yield lambda: enrol_one(r, Enrolment(SUBJECT, portrait_of(OTHER, 2)))
    yield lambda: enrol_one(r, Enrolment(OTHER, portrait_of(SUBJECT, 2, OTHER_MODEL)))
    yield lambda: enrol_one(r, Enrolment(OTHER, NoFaceError()))
    yield lambda: Enrolment(f"{SUBJECT}:1", NoFaceError())
    yield lambda: Given(f"{SUBJECT}\n", PURPOSE, Terms())
    yield lambda: next(photo_outcome(r, PhotoOf(SUBJECT, folder / "anna-the-secret.jpg")))
    yield lambda: next(photo_outcome(r, PhotoOf(f"{SUBJECT} x", folder / "anna-the-secret.jpg")))
    yield lambda: identify_photo(r, "staff", photo_of())
    yield lambda: identify(r, "staff", [template_of(SUBJECT)], Asked(max_fmr=1e-12))
    yield lambda: identify(r, SUBJECT, [template_of(SUBJECT)])
    yield lambda: galleries.create(r, f"{SUBJECT}/x", PURPOSE)
    yield lambda: galleries.create(r, "x", PURPOSE, MODEL.upper())
    yield lambda: contents.remove(r, "staff", [SUBJECT.encode()])
    yield lambda: consents.refuse(r, Given(SUBJECT, PURPOSE, Terms()))
    yield lambda: consents.withdraw(r, "who-the-secret", PURPOSE)
    yield lambda: consents.withdraw(r, "no-the-secret", PURPOSE)
    yield lambda: consents.withdraw(r, f"{SUBJECT}\udc80", PURPOSE)
    yield lambda: renewed_receipt(r, "left-the-secret", PURPOSE)
    yield lambda: verify_receipt(SUBJECT.encode())
    yield lambda: disclose(r, "who-the-secret")
    yield lambda: records_about(r, f"{SUBJECT}:")
    yield lambda: back_up(r, folder, folder / "keys")
    yield lambda: restore(r.settings, Restoring(folder / "anna-the-secret"), clock)
    yield lambda: access.create(r, [f"{SUBJECT}/x"])
    yield lambda: access.check_operations([SUBJECT], ["DetectFaces"])
    yield lambda: access.revoke(r, SUBJECT)
    yield lambda: access.create_in_file(r, r.settings.master_key_file / SUBJECT)
    yield lambda: write(r, "INSERT INTO grants (id, subject) VALUES (x'00', :value)", SUBJECT)
    yield lambda: write(r, "UPDATE grants SET subject = :value, purpose = NULL", SUBJECT)
    yield lambda: write(
        r, "UPDATE enrolled SET sealed_template = :value, grant_id = NULL", vector_of(SUBJECT).tobytes()
    )
    for url in (f"mysql://u:{PASSWORD}@h/x", f"postgresql://u:{PASSWORD}@127.0.0.1:1/x", PASSWORD):
        yield partial(open_with, replace(r.settings, database_url=url, keyring_url=url))
    master = base64.b64encode(PASSWORD.encode()).decode()
    yield lambda: open_with(replace(r.settings, master_key=master))
    yield lambda: open_with(replace(r.settings, master_key=PASSWORD))
    yield lambda: open_with(replace(r.settings, master_key=base64.b64encode(bytes(32)).decode()))


def enrol_one(registry: Registry, enrolment: Enrolment) -> None:
    (outcome,) = enrol(registry, "staff", [enrolment])
    assert isinstance(outcome, VisavisError)
    raise outcome


def photo_outcome(registry: Registry, photo: PhotoOf) -> Iterator[None]:
    for _, outcome in enrol_photos(registry, "staff", [photo], HowToEnrol()):
        assert isinstance(outcome, VisavisError)
        raise outcome
    yield


def write(registry: Registry, statement: str, value: object) -> None:
    with registry.store.write() as connection:
        connection.execute(text(statement), {"value": value})


def open_with(settings: Any) -> None:
    with opened(settings, clock=Clock()):
        pass


def test_no_error_tells_a_secret(
    staff: Registry, clock: Clock, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    secrets = list(secrets_of(staff))
    told = []
    with caplog.at_level(logging.DEBUG):
        for call in refusals(staff, clock, tmp_path):
            with pytest.raises(VisavisError) as caught:
                call()
            error = caught.value
            lines = traceback.format_exception_only(error)
            told += [error.message, error.hint, repr(error), *lines, *causes(error)]
    assert len(told) > 150
    for secret in secrets:
        assert [line for line in told if secret in line] == []
        assert secret not in caplog.text


def causes(error: BaseException) -> Iterator[str]:
    """What a traceback shows besides."""
    while error.__cause__ or (error.__context__ and not error.__suppress_context__):
        error = error.__cause__ or error.__context__  # type: ignore[assignment]  # one of both is there
        yield str(error)


def test_no_repr_tells_a_secret(staff: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = list(secrets_of(staff))
    recorded = agree(staff, SUBJECT)[0]
    receipt = receipt_of(staff, recorded)
    found = identify(staff, "staff", [template_of(SUBJECT, 3)])
    monkeypatch.setattr("visavis.services.upgrades.find_manifest", lambda *_: None)
    upgrades.begin(staff, "staff", OTHER_MODEL)
    master = staff.settings.master_key_file.read_text()
    shown = [
        recorded, receipt, verify_receipt(receipt.data), found, found.people(), recorded.logged,
        Given(SUBJECT, PURPOSE, Terms()), Enrolment(SUBJECT, portrait_of(SUBJECT)), portrait_of(SUBJECT),
        PhotoOf(SUBJECT, Path(SUBJECT)), list(contents.view(staff, "staff")), upgrades.state(staff, "staff"),
        list(list_consents(staff)), records_about(staff, SUBJECT), verify(staff, "staff", SUBJECT, [template_of(SUBJECT, 3)]),
        Concerned(recorded.grant.id, staff.keyring.key(recorded.grant.id), []), staff, staff.keyring, staff.keyring.state(),
        staff.signing_key(), staff.master_key, live_key(staff), access.NewKey(live_key(staff).key, live_key(staff).secret), replace(staff.settings, master_key=master, new_master_key=master),
        settings_at(Path(), f"postgresql://u:{PASSWORD}@h/x"),
    ]  # fmt: skip
    assert "Given" in repr(shown)
    for secret in [*secrets, *(salt.hex() for salt in recorded.logged.salts.values())]:
        assert [type(value) for value in shown if secret in repr(value)] == []
