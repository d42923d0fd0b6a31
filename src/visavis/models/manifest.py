"""What must be known of a model before its weights may be used: its manifest.

A manifest is a TOML file. Those of the default models come with visavis; those
of models a user added lie beside their weights in the model folder.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, fields
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from visavis.errors import ManifestError, UnknownModelError

DEFAULT_DETECTOR = "yunet-2023mar"
DEFAULT_RECOGNISER = "sface-2021dec"

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """One model: where it comes from, what may be done with it, how to feed it.

    colour_order: of the three input channels. mean, std: per channel in that
    order, of pixels 0 to 255; the network is fed (pixel - mean) / std.
    dimension: of the templates; 0 for a detector. compatibility: templates of
    models that share it may be compared. calibration: which calibration table
    turns its scores into error rates; empty for the one named as `compatibility`. Every
    recogniser takes faces aligned as `geometry.ALIGNED_POINTS_XY` says.
    """

    name: str
    kind: Literal["detector", "recogniser"]
    sha256: str
    file: str
    licence: str
    commercial_use: bool
    source: str
    training_data: str
    colour_order: Literal["RGB", "BGR"]
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)
    dimension: int = 0
    compatibility: str = ""
    calibration: str = ""

    def __post_init__(self) -> None:
        for field in fields(self):
            _check_type(field.name, getattr(self, field.name), str(field.type))
        _require(NAME.fullmatch(self.name), "name: lower-case letters, digits, dots and dashes")
        _require(_SHA256.fullmatch(self.sha256), "sha256: 64 hexadecimal digits")
        _require(self.kind in ("detector", "recogniser"), "kind: detector or recogniser")
        _require(self.colour_order in ("RGB", "BGR"), "colour_order: RGB or BGR")
        _require(Path(self.file).name == self.file, "file: a name without folders")
        _require(all(value > 0 for value in self.std), "std: above zero")
        if self.kind == "recogniser":
            _require(0 < self.dimension <= 4096, "dimension: 1 to 4096")
            _require(self.compatibility, "compatibility: a name")


def parse_manifest(text: str) -> Manifest:
    """Read a manifest from TOML; raises ManifestError with the field that is wrong."""
    try:
        values: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ManifestError(f"the manifest is not TOML: {error}") from None
    known = {field.name for field in fields(Manifest)}
    if unknown := sorted(values.keys() - known):
        raise ManifestError(f"the manifest has an unknown field: {unknown[0]}")
    for name in ("mean", "std"):
        if isinstance(values.get(name), list):
            values[name] = tuple(values[name])
    try:
        return Manifest(**values)
    except TypeError as error:
        missing = str(error).partition("argument")[2].lstrip("s: ")
        raise ManifestError(f"the manifest lacks {missing}") from None


def shipped_manifests() -> Iterator[Manifest]:
    """The manifests that come with visavis, by name."""
    folder = resources.files("visavis.models") / "manifests"
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        yield parse_manifest(entry.read_text("utf-8"))


def added_manifests(model_folder: Path) -> Iterator[Manifest]:
    """The manifests of the models that were added to a model folder, by name."""
    for path in sorted(model_folder.glob("*.toml")):
        yield parse_manifest(path.read_text("utf-8"))


def find_manifest(name: str, model_folder: Path) -> Manifest:
    """The manifest of that name, shipped or added; raises UnknownModelError."""
    for manifest in (*shipped_manifests(), *added_manifests(model_folder)):
        if manifest.name == name:
            return manifest
    raise UnknownModelError(f"no model is named {name!r}")


def licence_text(name: str) -> str | None:
    """The whole licence of a shipped model, None for one a user added."""
    path = resources.files("visavis.models") / "licences" / f"{name}.txt"
    return path.read_text("utf-8") if path.is_file() else None


def _require(condition: object, rule: str) -> None:
    if not condition:
        raise ManifestError(f"the manifest breaks a rule: {rule}")


def _check_type(name: str, value: object, declared: str) -> None:
    if declared.startswith("tuple"):
        right = isinstance(value, tuple) and len(value) == 3 and all(map(_is_finite, value))
    elif declared in ("bool", "int"):
        right = type(value).__name__ == declared
    else:
        right = isinstance(value, str)
    _require(right, f"{name}: {'three numbers' if declared.startswith('tuple') else declared}")


def _is_finite(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
