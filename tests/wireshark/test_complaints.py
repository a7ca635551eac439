"""What the installed Wireshark complains of only after a capture was rewritten."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from dissectors.rewriting.packets import ways, with_payload
from dissectors.wireshark import tshark
from dissectors.wireshark.complaints import compare
from tests import captures
from tests.ip_frames import record
from tests.made import frame
from tests.stories import GOOD, A, B


@pytest.fixture
def wireshark() -> tshark.Tshark:
    try:
        return tshark.find()
    except tshark.NoWireshark as lacking:
        pytest.skip(str(lacking))


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that tshark may read although root runs it as nobody."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def test_the_same_capture_gives_no_complaint(wireshark: tshark.Tshark, folder: Path) -> None:
    path = captures.story(folder / "in.pcap", GOOD)
    compared = compare(wireshark, path, path)
    sip = next(line.split() for line in compared.lines if line.startswith("  sip"))
    assert not compared.worse and sip == ["sip", "6", "6"]


def test_an_error_in_a_frame_that_had_none_is_told(wireshark: tshark.Tshark, folder: Path) -> None:
    made = record(frame(A, B, b"hello"))
    whole = with_payload(made, ways(made)[0], b"hello")
    assert whole is not None
    octets = whole.octets
    before = captures.pcap(folder / "in.pcap", [(0, octets)])
    after = captures.pcap(folder / "out.pcap", [(0, octets[:40] + b"\x12\x34" + octets[42:])])
    compared = compare(wireshark, before, after)
    assert compared.worse and any("checksum" in line.lower() for line in compared.lines)
    assert not compare(wireshark, after, after).worse
