"""Whole files: what a redacted photo shows, and what it no longer holds."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms, PngImagePlugin

import visavis
from visavis.errors import CorruptImageError, UnsupportedImageError
from visavis.faces import Box
from visavis.imaging import Photo, load_rgb
from visavis.redaction.encoding import Format
from visavis.redaction.masks import COVER_CONFIDENCE, Region, Shape, region_of
from visavis.redaction.photos import redact_photo
from visavis.redaction.styles import Style

SECRETS = (b"48.8584", b"Canon", b"Anna", b"<x:xmpmeta", b"Photoshop 3.0", b"MPF\0", b"Exif")
CORNER = Region(Box(0, 0, 10, 10), Shape.BOX)


def exif(orientation: int = 1) -> Image.Exif:
    """With what cameras write: maker, orientation, where it was taken, a note of the maker's."""
    tags = Image.Exif()
    tags[0x010F], tags[0x0112], tags[0x013B] = "Canon", orientation, "Anna"
    tags.get_ifd(0x8769)[0x927C] = b"Canon MakerNote Anna"
    tags.get_ifd(0x8825).update({1: "N", 2: (48.0, 51.0, 30.0), 29: "48.8584"})
    return tags


def with_everything(image: Image.Image, orientation: int = 1) -> bytes:
    """A JPEG with all that may come along: Exif, GPS, XMP, IPTC, a profile, a comment, an embedded preview, a second picture."""
    file, preview = io.BytesIO(), io.BytesIO()
    image.resize((160, 160)).save(preview, "JPEG")
    extra = b"\xff\xed" + (16 + 2).to_bytes(2, "big") + b"Photoshop 3.0\0An"
    extra += b"\xff\xe3" + (len(preview.getvalue()) + 2).to_bytes(2, "big") + preview.getvalue()
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    image.save(
        file,
        "JPEG",
        exif=exif(orientation),
        icc_profile=profile,
        comment="Anna",
        xmp=b"<x:xmpmeta>Anna</x:xmpmeta>",
        extra=extra,
        quality=90,
    )
    return file.getvalue() + preview.getvalue()


