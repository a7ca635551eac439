"""Captures made of the samples in `pcaps/`, as the Wireshark plugin may meet them in life."""
from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from pathlib import Path

from dissectors.mux.classify import classify
from dissectors.sources.capture import open_capture
from dissectors.wire.captures.records import Record
from dissectors.wire.link.frames import Frames

PCAPS = Path(__file__).resolve().parent.parent / "pcaps"
CALL, EVERYTHING, FORMS = (PCAPS / name for name in ("facetime-2013.pcap", "rfc7983.pcap", "encodings.pcap"))
SECOND = 1_000_000_000
ETHERNET, IPV4, UDP = 14, 20, 8
PAYLOAD = ETHERNET + IPV4 + UDP

Made = list[tuple[int, bytes, int]]
"""Time in nanoseconds, octets kept, octets sent."""


def records(path: Path) -> list[Record]:
    with open_capture(str(path)) as capture:
        return list(capture.records())


def payloads(path: Path) -> list[tuple[bytes, int]]:
    """Every UDP payload of a capture, with the length that UDP claims."""
    frames = Frames()
    return [(bytes(udp.payload), udp.length) for record in records(path) for udp in frames.udp(record)]


def protocol(octets: bytes) -> str:
    """What the datagram of an Ethernet frame with plain IPv4 is by itself."""
    return classify(octets[PAYLOAD:]).protocol


def as_they_are(call: list[Record]) -> Made:
    return [(record.time, record.octets, record.original) for record in call]


def no_stun_first(call: list[Record]) -> Made:
    kinds = [protocol(record.octets) for record in call]
    first = kinds.index("SIP")
    return as_they_are([record for at, record in enumerate(call) if at >= first or kinds[at] != "STUN"])


def media_only(call: list[Record]) -> Made:
    return as_they_are([record for record in call if protocol(record.octets) in ("RTP", "RTCP")])


def stun_long_before(call: list[Record]) -> Made:
    first = [protocol(record.octets) for record in call].index("SIP")
    return [(r.time + 3600 * SECOND * (at >= first), r.octets, r.original) for at, r in enumerate(call)]


def cut_to(snaplen: int) -> Callable[[list[Record]], Made]:
    def cut(call: list[Record]) -> Made:
        return [(record.time, record.octets[:snaplen], record.original) for record in call]

    return cut


def fragmented(call: list[Record]) -> Made:
    """Datagrams of more than 200 octets in two fragments each (RFC 791 section 3.2)."""
    made: Made = []
    for record in call:
        header, packet = record.octets[: ETHERNET + IPV4], record.octets[ETHERNET + IPV4 :]
        if len(packet) <= 200:
            made.append((record.time, record.octets, record.original))
            continue
        for number, (start, piece, flag) in enumerate(((0, packet[:96], 0x2000), (12, packet[96:], 0))):
            length, flags = struct.pack("!H", IPV4 + len(piece)), struct.pack("!H", flag | start)
            octets = header[:16] + length + header[18:20] + flags + header[22:24] + b"\0\0" + header[26:] + piece
            made.append((record.time + number, octets, len(octets)))
    return made


def signalling_on_5060(call: list[Record]) -> Made:
    made = as_they_are(call)
    port = struct.pack("!HH", 5060, 5060)
    place = ETHERNET + IPV4
    return [
        (time, octets[:place] + port + octets[place + 4 :] if protocol(octets) == "SIP" else octets, original)
        for time, octets, original in made
    ]


VARIANTS: dict[str, Callable[[list[Record]], Made]] = {
    "as they are": as_they_are,
    "no STUN first": no_stun_first,
    "media only": media_only,
    "STUN long before": stun_long_before,
    "snaplen 60": cut_to(60),
    "snaplen 400": cut_to(400),
    "fragments": fragmented,
    "signalling on 5060": signalling_on_5060,
}


def write(path: Path, made: Iterable[tuple[int, bytes, int]]) -> Path:
    """A nanosecond pcap of Ethernet frames that everybody may read."""
    with path.open("wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, 1))
        for time, octets, original in made:
            file.write(struct.pack("<IIII", time // SECOND, time % SECOND, len(octets), original) + octets)
    path.chmod(0o644)
    return path


def expected(path: Path) -> dict[int, tuple[str, str]]:
    """By frame, what the table says of its datagram: the protocol in lower case and the reason.

    What it does not know, and QUIC's short headers, the plugin leaves to Wireshark.
    """
    frames = Frames()
    found = {}
    for record in records(path):
        for udp in frames.udp(record):
            verdict = classify(bytes(udp.payload), udp.length)
            declined = verdict.protocol == "UNKNOWN" or (verdict.protocol, verdict.strength) == ("QUIC", "plausible")
            if udp.length and not declined:
                # Wireshark asks no dissector about an empty datagram.
                found[record.frame] = (verdict.protocol.lower(), verdict.reason)
    return found
