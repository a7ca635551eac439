"""What the kernel took out of a frame goes back into it."""

from __future__ import annotations

import pytest

from dissectors.sources.interface import ring
from dissectors.wire.captures.records import Record
from dissectors.wire.link.frames import Frames
from tests.made import A, B, frame, rtp


@pytest.mark.parametrize("ethernet", [True, False])
def test_a_vlan_tag_goes_back_to_where_it_was(ethernet: bool) -> None:
    octets = frame(A, B, rtp(1))
    if not ethernet:
        octets = b"\x08\x00" + bytes(18) + octets[14:]
    again = ring.tagged(octets, 7, 0x88A8, ethernet)
    frames = Frames()
    (found,) = frames.udp(Record(1, 0, 1 if ethernet else 276, again, len(again)))
    assert found.payload == rtp(1)
    assert frames.encapsulations == {"VLAN": 1}
    assert (again[12:18] if ethernet else again[:2]) == (b"\x88\xa8\x00\x07\x08\x00" if ethernet else b"\x88\xa8")
