"""What is copied and what is not, on the way from one capture to another."""

from __future__ import annotations

from pathlib import Path

from dissectors.rewriting.copying import TOO_HARD, Change, Tally, copy, on_datagrams
from dissectors.wire.captures.records import Record
from dissectors.wire.link.headers import Udp
from tests import captures
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
