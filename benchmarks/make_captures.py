"""Large captures, the same octets every time: many calls at once, each with everything on one UDP port.

    python3 -m benchmarks.make_captures OUT.pcap --datagrams 2000000 --calls 200 --seconds 60

A call is an INVITE and its answer with compressed SDP, connectivity checks every five seconds (RFC 7675), sender
reports every five, 50 RTP datagrams a second each way, and a BYE. Half a per cent of the media is lost, a thousandth
comes late, some comes twice. Every eighth call is in a VLAN, every seventh speaks IPv6. The suffix says which format.
"""
from __future__ import annotations

import argparse
import random
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import BinaryIO

BEGIN = 1_700_000_000_000_000
"""The first moment, in microseconds since the epoch."""

TICK = 20_000
"""Microseconds between two datagrams of a stream."""

CONTROL = 5_000_000
PORTS = (16402, 16403, 16404, 16405)
SAMPLES = 160
LARGEST_LATENESS = 25_000


@dataclass(frozen=True, slots=True)
class Shape:
    """How large: datagrams in all, calls at once, and how long a call lasts in seconds.

    At the beginning, all calls go on already, and new ones follow; with a `ramp` they begin within so many seconds, and
    no other does.
    """

    datagrams: int = 2_000_000
    calls: int = 200
    seconds: float = 60.0
    ramp: float = 0.0

    def start(self, number: int) -> float:
        """When a call begins, in microseconds; never for one that does not."""
        if self.ramp:
            return BEGIN + 1 + int(number * self.ramp * 1e6 / self.calls) if number < self.calls else float("inf")
        return BEGIN + int((number - self.calls + 1) * self.seconds * 1e6 / self.calls)


class Side:
    """One end of a call: what it puts in front of its datagrams, and its stream."""

    __slots__ = ("head", "own", "peer", "report", "sequence", "ssrc", "sums", "timestamp")

    def __init__(self, chance: random.Random, own: tuple[bytes, int], peer: tuple[bytes, int], vlan: bool) -> None:
        self.own, self.peer = own, peer
        version = 4 if len(own[0]) == 4 else 6
        ether = b"\2\0\0\0\0\2\2\0\0\0\0\1" + (b"\x81\0\0\x64" if vlan else b"")
        self.head = ether + (b"\x08\0" if version == 4 else b"\x86\xdd")
        self.sums = words(own[0]) + words(peer[0]) + own[1] + peer[1] + 17
        self.ssrc = chance.getrandbits(32)
        self.sequence = chance.getrandbits(16)
        self.timestamp = chance.getrandbits(32)
        self.report = 0

    def frame(self, payload: bytes, total: int) -> bytes:
        """An Ethernet frame around a payload whose 16-bit words add up to `total`."""
        size = 8 + len(payload)
        check = folded(self.sums + 2 * size + total) ^ 0xFFFF or 0xFFFF
        udp = struct.pack("!HHHH", self.own[1], self.peer[1], size, check)
        if len(self.own[0]) == 16:
            ip = struct.pack("!IHBB", 0x60000000, size, 17, 64) + self.own[0] + self.peer[0]
        else:
            addresses = self.own[0] + self.peer[0]
            mine = folded(0x4500 + 20 + size + 0x4000 + 0x4011 + words(addresses)) ^ 0xFFFF
            ip = struct.pack("!HHHHBBH", 0x4500, 20 + size, 0, 0x4000, 64, 17, mine) + addresses
        return self.head + ip + udp + payload


