"""From a protocol's images to templates, once, and on from where an interrupted run stopped.

The face meant in an image is the one that `Analyzer.subject` names.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any, Self

import numpy as np
from numpy.typing import NDArray

from visavis.analysis import Analyzer
from visavis.errors import MissingImagesError, ModelError, VisavisError
from visavis.evaluation.run_files import cannot_write
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
    missing = [name for name in images if not _is_there(folder / name)]
    if missing:
        raise MissingImagesError(missing, len(images))
    done: dict[str, dict[str, Any]] = {}
    with _Journal(unfinished, analyzer.identity) as journal:
        for name in images:
            if (entry := journal.known.get(_key(folder, name))) is not None:
                done[name] = entry
                advance()
        left = [name for name in images if name not in done]
        for name, entry in zip(left, _entries(left, folder, analyzer), strict=True):
            done[name] = journal.write(_key(folder, name), entry)
            advance()
    return _acquisition([done[name] for name in images])


def _entries(names: Sequence[str], folder: Path, analyzer: Analyzer) -> Iterator[dict[str, Any]]:
    for found in analyzer.map(analyzer.subject, (folder / name for name in names)):
        if isinstance(found, ModelError):
            raise found
        yield {"error": found.message} if isinstance(found, VisavisError) else _entry(found)


def _entry(face: Face) -> dict[str, Any]:
    assert face.template is not None
    vector = np.asarray(face.template.vector, "<f4")
    if not np.isfinite(vector).all():
        return {"error": "The recogniser gave no finite template."}
    return {"vector": base64.b64encode(vector.tobytes()).decode("ascii")}


def _acquisition(entries: list[dict[str, Any]]) -> Acquisition:
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


def _key(folder: Path, name: str) -> str:
    """An image as it lies there now: another size or date makes another."""
    state = (folder / name).stat()
    return f"{name}|{state.st_size}|{state.st_mtime_ns}"


class _Journal:
    """Finished images, a line of JSON each, readable by the owner alone; a torn last line is passed over."""

    def __init__(self, path: Path, identity: ModelIdentity) -> None:
        self._path = path
        self._head = {
            "visavis": version("visavis"),
            "model": identity.name,
            "sha256": identity.sha256,
            "precision": identity.precision,
        }
        self.known: dict[str, dict[str, Any]] = {}

    def __enter__(self) -> Self:
        try:
            lines = self._path.read_text("utf-8").splitlines()
        except (OSError, ValueError):
            lines = []
        entries = [entry for line in lines if (entry := _parse(line)) is not None]
        if entries and entries[0] == self._head:
            self.known = {entry.pop("key"): entry for entry in entries[1:] if _is_whole(entry)}
        # What was read is written anew, beside the old file until it is whole: a kill loses nothing.
        renewed = self._path.with_name(self._path.name + ".new")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            renewed.unlink(missing_ok=True)
            descriptor = os.open(renewed, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise cannot_write("the folder for results", error) from None
        self._file: IO[str] = os.fdopen(descriptor, "w", encoding="utf-8")
        self._line(self._head)
        for key, entry in self.known.items():
            self._line({"key": key, **entry})
        self._file.flush()
        renewed.replace(self._path)
        return self

    def write(self, key: str, entry: dict[str, Any]) -> dict[str, Any]:
        """Note an image as done."""
        self._line({"key": key, **entry})
        self._file.flush()
        return entry

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def _line(self, value: dict[str, Any]) -> None:
        self._file.write(json.dumps(value) + "\n")


def _parse(line: str) -> dict[str, Any] | None:
    try:
        value = json.loads(line)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _is_whole(entry: dict[str, Any]) -> bool:
    """Whether a line of the journal says what became of an image."""
    if not isinstance(entry.get("key"), str):
        return False
    if "vector" not in entry:
        return isinstance(entry.get("error"), str)
    try:
        vector = np.frombuffer(base64.b64decode(entry["vector"], validate=True), "<f4")
    except (ValueError, TypeError):
        return False
    return bool(len(vector) and np.isfinite(vector).all())
