"""What all errors of visavis are."""

from __future__ import annotations

import inspect


class VisavisError(Exception):
    """Visavis could not do what was asked."""

    hint: str = ""

    def __init__(self, message: str | None = None, *, hint: str | None = None) -> None:
        super().__init__(message or inspect.getdoc(type(self)) or "")
        if hint is not None:
            self.hint = hint

    @property
    def message(self) -> str:
        """What went wrong, in one line."""
        return str(self)
