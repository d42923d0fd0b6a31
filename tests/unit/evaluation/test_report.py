"""The report: complete in itself, alarms first, and no number that the sample does not resolve."""

from __future__ import annotations

import copy
import re
import subprocess
import sys
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest
from evaluation_samples import make_run

from visavis.evaluation.measure import measure
from visavis.evaluation.report import render_report
from visavis.evaluation.wording import accuracy, below, interval, one_in, signed

NBSP = "\u00a0"
HOSTILE = "\"><script>alert('x')</script>&amp;<img src=https://example.org/x.png>.jpg"


def rate(
    value: float | None, low: float | None = None, high: float | None = None, **other: Any
) -> dict[str, Any]:
    return {
        "value": value,
        "errors": 7,
        "trials": 900,
        "resolution": 0.00123,
        "low": low,
        "high": high,
    } | other


NOTHING = rate(None, errors=0, trials=0, resolution=None)


def point(
    asked: float, fmr: Any = None, fnmr: Any = None, nominal_fmr: float | None = None
) -> dict[str, Any]:
    return {
        "asked": asked,
        "nominal_fmr": nominal_fmr,
        "threshold": None if fmr is None else 0.4321,
        "similarity": None if fmr is None else 61.25,
        "fmr": fmr,
        "fnmr": fnmr,
        "far": fmr,
        "frr": fnmr,
    }


def group(name: str, fmr: float | None, fnmr: float | None) -> dict[str, Any]:
    return {
        "name": name,
        "images": 120,
        "people": 60,
        "mated": 90,
        "non_mated": 7000,
        "fmr": rate(fmr, 0.0, 0.09),
        "fnmr": rate(fnmr, 0.0, 0.09),
        "fta": rate(None),
        "fte": rate(None),
        "shift": 0.321,
        "mated_shift": -0.123,
        "det": {"thresholds": [0.1, 0.2, 0.3], "fmr": [0.3, 0.1, 0.02], "fnmr": [0.01, 0.02, 0.05]},
    }


def spread(worst: str | None, unresolved: list[str]) -> dict[str, Any]:
    return {
        "worst": worst,
        "worst_over_geometric_mean": 1.75,
        "worst_over_best": 2.25,
        "unresolved": unresolved,
        "p_value": 1 / 2001,
    }


def finding(level: str, text: str) -> dict[str, str]:
    return {"level": level, "topic": "sample", "text": text}