class Call:
    """Two sides, and what they send at which moment."""

    def __init__(self, number: int, start: int, shape: Shape, chance: random.Random) -> None:
        vlan, six = number % 8 == 0, number % 7 == 0
        prefix = bytes.fromhex("20010db8") + bytes(8) if six else b""
        ends = [
            (prefix + struct.pack("!I", 0x0A000000 + 2 * number + each), PORTS[chance.randrange(4)]) for each in (2, 3)
        ]
        self.number, self.start, self.end = number, start, start + int(shape.seconds * 1e6)
        self.sides = (Side(chance, ends[0], ends[1], vlan), Side(chance, ends[1], ends[0], vlan))
        self.payload_type = 8 * (number & 1)
        self.next_control = max(start, BEGIN) + chance.randrange(CONTROL)
        self.begun = start > BEGIN

    def address(self, side: int) -> str:
        """A side's address as SDP writes it, with its kind."""
        octets = self.sides[side].own[0]
        if len(octets) == 4:
            return "IN IP4 " + ".".join(map(str, octets))
        return "IN IP6 2001:db8::" + octets[12:14].hex() + ":" + octets[14:].hex()

    def sip(self, start_line: str, sequence: str, side: int | None) -> bytes:
        """A message of this call; `side` describes its media, compressed as FaceTime does."""
        a, b = (self.address(each).split()[2] for each in (0, 1))
        body, labels = b"", ""
        tag = "" if start_line.startswith(("INVITE", "SIP/2.0 100")) else f";tag=b{self.number:x}"
        if side is not None:
            where, stream = self.address(side), self.sides[side]
            codec = "PCMA" if self.payload_type else "PCMU"
            text = (
                f"v=0\r\no=user{self.number} 1 1 {where}\r\ns=call\r\nc={where}\r\nt=0 0\r\n"
                f"m=audio {stream.own[1]} RTP/AVP {self.payload_type}\r\na=rtcp-mux\r\na=sendrecv\r\n"
                f"a=rtpmap:{self.payload_type} {codec}/8000\r\na=ssrc:{stream.ssrc} cname:{side}\r\n"
            )
            body = zlib.compress(text.encode())
            labels = "c: application/sdp\r\ne: deflate\r\n"
        return (
            f"{start_line}\r\nv: SIP/2.0/UDP {a}:{self.sides[0].own[1]};branch=z9hG4bK{self.number:x}{sequence[0]}\r\n"
            f"f: <sip:user{self.number}@{a}>;tag=a{self.number:x}\r\nt: <sip:peer{self.number}@{b}>{tag}"
            f"\r\ni: {self.number:08x}@example.org\r\nCSeq: {sequence}\r\nm: <sip:user@{a}>\r\n"
            f"Max-Forwards: 70\r\nUser-Agent: Viceroy 1.5\r\n{labels}l: {len(body)}\r\n\r\n"
        ).encode() + body

    def opening(self) -> list[tuple[int, int, bytes]]:
        """How it is set up: (time, side, payload)."""
        uri = f"sip:peer{self.number}@example.org SIP/2.0"
        return [
            (self.start, 0, self.sip("INVITE " + uri, "1 INVITE", 0)),
            (self.start + 1_000, 1, self.sip("SIP/2.0 180 Ringing", "1 INVITE", None)),
            (self.start + 2_000, 1, self.sip("SIP/2.0 200 OK", "1 INVITE", 1)),
            (self.start + 3_000, 0, self.sip("ACK " + uri, "1 ACK", None)),
        ]

    def closing(self) -> list[tuple[int, int, bytes]]:
        """How it ends."""
        uri = f"sip:peer{self.number}@example.org SIP/2.0"
        return [
            (self.end, 0, self.sip("BYE " + uri, "2 BYE", None)),
            (self.end + 1_000, 1, self.sip("SIP/2.0 200 OK", "2 BYE", None)),
        ]

    def control(self, time: int) -> list[tuple[int, int, bytes]]:
        """A check with its answer and a sender report, each way."""
        sent = []
        for number, side in enumerate(self.sides):
            side.report += 1
            transaction = struct.pack("!III", self.number, number, side.report)
            check = b"\x21\x12\xa4\x42" + transaction
            name = b"peer%d:user%d" % (self.number, self.number)
            user = struct.pack("!HH", 6, len(name)) + name + bytes(-len(name) % 4)
            sent.append((time, number, struct.pack("!HH", 1, len(user)) + check + user))
            answer = struct.pack("!HHBBHI", 0x20, 8, 0, 1, side.own[1] ^ 0x2112, 0x2112A442)
            sent.append((time + 900, 1 - number, struct.pack("!HH", 0x101, len(answer)) + check + answer))
            ntp = (time // 1_000_000 + 2_208_988_800) << 32 | (time % 1_000_000) * 4294
            block = struct.pack("!IIIIII", self.sides[1 - number].ssrc, 0, side.sequence, 20, 0, 0)
            report = struct.pack("!IQIII", side.ssrc, ntp, side.timestamp, side.report, 0)
            sent.append((time + 1_500, number, struct.pack("!BBH", 0x81, 200, 12) + report + block))
        return sent


def words(octets: bytes) -> int:
    """The sum of an even number of octets as 16-bit words."""
    return sum(struct.unpack(f"!{len(octets) // 2}H", octets))


def folded(total: int) -> int:
    """The ones' complement sum of RFC 1071."""
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def frames(shape: Shape, seed: int = 7) -> Iterator[tuple[int, bytes]]:
    """Microseconds and frame of every datagram, in order."""
    chance = random.Random(seed)
    sounds = [(sound := chance.randbytes(SAMPLES), words(sound)) for _ in range(512)]
    late = [int(abs(chance.gauss(0, 1_500))) for _ in range(8191)]
    calls: list[Call] = []
    waiting: list[tuple[int, bytes]] = []
    made, number, time = 0, 0, BEGIN
    while made < shape.datagrams:
        while (start := shape.start(number)) <= time:
            call = Call(number, int(start), shape, chance)
            calls.append(call)
            number += 1
            if call.begun:
                waiting += _signalled(call, call.opening())
        for call in calls:
            _media(call, time, waiting, chance, sounds, late)
        calls = [call for call in calls if call.end > time]
        time += TICK
        waiting.sort(key=itemgetter(0))
        ready = next((place for place, (when, _) in enumerate(waiting) if when >= time), len(waiting))
        yield from waiting[: min(ready, shape.datagrams - made)]
        made += ready
        del waiting[:ready]


def _media(
    call: Call, time: int, waiting: list[tuple[int, bytes]], chance: random.Random,
    sounds: list[tuple[bytes, int]], late: list[int],
) -> None:
    """What a call sends in one tick, and its end when that has come."""
    for side in call.sides:
        side.sequence = side.sequence + 1 & 0xFFFF
        side.timestamp = side.timestamp + SAMPLES & 0xFFFFFFFF
        luck = chance.random()
        if luck < 0.005:
            continue
        sound, total = sounds[(side.sequence * 7 + call.number) % len(sounds)]
        header = struct.pack(
            "!BBHII", 0x80, call.payload_type, side.sequence, side.timestamp, side.ssrc
        )
        when = time + late[int(luck * 1e9) % len(late)] + (LARGEST_LATENESS if luck > 0.999 else 0)
        frame = side.frame(header + sound, words(header) + total)
        waiting.append((when, frame))
        if 0.5 < luck < 0.5005:
            waiting.append((when + 400, frame))
    if time >= call.next_control:
        call.next_control += CONTROL
        waiting += _signalled(call, call.control(time))
    if call.end <= time:
        waiting += _signalled(call, call.closing())


def _signalled(call: Call, sent: list[tuple[int, int, bytes]]) -> list[tuple[int, bytes]]:
    return [
        (time, call.sides[side].frame(octets, words(octets + bytes(len(octets) % 2)))) for time, side, octets in sent
    ]


def write_pcap(file: BinaryIO, shape: Shape) -> int:
    """A little-endian pcap file in microseconds; returns how many datagrams it holds."""
    file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
    pack = struct.Struct("<IIII").pack
    count = 0
    for time, frame in frames(shape):
        count += 1
        file.write(pack(time // 1_000_000, time % 1_000_000, len(frame), len(frame)) + frame)
    return count


def write_pcapng(file: BinaryIO, shape: Shape) -> int:
    """A little-endian pcapng file, one Enhanced Packet Block a datagram; returns how many."""
    file.write(struct.pack("<IIIHHqI", 0x0A0D0D0A, 28, 0x1A2B3C4D, 1, 0, -1, 28))
    file.write(struct.pack("<IIHHII", 1, 20, 1, 0, 65535, 20))
    pack, tail = struct.Struct("<IIIIIII").pack, struct.Struct("<I").pack
    count = 0
    for time, frame in frames(shape):
        count += 1
        padded = frame + bytes(-len(frame) % 4)
        size = 32 + len(padded)
        file.write(pack(6, size, 0, time >> 32, time & 0xFFFFFFFF, len(frame), len(frame)) + padded + tail(size))
    return count


WRITERS = {".pcap": write_pcap, ".pcapng": write_pcapng}


def make(path: Path, shape: Shape) -> int:
    """Write the capture, whole or not at all, and return how many datagrams it holds."""
    part = path.with_name(path.name + ".part")
    with part.open("wb", buffering=1 << 20) as file:
        count = WRITERS[path.suffix](file, shape)
    part.replace(path)
    return count


def main() -> None:
    """Write one capture."""
    parser = argparse.ArgumentParser(description="Write a large capture, the same octets every time.")
    parser.add_argument("out", type=Path, metavar="OUT", help="ends in .pcap or .pcapng")
    parser.add_argument("--datagrams", type=int, default=2_000_000)
    parser.add_argument("--calls", type=int, default=200, help="at once")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long a call lasts")
    options = parser.parse_args()
    print(make(options.out, Shape(options.datagrams, options.calls, options.seconds)), "datagrams")


if __name__ == "__main__":
    main()
