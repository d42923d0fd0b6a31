"""What the gate hands out: proof, for the length of one call, that a person agreed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ConsentGrant:
    """One person's consent to one purpose, as it was when it was read; whoever acts on it reads it again.

    id: 16 bytes. expires_at: UTC, in seconds since 1970; from then on it counts no more.
    """

    id: bytes
    subject: str
    purpose: str
    expires_at: int

    def __repr__(self) -> str:
        return f"ConsentGrant(<of one person>, expires_at={self.expires_at})"
