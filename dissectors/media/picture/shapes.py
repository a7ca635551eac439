"""What a picture is made of: rectangles, lines, words, and blocks of coloured points."""

from __future__ import annotations

import struct
import zlib
from base64 import b64encode
from collections.abc import Iterator, Sequence
from html import escape
from typing import NamedTuple

Colour = str
"""As `#rrggbb`."""


class Box(NamedTuple):
    """A rectangle that is filled."""

    x: float
    y: float
    width: float
    height: float
    colour: Colour
    title: str = ""


class Stroke(NamedTuple):
    """A line through points."""

    points: Sequence[tuple[float, float]]
    colour: Colour
    width: float = 1.0


class Words(NamedTuple):
    """Words whose line begins (`start`), is centred (`middle`) or ends (`end`) at a point."""

    x: float
    y: float
    text: str
    colour: Colour
    anchor: str = "start"
    size: int = 12


class Points(NamedTuple):
    """Coloured points, a row of octets each, which name colours of a palette of three octets each."""

    x: float
    y: float
    rows: Sequence[bytes]
    palette: bytes


Shape = Box | Stroke | Words | Points


class Sheet(NamedTuple):
    """A whole picture."""

    width: int
    height: int
    title: str
    shapes: Sequence[Shape]


def svg(sheet: Sheet) -> Iterator[str]:
    """The picture as SVG, which loads nothing."""
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {sheet.width} {sheet.height}" width="{sheet.width}" '
        f'height="{sheet.height}" font-family="sans-serif" role="img">\n<title>{escape(sheet.title)}</title>\n'
    )
    for shape in sheet.shapes:
        yield _drawn(shape)
    yield "</svg>\n"


def _drawn(shape: Shape) -> str:
    if isinstance(shape, Box):
        title = f"<title>{escape(shape.title)}</title>" if shape.title else ""
        return (
            f'<rect x="{shape.x:.1f}" y="{shape.y:.1f}" width="{shape.width:.1f}" height="{shape.height:.1f}" '
            f'fill="{shape.colour}">{title}</rect>\n'
        )
    if isinstance(shape, Stroke):
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in shape.points)
        return f'<polyline points="{points}" fill="none" stroke="{shape.colour}" stroke-width="{shape.width}"/>\n'
    if isinstance(shape, Words):
        return (
            f'<text x="{shape.x:.1f}" y="{shape.y:.1f}" fill="{shape.colour}" text-anchor="{shape.anchor}" '
            f'font-size="{shape.size}">{escape(shape.text)}</text>\n'
        )
    octets = b64encode(png(shape.rows, shape.palette)).decode()
    return (
        f'<image x="{shape.x:.1f}" y="{shape.y:.1f}" width="{len(shape.rows[0])}" height="{len(shape.rows)}" '
        f'href="data:image/png;base64,{octets}"/>\n'
    )


def png(rows: Sequence[bytes], palette: bytes) -> bytes:
    """Points as a PNG (ISO/IEC 15948) with a palette."""
    head = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, 3, 0, 0, 0)
    body = zlib.compress(b"".join(b"\0" + row for row in rows), 9)
    chunks = ((b"IHDR", head), (b"PLTE", palette), (b"IDAT", body), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
