"""Lies that know where the fields of a header stand, and what a line of text may hold.

Damage anywhere is the work of `tests.mutations`; what stands here is what such damage seldom hits: a length that is
off by one, a number that is no number, the header in front of a payload.
"""

from __future__ import annotations

import base64
import gzip
import re
import zlib
from collections.abc import Callable, Sequence
from functools import partial
from random import Random
from typing import Literal, NamedTuple

from tests.mutations import TELLING

Order = Literal["big", "little"]
Field = tuple[int, int]
"""Where a number stands, counted from the beginning of its element (from the end where negative), and its octets."""

MOST_ELEMENTS = 64
RUNS = (1, 4, 16, 64, 1500, 4096)


class Shape(NamedTuple):
    """A header and elements one after the other: the fields of each, and how long the element at an offset is.

    `spoken` are numbers that mean something, such as types of elements.
    """

    head: tuple[Field, ...] = ()
    start: int = 0
    fields: tuple[Field, ...] = ()
    length: Field = (0, 0)
    unit: int = 1
    more: int = 0
    align: int = 1
    order: Order = "big"
    spoken: tuple[int, ...] = ()


EVERY_FIRST = ((0, 1), (1, 1), (2, 2), (4, 4), (8, 4))
SHAPES: dict[str, Shape] = {
    "STUN": Shape(
        EVERY_FIRST, 20, ((0, 2), (0, 2), (2, 2), (4, 1), (5, 1), (6, 2), (8, 4)), (2, 2), more=4, align=4,
        spoken=(0, 1, 2, 4, 6, *range(0x30), *range(0x8000, 0x8060), 0x0101, 0x0111, 0x0115, 0x0116, 0xC001, 0xC057),
    ),
    "TURN": Shape(((0, 2), (2, 2), (4, 4))),
    "RTP": Shape((*EVERY_FIRST, (12, 2), (14, 2), (12, 4), (16, 1), (-1, 1))),
    "RTCP": Shape(
        ((-1, 1), (-4, 4)), 0, (*EVERY_FIRST, (0, 1), (1, 1), (12, 4), (12, 1), (13, 1), (14, 2)), (2, 2), 4, more=4,
        spoken=(*range(10), *range(0x80, 0x91), 0x9F, 0xA1, *range(192, 214)),
    ),
    "DTLS": Shape(
        ((59, 1), (60, 1), (60, 2), (-2, 2)), 0,
        ((0, 1), (1, 2), (3, 2), (5, 2), (11, 2), (13, 1), (14, 3), (17, 2), (19, 3), (22, 3), (25, 3), (28, 3)),
        (11, 2), more=13, spoken=(*range(26), 0xFEFD, 0xFEFF, 0xFEFC, 0x0100, 0xFE),
    ),
    "ZRTP": Shape((*EVERY_FIRST, (12, 2), (14, 2), (16, 4), (20, 4), (24, 4), (88, 1), (89, 1), (90, 1), (91, 1))),
    "QUIC": Shape(((0, 1), (1, 4), (5, 1), (6, 1), (14, 1), (15, 1), (16, 2))),
    "pcap": Shape(((0, 4), (4, 2), (6, 2), (16, 4), (20, 4)), 24, ((0, 4), (4, 4), (8, 4), (12, 4)), (8, 4), more=16),
    "pcapng": Shape(
        (), 0, ((0, 4), (4, 4), (8, 4), (8, 2), (12, 4), (16, 4), (20, 4), (24, 4), (-4, 4)), (4, 4), align=4
    ),
    "snoop": Shape(((8, 4), (12, 4)), 16, ((0, 4), (4, 4), (8, 4), (12, 4), (16, 4), (20, 4)), (8, 4)),
    "erf": Shape((), 0, ((0, 4), (4, 4), (8, 1), (9, 1), (10, 2), (12, 2), (14, 2), (16, 1)), (10, 2)),
}
"""Of protocols, and of formats of captures."""

BEFORE_UDP_PAYLOAD: tuple[Field, ...] = (
    (-8, 2), (-6, 2), (-4, 2), (-2, 2), (-28, 1), (-26, 2), (-24, 2), (-22, 2), (-20, 1), (-19, 1), (-30, 2), (-42, 1),
    (-44, 2), (-48, 1), (-50, 2),
)
"""UDP, IPv4 without options, IPv6 without extensions, and the number of either in front of it."""

