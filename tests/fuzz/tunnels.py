"""Frames in frames, damaged: ESP without encryption, GTP and the other tunnels, SCTP, and what they carry."""

from __future__ import annotations

import struct
from random import Random

from tests.fuzz import house
from tests.fuzz.mutants import Corpus, damage, pcap

MOST_FRAMES = 12


def packets(dice: Random, corpus: Corpus) -> list[bytes]:
    """One capture of such frames."""
    frames = [_damaged(dice, _wrapped(dice, corpus)) for _ in range(dice.randint(1, MOST_FRAMES))]
    return [pcap((house.Record(n, n, 1, octets, len(octets)) for n, octets in enumerate(frames, 1)), 1)]


def _wrapped(dice: Random, corpus: Corpus) -> bytes:
    """A datagram, a segment or SCTP, in ESP or not, in a few tunnels."""
    from tests.ip_frames import CARRIED, ethernet, ipv4, ipv6, udp
    from tests.mux.test_unread import sctp
    from tests.wire.link.test_esp import esp, tcp
    from tests.wire.test_hep import packet

    if dice.random() < 0.2:
        return dice.choice([octets for link, octets in CARRIED.values() if link == 1])
    payload = dice.choice(corpus.samples[dice.choice(("SIP", "RTP", "STUN", "DTLS"))])
    number, content = dice.choice((
        (17, udp(payload, dice.choice((5060, 16402)), 5060)), (6, tcp(payload)), (17, udp(packet(payload), 9, 9060)),
        (132, sctp(dice.choice((0, 3, 46)))),
    ))
    for _ in range(dice.choice((0, 1, 1, 2, 3))):
        chosen = dice.randrange(4)
        if chosen == 0 and number in (6, 17, 4, 41):
            number, content = 50, esp(content, number, dice.choice((0, 12, 16, 24, 32)))
        elif chosen == 1:
            inner = ipv4(content, number)
            number, content = 17, udp(b"\x30\xff" + struct.pack("!HI", len(inner), 1) + inner, 2152, 2152)
        elif chosen == 2:
            number, content = 41, ipv6(content, number)
        else:
            number, content = 4, ipv4(content, number)
    return ethernet(ipv4(content, number))


def _damaged(dice: Random, octets: bytes) -> bytes:
    made = bytearray(octets)
    for _ in range(dice.choice((0, 0, 1, 1, 2))):
        damage(dice, made)
    return bytes(made)
