"""Bits of HTML for the page of a redaction."""

from __future__ import annotations

from html import escape


def section(heading: str, body: str) -> str:
    """A part of the page; the body is HTML."""
    return f"<section>\n<h2>{escape(heading)}</h2>\n{body}\n</section>"


def named(text: str) -> str:
    """A file's name, in whichever direction it is written; what is no text in it is a question mark."""
    return f"<bdi>{escape(text.encode('utf-8', 'replace').decode())}</bdi>"