def test_all_but_the_pixels_is_gone(astronaut: Path) -> None:
    image = Image.open(astronaut).convert("RGB")
    photo = with_everything(image)
    assert all(secret in photo for secret in SECRETS if secret != b"MPF\0")
    assert photo.count(b"\xff\xd8\xff") == 3
    redacted = redact_photo(photo, [CORNER])
    assert not [secret for secret in SECRETS if secret in redacted]
    assert redacted.count(b"\xff\xd8\xff") == 1, "no picture within it"
    assert redacted.endswith(b"\xff\xd9"), "and none behind it"
    opened = Image.open(io.BytesIO(redacted))
    assert set(opened.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    assert not opened.getexif()


def test_of_a_camera_s_two_pictures_the_second_is_gone(astronaut: Path) -> None:
    image, file = Image.open(astronaut).convert("RGB"), io.BytesIO()
    image.save(file, "MPO", save_all=True, append_images=[image])
    assert b"MPF\0" in file.getvalue()
    redacted = redact_photo(file.getvalue(), [CORNER])
    assert b"MPF\0" not in redacted
    assert redacted.count(b"\xff\xd8\xff") == 1


def test_text_and_later_pictures_of_a_png_are_gone() -> None:
    text, file = PngImagePlugin.PngInfo(), io.BytesIO()
    text.add_text("Author", "Anna")
    text.add_itxt("XML:com.adobe.xmp", "<x:xmpmeta>Anna</x:xmpmeta>")
    frames = [Image.new("RGBA", (40, 30), colour) for colour in ("red", "green")]
    frames[0].save(
        file, "PNG", pnginfo=text, exif=exif(), save_all=True, append_images=frames[1:], duration=100
    )
    redacted = redact_photo(file.getvalue(), [CORNER])
    opened = Image.open(io.BytesIO(redacted))
    assert (opened.format, opened.mode, opened.info, getattr(opened, "n_frames", 1)) == ("PNG", "RGB", {}, 1)
    assert not [secret for secret in SECRETS if secret in redacted]


@pytest.mark.parametrize("written", ["WEBP", "TIFF", "HEIF", "AVIF"])
def test_other_formats_lose_their_metadata_as_well(written: str) -> None:
    import pillow_heif

    pillow_heif.register_heif_opener()
    file = io.BytesIO()
    Image.new("RGB", (64, 48), "teal").save(file, written, exif=exif(), xmp=b"<x:xmpmeta>Anna</x:xmpmeta>")
    assert b"Canon" in file.getvalue()
    redacted = redact_photo(file.getvalue(), [CORNER])
    assert not [secret for secret in SECRETS if secret in redacted]
    assert Photo(redacted).format == written


@pytest.mark.parametrize("orientation", range(1, 9))
def test_it_stays_upright_and_is_covered_where_it_was_seen(orientation: int, astronaut: Path) -> None:
    photo = with_everything(Image.open(astronaut).convert("RGB").crop((100, 0, 400, 200)), orientation)
    before = load_rgb(photo)
    after = load_rgb(redact_photo(photo, [Region(Box(20, 30, 50, 40), Shape.BOX)]))
    assert after.shape == before.shape
    assert after[30:70, 20:70].max() < 20
    away = np.ones(before.shape[:2], bool)
    away[20:80, 10:80] = False
    assert np.abs(after.astype(int) - before)[away].mean() < 4


def test_colours_of_another_profile_are_converted() -> None:
    image, file = Image.new("LAB", (8, 8), (120, 160, 90)), io.BytesIO()
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    image.save(file, "TIFF", icc_profile=profile)
    redacted = redact_photo(file.getvalue(), [], written=Format.PNG)
    assert np.array_equal(load_rgb(redacted), load_rgb(file.getvalue()))
    assert b"iCCP" not in redacted


@pytest.mark.parametrize("name", ["astronaut", "hopper"])
def test_a_covered_face_is_not_found_again(
    name: str, request: pytest.FixtureRequest, analyzer: visavis.Analyzer
) -> None:
    path: Path = request.getfixturevalue(name)
    photo = path.read_bytes()
    faces = analyzer.candidates(photo, COVER_CONFIDENCE)
    redacted = redact_photo(photo, [region_of(face) for face in faces])
    reference = analyzer.largest(photo)
    assert not analyzer.detect(redacted)
    # Made to look where the face was, the recogniser sees what it would in a stranger.
    (again,) = analyzer.recognise(redacted, [reference])
    assert reference.template is not None
    assert again.template is not None
    comparison = visavis.compare_templates(again.template, reference.template, analyzer.calibration, 1e-2)
    assert not comparison.match


def test_nothing_of_the_face_is_left_in_the_pixels(astronaut: Path, analyzer: visavis.Analyzer) -> None:
    """Two people under the same cover give the same file."""
    image = Image.open(astronaut).convert("RGB")
    region = region_of(analyzer.detect(image_bytes(image))[0])
    window = region.window(*image.size)
    assert window is not None
    inside = Image.fromarray((region.opacity(window) == 255).astype(np.uint8) * 255)
    other = image.copy()
    other.paste(Image.effect_noise(inside.size, 90).convert("RGB"), window[:2], inside)
    assert image_bytes(other) != image_bytes(image)
    assert redact_photo(image_bytes(other), [region]) == redact_photo(image_bytes(image), [region])


def image_bytes(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize("style", Style)
def test_every_style_comes_out_of_every_size(style: Style) -> None:
    for size in ((1, 1), (1, 300), (300, 2)):
        photo = image_bytes(Image.new("RGB", size, "white"))
        redacted = redact_photo(photo, [Region(Box(-5, -5, 400, 400))], style)
        assert Image.open(io.BytesIO(redacted)).size == size


def test_bad_photos_are_refused(astronaut: Path) -> None:
    with pytest.raises(CorruptImageError):
        redact_photo(astronaut.read_bytes()[:2000], [])
    with pytest.raises(UnsupportedImageError):
        redact_photo(b"not a photo at all", [])
