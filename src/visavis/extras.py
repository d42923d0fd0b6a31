"""Optional packages: a command that needs them says which are missing before it works."""

from __future__ import annotations

from importlib.util import find_spec

from visavis.errors import MissingExtraError


def require_extra(extra: str, *modules: str) -> None:
    """Raise MissingExtraError unless all these top-level modules can be imported."""
    missing = [name for name in modules if find_spec(name) is None]
    if missing:
        raise MissingExtraError(
            f"this needs packages that are not installed: {', '.join(missing)}",
            hint=f"`pip install 'visavis[{extra}]'` brings them",
        )