LENGTHS = ((-4, 8), (-26, 28), (-44, 8))
"""Where the lengths of UDP, IPv4 and IPv6 stand in front of a payload, and what they count beside it."""

SPOKEN = {
    1: (0, 4, 6, 17, 41, 43, 44, 47, 50, 51, 60, 132, 135, 0x45, 0x46, 0x4F, 0x60),
    2: (0x0800, 0x86DD, 0x8100, 0x8847, 0x8864, 0x88BE, 0x6558, 4789, 6081, 2152, 3544, 5060, 3478, 0x2000, 0x3FFF),
}
"""Numbers of protocols by how many octets they have, which lead to other readers."""

NUMBERS = (
    b"", b"0", b"00", b"-1", b"+5", b" 7", b"1 2", b"1e9", b"0x10", b"1_000", b"1.5", b"nan", b"255", b"256", b"65535",
    b"65536", b"2147483648", b"4294967296", b"18446744073709551616", b"9" * 40, b"9" * 5000, b"\xc2\xb2",
    b"\xd9\xa3", b"\xe2\x91\xa0", b"\xff",
)
"""What may stand where a number is meant: among them digits of other scripts, and more digits than Python reads."""

TOKENS = (
    b'"', b"<", b">", b";", b"=", b",", b":", b"::", b"@", b"/", b"%", b"%00", b"[", b"]", b"(", b")", b"\\", b"\0",
    b"\t", b"\r", b"\n", b"\r\n", b"\r\n ", b"\r\n\r\n", b"\x1b[2J", b"\x7f", b"\x85", b"\xff\xfe", b"\xe2\x80\xa8",
    b"\xe2\x80\xae", b"\xed\xb2\x80", b"a" * 300, b"\r\nm=audio 9 RTP/AVP 0", b"\r\nContent-Length: 3",
    b"\r\nContent-Encoding: gzip", b"\r\nContent-Type: multipart/mixed;boundary=x",
)
"""What changes the meaning of what stands around it."""

zipped = partial(gzip.compress, compresslevel=1, mtime=0)
"""The same octets at any time of the day."""

PACKED: dict[bytes, Callable[[bytes], bytes]] = {
    b"deflate": zlib.compress,
    b"gzip": zipped,
    b"base64": base64.encodebytes,
    b"identity": bytes,
    b"deflate, gzip": lambda body: zipped(zlib.compress(body)),
    b"base64, deflate": lambda body: base64.encodebytes(zlib.compress(body)),
}
"""Ways to compress a body, by the label that each should have."""

PART = b"\r\n--x\r\nContent-Type: %b\r\nContent-Encoding: %b\r\n\r\n%b"


def lie(dice: Random, octets: bytearray, shape: Shape) -> None:
    """Let one field of one element, or of the header, say something else."""
    begins = _elements(octets, shape)
    places = [(at if at >= 0 else len(octets) + at, size) for at, size in shape.head]
    if begins and dice.random() < len(shape.fields) / (len(places) + len(shape.fields)):
        place = dice.randrange(len(begins))
        begin, end = begins[place], (*begins[1:], len(octets))[place]
        places = [(begin + at if at >= 0 else end + at, size) for at, size in shape.fields]
    places = [(at, size) for at, size in places if 0 <= at <= len(octets) - size]
    if not places:
        return
    at, size = dice.choice(places)
    fitting = [number for number in shape.spoken if number >> 8 * size == 0]
    if fitting and dice.random() < 0.4:
        octets[at : at + size] = dice.choice(fitting).to_bytes(size, shape.order)
    else:
        _write(dice, octets, at, size, shape.order)


def lie_before(dice: Random, frame: bytearray, payload: bytes) -> None:
    """Let a header in front of a frame's UDP payload say something else."""
    begin = frame.find(payload) if payload else len(frame)
    places = [(begin + at, size) for at, size in BEFORE_UDP_PAYLOAD if begin + at >= 0]
    if places:
        at, size = dice.choice(places)
        if dice.random() < 0.4:
            frame[at : at + size] = dice.choice(SPOKEN[size]).to_bytes(size, "big")
        else:
            _write(dice, frame, at, size, "big")


def put(frame: bytearray, payload: bytes, other: bytes) -> None:
    """Put another payload in the place of a frame's, and let the lengths in front of it that were true stay true."""
    begin = frame.find(payload) if payload else len(frame)
    for at, more in LENGTHS:
        place, true = begin + at, (more + len(payload)).to_bytes(4, "big")[2:]
        if place >= 0 and frame[place : place + 2] == true:
            frame[place : place + 2] = (more + len(other) & 0xFFFF).to_bytes(2, "big")
    frame[begin : begin + len(payload)] = other


