"""What is copied and what is not, on the way from one capture to another."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from dissectors.rewriting.copying import TOO_HARD, Change, Tally, copy, on_datagrams
from dissectors.sources.capture import open_capture
from dissectors.wire.captures.records import Record
from dissectors.wire.link.headers import Udp
from tests import capture_octets, captures
from tests.ip_frames import CARRIED, ethernet, ipv4, udp

SEALED = CARRIED["authentication header"][1]


def longer(record: Record, number: int, one: Udp, tally: Tally) -> Change | None:
    return Change(one.payload + b"!" * 2000, None, ("made longer",)) if one.payload == b"hello" else None


def test_what_cannot_be_rebuilt_stays_and_is_counted(tmp_path: Path) -> None:
    path = captures.pcap(tmp_path / "in", [(0, SEALED), (1, ethernet(ipv4(udp()))), (2, b"no packet")])
    tally = copy(path, str(tmp_path / "out"), lambda: on_datagrams(longer))
    first, second, third = captures.frames(tmp_path / "out")
    assert (first, third) == (SEALED, b"no packet") and second.endswith(b"hello" + b"!" * 2000)
    assert (tally.frames, tally.changed, tally.longer, tally.left) == (3, 1, 1, {TOO_HARD: 1})


def test_a_damaged_capture_is_copied_as_far_as_it_can_be_read(tmp_path: Path) -> None:
    path = Path(captures.pcap(tmp_path / "in", [(0, ethernet(ipv4(udp(b"other"))))]))
    whole = path.read_bytes()
    path.write_bytes(whole + b"\xff" * 40)
    tally = copy(str(path), str(tmp_path / "out"), lambda: on_datagrams(longer))
    assert (tmp_path / "out").read_bytes() == whole and f"byte {len(whole):,}" in tally.damage


def simple(frame: bytes, original: int | None = None) -> bytes:
    said = struct.pack("<I", len(frame) if original is None else original)
    return capture_octets.block(3, said + frame + bytes(-len(frame) % 4))


@pytest.mark.parametrize("allowed", [100, 0])
def test_headers_allow_frames_that_have_become_longer(tmp_path: Path, allowed: int) -> None:
    frame, path = ethernet(ipv4(udp())), tmp_path / "in.pcap"
    octets = capture_octets.pcap([frame])
    path.write_bytes(octets[:16] + struct.pack("<I", allowed) + octets[20:])
    copy(str(path), str(tmp_path / "same"), lambda: on_datagrams(lambda *_: None))
    assert (tmp_path / "same").read_bytes() == path.read_bytes()
    copy(str(path), str(tmp_path / "out"), lambda: on_datagrams(longer))
    assert struct.unpack_from("<I", (tmp_path / "out").read_bytes(), 16)[0] == (262_144 if allowed else 0)


def test_simple_packets_are_as_long_as_their_interface_allows(tmp_path: Path) -> None:
    """One grows beyond that; one was cut by it, and stays cut at the moment of the one before it."""
    frame, cut, path = ethernet(ipv4(udp())), ethernet(ipv4(udp(b"other" * 30)))[:100], tmp_path / "in.pcapng"
    interfaces = capture_octets.interface(snaplen=100) + capture_octets.interface(snaplen=80)
    timed = capture_octets.enhanced(b"early", 5_000_000)
    path.write_bytes(capture_octets.section() + interfaces + timed + simple(frame) + simple(cut, 192))
    tally = copy(str(path), str(tmp_path / "out"), lambda: on_datagrams(longer))
    with open_capture(str(path)) as capture:
        before = list(capture.records())
    with open_capture(str(tmp_path / "out")) as capture:
        after = list(capture.records())
        assert capture.notes.corrupt is None and capture.notes.cut is None
    assert len(before) == len(after) == tally.frames == 3 and after[0] == before[0] and after[2] == before[2]
    assert after[1].octets.endswith(b"hello" + b"!" * 2000)
    written = (tmp_path / "out").read_bytes()
    assert written.count(struct.pack("<HHI", 1, 0, 262_144)) == 2
