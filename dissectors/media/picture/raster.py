"""A picture as PNG: the only door to Pillow."""

from __future__ import annotations

import io

from dissectors.media.picture.shapes import Box, Points, Sheet, Stroke, Words

LACKING = "a PNG needs the package Pillow: pip install 'muxshark[picture]'; an SVG needs nothing"
ANCHORS = {"start": "ls", "middle": "ms", "end": "rs"}


class NoPillow(Exception):
    """Pillow is not installed: one line for people."""


def png(sheet: Sheet) -> bytes:
    """The picture as PNG; raises NoPillow."""
    try:
        from PIL import Image, ImageDraw, ImageFont
    except ModuleNotFoundError:
        raise NoPillow(LACKING) from None
    image = Image.new("RGB", (sheet.width, sheet.height))
    draw = ImageDraw.Draw(image)
    for shape in sheet.shapes:
        if isinstance(shape, Box):
            right, bottom = max(shape.x, shape.x + shape.width - 1), max(shape.y, shape.y + shape.height - 1)
            draw.rectangle((shape.x, shape.y, right, bottom), fill=shape.colour)
        elif isinstance(shape, Stroke):
            draw.line([*shape.points], fill=shape.colour, width=max(1, round(shape.width)))
        elif isinstance(shape, Words):
            font = ImageFont.load_default(shape.size)
            draw.text((shape.x, shape.y), shape.text, fill=shape.colour, font=font, anchor=ANCHORS[shape.anchor])
        else:
            image.paste(_points(Image, shape), (round(shape.x), round(shape.y)))
    made = io.BytesIO()
    image.save(made, "PNG", optimize=True)
    return made.getvalue()


def _points(image: object, shape: Points) -> object:
    made = image.frombytes("P", (len(shape.rows[0]), len(shape.rows)), b"".join(shape.rows))  # type: ignore[attr-defined]
    made.putpalette(shape.palette)
    return made.convert("RGB")
