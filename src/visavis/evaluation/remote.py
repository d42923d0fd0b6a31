"""The comparisons of a protocol, made by another server, and on from where an interrupted run stopped."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from visavis.errors import ImageError, UnfinishedRunError
from visavis.evaluation.acquisition import check_images, image_key
from visavis.evaluation.journal import Entry, Journal
from visavis.evaluation.pace import Pace, make_calls
from visavis.evaluation.plan import Plan, Remote
from visavis.evaluation.protocols import Protocol
from visavis.evaluation.sending import goes_as_it_is, to_send

if TYPE_CHECKING:
    from visavis.evaluation.endpoint import Endpoint

AT_ONCE = 8
"""How many calls are under way at a time."""

_Progress = Callable[[str, int], AbstractContextManager[Callable[[], None]]]


def ask(
    protocol: Protocol, folder: Path, remote: Remote, unfinished: Path, progress: _Progress
) -> tuple[Protocol, dict[str, Any]]:
    """Have listed pairs compared: the protocol with its scores, and what is known of the system.

    A score is the similarity that the server gives, 0 to 100. folder: where the names of images begin. unfinished:
    a file that keeps the answers until the run is; whoever ends the run removes it. Raises MissingImagesError,
    UnfinishedRunError, and the EndpointError that fits; answers so far are kept.
    """
    from visavis.evaluation.endpoint import Endpoint  # here, since boto3 need not be installed

    check_images(protocol.images, folder)
    keys = _keys(protocol, folder)
    with Endpoint(remote.url, AT_ONCE) as endpoint:
        journal = Journal(unfinished, {"endpoint": endpoint.url, "protocol": protocol.sha256}, _is_whole)
        if journal.of_another:
            raise UnfinishedRunError
        answers = {pair: journal.known[key] for pair, key in keys.items() if key in journal.known}
        left = {pair: key for pair, key in keys.items() if pair not in answers}
        usd = len(left) * remote.price_per_call_usd if endpoint.is_amazons else None
        remote.agree(Plan(endpoint.host, len(left), len(answers), usd))
        with journal, progress("comparisons", len(left)) as advance:

            def compare(pair: tuple[str, str]) -> Entry:
                probe, reference = (folder / name for name in pair)
                return journal.write(keys[pair], _entry(endpoint, probe, reference))

            pace = Pace(remote.calls_per_second)
            for pair, entry in make_calls(compare, left, pace, AT_ONCE):
                answers[pair] = entry
                advance()
    return _scored(protocol, folder, [answers[pair] for pair in keys]), _described(endpoint, answers)


def _keys(protocol: Protocol, folder: Path) -> dict[tuple[str, str], str]:
    """Each pair of images, and what names it in the journal: another file under the same name makes another."""
    assert protocol.pairs is not None
    images, states = protocol.images, [image_key(folder, name) for name in protocol.images]
    return {
        (images[probe], images[reference]): f"{states[probe]}\n{states[reference]}"
        for probe, reference in zip(protocol.pairs.probe, protocol.pairs.reference, strict=True)
    }


def _entry(endpoint: Endpoint, probe: Path, reference: Path) -> Entry:
    """What became of one comparison; a photo that cannot be sent is an error of the comparison."""
    at = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    try:
        photos = to_send(probe), to_send(reference)
    except ImageError as error:
        return {"similarity": None, "error": error.message, "at": at}
    answer = endpoint.compare(*photos)
    return {"similarity": answer.similarity, "error": answer.error, "at": at}


def _is_whole(entry: Entry) -> bool:
    similarity = entry.get("similarity")
    scored = isinstance(similarity, float) and math.isfinite(similarity)
    return isinstance(entry.get("at"), str) and (scored or bool(entry.get("error")))


def _scored(protocol: Protocol, folder: Path, entries: list[Entry]) -> Protocol:
    assert protocol.pairs is not None
    scores = np.array([entry["similarity"] for entry in entries], np.float64)  # None becomes NaN
    pairs = replace(protocol.pairs, scores=scores, errors=tuple(str(entry["error"]) for entry in entries))
    changed = sum(not goes_as_it_is(folder / name) for name in protocol.images)
    note = f"{changed:,} images are no JPEG or PNG of at most 5 MB; where they could be read, a JPEG of them was sent"
    return replace(protocol, pairs=pairs, notes=(*protocol.notes, *([note] if changed else ())))


def _described(endpoint: Endpoint, answers: dict[tuple[str, str], Entry]) -> dict[str, Any]:
    """The system, as the report names it: no credentials and no account."""
    asked = [entry["at"] for entry in answers.values()]
    return {
        "name": endpoint.url.partition("://")[2],
        "endpoint": endpoint.url,
        "asked": {"from": min(asked), "to": max(asked)},
        "calibration": None,
    }
