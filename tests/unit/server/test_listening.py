"""Where the server listens: on this machine unless there is TLS, or it was said that a proxy does it."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from certificates import self_signed

from visavis.errors import AddressError, CertificateError, NoTLSError, PortInUseError
from visavis.server.listening import is_self_signed, listen, read_certificate


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "localhost"])
def test_this_machine_needs_no_tls(host: str) -> None:
    listener = listen(host, 0, None)
    with listener.socket:
        port = listener.socket.getsockname()[1]
        assert listener.endpoint == f"http://{host}:{port}"
        with socket.create_connection((host, port), timeout=10):
            accepted, _ = listener.socket.accept()
        with accepted:
            assert accepted.proto == socket.IPPROTO_TCP, "or asyncio leaves Nagle's delay on"


def test_this_machine_by_its_other_address() -> None:
    try:
        listener = listen("::1", 0, None)
    except AddressError:
        pytest.skip("there is no IPv6 here")
    with listener.socket:
        assert listener.endpoint == f"http://[::1]:{listener.socket.getsockname()[1]}"


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])  # noqa: S104  that is the point
def test_others_need_tls_or_a_word(host: str, tmp_path: Path) -> None:
    with pytest.raises(NoTLSError):
        listen(host, 0, None)
    for listener in (
        listen("0.0.0.0", 0, None, without_tls=True),  # noqa: S104  that is the point
        listen("0.0.0.0", 0, read_certificate(*self_signed(tmp_path))),  # noqa: S104  that is the point
    ):
        with listener.socket:
            scheme = "https" if listener.tls else "http"
            assert listener.endpoint == f"{scheme}://localhost:{listener.socket.getsockname()[1]}"


def test_a_port_in_use() -> None:
    first = listen("127.0.0.1", 0, None)
    with first.socket, pytest.raises(PortInUseError) as caught:
        listen("127.0.0.1", first.socket.getsockname()[1], None)
    assert caught.value.hint == "--port takes another one"


@pytest.mark.parametrize("host", ["192.0.2.1", "no.such.host.invalid", "a" * 300, "256.1.1.1", ""])
def test_addresses_that_are_not_here(host: str) -> None:
    with pytest.raises(AddressError):
        listen(host, 0, None, without_tls=True)


def test_certificates_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    certificate, key = self_signed(tmp_path)
    _, other_key = self_signed(tmp_path / "other")
    empty = tmp_path / "empty"
    empty.touch()
    for pair in (
        (certificate, other_key),
        (key, certificate),
        (empty, key),
        (certificate, empty),
        (tmp_path, key),
        (certificate, tmp_path / "missing"),
    ):
        with pytest.raises(CertificateError):
            read_certificate(*pair)
    with pytest.raises(CertificateError):
        read_certificate(*self_signed(tmp_path, b"password"))  # and nobody is asked for it


def test_a_certificate_that_clients_must_be_told(tmp_path: Path) -> None:
    assert is_self_signed(self_signed(tmp_path)[0])
