"""The compressed bodies, kept as files: another zlib may well compress the same text to other octets.

`python3 -m pcaps.parts` makes them anew, except for the body of the FaceTime INVITE, which is what FaceTime sent.
"""
from __future__ import annotations

import base64
import gzip
import zlib
from pathlib import Path

PARTS = Path(__file__).resolve().parent / "parts"
BOMB_OCTETS = 16 << 20
MESSAGE = "\r\n".join(["VideoStatus: paused", "VideoOrientation: portrait", "VideoStatus: running", ""])
REAL = "invite-sdp.zlib"


def part(name: str) -> bytes:
    """The octets of a file in `parts/`."""
    return (PARTS / name).read_bytes()


def make() -> dict[str, bytes]:
    """Every part that can be made from the texts, by file name."""
    answer = part("answer.sdp")
    raw = zlib.compressobj(9, zlib.DEFLATED, -15)
    headers = b"Supported: replaces\r\nAllow: INVITE, ACK, BYE, CANCEL, OPTIONS, MESSAGE\r\n"
    return {
        "answer-sdp.zlib": zlib.compress(answer, 9),
        "message.txt": MESSAGE.encode(),
        "message.zlib": zlib.compress(MESSAGE.encode(), 9),
        "answer-sdp-default.zlib": zlib.compress(answer),
        "answer-sdp.gzip": gzip.compress(answer, 9, mtime=0),
        "answer-sdp.deflate": raw.compress(answer) + raw.flush(),
        "crlf-answer-sdp.zlib": zlib.compress(b"\r\n" + answer),
        "crlf-answer-sdp.gzip": gzip.compress(b"\r\n" + answer, 6, mtime=0),
        "headers-answer-sdp.zlib": zlib.compress(headers + b"\r\n" + answer),
        "headers.zlib": zlib.compress(headers),
        "answer-sdp.zlib.base64": base64.b64encode(zlib.compress(answer)),
        "answer-sdp.zlib.gzip": gzip.compress(zlib.compress(answer, 9), 9, mtime=0),
        "bomb.zlib": zlib.compress(b"v=0\r\n" + b"a" * BOMB_OCTETS, 9),
    }


if __name__ == "__main__":
    for file_name, octets in make().items():
        (PARTS / file_name).write_bytes(octets)
