"""What a capture lacks."""

from __future__ import annotations

from pathlib import Path

import pytest

from dissectors.offline import analyze
from tests.finding_cases.plain import INVITE
from tests.found import PCAPS, PROXY, found, ids
from tests.stories import A, B, Story, talk


def test_one_direction_names_what_comes_from_there() -> None:
    (told,) = found([INVITE, *talk()], "capture-one-direction")
    assert (told.what, told.severity) == ("SIP and RTP come from 198.51.100.1 alone", "warning")
    (told,) = found([*talk(), *talk(dst=PROXY, ssrc=9)], "capture-one-direction")
    assert (told.what, told.severity) == ("RTP comes from 198.51.100.1 alone", "note")


@pytest.mark.parametrize("story", [talk(), [INVITE, *talk(), (5, B, A, bytes(range(200, 220)))]])
def test_a_single_stream_or_a_capture_that_has_the_way_back_is_not_half_of_something(story: Story) -> None:
    assert not found(story, "capture-one-direction")


def test_a_cut_capture_is_told(tmp_path: Path) -> None:
    whole = (PCAPS / "facetime-2013.pcap").read_bytes()
    path = tmp_path / "cut.pcap"
    path.write_bytes(whole[:-7])
    assert "capture-cut" in ids(analyze([str(path)]))
    path.write_bytes(whole)
    assert "capture-cut" not in ids(analyze([str(path)]))


def test_a_damaged_capture_is_told(tmp_path: Path) -> None:
    whole = bytearray((PCAPS / "facetime-2013.pcap").read_bytes())
    path = tmp_path / "damaged.pcap"
    path.write_bytes(whole)
    assert "capture-corrupt" not in ids(analyze([str(path)]))
    whole[24 + 8 : 24 + 12] = b"\xff\xff\xff\x7f"
    path.write_bytes(whole)
    assert "capture-corrupt" in ids(analyze([str(path)]))


def pcapng(dropped: int) -> bytes:
    """A capture with one interface, and statistics that say how many packets were dropped."""

    def block(kind: int, body: bytes) -> bytes:
        size = (12 + len(body)).to_bytes(4, "little")
        return kind.to_bytes(4, "little") + size + body + size

    head = block(0x0A0D0D0A, bytes.fromhex("4d3c2b1a 0100 0000 ffffffffffffffff".replace(" ", "")))
    interface = block(1, bytes.fromhex("0100 0000 00000400".replace(" ", "")))
    lost = (5).to_bytes(2, "little") + (8).to_bytes(2, "little") + dropped.to_bytes(8, "little") + bytes(4)
    return head + interface + block(5, bytes(12) + lost)


def test_drops_that_the_capture_reports_are_told(tmp_path: Path) -> None:
    path = tmp_path / "drops.pcapng"
    path.write_bytes(pcapng(7))
    assert "capture-drops" in ids(analyze([str(path)]))
    path.write_bytes(pcapng(0))
    assert "capture-drops" not in ids(analyze([str(path)]))
