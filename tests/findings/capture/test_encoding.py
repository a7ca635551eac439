"""Bodies that are compressed, and who sends them."""

from __future__ import annotations

import zlib
from base64 import b64encode

import pytest

from tests.found import found
from tests.stories import OFFER, request


@pytest.mark.parametrize(
    ("headers", "sender"),
    [
        (["e: deflate", "l: {}"], "FaceTime"),
        (["User-Agent: kamailio (5.7)", "Content-Encoding: gzip"], "Kamailio gzcompress"),
        (["Content-Encoding: gzip"], "FreeSWITCH (sofia-sip) or an early Kamailio"),
        (["Content-Encoding: base64, deflate"], "OpenSIPS mc_compress"),
        (["Content-Encoding: deflate", "Content-Length: {}"], "no sender that is known here"),
    ],
)
def test_a_compressed_body_names_who_sends_such_ones(headers: list[str], sender: str) -> None:
    packed = zlib.compress(OFFER)
    packed = b64encode(packed) if "base64" in headers[0] else packed
    lines = [header.format(len(packed)) for header in headers]
    (told,) = found([request(0, "INVITE", "Content-Type: application/sdp", *lines, body=packed)], "body-compressed")
    assert told.what.endswith(f"as {sender} sends them")


@pytest.mark.parametrize(("octets", "told"), [(2_000_000, True), (2_000, False)])
def test_of_a_body_that_holds_too_much_it_is_said_where_inflating_stopped(octets: int, told: bool) -> None:
    packed = zlib.compress(bytes(octets))
    lines = ["Content-Type: application/sdp", "e: deflate", f"Content-Length: {len(packed)}"]
    said = [each.what for each in found([request(0, "INVITE", *lines, body=packed)], "body-over-limit")]
    assert said == [f"INVITE: {len(packed):,} bytes of zlib hold more than 196,000; inflating stopped there"] * told