def lie_in_text(dice: Random, text: bytes) -> bytes:
    """Change a number, a line or what stands between two words."""
    return dice.choice((_number, _number, _token, _token, _line))(dice, text)


def lie_in_message(dice: Random, message: bytes) -> bytes:
    """Change the text of a SIP message or of its body, which may be compressed, rightly or wrongly labelled."""
    head, gap, body = message.partition(b"\r\n\r\n")
    if not body or dice.random() < 0.5:
        return lie_in_text(dice, head) + gap + body
    body = lie_in_text(dice, unpacked(body))
    if dice.random() < 0.4:
        label, pack = dice.choice(list(PACKED)), PACKED[dice.choice(list(PACKED))]
        head, body = head + b"\r\nContent-Encoding: " + label, pack(body)
    if dice.random() < 0.3:
        head += b"\r\nContent-Type: multipart/mixed;boundary=x"
        kinds = dice.choices((b"application/sdp", b"multipart/mixed;boundary=x", b""), k=dice.randint(1, 4))
        parts = [PART % (kind, dice.choice(list(PACKED)), body) for kind in kinds]
        body = lie_in_text(dice, b"".join(parts) + b"\r\n--x--")
    if dice.random() < 0.7:
        head = re.sub(rb"(?im)^(content-length|l)\s*:.*$", b"Content-Length: %d\r" % len(body), head)
    return head + gap + body


def unpacked(body: bytes) -> bytes:
    """A body that zlib compressed, inflated; any other one as it is."""
    try:
        return zlib.decompressobj().decompress(body, 1 << 16)
    except zlib.error:
        return body


def fill(dice: Random, octets: bytearray, at: int) -> None:
    """Insert a run of zeros or of ones."""
    octets[at:at] = dice.choice((b"\0", b"\xff")) * dice.choice(RUNS)


def _elements(octets: bytearray, shape: Shape) -> list[int]:
    found: list[int] = []
    at = shape.start
    offset, size = shape.length
    while size and at + offset + size <= len(octets) and len(found) < MOST_ELEMENTS:
        found.append(at)
        length = int.from_bytes(octets[at + offset : at + offset + size], shape.order) * shape.unit + shape.more
        at += max(1, -(-length // shape.align) * shape.align)
    return found


def _write(dice: Random, octets: bytearray, at: int, size: int, order: Order) -> None:
    """Write a number near the truth, near what is left, or a telling one."""
    said, left = int.from_bytes(octets[at : at + size], order), len(octets) - at - size
    near = (said + 1, said - 1, said + 4, said - 4, 2 * said, said ^ 1 << dice.randrange(8 * size))
    ends = (0, -1, left, left + 1, left - 1, left // 4, left // 4 + 1)
    value = dice.choice((*near, *ends, dice.choice(TELLING), dice.choice(TELLING), dice.getrandbits(8 * size)))
    octets[at : at + size] = (value & (1 << 8 * size) - 1).to_bytes(size, order)


def _number(dice: Random, text: bytes) -> bytes:
    found = list(re.finditer(rb"[0-9]+", text))
    if not found:
        return _token(dice, text)
    one = dice.choice(found)
    return text[: one.start()] + dice.choice(NUMBERS) + text[one.end() :]


def _token(dice: Random, text: bytes) -> bytes:
    found = [one.start() for one in re.finditer(rb"\b|\W", text)] or [0]
    at = dice.choice(found)
    return text[:at] + dice.choice(TOKENS) + text[at + dice.choice((0, 0, 1)) :]


def _line(dice: Random, text: bytes) -> bytes:
    """Remove, repeat, move, empty or lengthen a line."""
    lines = text.split(b"\n")
    at, other = dice.randrange(len(lines)), dice.randrange(len(lines))
    line = lines[at]
    changes: tuple[Sequence[bytes], ...] = (
        [], [line, line], [line] * 200, [lines[other]], [line[:1]], [line[: len(line) // 2]],
        [line, b" " + lines[other]], [re.sub(rb"([:=]).*", rb"\1", line)], [line.swapcase()], [line.rstrip(b"\r") * 50],
    )
    lines[at : at + 1] = dice.choice(changes)
    return b"\n".join(lines)
