"""The page that a person gets: what they agreed to, how to end it, and how to prove it. `page.html` beside this module is its frame."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from html import escape
from importlib import resources
from string import Template

from visavis.consent.record import ConsentRecord
from visavis.consent.states import Event, State
from visavis.consent.terms import Consenter
from visavis.consent.times import SECONDS_PER_DAY

_MONTHS = "January February March April May June July August September October November December".split()  # noqa: SIM905

_STATES = {
    State.REQUESTED: (
        "Not answered yet",
        "You are asked for your consent to face recognition",
        "Unless you say yes, no template of your face is kept for this purpose. You may say no.",
    ),
    State.GIVEN: (
        "Consent given",
        "Your consent to face recognition",
        "This page is yours to keep. It says what was agreed, how to end it, and how to prove it.",
    ),
    State.REFUSED: (
        "Consent refused",
        "Your refusal of face recognition",
        "You said no. No template of your face is kept for this purpose.",
    ),
    State.EXPIRED: (
        "Consent expired",
        "Your consent to face recognition has ended",
        "Its time is over, so your face is no longer recognised for this purpose. This page is yours to keep.",
    ),
    State.WITHDRAWN: (
        "Consent withdrawn",
        "You withdrew your consent to face recognition",
        "Your templates were erased before this was confirmed. This page is yours to keep.",
    ),
}

_EVENTS = {
    Event.REQUEST: "Asked",
    Event.GIVE: "Given",
    Event.RENEW: "Renewed",
    Event.REFUSE: "Refused",
    Event.EXPIRE: "Expired",
    Event.WITHDRAW: "Withdrawn",
}

_CONSENTERS = {
    Consenter.PERSON: "you",
    Consenter.GUARDIAN: "your guardian, for you",
    Consenter.REPRESENTATIVE: "your representative, for you",
}

_NEVER = (
    "Use for another purpose: that needs another consent of yours.",
    "Live cameras, or following you through a video or from camera to camera.",
    "Guesses at your ethnicity, nationality, religion, migration status, gender, age or emotions.",
    "Collecting faces from the web, or keeping templates of people who did not agree.",
)


def printable_page(record: ConsentRecord, *, receipt: Mapping[str, str], erased_at: int | None = None) -> str:
    """One HTML page for the person, complete in itself: no script, nothing to fetch, fit for A4 and for a phone.

    receipt: label to text, in the order in which they are shown: the log's name, its public key, the index of
    the leaf, the checkpoint; empty where there is no receipt. erased_at: when the templates were, epoch seconds, UTC.
    """
    state, title, lead = _STATES[record.state]
    sections = [
        _use() if record.state in {State.REQUESTED, State.GIVEN} else "",
        _withdrawal(record) if record.state is State.GIVEN else "",
        _kept(record),
        _never(record),
        _proof(record, receipt),
    ]
    frame = resources.files("visavis.consent").joinpath("page.html").read_text("utf-8")
    return Template(frame).substitute(
        state=escape(state),
        title=escape(title),
        lead=escape(lead),
        facts=_rows(_facts(record, erased_at)),
        sections="\n".join(filter(None, sections)),
    )


def _facts(record: ConsentRecord, erased_at: int | None) -> Iterable[tuple[str, str]]:
    """What stands in the table: a label and HTML."""
    yield "Purpose", f"<strong>{_named(record.purpose)}</strong>"
    yield "You are called", f"<code>{escape(record.subject)}</code>"
    yield "Responsible", f"{_named(record.controller.name)}<br>{_named(record.controller.contact)}"
    for past in record.events:
        by = f", by {_CONSENTERS[record.terms.consented_by]}" if past is record.yes else ""
        yield _EVENTS[past.event], escape(_moment(past.at) + by)
    if erased_at is not None:
        yield "Templates erased", escape(_moment(erased_at))
    if record.state is State.GIVEN and record.expires_at is not None:
        yield "Holds until", f"{escape(_end(record.expires_at))}, unless you withdraw it earlier"
    notice = {"version": record.terms.notice_version, "language": record.terms.language}
    if any(notice.values()):
        known = (f"{name} {_named(value)}" for name, value in notice.items() if value is not None)
        yield "Information read", ", ".join(known)
    if record.terms.evidence_sha256 is not None:
        yield "Evidence (SHA-256)", f"<code>{escape(record.terms.evidence_sha256)}</code>"
    yield "Record", f"<code>{escape(record.id)}</code>"


def _use() -> str:
    return _section(
        "What this consent allows",
        "<p>From photos of you, templates are computed: rows of numbers by which your face can be told from others. "
        "The templates are kept, encrypted; the photos are not. For the purpose above, and no other, they are "
        "compared with a face that is said to be yours, or your face is looked for among those of others who agreed.</p>",
    )


def _withdrawal(record: ConsentRecord) -> str:
    days = record.retention_days
    return _section(
        "How to withdraw",
        f"<p>Tell {_named(record.controller.name)}: <strong>{_named(record.controller.contact)}</strong>. "
        "You need not say why. Withdrawing is immediate: your templates are erased before the confirmation is given.</p>\n"
        f"<p>Without you, the consent ends by itself, at the latest {days} {'day' if days == 1 else 'days'} after you last "
        "gave or renewed it or took part yourself. Searches by others do not prolong it.</p>",
        kind="do",
    )


def _kept(record: ConsentRecord) -> str:
    ended = record.state not in {State.REQUESTED, State.GIVEN}
    if record.proof_until is None:
        days = f"{record.proof_days:,} {'day' if record.proof_days == 1 else 'days'}"
        until = f" for {days} after it has ended"
    else:
        until = f" until {escape(_end(record.proof_until))}"
    return _section(
        "What is still kept" if ended else "What is kept afterwards",
        f"<p>This record, without any template, is kept{until} to prove what you answered. "
        "Entries in the log of uses remain; they do not name you.</p>",
    )


def _never(record: ConsentRecord) -> str:
    items = "\n".join(f"<li>{escape(item)}</li>" for item in _NEVER)
    return _section(
        "What is never done",
        "<p>visavis, the software behind this page, refuses what follows or cannot do it. "
        f"For what {_named(record.controller.name)} does without visavis, this page cannot speak.</p>\n"
        f"<ul>\n{items}\n</ul>",
    )


def _proof(record: ConsentRecord, receipt: Mapping[str, str]) -> str:
    if not receipt:
        return ""
    return _section(
        "The proof",
        "<p>A log that cannot be changed unnoticed says that this was recorded. Keep the file <code>receipt.json</code> "
        "that belongs to this page. With visavis, anybody can check it, offline and without asking "
        f"{_named(record.controller.name)}:</p>\n"
        "<pre>visavis consent verify receipt.json</pre>\n"
        "<p>It must name the log and the key that are printed here.</p>\n"
        f"<dl>\n{_rows((label, _verbatim(text)) for label, text in receipt.items())}\n</dl>",
    )


def _section(heading: str, body: str, kind: str = "") -> str:
    opening = f'<section class="{kind}">' if kind else "<section>"
    return f"{opening}\n<h2>{escape(heading)}</h2>\n{body}\n</section>"


def _rows(facts: Iterable[tuple[str, str]]) -> str:
    return "\n".join(f"<div><dt>{escape(label)}</dt><dd>{body}</dd></div>" for label, body in facts)


def _named(text: str) -> str:
    """Somebody's own words, in whichever direction they are written."""
    return f"<bdi>{escape(text)}</bdi>"


def _verbatim(text: str) -> str:
    return f"<pre>{escape(text)}</pre>" if "\n" in text else f"<code>{escape(text)}</code>"


def _moment(at: int) -> str:
    """A time as people write it: 5 October 2026, 12:00 UTC."""
    return f"{_day(at)}, {datetime.fromtimestamp(at, UTC):%H:%M} UTC"


def _end(at: int) -> str:
    """The end of a time: that of a day, where the day's end is meant."""
    return _moment(at) if at % SECONDS_PER_DAY else f"the end of {_day(max(0, at - 1))} (UTC)"


def _day(at: int) -> str:
    day = datetime.fromtimestamp(at, UTC)
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
