"""Headers under other names: stations and addresses are others, wherever a link layer has them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import captures
from tests.ip_frames import ipv4, udp
from tests.rewriting.anonymous.test_capture import done


def test_stations_and_addresses_of_every_frame_are_others(tmp_path: Path) -> None:
    octets = bytes.fromhex("00219b010203" "00219b040506" "0800") + ipv4(udp(b"\r\n"))
    done(captures.pcap(tmp_path / "in", [(0, octets)]), tmp_path / "out")
    (after,) = captures.frames(tmp_path / "out")
    assert len(after) == len(octets) and after[:6] != octets[:6] != after[6:12] != octets[6:12]
    assert after[26:30] != octets[26:30] and after[30:34] != octets[30:34] and after.endswith(b"\r\n")


@pytest.mark.parametrize(("link", "at"), [(113, 6), (276, 12)])
@pytest.mark.parametrize("size", [0, 6, 8])
def test_nothing_stays_of_who_sent_a_frame_without_a_link_layer(
    tmp_path: Path, link: int, at: int, size: int
) -> None:
    sender = b"alicewhr"
    head = (b"\0\0\0\1\0" + bytes((size,)) + sender + b"\x08\0" if link == 113
            else b"\x08\0" + bytes(6) + b"\0\1\0" + bytes((size,)) + sender)
    path = captures.pcap(tmp_path / "in", [(0, head + ipv4(udp(b"\r\n")))])
    Path(path).write_bytes(Path(path).read_bytes()[:20] + link.to_bytes(4, "little") + Path(path).read_bytes()[24:])
    done(path, tmp_path / "out")
    (after,) = captures.frames(tmp_path / "out")
    assert after[at + size : at + 8] == bytes(8 - size) and b"alice" not in after and after.endswith(b"\r\n")
    assert not size or any(after[at : at + size])