def full() -> dict[str, Any]:
    names = ["south", "north", "east"]
    cross = [[rate(None if i == j == 2 else 0.01) for i in range(3)] for j in range(3)]
    return {
        "visavis": "0.1.0",
        "made_at": "2026-11-24 06:40 UTC",
        "system": {
            "name": "made-up",
            "sha256": "5" * 64,
            "precision": "bf16",
            "detector": "finder",
            "calibration": {"name": "made-up", "provenance": "drawn by hand", "resolved_fmr": 0.005},
        },
        "protocol": {
            "name": "few",
            "sha256": "6" * 64,
            "kind": "images",
            "images": 1234,
            "people": 567,
            "mated": 890,
            "non_mated": 98765,
            "mated_people": 300,
            "non_mated_pairs_of_people": 5000,
            "groups": sorted(names),
            "notes": [],
        },
        "failures": {
            "fta": rate(0.0111, 0.008, 0.02, errors=11),
            "fte": rate(None),
            "comparisons": rate(0.02, errors=20),
            "reasons": {"no face <was> found": 11},
        },
        "overall": {
            "eer": 0.0234,
            "fmr_resolution": 0.00123,
            "fnmr_resolution": 0.0045,
            "at_fmr": [
                point(0.1, rate(0.1), rate(None)),
                point(0.01, rate(0.00999, 0.009, 0.011), rate(0.0777, 0.05, 0.1)),
                *(point(fmr) for fmr in (1e-3, 1e-4)),
            ],
            "at_similarity": [
                point(50, rate(0.0098, 0.0091, 0.0102), rate(0.0765, 0.04, 0.09), 0.01),
                point(80, rate(None, 0.0, 0.00567, errors=1), rate(0.1357, 0.12, 0.15), 0.001),
            ],
            "det": {"thresholds": [0.1, 0.2, 0.3], "fmr": [0.3, 0.1, 0.02], "fnmr": [0.01, 0.02, 0.05]},
            "distributions": {
                "edges": [0.0, 0.3, 0.6, 0.9],
                "mated": [0, 0.2, 0.8],
                "non_mated": [0.9, 0.1, 0],
            },
        },
        "groups": {
            "threshold": 0.321,
            "overall_fmr": 0.01,
            "names": sorted(names),
            "rates": [
                group("south", 0.0321, None),
                group("north", 0.0123, 0.0456),
                group("east", None, 0.02),
            ],
            "fmr": spread("south", ["east"]),
            "fnmr": spread("north", ["south"]),
            "fta": spread(None, names),
            "cross": cross,
            "shuffled": True,
        },
        "labels": None,
        "identification": {
            "references": 567,
            "strangers": 1234,
            "mated": 300,
            "fpir_resolution": 0.0053,
            "fnir_resolution": 0.01,
            "at_fpir": [search(10, 0.0987, 0.0654)],
            "at_similarity": [search(10, None, 0.0432), search(100, 0.0246, None)],
        },
        "folds": {"accuracy": [0.99, 0.98], "mean": 0.985, "standard_error": 0.005, "shared_people": 2},
        "findings": [
            finding("alarm", "An alarm 1.5 times as loud. It goes on."),
            finding("note", "A note."),
            finding("fine", "All fine."),
        ],
        "hardest": {
            "mated": [
                {
                    "probe": "a/1.jpg",
                    "reference": HOSTILE,
                    "group": "south",
                    "score": 0.11,
                    "similarity": 12.3,
                }
            ],
            "non_mated": [
                {
                    "probe": "b/1.jpg",
                    "reference": "c/1.jpg",
                    "group": "north / south",
                    "score": 0.91,
                    "similarity": None,
                }
            ],
        },
        "against": {
            "system": {"name": "rival"},
            "mated": 890,
            "non_mated": 98765,
            "rows": [
                difference("FNMR at FMR 0.1", 0.0001, 0.0313, -0.03, -0.04, -0.02),
                difference("FNMR at FMR 0.01", 0.0888, 0.0877, 0.0011, -0.01, 0.02),
            ],
            "notes": ["One thing to know."],
        },
    }


def search(gallery: int, fpir: float | None, fnir: float | None) -> dict[str, Any]:
    return {
        "asked": 0.1,
        "gallery": gallery,
        "threshold": 0.5,
        "similarity": 80.0,
        "fpir": fpir,
        "fpir_interval": None if fpir is None else [0.01, 0.2],
        "fnir": fnir,
        "fnir_interval": [0.0001, 0.0002],
    }


def test_where_labels_cannot_be_shuffled_no_shuffle_is_claimed() -> None:
    rates = full()
    rates["groups"]["shuffled"] = False
    page = render_report(rates)
    assert "of cases" in page
    assert "Chance alone makes as large a difference" in page
    assert "of 2,000 trials" not in page


def difference(what: str, ours: float, theirs: float, by: float, *bounds: float) -> dict[str, Any]:
    return {
        "what": what,
        "ours": ours,
        "theirs": theirs,
        "difference": by,
        "low": bounds[0],
        "high": bounds[1],
        "p_value": 0.034,
    }


def sparse() -> dict[str, Any]:
    """Another system's few scores of strangers: everything that may be None is."""
    rates = full()
    rates["system"] = {"name": "other"}
    rates["made_at"] = None
    rates["protocol"] |= {"kind": "scores", "mated": 0, "mated_people": 0, "groups": []}
    rates["failures"] = {"fta": None, "fte": None, "comparisons": rate(None, errors=0), "reasons": {}}
    rates["overall"] = {
        "eer": None,
        "fmr_resolution": 0.5,
        "fnmr_resolution": None,
        "at_fmr": [point(0.1, rate(0.1), NOTHING), point(0.01)],
        "at_similarity": [],
        "det": {"thresholds": [], "fmr": [], "fnmr": []},
        "distributions": {"edges": [0, 1], "mated": [0.0], "non_mated": [0.0]},
    }
    rates["hardest"] = {"mated": [], "non_mated": []}
    rates["findings"] = []
    return rates | dict.fromkeys(("groups", "identification", "labels", "folds", "against"))


