"""Blocks of a ring: the interpreted and the compiled reader agree, and neither reads beyond."""

from __future__ import annotations

import random
import struct

import pytest

from dissectors.sources.interface.interfaces import Interface
from dissectors.sources.interface.ring import SLL2, Ring, packets_in
from dissectors.sources.pcapng_blocks import interface, section
from dissectors.wire.captures.pcapng import PcapngWalker
from dissectors.wire.captures.records import Record
from tests.ip_frames import ethernet, ipv4, ipv6, udp
from tests.made import A, B, frame, rtp
from tests.sources.interface.blocks import block, blocks


def ring(cooked: bool) -> Ring:
    """A ring that reads blocks and was never opened."""
    one = Ring.__new__(Ring)
    one.link, one.cooked, one.packets, one.interface = SLL2 if cooked else 1, cooked, 0, Interface("eth0")
    one.numbers, one.sizes, one.joined = None, False, 0
    return one


def compiled(octets: bytes, cooked: bool, sizes: bool = False) -> list[Record]:
    made, count = blocks.octets(octets, cooked, apart=ring(cooked).apart if sizes else None)
    walker = PcapngWalker()
    records = list(walker.feed(section() + interface(SLL2 if cooked else 1, 0, "") + made))
    assert not walker.finish() and count == len(records)
    return records


@pytest.mark.parametrize("cooked", [False, True])
def test_both_read_the_same_of_every_kind_of_frame(cooked: bool) -> None:
    chance = random.Random(3)
    frames = []
    for number in range(200):
        octets = frame(A, B, rtp(number) + chance.randbytes(number % 9))
        octets = octets[: chance.choice((len(octets), 60, 14))]
        status = chance.choice((1, 1, 0x11, 0x51))
        frames.append((octets, len(octets) + number, status, number, chance.choice((0, 0x88A8)), chance.choice((0, 4))))
    made = block(frames, cooked)
    assert packets_in(made) == 200
    records = ring(cooked).records(made)
    assert compiled(made, cooked) == records
    assert len(records) == 200 - (sum(kind == 4 for *_, kind in frames) if cooked else 0)


def test_a_frame_shorter_than_its_addresses_is_the_same_in_both() -> None:
    made = block([(b"\1\2\3", 3, 0x11, 7, 0, 0), (b"", 0, 1, 0, 0, 0)], cooked=False)
    assert compiled(made, cooked=False) == ring(cooked=False).records(made)


def test_where_interfaces_share_a_ring_each_frame_is_of_its_own() -> None:
    made = block([(frame(A, B, rtp(number)), 114, 1, 0, 0, 0) for number in range(3)], cooked=False)
    for numbers, wanted in (({3: 5}, 5), ({4: 5}, 0), (None, 1)):
        octets, count = blocks.octets(made, False, 1, numbers)
        assert count == 3 and {octets[at + 8] for at in range(0, len(octets), len(octets) // 3)} == {wanted}


def test_both_take_frames_apart_that_hold_several_datagrams() -> None:
    chance = random.Random(11)
    frames, sizes = [], []
    for number in range(100):
        octets = ethernet(ipv4(udp(chance.randbytes(chance.randrange(1, 1500)))))
        if number % 3 == 1:
            octets = ethernet(ipv6(udp(bytes(1300))), 0x86DD)
        kept = octets[: chance.choice((len(octets), len(octets), 200, 20))]
        frames.append((kept, len(octets), chance.choice((1, 0x11, 0x51)), number, 0x88A8, 0))
        sizes.append((chance.choice((0, 1, 5, 5, 5)), chance.choice((0, 1, 100, 600, 9000))))
    made = block(frames, cooked=False, sizes=sizes)
    one = ring(cooked=False)
    one.sizes = True
    records = one.records(made)
    assert compiled(made, cooked=False, sizes=True) == records
    assert len(records) > 1000 and one.joined > 20
    assert len(ring(cooked=False).records(made)) == 100


def test_a_block_that_lies_is_an_error_and_never_read_beyond() -> None:
    made = block([(frame(A, B, rtp(1)), 114, 1, 0, 0, 0)] * 3, cooked=False, sizes=[(5, 50)] * 3)
    chance = random.Random(5)
    for _ in range(3000):
        octets = bytearray(made)
        for _ in range(chance.randrange(1, 4)):
            octets[chance.randrange(len(octets))] = chance.randrange(256)
        octets[12:16] = struct.pack("=I", chance.choice((3, 4, 100)))
        try:
            cut, cooked = bytes(octets[: chance.randrange(len(octets) + 1)]), chance.random() < 0.5
            blocks.octets(cut, cooked, apart=ring(False).apart if not cooked and chance.random() < 0.5 else None)
        except IndexError:
            continue
