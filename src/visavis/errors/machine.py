"""What keeps visavis from running on this machine: packages, settings, the clock, where the server listens."""

from __future__ import annotations

from visavis.errors.base import VisavisError


class MissingExtraError(VisavisError):
    """This command needs packages that are not installed."""


class SettingsError(VisavisError):
    """The settings are not valid."""

    hint = "docs/galleries.md lists the settings; `visavis doctor` shows where each comes from"


class ClockError(VisavisError):
    """The clock of this machine runs behind the audit log."""

    hint = "set the clock; if the log ran ahead of a wrong clock, `visavis doctor --accept-clock`"


class ServerError(VisavisError):
    """The server cannot run so."""


class AddressError(ServerError):
    """The server cannot listen at this address."""

    hint = "--host takes an address or a name of this machine"


class PortInUseError(AddressError):
    """Another program listens on this port."""

    hint = "--port takes another one"


class NoTLSError(ServerError):
    """Without TLS the server listens on this machine alone: others could read and repeat what passes by."""

    hint = "give --certificate and --private-key; or --without-tls, where a proxy in front does TLS"


class CertificateError(ServerError):
    """The certificate and its private key cannot be used."""

    hint = "both are files in PEM, the key is not encrypted, and they belong together"
