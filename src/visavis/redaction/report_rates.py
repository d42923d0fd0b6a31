"""Rates of missed faces, as the page of a redaction shows them."""

from __future__ import annotations

from typing import Any

from visavis.redaction.markup import named, section
from visavis.redaction.missed import COVERED

_MOST_FILES = 50

Json = dict[str, Any]


def rates_section(missed: Json | None) -> str:
    """What `missed.missed_faces` gave, as HTML: all, then the files with the most missed faces; empty where there is nothing."""
    if missed is None:
        return ""
    files = sorted(missed["files"].items(), key=lambda entry: (-entry[1]["faces"]["missed"], entry[0]))
    rows = [
        _row("All", missed["overall"], "all"),
        *(_row(name, rates) for name, rates in files[:_MOST_FILES]),
    ]
    notes = []
    if len(files) > _MOST_FILES:
        notes.append(f"And {len(files) - _MOST_FILES:,} more files, with no more missed faces than these.")
    if missed["not_measured"]:
        notes.append(
            f"{missed['not_measured']:,} of the marked faces were not measured: their file was not redacted now, or has no such frame or place."
        )
    table = _TABLE.format(share=COVERED, rows="\n".join(rows))
    return section(
        "Missed faces, of those marked by eye", "\n".join([table, *(f"<p>{n}</p>" for n in notes)])
    )


_TABLE = """<p>A face is missed if less than {share} of its box is covered. The ranges are of 95 % confidence, as if no face had to do with
another; of frames in a row that is not so, and the truth may lie further away.</p>
<div class="scroll" role="region" tabindex="0" aria-label="Missed faces, file by file">
<table>
<thead><tr><th>File</th><th>Missed</th><th>Of 16 px and more</th><th>Background covered</th></tr></thead>
<tbody>
{rows}
</tbody>
</table>
</div>"""


def _row(name: str, rates: Json, kind: str = "") -> str:
    background = rates["background_covered"]
    cells = (
        _cell(rates["faces"]),
        _cell(rates["faces_of_16_px"]),
        "" if background is None else _percent(background),
    )
    opening = f'<tr class="{kind}">' if kind else "<tr>"
    return f"{opening}<th>{named(name)}</th>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _cell(rate: Json) -> str:
    if not rate["of"]:
        return "none marked"
    high = _percent(rate["high"])
    sure = (
        f"{_percent(rate['rate'])}; {_percent(rate['low'])} to {high}"
        if rate["missed"]
        else f"at most {high}"
    )
    return f'{rate["missed"]:,} of {rate["of"]:,} <span class="sure">{sure}</span>'


def _percent(share: float) -> str:
    return f"{100 * share:.1f}\u00a0%"
