"""A picture of what was found, fit to be shown to someone."""

from __future__ import annotations

from PIL import Image, ImageDraw, ImageFont

from visavis.faces import Face

_LINE, _SHADE, _POINT = (255, 214, 10), (20, 20, 20), (64, 224, 255)
_MIN_LONG_SIDE_PX, _MAX_LONG_SIDE_PX = 640, 4096


def draw_faces(image: Image.Image, faces: list[Face]) -> Image.Image:
    """A copy with a numbered box and five points for each face.

    Lines and numbers grow with the picture, so they stay readable when it is
    scaled to a screen; a small photo is enlarged to have room for them, a very
    large one reduced.
    """
    long_side = max(image.size)
    scale = min(max(long_side, _MIN_LONG_SIDE_PX), _MAX_LONG_SIDE_PX) / long_side
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    canvas = image.copy() if scale == 1 else image.resize(size, Image.Resampling.LANCZOS)
    pen = ImageDraw.Draw(canvas)
    unit = max(1.0, max(size) / 640)
    for face in faces:
        _draw_face(pen, face, scale, unit)
    # Numbers last, the smallest face's first, so that no box runs through a number.
    for number, face in reversed(list(enumerate(faces, start=1))):
        left, top, right, _ = (value * scale for value in face.box.xyxy)
        font_px = min(16 * unit, max(9 * unit, (right - left) / 3))
        _draw_number(pen, str(number), (left, top), font_px, size)
    return canvas


def _draw_face(pen: ImageDraw.ImageDraw, face: Face, scale: float, unit: float) -> None:
    left, top, right, bottom = (value * scale for value in face.box.xyxy)
    width = max(1, round(2 * unit))
    pen.rectangle((left - width, top - width, right + width, bottom + width), outline=_SHADE, width=3 * width)
    pen.rectangle((left, top, right, bottom), outline=_LINE, width=width)
    radius = min(2.5 * unit, max(1.0, (right - left) / 30))
    for x, y in face.landmarks.as_array() * scale:
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=_POINT, outline=_SHADE)


def _draw_number(
    pen: ImageDraw.ImageDraw, text: str, corner: tuple[float, float], font_px: float, size: tuple[int, int]
) -> None:
    """Above the corner of a box, and never outside the picture."""
    font = ImageFont.load_default(font_px)
    width, height = pen.textlength(text, font=font) + 0.6 * font_px, 1.3 * font_px
    x = min(max(0.0, corner[0]), max(0.0, size[0] - width))
    y = min(max(0.0, corner[1] - height), max(0.0, size[1] - height))
    pen.rectangle((x, y, x + width, y + height), fill=_SHADE)
    pen.text((x + width / 2, y + height / 2), text, fill=_LINE, font=font, anchor="mm")
