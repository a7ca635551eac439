"""Transport-wide numbers: told by what SDP announces, or by how they count."""

from __future__ import annotations

import struct

import pytest

from dissectors.report import TransportNumbers
from tests.finding_cases.repair import pictures, transport_wide
from tests.stories import A, B, Story, description, dialled, report, rtp

URI = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"


def extended(values: list[int], size: int = 1) -> Story:
    """A stream of which each datagram has a value in extension 3."""
    head = struct.pack("!HH", 0xBEDE, 1)
    made = []
    for n, value in enumerate(values):
        octets = rtp(n, 77, 0, 160 * n)
        extension = head + bytes((0x30 | size,)) + value.to_bytes(size + 1, "big") + bytes(2 - size)
        made.append((1020.0 + 20 * n, A, B, bytes((octets[0] | 0x10,)) + octets[1:12] + extension + octets[12:]))
    return made


@pytest.mark.parametrize(
    ("values", "size", "counts"),
    [
        (list(range(500, 520)), 1, True),
        ([65_530 + 3 * n & 0xFFFF for n in range(20)], 1, True),
        ([7] * 20, 1, False),
        ([n * 7919 & 0xFFFF for n in range(20)], 1, False),
        (list(range(500, 520)), 2, False),
        (list(range(500, 504)), 1, False),
    ],
)
def test_an_extension_of_two_octets_that_counts_has_transport_wide_numbers(
    values: list[int], size: int, counts: bool
) -> None:
    (stream,) = report(extended(values, size)).streams
    assert stream.numbering == (TransportNumbers(3, False, True, 0) if counts else None)


def test_sdp_says_which_extension_it_is() -> None:
    ends = [description(*end, f"a=extmap:3/sendrecv {URI}") for end in (A, B)]
    (stream,) = report([*dialled(*ends), *extended([7] * 20)]).streams
    assert stream.numbering == TransportNumbers(3, True, False, 0)
    ends = [description(*end, f"a=extmap:4 {URI}") for end in (A, B)]
    (stream,) = report([*dialled(*ends), *extended(list(range(20)))]).streams
    assert stream.numbering is None


def test_what_came_back_is_counted() -> None:
    story = [*pictures(extended=True), *map(transport_wide, range(100, 1000, 100))]
    (stream,) = report(story).streams
    assert stream.numbering == TransportNumbers(5, False, True, 9)
