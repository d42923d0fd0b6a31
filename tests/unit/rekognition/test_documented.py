from __future__ import annotations

import re

from conftest import ROOT

from visavis.rekognition.model import OPERATIONS, Standing

STANDINGS = {
    Standing.SERVED: "answered",
    Standing.OUTSIDE: "outside the scope",
    Standing.REFUSED: "refused by design",
}


def test_the_migration_page_says_where_each_operation_stands() -> None:
    page = (ROOT / "docs" / "rekognition.md").read_text("utf-8")
    rows = dict(
        re.findall(
            r"^\| ([A-Z][A-Za-z]+) \| (answered|outside the scope|refused by design) \| [^|]+ \|$",
            page,
            flags=re.MULTILINE,
        )
    )
    assert rows == {name: STANDINGS[place.standing] for name, place in OPERATIONS.items()}
