"""From frames to UDP datagrams: walked or in one step, nested, damaged, of any link type."""

from __future__ import annotations

import csv
import ipaddress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissectors.wire.captures.formats import walker
from dissectors.wire.link.frames import DEPTH, READERS, Frames
from dissectors.wire.link.headers import LINK
from tests.ip_frames import CARRIED, CARRIED6, IP, TUNNELLED, ethernet, ipv4, record, udp

DATA = Path(__file__).resolve().parents[2] / "data" / "captures"
EXPECTED: dict[str, list[tuple[object, ...]]] = {}
with open(DATA / "expected.csv", newline="") as file:
    for name, frame, layer, src, sport, dst, dport, length in list(csv.reader(file))[1:]:
        row = (int(frame), int(layer), src, int(sport), dst, int(dport), int(length))
        EXPECTED.setdefault(name, []).append(row)


@pytest.mark.parametrize("carrier", CARRIED)
@given(data=st.data())
def test_reading_in_one_step_and_walking_agree(carrier: str, data: st.DataObject) -> None:
    link, octets = CARRIED[carrier]
    for at in data.draw(st.lists(st.integers(0, len(octets) - 1), max_size=2)):
        octets = octets[:at] + data.draw(st.binary(min_size=1, max_size=1)) + octets[at + 1 :]
    sample = record(octets[: data.draw(st.integers(len(octets) - 12, len(octets)))], link, len(octets))
    one_step, walking = Frames(), Frames()
    assert list(one_step.udp(sample)) == list(walking._walk(sample))
    assert one_step.datagrams == walking.datagrams


def test_nesting_without_end_is_given_up() -> None:
    nested = IP
    for _ in range(DEPTH):
        nested = ipv4(nested, 4)
    frames = Frames()
    assert list(frames.udp(record(ethernet(nested)))) == []
    assert frames.too_deep == 1
    assert list(frames.udp(record(ethernet(b"\0\0\x81\0" * 20_000, 0x8100)))) == []


def test_what_is_not_read_is_counted() -> None:
    frames = Frames()
    frames.udp(record(b"\0" * 60, 195))
    frames.udp(record(b"\0" * 60, 195))
    frames.udp(record(ethernet(b"\0" * 28, 0x0806)))
    assert (frames.unsupported, frames.not_ip, frames.datagrams) == ({195: 2}, 3, 0)


@pytest.mark.parametrize("name", EXPECTED)
def test_real_captures_hold_the_datagrams_that_wireshark_finds(name: str) -> None:
    octets = (DATA / name).read_bytes()
    frames, found = Frames(), []
    for captured in walker(octets[:16]).feed(octets):
        for layer, src, dst, sport, dport, _, length, _ in frames.udp(captured):
            ends = (str(ipaddress.ip_address(src)), sport, str(ipaddress.ip_address(dst)), dport)
            found.append((captured.frame, layer, *ends, length))
    assert sorted(found) == sorted(EXPECTED[name])


ALL = [*CARRIED.values(), *CARRIED6.values(), *((1, ethernet(ipv4(udp(p, 9, n)))) for n, p in TUNNELLED.values())]


@pytest.mark.parametrize("place", range(len(ALL)))
def test_every_prefix_of_every_frame_is_read_without_an_exception(place: int) -> None:
    link, octets = ALL[place]
    frames = Frames()
    for cut in range(len(octets)):
        for found in frames.udp(record(octets[:cut], link, len(octets))):
            assert len(found.payload) <= found.length
    assert frames.frames == len(octets)


@given(st.sampled_from(ALL), st.data())
def test_damaged_frames_are_read_without_an_exception(sample: tuple[int, bytes], data: st.DataObject) -> None:
    link, octets = sample[0], bytearray(sample[1])
    for at in data.draw(st.lists(st.integers(0, len(octets) - 1), max_size=5)):
        octets[at] = data.draw(st.integers(0, 255))
    for found in Frames().udp(record(bytes(octets), link)):
        assert len(found.payload) <= max(found.length, 0)
        assert len(found.src) == len(found.dst) in (4, 16)


@given(st.sampled_from(sorted(READERS[LINK])), st.binary(max_size=120), st.integers(0, 200))
def test_any_octets_of_any_link_type_are_read_without_an_exception(link: int, octets: bytes, original: int) -> None:
    frames = Frames()
    frames.udp(record(octets, link, original))
    assert frames.frames == 1
