"""The plugin held to the table on cut captures, and to Wireshark without it on captures as they are."""

from __future__ import annotations

import argparse
import struct
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from dissectors.mux.classify import classify
from dissectors.sources.capture import open_capture
from dissectors.wire.link.frames import Frames
from tools.interop.sessions import columns
from tools.interop.sessions.network import ROOT, Missing
from tools.interop.sessions.results import Row, facts, shown
from tools.interop.sessions.wiresharks import Wireshark, below

SNAP_LENGTHS = (60, 96, 200, 400)
PORT = 16402
PREFERENCES = {"ports": f"{PORT},40000"}
"""The ports of the captures in `pcaps/`."""

TYPES = ("unknown", "sip", "msrp", "keepalive", "stun", "zrtp", "dtls", "turn", "rtcp", "rtp", "quic")
HEADERS, BARE_IP = 28, 101
"""Octets of IPv4's header and of UDP's; the link type of packets without anything below IP."""

LUA_ERROR = "_ws.lua.error"
OFFER = b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=x\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 20000 RTP/AVP 0\r\n"
INVITE = (
    b"INVITE sip:b@192.0.2.2 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\nFrom: <sip:a@192.0.2.1>;tag=1\r\n"
    b"To: <sip:b@192.0.2.2>\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\nContent-Type: application/sdp\r\n"
    b"Content-Length: %d\r\n\r\n" % len(OFFER) + OFFER
)
MANY = {
    "400 SIP cut at 200": ([INVITE] * 400, 200),
    "1,000 RTP cut at 36": ([struct.pack("!BBHII", 0x80, 0, n, 160 * n, 7) + bytes(160) for n in range(1000)], 36),
    "1,000 RTP cut at 60": ([struct.pack("!BBHII", 0x80, 0, n, 160 * n, 7) + bytes(160) for n in range(1000)], 60),
    "1,000 RTCP cut at 36": ([struct.pack("!BBHI", 0x80, 201, 1, 7) * 4] * 1000, 36),
}


def main() -> int:
    """Ask each Wireshark and print the tables; 0 where all agree, 1 where not, 2 where something lacks."""
    parser = argparse.ArgumentParser(prog="run.py interop wireshark")
    parser.add_argument("captures", nargs="*", type=Path, metavar="PATH", help="captures, or folders of them (pcaps/)")
    parser.add_argument(
        "--root", action="append", type=Path, default=[], metavar="FOLDER",
        help="a Wireshark below a folder of its own; needs root (the installed one)",
    )
    parser.add_argument("--cut", action="append", type=Path, metavar="CAPTURE", help="cut this one (those of pcaps/)")
    parser.add_argument("--own-ports", action="store_true", help="compare with the ports of each capture, too")
    chosen = parser.parse_args()
    pcaps = sorted((ROOT / "pcaps").glob("*.pcap"))
    rows: list[Row] = []
    try:
        with tempfile.TemporaryDirectory(prefix="muxshark-") as scratch:
            compared = columns.gathered(chosen.captures or pcaps, Path(scratch))
            cut = [(path, *expectations(path)) for path in chosen.cut or pcaps]
            for root in chosen.root or [Path("/")]:
                with below(root) as wireshark:
                    print(f"Wireshark {wireshark.name}", flush=True)
                    said = [*cuts(wireshark, cut), *many(wireshark)]
                    said += columns.compare(wireshark, compared, own_ports=chosen.own_ports)
                    print(shown(wireshark.name, said), flush=True)
                    rows += said
    except Missing as missing:
        print(f"wireshark: {missing}", file=sys.stderr)
        return 2
    print(f"{sum(row.agrees for row in rows)} of {len(rows)} agree")
    return 0 if all(row.agrees for row in rows) else 1


Made = list[tuple[bytes, int]]
"""Frames: the octets kept, and how many were sent."""


def expectations(path: Path) -> tuple[int, Made, list[str]]:
    """The link type of a capture, its frames, and the class of each; the plugin leaves the class "" to Wireshark."""
    frames, link = Frames(), 0
    made: Made = []
    classes = []
    with open_capture(str(path)) as capture:
        for record in capture.records():
            link = record.link
            made.append((bytes(record.octets), record.original))
            first = next(iter(frames.udp(record)), None)
            classes.append(labelled(bytes(first.payload), first.length) if first else "")
    return link, made, classes


def labelled(payload: bytes, length: int) -> str:
    """What the plugin calls a datagram."""
    verdict = classify(payload, length)
    declined = verdict.protocol == "UNKNOWN" or (verdict.protocol, verdict.strength) == ("QUIC", "plausible")
    return "" if declined or not length else verdict.protocol.lower()


def cuts(wireshark: Wireshark, captures: Iterable[tuple[Path, int, Made, list[str]]]) -> Iterator[Row]:
    """Every frame of captures that are whole, and cut at each length: its class, and that Lua had no error."""
    for path, link, made, classes in captures:
        for length in (None, *SNAP_LENGTHS):
            place = wireshark.folder / path.name
            written(place, link, [(octets[:length], sent) for octets, sent in made])
            _, _, wanted = expectations(place)
            found, errors = asked(wireshark, place, PREFERENCES)
            right = sum(one == other for one, other in zip(found, wanted, strict=True))
            same = sum(one == other for one, other in zip(found, classes, strict=True))
            what = f"{path.name}, {f'cut at {length}' if length else 'whole'} ({same:,} classes as whole)"
            yield facts(what, told(len(wanted), len(wanted), 0), told(right, len(wanted), errors))
            place.unlink()


def many(wireshark: Wireshark) -> Iterator[Row]:
    """So many cut datagrams that an error in each would end Lua, in tshark and in sharkd."""
    for what, (payloads, length) in MANY.items():
        place = wireshark.folder / "many.pcap"
        written(place, BARE_IP, [(packet(payload)[:length], len(payload) + HEADERS) for payload in payloads])
        wanted = labelled(payloads[0][: length - HEADERS], len(payloads[0]))
        found, errors = asked(wireshark, place, {})
        right = told(len(payloads), len(payloads), 0)
        yield facts(what, right, told(found.count(wanted), len(payloads), errors))
        shows = wireshark.sharkd(place, f"mux.type && !{LUA_ERROR}")
        if shows is not None:
            failed = wireshark.sharkd(place, LUA_ERROR) or 0
            yield facts(f"{what}, sharkd", right, told(shows, len(payloads), failed))


def asked(wireshark: Wireshark, place: Path, preferences: dict[str, str]) -> tuple[list[str], int]:
    """The plugin's class of each frame, "" where it has none, and the number of Lua's errors."""
    rows = wireshark.fields(place, (LUA_ERROR, "mux.type"), preferences)
    return [TYPES[int(row[1])] if row[1] else "" for row in rows], sum(bool(row[0]) for row in rows)


def told(right: int, frames: int, errors: int) -> str:
    """One cell of the table."""
    return f"{right:,} of {frames:,}, {errors:,} Lua errors"


def packet(payload: bytes) -> bytes:
    """A datagram between two hosts, in IPv4."""
    size = HEADERS + len(payload)
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, size, 0, 0, 64, 17, 0, b"\xc0\0\2\1", b"\xc0\0\2\2")
    return head + struct.pack("!HHHH", PORT, PORT, size - 20, 0) + payload


def written(place: Path, link: int, made: Made) -> None:
    """A capture whose frames are ten milliseconds apart."""
    with place.open("wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, link))
        for number, (octets, sent) in enumerate(made):
            file.write(struct.pack("<IIII", *divmod(10_000 * number, 1_000_000), len(octets), sent) + octets)
    place.chmod(0o644)
