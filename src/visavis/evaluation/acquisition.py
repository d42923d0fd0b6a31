"""From a protocol's images to templates, once, and on from where an interrupted run stopped.

The face meant in an image is the one that `Analyzer.subject` names.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from visavis.analysis import Analyzer
from visavis.errors import MissingImagesError, ModelError, VisavisError
from visavis.evaluation.journal import Entry, Journal
from visavis.faces import Face, ModelIdentity


@dataclass(frozen=True, slots=True, eq=False)
class Acquisition:
    """What became of the images.

    vectors: (images, dimension) of unit length, NaN where there is none. errors: (images,)
    why there is none, empty where there is one.
    """

    vectors: NDArray[np.float32]
    errors: tuple[str, ...]

    @property
    def usable(self) -> NDArray[np.bool_]:
        """Which images have a template, (images,)."""
        return np.asarray(np.isfinite(self.vectors).all(axis=1))


def acquire(
    images: Sequence[str],
    folder: Path,
    analyzer: Analyzer,
    unfinished: Path,
    advance: Callable[[], None] = lambda: None,
) -> Acquisition:
    """Make the template of every image, on all cores.

    images: paths below `folder`. unfinished: a file that keeps what is done until
    the run is; whoever ends the run removes it, for it holds templates. Raises
    MissingImagesError before any work, and ModelError.
    An image that cannot be used is no error but a failure to acquire: see `errors`.
    """
    check_images(images, folder)
    done: dict[str, Entry] = {}
    with Journal(unfinished, _head(analyzer.identity), _is_whole) as journal:
        for name in images:
            if (entry := journal.known.get(image_key(folder, name))) is not None:
                done[name] = entry
                advance()
        left = [name for name in images if name not in done]
        for name, entry in zip(left, _entries(left, folder, analyzer), strict=True):
            done[name] = journal.write(image_key(folder, name), entry)
            advance()
    return _acquisition([done[name] for name in images])


def check_images(images: Sequence[str], folder: Path) -> None:
    """Raise MissingImagesError unless all of these paths below `folder` are files."""
    missing = [name for name in images if not _is_there(folder / name)]
    if missing:
        raise MissingImagesError(missing, len(images))


def _head(identity: ModelIdentity) -> Entry:
    return {
        "visavis": version("visavis"),
        "model": identity.name,
        "sha256": identity.sha256,
        "precision": identity.precision,
    }


def _entries(names: Sequence[str], folder: Path, analyzer: Analyzer) -> Iterator[Entry]:
    for found in analyzer.map(analyzer.subject, (folder / name for name in names)):
        if isinstance(found, ModelError):
            raise found
        yield {"error": found.message} if isinstance(found, VisavisError) else _entry(found)


def _entry(face: Face) -> Entry:
    assert face.template is not None
    vector = np.asarray(face.template.vector, "<f4")
    if not np.isfinite(vector).all():
        return {"error": "The recogniser gave no finite template."}
    return {"vector": base64.b64encode(vector.tobytes()).decode("ascii")}


def _acquisition(entries: list[Entry]) -> Acquisition:
    found = [np.frombuffer(base64.b64decode(e["vector"]), "<f4") if "vector" in e else None for e in entries]
    dimension = next((len(vector) for vector in found if vector is not None), 1)
    nothing = np.full(dimension, np.nan, np.float32)
    return Acquisition(
        np.stack([nothing if vector is None else vector for vector in found]),
        tuple(str(e.get("error", "")) for e in entries),
    )


def _is_there(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name that no file can have
        return False


def image_key(folder: Path, name: str) -> str:
    """An image as it lies there now: another size or date makes another."""
    state = (folder / name).stat()
    return f"{name}|{state.st_size}|{state.st_mtime_ns}"


def _is_whole(entry: Entry) -> bool:
    """Whether a line of the journal says what became of an image."""
    if "vector" not in entry:
        return isinstance(entry.get("error"), str)
    try:
        vector = np.frombuffer(base64.b64decode(entry["vector"], validate=True), "<f4")
    except (ValueError, TypeError):
        return False
    return bool(len(vector) and np.isfinite(vector).all())
