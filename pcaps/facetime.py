"""A FaceTime call of 2013, seen from the caller's interface: everything on port 16402 of both sides.

The caller's datagrams stand in the capture when they leave, the callee's when they arrive. So what the network does to
the callee's stream shows as gaps, and what it does to the caller's shows only in the callee's RTCP.
"""
from __future__ import annotations

import random
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from pcaps.messages import attribute, rtcp, rtp, sip, source_description, stun, xor_address
from pcaps.parts import part
from pcaps.reception import Reception
from pcaps.writer import SECOND, Endpoint, Sent

START = 1_379_000_000 * SECOND
PORT = 16402
CLOCK, SAMPLES, FRAME = 24_000, 480, 20_000
PAYLOAD_TYPE = 104
MEDIA = (2_870_000, 25_000_000)
REPORTS_EVERY = 5_000_000
KEEPALIVES_EVERY = 7_000_000
NTP_EPOCH = 2_208_988_800
INVITE_FRAME = 714


@dataclass(frozen=True, slots=True)
class Side:
    """One end of the call; `clock_offset` is what its wall clock is ahead of the capture's, in microseconds."""

    endpoint: Endpoint
    ssrc: int
    tag: str
    sequence: int
    timestamp: int
    clock_offset: int
    lost: frozenset[int]
    late: frozenset[int] = frozenset()
    twice: frozenset[int] = frozenset()

    @property
    def uri(self) -> str:
        """Its SIP address."""
        return f"sip:user@{self.endpoint}"


CALLER = Side(
    Endpoint("192.168.231.118", PORT), 3189937293, "1474263951", 41_201, 3_160_044_071, 0, lost=frozenset((251, 802))
)
CALLEE = Side(
    Endpoint("192.168.231.100", PORT),
    3770747611,
    "760532847",
    64_980,
    1_408_277_934,
    137_211,
    lost=frozenset((412, 413, 414, 700, 955)),
    late=frozenset((300, 871)),
    twice=frozenset((533,)),
)


@dataclass(frozen=True, slots=True)
class Dialog:
    """The SIP side of the call: what every message repeats, with bodies compressed or not."""

    compressed: bool
    call_id: str = "3fc5d5b0-1b71-11e3-a5e2-080@192.168.231.118"

    def head(self, branch: str, sequence: int, method: str, *, answered: bool) -> list[str]:
        """The headers from Via to CSeq, in compact form where there is one."""
        return [
            f"v: SIP/2.0/UDP {CALLER.endpoint};branch={branch}",
            f'f: "0" <{CALLER.uri}>;tag={CALLER.tag}',
            f"t: <{CALLEE.uri}>" + (f";tag={CALLEE.tag}" if answered else ""),
            f"i: {self.call_id}",
            f"CSeq: {sequence} {method}",
        ]

    def request(self, method: str, sequence: int, branch: str, kind: str = "", body: str = "") -> bytes:
        """A request of the caller; `body` names a part, compressed or plain."""
        head = self.head(branch, sequence, method, answered=method != "INVITE")
        headers = [*head, "Max-Forwards: 70", "User-Agent: Viceroy 1.5.0/GK", f"m: <{CALLER.uri}>"]
        return self.message(f"{method} {CALLEE.uri} SIP/2.0", headers, kind, body)

    def response(self, status: str, method: str, sequence: int, branch: str, kind: str = "", body: str = "") -> bytes:
        """A response of the callee; all but 100 carry its tag."""
        head = self.head(branch, sequence, method, answered=not status.startswith("100"))
        headers = [*head, "User-Agent: Viceroy 1.5.0/GK", *([f"m: <{CALLEE.uri}>"] if kind else [])]
        return self.message(f"SIP/2.0 {status}", headers, kind, body)

    def message(self, start_line: str, headers: list[str], kind: str, body: str) -> bytes:
        """A SIP message with the part called `body`, if any."""
        if not kind:
            return sip(start_line, [*headers, "l: 0"])
        compressed, plain = BODIES[body]
        octets = part(compressed if self.compressed else plain)
        encoding = ["e: deflate"] if self.compressed else []
        return sip(start_line, [*headers, f"c: {kind}", *encoding, f"l: {len(octets)}"], octets)


BODIES = {
    "offer": ("invite-sdp.zlib", "invite.sdp"),
    "answer": ("answer-sdp.zlib", "answer.sdp"),
    "message": ("message.zlib", "message.txt"),
}


def facetime(*, compressed: bool) -> list[Sent]:
    """Every datagram of the call."""
    return [*signalling(Dialog(compressed)), *checks(), *media_and_reports()]


def sent(side: Side, time: int, payload: bytes, truth: str) -> Sent:
    """A datagram of `side`, `time` microseconds into the capture."""
    other = CALLEE if side is CALLER else CALLER
    return Sent(START + time, side.endpoint, other.endpoint, payload, truth)


def signalling(dialog: Dialog) -> Iterator[Sent]:
    """INVITE to BYE."""
    invite, ack, message, bye = (f"z9hG4bK{number:08x}" for number in range(0x4F1C09, 0x4F1C0D))
    for side, time, payload in (
        (CALLER, 153_207, dialog.request("INVITE", 1, invite, "application/sdp", "offer")),
        (CALLEE, 171_930, dialog.response("100 Trying", "INVITE", 1, invite)),
        (CALLEE, 294_114, dialog.response("180 Ringing", "INVITE", 1, invite)),
        (CALLEE, 2_811_652, dialog.response("200 OK", "INVITE", 1, invite, "application/sdp", "answer")),
        (CALLER, 2_814_090, dialog.request("ACK", 1, ack)),
        (CALLER, 13_402_771, dialog.request("MESSAGE", 2, message, "text/plain", "message")),
        (CALLEE, 13_421_346, dialog.response("200 OK", "MESSAGE", 2, message)),
        (CALLER, 25_009_518, dialog.request("BYE", 3, bye)),
        (CALLEE, 25_028_842, dialog.response("200 OK", "BYE", 3, bye)),
    ):
        yield sent(side, time, payload, "SIP")


