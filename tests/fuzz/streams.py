"""Conversations over TCP in every framing, damaged: octets within messages; segments lost, twice or out of order."""

from __future__ import annotations

from random import Random
from typing import Any

from tests.fuzz.mutants import Corpus

MAX_DAMAGE = 4
SIZES = (1, 7, 40, 300, 1400)


def conversations() -> list[list[Any]]:
    """What is said, by whom: SIP, Verto and Jingle in WebSocket, compressed and not, WHIP, HEP, RTSP and MSRP."""
    from tests import made
    from tests.mux.test_connections import OK
    from tests.mux.test_framings import OPTIONS, framed, interleaved
    from tests.protocols import test_msrp as msrp
    from tests.protocols.test_jsep import CANDIDATE, TRANSPORT, octets
    from tests.tcp_calls import CALLS
    from tests.tcp_frames import A, B
    from tests.verto_calls import ANSWER, OFFER, over_websocket
    from tests.wire.test_hep import packet

    said = {"janus": "message", "session_id": 1, "handle_id": 2, "jsep": {"type": "offer", "sdp": OFFER}}
    play = b"PLAY rtsp://192.0.2.2/a RTSP/1.0\r\nCSeq: 4\r\n\r\n"
    return [
        *(list(sent) for sent, _ in CALLS.values()),
        [(A, packet(OPTIONS) + packet(OK, 6)), (A, packet(OK))],
        [(A, play), (B, b"".join(interleaved(number % 2, made.rtp(number)) for number in range(20)))],
        [(A, msrp.SEND + msrp.OPEN), (B, msrp.OK + msrp.REPORT + msrp.OK), (A, msrp.OPEN)],
        [(A, framed(made.stun(), *map(made.rtp, range(9)), made.rtcp()))],
        list(over_websocket([
            (A, octets(said)), (B, octets({"janus": "event", "jsep": {"type": "answer", "sdp": ANSWER}})),
            (A, octets({"candidate": {"candidate": CANDIDATE}})), (B, octets({"data": TRANSPORT})),
            (A, b"42" + octets(["message", {"sdp": OFFER}])),
        ])),
    ]


def capture(dice: Random, corpus: Corpus) -> list[bytes]:
    """One capture of a damaged conversation."""
    from tests.mux.test_connections import shaken
    from tests.tcp_frames import conversation, records
    from tests.twins import pcap

    sent = [(src, damaged(dice, octets)) for src, octets in dice.choice(conversations())]
    segments = conversation(sent, opened=dice.random() < 0.8, size=dice.choice(SIZES[1:] if len(sent) > 9 else SIZES))
    opened, rest = segments[:2], segments[2:]
    if dice.random() < 0.5:
        rest = shaken(rest, dice)
    rest = [one for one in rest if dice.random() > 0.01]
    return [pcap(records([*opened, *rest]))]


def damaged(dice: Random, octets: bytes) -> bytes:
    """A message with a few octets changed, left out, or there again."""
    made = bytearray(octets)
    for _ in range(dice.randrange(MAX_DAMAGE) if dice.random() < 0.6 and made else 0):
        at, size = dice.randrange(len(made) + 1), dice.choice((1, 1, 2, 8, 64))
        what = dice.randrange(4)
        if what == 0:
            made[at : at + size] = dice.randbytes(len(made[at : at + size]))
        elif what == 1:
            del made[at : at + size]
        elif what == 2:
            made[at:at] = made[at : at + size] * dice.choice((1, 2, 50))
        else:
            made[at : at + 1] = dice.choice((b"{", b"[" * 70, b'"', b"\\", b"<", b"$", b"\xff\xff", b"9" * 20))
    return bytes(made)
