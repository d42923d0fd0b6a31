"""Where the server listens, and with which certificate."""

from __future__ import annotations

import errno
import ipaddress
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path

from visavis.errors import AddressError, CertificateError, NoTLSError, PortInUseError

_BACKLOG = 1024


@dataclass(frozen=True, slots=True)
class Listener:
    """A socket that listens, and TLS's settings, or None without TLS. endpoint: the URL for clients on this machine."""

    socket: socket.socket
    tls: ssl.SSLContext | None
    endpoint: str


def read_certificate(certificate: Path, private_key: Path) -> ssl.SSLContext:
    """TLS, 1.2 or later, with this certificate and what follows it in its file. Raises CertificateError."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(certificate, private_key, password=_no_password)
    except (OSError, ValueError):  # an SSLError is an OSError
        raise CertificateError from None
    return context


def is_self_signed(certificate: Path) -> bool:
    """Whether clients know a certificate only if they are told. certificate: a file that was read before."""
    from cryptography.x509 import load_pem_x509_certificate

    read = load_pem_x509_certificate(certificate.read_bytes())
    return read.issuer == read.subject


def listen(host: str, port: int, tls: ssl.SSLContext | None, *, without_tls: bool = False) -> Listener:
    """Listen at a host's first address, an IPv4 one where it has one. port: 0 for any that is free.

    Raises NoTLSError for an address that others can reach, without TLS, unless `without_tls` says that it is meant;
    PortInUseError and AddressError.
    """
    family, address = _address(host, port)
    if tls is None and not without_tls and not ipaddress.ip_address(address[0].partition("%")[0]).is_loopback:
        raise NoTLSError
    # asyncio sends at once, without Nagle's delay of 40 ms, only where a socket says that it is TCP.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(_BACKLOG)
    except OSError as error:
        listening.close()
        raise (PortInUseError if error.errno == errno.EADDRINUSE else AddressError) from None
    return Listener(listening, tls, _endpoint(host, listening.getsockname(), tls))


def _address(host: str, port: int) -> tuple[int, tuple[str, int]]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        raise AddressError from None
    family, _, _, _, address = min(found, key=lambda info: info[0] != socket.AF_INET)
    return family, address  # type: ignore[return-value]  # of IPv4 or IPv6, as asked


def _endpoint(host: str, address: tuple[str, int], tls: ssl.SSLContext | None) -> str:
    name = "localhost" if ipaddress.ip_address(address[0].partition("%")[0]).is_unspecified else host
    return f"{'https' if tls else 'http'}://{f'[{name}]' if ':' in name else name}:{address[1]}"


def _no_password() -> str:
    raise ValueError  # an encrypted key would have OpenSSL ask at the terminal
