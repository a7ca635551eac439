"""Bodies of SIP that are large, many, nested or compressed; each comes in an INVITE with a Call-ID of its own."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

from benchmarks.hostile.frames import LARGE, written
from benchmarks.hostile.messages import description, through_server

ROOM = LARGE - 1000
"""Octets that a body may have beside its headers."""

DEFLATED = "Content-Encoding: deflate"
BOMB = 40_000_000
"""Octets that a bomb would become."""

NESTED = 300
PARTS = 1500


def _described(number: int, lines: Iterable[str]) -> bytes:
    """An INVITE whose SDP has as many of these lines as there is room for."""
    call = through_server(number)
    begin = description(written(call.caller[0]), call.caller[1], version=number)
    chosen, octets = [], len(begin)
    for line in lines:
        octets += len(line) + 2
        if octets > ROOM:
            break
        chosen.append(line)
    return call.invite(begin + "\r\n".join([*chosen, ""]).encode())


def sdp_media_lines(size: int) -> Iterator[bytes]:
    """So many descriptions with more media lines than are read, each with what inherits from the description."""
    for number in range(size):
        lines = (text for each in range(ROOM) for text in (f"m=audio {2 * each + 1024} RTP/AVP 0", "a=sendonly"))
        yield _described(number, lines)


def sdp_attributes(size: int) -> Iterator[bytes]:
    """So many descriptions of one media line with thousands of attributes that nobody knows."""
    for number in range(size):
        yield _described(number, (f"a=x{each}:{number}" for each in range(ROOM)))


def sdp_payload_types(size: int) -> Iterator[bytes]:
    """So many descriptions whose media lines have 256 payload types each, to explain one by one."""
    for number in range(size):
        types = " ".join(str((number + each) % 10) for each in range(256))
        yield _described(number, (f"m=audio {2 * each + 1024} RTP/AVP {types}" for each in range(ROOM)))


def sdp_candidates(size: int) -> Iterator[bytes]:
    """So many descriptions with hundreds of candidates of ICE and as many keys of SDES."""
    for number in range(size):
        lines = (
            f"a=candidate:{each} 1 UDP {each} 10.{number % 256}.{each >> 8}.{each % 256} {1024 + each} typ host"
            if each % 2
            else f"a=crypto:{each} AES_CM_128_HMAC_SHA1_80 inline:{number:08x}{each:032x}"
            for each in range(ROOM)
        )
        yield _described(number, lines)


def multipart(size: int) -> Iterator[bytes]:
    """So many bodies of a thousand parts, or of hundreds of parts one within the other, in turns."""
    for number in range(size):
        wide = number % 2 == 0
        body = _wide(number) if wide else _nested(number)
        boundary = "edge" if wide else "edge0"
        call = through_server(number)
        yield call.ask("INVITE", more=[f"Content-Type: multipart/mixed;boundary={boundary}"], body=body, tag="")


def _wide(number: int) -> bytes:
    parts = [f"--edge\r\nContent-Type: text/plain\r\n\r\n{number:x}.{each:x}\r\n" for each in range(PARTS)]
    return "".join([*parts, "--edge--\r\n"]).encode()[:ROOM]


def _nested(number: int) -> bytes:
    kind = "Content-Type: multipart/mixed;boundary"
    opened = [f"--edge{each}\r\n{kind}=edge{each + 1}\r\n\r\n--edge\r\n" for each in range(NESTED)]
    closed = [f"\r\n--edge{each}--\r\n--edge\r\n" for each in reversed(range(NESTED))]
    return "".join([*opened, f"{number:x}", *closed]).encode()[:ROOM]


def bombs(size: int) -> Iterator[bytes]:
    """So many bodies that would inflate to 40 MB of SDP, a thousand times their size."""
    squeezed = zlib.compressobj(9)
    lines = b"a=x\r\n" * 20_000
    begin = squeezed.compress(b"v=0\r\n")
    rest = b"".join([squeezed.compress(lines) for _ in range(BOMB // len(lines))]) + squeezed.flush()
    for number in range(size):
        # The octets behind the stream make each body a different one.
        yield through_server(number).invite(begin + rest + f"{number:08x}".encode(), [DEFLATED])


def small_compressed(size: int) -> Iterator[bytes]:
    """So many small bodies that are compressed, each by itself, every other one without a label that says so."""
    for number in range(size):
        call = through_server(number)
        yield call.invite(zlib.compress(call.offer(number), 9), [DEFLATED] if number % 2 else [])
