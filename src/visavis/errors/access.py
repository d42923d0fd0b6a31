"""Access keys, and what they are not for."""

from __future__ import annotations

from visavis.errors.base import VisavisError


class NotAllowedError(VisavisError):
    """The access key is not for this."""

    hint = "it takes a key whose operations and galleries allow it; docs/rest.md says what each call needs"


class AccessKeyError(VisavisError):
    """This does not describe an access key."""

    hint = "docs/server.md lists what limits a key"


class UnknownAccessKeyError(VisavisError):
    """There is no access key of that id."""

    hint = "`visavis key list` shows the keys"


class CredentialsFileError(VisavisError):
    """The key's file cannot be written."""

    hint = "name a file that is not there yet, in a folder that you may write to"
