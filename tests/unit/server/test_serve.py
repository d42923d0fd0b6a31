"""A server over a registry: what it answers with, how it stops, TLS."""

from __future__ import annotations

import asyncio
import ssl
import threading
from itertools import chain, repeat
from pathlib import Path

import boto3
import numpy as np
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from certificates import self_signed
from http_calls import KEY, SECRET, Held, app_of, call, signed_headers
from registries import MODEL, OTHER_MODEL, FakeAnalyzer, registry_at
from served import PATIENCE_S, raw, read_answer, served

from visavis.errors import WeightsMissingError
from visavis.faces import Face
from visavis.server import serve as serving
from visavis.server.limits import Limits
from visavis.server.listening import read_certificate
from visavis.services import galleries
from visavis.services.registry import Registry

LIMITS = Limits()
CALL = raw(headers=signed_headers() | {"content-length": "2"}, body=b"{}")


def client(endpoint: str, **given: object) -> boto3.client:
    config = Config(retries={"total_max_attempts": 1}, read_timeout=PATIENCE_S)
    return boto3.client(
        "rekognition",
        endpoint_url=endpoint,
        region_name="local",
        aws_access_key_id=KEY.id,
        aws_secret_access_key=SECRET,
        config=config,
        **given,
    )


def test_a_call_in_flight_is_finished_and_then_nobody_is_answered() -> None:
    held = Held()
    with app_of(LIMITS, answer=held) as app, served(app, LIMITS) as server:
        with server.connect() as connection, server.connect() as idle:
            connection.sendall(CALL)
            assert held.begun.acquire(timeout=PATIENCE_S)
            server.server.should_exit = True
            assert idle.recv(1) == b"", "who asks nothing is let go at once"
            with pytest.raises(ConnectionError):
                server.connect()
            held.let_go()
            status, headers, _ = read_answer(connection)
            assert (status, headers["connection"]) == (200, "close")
        server.stop()
    assert held.ran == 1


def test_boto3_over_tls(tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path)
    with app_of(LIMITS) as app, served(app, LIMITS, read_certificate(certificate, key)) as server:
        assert server.endpoint.startswith("https://127.0.0.1:")
        with server.connect() as plain:
            plain.sendall(CALL)
            assert read_answer(plain)[0] == 0
        with pytest.raises(ssl.SSLCertVerificationError):
            ssl.create_default_context().wrap_socket(server.connect(), server_hostname="127.0.0.1")
        trusting = client(server.endpoint, verify=str(certificate))
        assert trusting.list_collections()["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_boto3_sees_what_the_front_refuses() -> None:
    with app_of(LIMITS) as app, served(app, LIMITS) as server:
        for size, code in ((10, None), (13 * 2**20, "RequestEntityTooLargeException")):
            detect = client(server.endpoint).detect_faces
            with pytest.MonkeyPatch.context() as patched:
                patched.setattr("botocore.validate.ParamValidator.validate", lambda *_: _Valid())
                if code is None:
                    detect(Image={"Bytes": bytes(size)})
                    continue
                with pytest.raises(ClientError) as caught:
                    detect(Image={"Bytes": bytes(size)})
            assert caught.value.response["Error"]["Code"] == code
            assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 413


class _Valid:
    def has_errors(self) -> bool:
        return False


def test_the_app_over_a_registry(tmp_path: Path) -> None:
    with registry_at(tmp_path) as registry:
        app = serving.create_app(registry, LIMITS)
        try:
            got = asyncio.run(call(app))
            assert got.code in {"UnrecognizedClientException", "InvalidSignatureException"}
            ready = asyncio.run(call(app, method="GET", path="/readyz", headers={}))
            assert ready.status == 200
            registry.keyring.database.close()
        finally:
            app.close()


class Loaded(FakeAnalyzer):
    """An analyzer that says what was loaded of it."""

    loaded: list[str] = []  # noqa: RUF012  emptied by each test

    def detect(self, photo: object) -> list[Face]:
        assert isinstance(photo, np.ndarray)
        self.loaded.append(f"detector of {self.model}")
        return []

    @property
    def identity(self) -> str:
        if self.model == OTHER_MODEL:
            raise WeightsMissingError
        self.loaded.append(self.model)
        return self.model


def test_models_are_loaded_before_calls_come(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of every gallery; one that cannot be loaded keeps the others from nothing."""
    monkeypatch.setattr(galleries, "find_manifest", lambda *_: None)
    Loaded.loaded.clear()
    with registry_at(tmp_path) as registry:
        galleries.create(registry, "a", "entry", OTHER_MODEL)
        galleries.create(registry, "b", "entry", "third-model")
        registry._make_analyzer = Loaded  # type: ignore[assignment]  # it is one, to this
        serving.warm_up(registry)
    assert Loaded.loaded == [f"detector of {MODEL}", MODEL, "third-model"]


def test_without_the_default_models_it_does_not_start(tmp_path: Path) -> None:
    class Missing(FakeAnalyzer):
        def detect(self, photo: object) -> list[Face]:  # noqa: ARG002  as the real one
            raise WeightsMissingError

    with registry_at(tmp_path) as registry:
        registry._make_analyzer = Missing  # type: ignore[assignment]  # it is one, to this
        with pytest.raises(WeightsMissingError):
            serving.warm_up(registry)


def test_consents_are_swept_while_it_runs_and_failures_end_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    swept = threading.Semaphore(0)
    failures = chain([ValueError()], repeat(None))

    def sweep(registry: Registry) -> None:
        del registry
        swept.release()
        if error := next(failures):
            raise error

    monkeypatch.setattr(serving, "sweep", sweep)
    monkeypatch.setattr(serving, "SWEEP_EVERY_S", 0)
    with serving._sweeping(None) as _:  # type: ignore[arg-type]  # nothing is done with it
        assert swept.acquire(timeout=PATIENCE_S)
        assert swept.acquire(timeout=PATIENCE_S)