class _Page(HTMLParser):
    """Elements with their attributes, and the words a reader sees."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self._hidden = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.words += " "
        self._hidden = self._hidden or tag == "style"

    def handle_endtag(self, tag: str) -> None:
        self._hidden = self._hidden and tag != "style"

    def handle_data(self, data: str) -> None:
        self.words += "" if self._hidden else data


def section(page: str, name: str) -> str:
    found = re.search(rf'<section id="{name}">.*?</section>', page, re.DOTALL)
    assert found, name
    return found.group()


def words(page: str) -> str:
    """What a reader sees, in plain characters."""
    plain = _Page(page).words.translate(str.maketrans("\u00a0\u2019\u2212", " '-"))
    return re.sub(r"\s+", " ", plain)


def test_it_loads_nothing_and_runs_nothing() -> None:
    page = render_report(full(), lambda _: b"\xff\xd8 a picture")
    for tag, attributes in _Page(page).elements:
        assert tag not in {"script", "link", "iframe", "object", "base", "form"}
        assert not [name for name in attributes if name.startswith("on")]
        for name in ("src", "href"):
            value = attributes.get(name)
            assert value is None or value.startswith(("data:image/", "#"))
    assert "url(" not in page
    assert "@import" not in page


@pytest.mark.parametrize("place", ["path", "group", "system", "finding", "note", "reason", "what"])
def test_what_others_wrote_stays_text(place: str) -> None:
    rates = full()
    if place == "group":
        rates["groups"]["rates"][0]["name"] = rates["groups"]["fmr"]["worst"] = HOSTILE
        rates["groups"]["names"] = ["east", "north", HOSTILE]
    elif place == "system":
        rates["system"]["name"] = rates["against"]["system"]["name"] = rates["protocol"]["name"] = HOSTILE
    elif place == "finding":
        rates["findings"].append(finding("note", HOSTILE))
    elif place == "note":
        rates["against"]["notes"].append(HOSTILE)
    elif place == "reason":
        rates["failures"]["reasons"][HOSTILE] = 3
    elif place == "what":
        rates["against"]["rows"][0]["what"] = HOSTILE
    page = render_report(rates, lambda _: b"a picture")
    tags = {tag for tag, _ in _Page(page).elements}
    assert "script" not in tags
    assert "<script" not in page
    assert 'src="https' not in page
    assert "src=https://example.org" in _Page(page).words  # as text, it is there


def test_alarms_stand_on_the_first_screen_and_first() -> None:
    first = section(render_report(full()), "first-screen")
    alarm, numbers, note = (
        first.index(part) for part in ("finding-alarm", 'class="numbers"', "finding-note")
    )
    assert alarm < numbers < note < first.index("finding-fine")
    told = words(first)
    for level, text in (
        ("▲ Alarm:", "An alarm 1.5 times as loud. It goes on."),
        ("● Note:", "A note."),
        ("✓ Fine:", "All fine."),
    ):
        assert f"{level} {text}" in told


def test_without_an_alarm_it_says_so() -> None:
    rates = full()
    rates["findings"] = rates["findings"][1:]
    assert "No alarm:" in words(section(render_report(rates), "first-screen"))
    assert "No alarm:" not in words(render_report(full()))


def test_the_first_screen_says_what_was_measured_on_whom_and_how_sure() -> None:
    told = words(section(render_report(full()), "first-screen"))
    assert "How often made-up is wrong" in told
    assert "on 2026-11-24 06:40 UTC with the protocol few: 1,234 images of 567 people" in told
    assert "890 comparisons of one person's images and 98,765 of different people" in told
    assert re.search(r"Two different people match, at similarity 80 ?below 0.57 %", told)
    assert re.search(r"One person does not match, at similarity 80 ?13.6 %", told)
    assert "95 % confidence: 12 % to 15 %" in told
    assert re.search(r"where 1 in 100 pairs of different people may ?7.77 %", told)
    assert re.search(r"Images without a usable face ?11 of 900", told)


def test_what_is_not_resolved_is_below_or_not_measurable() -> None:
    told = words(section(render_report(full()), "thresholds"))
    assert "0.01 % 1 in 10,000 pairs not measurable" in told
    assert re.search(r"80 score 0.4321 1 in 1,000 pairs, extrapolated below 0.57 % 13.6 %", told)
    assert "50 score 0.4321 1 in 100 pairs 0.98 % 0.91 % to 1.02 % 7.65 %" in told
    assert "80 FPIR below 0.53 % FNIR 4.32 % up to 0.02 %" in told
    assert "FPIR 2.46 % 1 % to 20 % FNIR below 1 %" in told
    assert re.search(r"1,000 not measurable", told)


def shown_percentages(page: str) -> list[float]:
    return [float(number) / 100 for number in re.findall(r"([\d.]+) %", words(page))]


def test_no_rate_below_the_resolution_is_printed() -> None:
    rates = full()
    rates["folds"] = rates["labels"] = rates["against"] = rates["identification"] = None
    for entry in rates["overall"]["at_fmr"] + rates["overall"]["at_similarity"]:
        entry["nominal_fmr"] = None
    rates["overall"]["at_fmr"] = rates["overall"]["at_fmr"][:2]
    for name in ("thresholds", "groups"):
        told = section(render_report(rates), name)
        told = told.replace("in none of 2,000 trials", "")
        assert min(shown_percentages(told)) >= 0.00123, name


def test_the_fnmr_of_two_systems_is_no_finer_than_their_sample() -> None:
    told = words(section(render_report(full()), "against"))
    assert "FNMR at FMR 0.1 below 0.45 % 3.13 % -3 % -4 % to -2 % lower in 3.4 % of cases" in told
    assert "FNMR at FMR 0.01 8.88 % 8.77 % +0.11 % -1 % to +2 % not told apart" in told
    assert "One thing to know." in told


def test_failures_get_their_own_columns_where_there_are_any() -> None:
    rates = full()
    assert "FAR: FMR with failures" in words(render_report(rates))
    rates["failures"]["comparisons"] = rate(None, errors=0)
    told = words(render_report(rates))
    assert "FAR: FMR with failures" not in told
    assert "so FAR is FMR, and FRR is FNMR" in told


def test_every_group_is_there_the_worst_first() -> None:
    page = section(render_report(full()), "groups")
    table = page[page.index("Each group\u2019s error rates") :]
    assert table.index("south") < table.index("north") < table.index("east")
    told = words(page)
    assert "visavis never guesses" in told
    assert "south 120 images 60 people 3.21 % up to 9 % 7 of 900 below 9 % 7 of 900" in told
    assert "FMR south 2.25 times 1.75 times in none of 2,000 trials east" in told
    assert "FTA cannot be told" in told
    assert "different people +0.32, one person -0.12" in told


def test_the_matrix_follows_the_order_of_the_table() -> None:
    rates = full()
    for i, row in enumerate(rates["groups"]["cross"]):
        for j, cell in enumerate(row):
            cell["value"] = (i + 1) * (j + 1) / 100
    told = words(section(render_report(rates), "groups"))
    # names in the matrix are east, north, south; the table begins with south
    assert "FMR south north east south 9 % 6 % 3 % north 6 % 4 % 2 % east 3 % 2 % 1 %" in told


def test_many_groups_keep_the_table_whole_and_the_matrix_small() -> None:
    rates = full()
    names = [f"g{i:02}" for i in range(40)]
    rates["groups"] |= {
        "names": names,
        "rates": [group(name, 0.09 - i / 1000, 0.05) for i, name in enumerate(names)],
        "cross": [[rate(0.01)] * 40] * 40,
    }
    page = section(render_report(rates), "groups")
    told = words(page)
    assert all(told.count(name) >= 1 for name in names)
    assert page.count("<td") < 40 * 10 + 10 * 10 + 40


def test_pictures_are_there_only_when_asked_for() -> None:
    asked = []

    def pictures(path: str) -> bytes | None:
        asked.append(path)
        return None if path == "b/1.jpg" else b"\xff\xd8" + path.encode()

    without, shown = render_report(full()), render_report(full(), pictures)
    assert "data:image/jpeg" not in without
    assert "holds pictures of faces" not in words(without)
    assert shown.count("data:image/jpeg") == 3
    assert "holds pictures of faces" in words(shown)
    assert asked == ["a/1.jpg", HOSTILE, "b/1.jpg", "c/1.jpg"]
    for page in (without, shown):
        assert "Called one person, but look different" in words(page)
        assert "Score 0.91, group north / south" in words(page)
        assert HOSTILE in _Page(page).words


def test_every_picture_has_words_for_it() -> None:
    page = _Page(render_report(full(), lambda _: b"a picture"))
    images = [attributes for tag, attributes in page.elements if tag == "img"]
    assert len(images) == 9
    assert all(attributes.get("alt") for attributes in images)


def test_it_is_a_well_made_page() -> None:
    page = render_report(full())
    elements = _Page(page).elements
    assert page.startswith("<!doctype html>")
    assert ("html", {"lang": "en"}) in elements
    assert [tag for tag, _ in elements].count("h1") == 1
    assert all("scope" in attributes for tag, attributes in elements if tag == "th")
    assert page.count("<table") == page.count("<caption") > 6
    targets = {attributes["id"] for _, attributes in elements if "id" in attributes}
    links = [attributes["href"] for tag, attributes in elements if tag == "a"]
    assert links
    assert all(link and link[1:] in targets for link in links)
    assert "Content-Security-Policy" in page


def test_the_same_rates_give_the_same_file_and_stay_as_they_are() -> None:
    rates = full()
    before = copy.deepcopy(rates)
    assert render_report(rates) == render_report(copy.deepcopy(rates))
    assert rates == before


def test_little_data_gives_a_report_that_says_so() -> None:
    page = render_report(sparse())
    told = words(page)
    assert "How often other is wrong" in told
    assert "One person does not match, where 10 in 100" not in told
    assert re.search(r"where 1 in 10 pairs of different people may ?not measurable", told)
    assert "Nothing can be said of groups" in told
    assert "does not resolve both error rates at any threshold" in told
    assert "There are no comparisons of one person's images." in told
    assert "data:image" not in page
    assert 'id="folds"' not in page
    assert 'id="against"' not in page


def test_it_says_how_it_was_measured_and_what_with() -> None:
    told = words(section(render_report(full()), "reading"))
    for fact in ("5" * 64, "6" * 64, "drawn by hand", "bf16", "finder", "0.5 %, extrapolated below", "0.1.0"):
        assert fact in told
    for term in ("FMR", "FNMR", "FTA", "FTE", "FPIR", "FNIR", "EER", "Interval", "Below", "rule of three"):
        assert term in told
    assert "1,000 draws of people" in told
    assert "11: no face <was> found" in told


@pytest.mark.parametrize("with_groups", [True, False])
def test_what_measure_returns_can_be_rendered(with_groups: bool) -> None:
    people = np.repeat(np.arange(60), 3).tolist()
    groups = [("left", "right")[person % 2] for person in people] if with_groups else None
    rates = measure(make_run(people, groups))
    page = render_report(
        {"visavis": "0.1.0", "made_at": None, "system": {"name": "made-up"}, "hardest": None, "against": None}
        | rates
    )
    assert ("left" in words(page)) == with_groups
    assert "180 images of 60 people" in words(page)


@pytest.mark.parametrize(
    ("share", "expected"),
    [
        (1.0, "100 in 100"),
        (0.25, "25 in 100"),
        (0.1, "1 in 10"),
        (0.0127, "1 in 79"),
        (0.000215, "1 in 4,650"),
    ],
)
def test_a_share_as_people_picture_it(share: float, expected: str) -> None:
    assert one_in(share) == expected


def test_words_for_rates() -> None:
    assert below(None) == below(NOTHING) == "not measurable"
    assert below(rate(None, 0.0, None)) == f"below 0.13{NBSP}%"
    assert below(rate(None, 0.0, 0.0456)) == f"below 4.6{NBSP}%"
    assert interval(rate(None, 0.0, 0.1)) == interval(rate(0.1)) == interval(None) == ""
    assert interval(rate(0.05, 0.0001, 0.1)) == f"up to 10{NBSP}%"
    assert interval(rate(0.05, 0.02, 0.1)) == f"2{NBSP}% to 10{NBSP}%"
    assert [signed(d) for d in (0.01, -0.01, 0.0)] == [f"+1{NBSP}%", f"\u22121{NBSP}%", f"0{NBSP}%"]
    assert [accuracy(a) for a in (0.99617, None)] == [f"99.62{NBSP}%", "not measurable"]


def test_importing_it_imports_nothing_heavy() -> None:
    code = (
        "import sys, visavis.evaluation.report; print({'jinja2', 'matplotlib', 'scipy'} & set(sys.modules))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "set()"
