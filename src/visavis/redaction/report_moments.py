"""Where a face may have been missed, as the page of a redaction shows it."""

from __future__ import annotations

from base64 import b64encode
from collections import defaultdict
from collections.abc import Sequence
from html import escape
from pathlib import Path

from visavis.redaction.markup import named, section
from visavis.redaction.moments import Moment, clock
from visavis.redaction.pictures import pictures_of

Shown = tuple[str, Path, Moment]
"""The name of a file, its output, and what is to be looked at there."""


def moments_section(shown: Sequence[Shown], more: int) -> str:
    """The moments with their pictures, as HTML. more: how many there are besides."""
    if not shown:
        return section(
            "Where to look", "<p>Nothing was found that is doubtful. Look at the files all the same.</p>"
        )
    pictures = _pictures(shown)
    items = "\n".join(
        _item(name, moment, picture) for (name, _, moment), picture in zip(shown, pictures, strict=True)
    )
    rest = (
        f"<p>There {'is' if more == 1 else 'are'} {more:,} more, less likely to be a face.</p>"
        if more
        else ""
    )
    return section(
        "Where to look",
        "<p>The likeliest first. Is somebody to be seen who should not be? Then redact that one file again, to a new place, with the "
        "options beside its pictures; put the numbers right where they do not fit.</p>\n"
        "<pre>visavis redact FILE NEW-FILE --also …</pre>\n"
        f'<ol class="moments">\n{items}\n</ol>\n{rest}',
    )


def _pictures(shown: Sequence[Shown]) -> list[bytes | None]:
    """A picture for each moment; those of one output are taken together."""
    places: dict[Path, list[int]] = defaultdict(list)
    for place, (_, output, _) in enumerate(shown):
        places[output].append(place)
    pictures: dict[int, bytes | None] = {}
    for output, own in places.items():
        pictures |= zip(own, pictures_of(output, [shown[place][2] for place in own]), strict=True)
    return [pictures[place] for place in range(len(shown))]


def _item(name: str, moment: Moment, picture: bytes | None) -> str:
    where = "the place outlined" if moment.corners else "the whole picture"
    image = (
        f'<img src="data:image/jpeg;base64,{b64encode(picture).decode("ascii")}" alt="The output, {where}">'
        if picture
        else '<p class="none">The output cannot be shown.</p>'
    )
    when = (
        f'<p class="when">{clock(moment.span.at_ms)}, frame {moment.span.frame:,}</p>\n'
        if moment.span
        else ""
    )
    return (
        f"<li>\n{image}\n<h3>{named(name)}</h3>\n{when}<p>{escape(moment.reason)}</p>\n"
        f"<pre>{escape(moment.option)}</pre>\n</li>"
    )
