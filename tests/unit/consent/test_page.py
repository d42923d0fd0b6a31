from __future__ import annotations

import html
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from consent_samples import BARE, DAY, EXPIRED, GIVEN, NOON, RECEIPT, RECORDS, REFUSED, RENEWED, WITHDRAWN
from hypothesis import given, settings
from hypothesis import strategies as st

from visavis.consent.page import printable_page
from visavis.consent.record import ConsentRecord, Controller
from visavis.consent.terms import Terms

HOSTILE = """<script>alert(1)</script>"'&amp;${title}$lead"""
VOID = {"meta", "br"}


class Reader(HTMLParser):
    """Reads a page: its text without its style, and whether each tag is closed where it should be."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.words: list[str] = []
        self.feed(page)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.words.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", "".join(self.words))


def text(record: ConsentRecord, **options: int) -> str:
    return Reader(printable_page(record, receipt=RECEIPT, **options)).text


@pytest.mark.parametrize("record", RECORDS.values(), ids=list(RECORDS))
def test_a_page_is_complete_and_well_formed(record: ConsentRecord) -> None:
    page = printable_page(record, receipt=RECEIPT)
    reader = Reader(page)
    assert page.startswith('<!doctype html>\n<html lang="en">')
    assert set(reader.tags).isdisjoint({"script", "img", "link", "iframe", "a", "form", "object"})
    assert reader.attributes <= {"lang", "charset", "name", "content", "http-equiv", "class"}
    assert not re.search(r"url\(|@import|https?:", page)
    assert "$" not in page
    for said in (
        record.purpose,
        record.subject,
        record.controller.name,
        record.controller.contact,
        record.id,
    ):
        assert said in reader.text
    assert "gender, age or emotions" in reader.text


def test_a_given_consent() -> None:
    said = text(GIVEN)
    assert "Given5 October 2026, 12:00 UTC, by you" in said
    assert "Holds until23 April 2027, 12:00 UTC, unless you withdraw it earlier" in said
    assert "Tell Werkstatt Zürich: privacy@workshop.example." in said
    assert "Withdrawing is immediate: your templates are erased before the confirmation is given." in said
    assert "at the latest 365 days after" in said
    assert "is kept for 1,000 days after it has ended to prove" in said
    assert "Information readversion 2026-09, language de-CH" in said


def test_what_is_not_known_is_not_said() -> None:
    said = text(BARE)
    assert not re.search("None|SHA-256|Information read", said)
    assert "Information readlanguage fr" in text(replace(BARE, terms=Terms(language="fr")))


def test_only_the_last_yes_says_whose_it_is() -> None:
    said = text(RENEWED)
    assert "by your guardian, for you" in said
    assert said.count(", by ") == 1


def test_a_withdrawal() -> None:
    said = text(WITHDRAWN, erased_at=NOON + 30 * DAY - 60)
    assert "Withdrawn4 November 2026, 12:00 UTC" in said
    assert "Templates erased4 November 2026, 11:59 UTC" in said
    assert "What is still kept" in said
    assert "is kept until 31 July 2029, 12:00 UTC to prove" in said
    assert not re.search("How to withdraw|Holds until|What this consent allows", said)


def test_a_refusal_and_an_expiry() -> None:
    assert "You said no." in text(REFUSED)
    assert "Its time is over" in text(EXPIRED)


def test_the_end_of_a_day_is_called_so() -> None:
    midnight = NOON + DAY // 2
    said = text(replace(GIVEN, expires_at=midnight, proof_until=midnight + DAY))
    assert "Holds untilthe end of 5 October 2026 (UTC)" in said
    assert "is kept until the end of 6 October 2026 (UTC) to prove" in said


def test_the_proof() -> None:
    page = printable_page(GIVEN, receipt=RECEIPT)
    assert f"<pre>{html.escape(RECEIPT['Checkpoint'])}</pre>" in page
    assert f"<code>{html.escape(RECEIPT['Public key'])}</code>" in page
    assert "visavis consent verify receipt.json" in page
    assert "The proof" not in printable_page(GIVEN, receipt={})


def test_nothing_is_taken_for_markup() -> None:
    record = replace(
        GIVEN,
        purpose=HOSTILE,
        controller=Controller(HOSTILE, HOSTILE),
        terms=replace(GIVEN.terms, notice_version=HOSTILE),
    )
    page = printable_page(record, receipt={HOSTILE: HOSTILE, "x": f"{HOSTILE}\n{HOSTILE}"})
    reader = Reader(page)
    assert "script" not in reader.tags
    assert "<script" not in page
    assert reader.text.count(HOSTILE) == page.count(html.escape(HOSTILE))
    assert reader.text.count(HOSTILE) >= 9


@settings(max_examples=30)
@given(st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=60))
def test_a_purpose_reads_as_it_was_agreed(purpose: str) -> None:
    assert purpose in text(replace(GIVEN, purpose=purpose))
