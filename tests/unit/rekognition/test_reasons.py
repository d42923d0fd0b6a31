from __future__ import annotations

from html.parser import HTMLParser

from visavis.rekognition.model import OPERATIONS
from visavis.rekognition.reasons import REASONS, page


def test_each_operation_has_a_reason_that_says_something() -> None:
    assert {place.reason for place in OPERATIONS.values()} | {"attributes"} == set(REASONS)
    assert all(len(text) > 30 for text in REASONS.values())


def test_the_page_has_a_place_for_each_reason_and_names_every_operation() -> None:
    ids: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            if tag == "section":
                ids.append(str(dict(attrs)["id"]))

    html = page()
    Reader().feed(html)
    assert ids == list(REASONS)
    assert all(f"<code>{name}</code>" in html for name in OPERATIONS)