def checks() -> Iterator[Sent]:
    """STUN from both sides before the INVITE, and again while the call lasts."""
    chance = random.Random("facetime checks")
    for start in (0, *range(MEDIA[0] + KEEPALIVES_EVERY, MEDIA[1], KEEPALIVES_EVERY)):
        for delay, side, other in ((0, CALLER, CALLEE), (41_377, CALLEE, CALLER)):
            transaction = chance.randbytes(12)
            names = (f"{end.ssrc & 0xFFFF:04x}" for end in (other, side))
            request = stun(0x0001, transaction, attribute(0x0006, ":".join(names).encode()))
            response = stun(0x0101, transaction, xor_address(0x0020, side.endpoint))
            time = start + delay + int(3_000 * chance.random())
            answered = time + (800 if other is CALLER else 9_000) + int(4_000 * chance.random())
            yield sent(side, time, request, "STUN")
            yield sent(other, answered, response, "STUN")


@dataclass(frozen=True, slots=True)
class Leg:
    """The media of one side: (time, octets) as sent, (time, sequence, timestamp) as it arrives, and the captured."""

    side: Side
    sent_sizes: list[tuple[int, int]]
    arrivals: list[tuple[int, int, int]]
    captured: list[Sent]


def media_and_reports() -> Iterator[Sent]:
    """RTP both ways every 20 ms, and every five seconds a compound of SR and SDES from each side."""
    legs = (leg(CALLER), leg(CALLEE))
    for one in legs:
        yield from one.captured
    yield from reports(*legs)


def leg(side: Side) -> Leg:
    """Sizes as a variable bit rate has them, jitter of a few milliseconds, the planned losses."""
    chance = random.Random(f"facetime media {side.ssrc}")
    made = Leg(side, [], [], [])
    loudness = 0.5
    begin = MEDIA[0] + (0 if side is CALLER else 11_300)
    for number, due in enumerate(range(begin, MEDIA[1], FRAME)):
        loudness = 0.92 * loudness + 0.08 * chance.random()
        payload = chance.randbytes(52 + int(60 * loudness) + int(24 * chance.random()))
        leaves = due + int(700 * chance.random())
        arrives = leaves + 6_000 + int(2_500 * (chance.random() + chance.random() + chance.random()))
        arrives += 9_000 + FRAME if number in side.late else 0
        sequence, timestamp = side.sequence + number, side.timestamp + number * SAMPLES
        packet = rtp(PAYLOAD_TYPE, sequence, timestamp, side.ssrc, payload, marker=number == 0)
        made.sent_sizes.append((leaves, len(payload)))
        times = [] if number in side.lost else [arrives, arrives + 2_900] if number in side.twice else [arrives]
        made.arrivals.extend((time, sequence, timestamp) for time in times)
        captured = [leaves] if side is CALLER else times
        made.captured.extend(sent(side, time, packet, "RTP") for time in captured)
    made.arrivals.sort()
    return made


def reports(caller: Leg, callee: Leg) -> Iterator[Sent]:
    """Sender reports whose every number is what that side had sent and received by then (RFC 3550 section 6.4.1)."""
    chance = random.Random("facetime reports")
    receptions = {
        CALLER.ssrc: Reception(CALLEE.ssrc, callee.arrivals, CLOCK),
        CALLEE.ssrc: Reception(CALLER.ssrc, caller.arrivals, CLOCK),
    }
    times = sorted(
        (start + phase + int(400_000 * chance.random()), phase)
        for start in range(MEDIA[0], MEDIA[1] - REPORTS_EVERY, REPORTS_EVERY)
        for phase in (3_100_000, 4_300_000)
    )
    for leaves, phase in times:
        own, other = (caller, callee) if phase == 3_100_000 else (callee, caller)
        arrives = leaves + 7_000 + int(4_000 * chance.random())
        block = receptions[own.side.ssrc].block(leaves)
        yield sent(own.side, leaves if own is caller else arrives, compound(own, leaves, block), "RTCP")
        receptions[other.side.ssrc].sender_report(ntp(own.side, leaves), arrives)


def compound(own: Leg, time: int, block: bytes) -> bytes:
    """SR with one report block, and SDES."""
    counted = [size for leaves, size in own.sent_sizes if leaves <= time]
    begin = own.sent_sizes[0][0]
    timestamp = own.side.timestamp + (time - begin) * CLOCK // SECOND
    info = struct.pack(">IQIII", own.side.ssrc, ntp(own.side, time), timestamp & 0xFFFFFFFF, len(counted), sum(counted))
    return rtcp(200, 1, info + block) + source_description(own.side.ssrc, f"user@{own.side.endpoint.address}")


def ntp(side: Side, time: int) -> int:
    """The 64-bit NTP time of the side's own clock (RFC 3550 section 4)."""
    seconds, microseconds = divmod(START + time + side.clock_offset, SECOND)
    return seconds + NTP_EPOCH << 32 | (microseconds << 32) // SECOND
