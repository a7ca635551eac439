"""Whether the plugin works in the installed Wireshark: a small capture goes through it, and its verdicts come back.

Two failures of Wireshark are silent, with exit status 0: as root, 4.2 and later skip personal plugins; and a plugin
that does not load is one line among the messages. Both are asked for here, and so is a third: what goes wrong in Lua
while a datagram is dissected is one line in that datagram's tree. Cut datagrams are what Lua suffers from most.
"""
from __future__ import annotations

import struct
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from dissectors.mux.classify import classify
from dissectors.mux.table import PROTOCOLS, UNKNOWN
from dissectors.wireshark import install
from dissectors.wireshark.plugin import Defaults, ports_of, render
from dissectors.wireshark.tshark import NoWireshark, Tshark

OLDEST, NEWEST = (3, 4), (4, 6)
COOKIE = b"\x21\x12\xa4\x42"
SDP = b"v=0\r\no=- 0 0 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 16402 RTP/AVP 0 104\r\n"


CUT_DATAGRAMS, CUT_TO = 300, 8
"""More cut datagrams than Lua in Wireshark may have errors that jump through it (200), and the octets kept of each."""


class Datagram(NamedTuple):
    """One datagram of the capture: its payload, and how many octets of that are in the capture."""

    payload: bytes
    kept: int


class Line(NamedTuple):
    """One thing that was looked at: whether it is as it should be (None: a remark) and what was found."""

    good: bool | None
    text: str


def check(tshark: Tshark, defaults: Defaults | None = None) -> Iterator[Line]:
    """What works, line by line; raises NoWireshark when tshark cannot be run."""
    defaults = defaults or Defaults()
    shown = ".".join(map(str, tshark.version))
    tried = OLDEST <= tshark.version[:2] <= NEWEST
    yield Line(tried or None, f"Wireshark {shown} ({tshark.path}){'' if tried else ': the plugin was not tried on it'}")
    if tshark.silent_as_root:
        yield Line(None, "as root, Wireshark 4.2 and later skip every personal plugin without a word: run as a user")
    with tempfile.TemporaryDirectory(prefix="muxshark-") as scratch:
        home = Path(scratch)
        home.chmod(0o755)
        yield from _run(tshark, defaults, home)
    yield from _installed(tshark, defaults.name)


def _run(tshark: Tshark, defaults: Defaults, home: Path) -> Iterator[Line]:
    plugin, capture = home / f"{defaults.name}.lua", home / "check.pcap"
    plugin.write_text(render(defaults), encoding="utf-8", newline="\n")
    ports = sorted(ports_of(defaults.ports)) or [16402]
    preference = f"{defaults.name}.ports:{defaults.ports or ports[0]}"
    datagrams = [Datagram(payload, len(payload)) for payload in _datagrams(ports[0])]
    datagrams += [Datagram(_media(number), CUT_TO) for number in range(CUT_DATAGRAMS)]
    capture.write_bytes(_pcap([one.payload for one in datagrams], ports[0], [one.kept for one in datagrams]))
    for path in (plugin, capture):
        path.chmod(0o644)
    script = ("-X", f"lua_script:{plugin}", "-o", preference)
    answer = tshark.ask(*script, "-r", capture, "-Y", f"{defaults.name}.type", home=home)
    if answer.lua_errors or answer.status:
        said = (answer.lua_errors or answer.complaints or ("without a word",))[-1]
        yield Line(False, f"the plugin does not load: {said}")
        return
    yield Line(True, "the plugin loads")
    names = [f"{defaults.name}.{field}" for field in ("type", "reason", "body.status")]
    rows = list(tshark.fields(capture, [*names, "_ws.lua.error", "sdp.media", "rtp.ssrc"], *script, home=home))
    yield from _compared(datagrams, rows)


def _compared(datagrams: list[Datagram], rows: list[list[str]]) -> Iterator[Line]:
    """Our verdict on each datagram of the capture against the plugin's, and what Wireshark's dissectors made of it."""
    verdicts = [classify(payload[:kept], len(payload)) for payload, kept in datagrams]
    # What the table does not know is not touched by the plugin.
    reasons = ["" if verdict.protocol == PROTOCOLS[UNKNOWN] else verdict.reason for verdict in verdicts]
    agreed = [row[1] == reason for reason, row in zip(reasons, rows, strict=True)]
    cut = f"{CUT_DATAGRAMS} of them cut"
    yield Line(all(agreed), f"{sum(agreed)} of {len(agreed)} datagrams, {cut}, are what muxshark says they are")
    errors = sum(bool(row[3]) for row in rows)
    yield Line(not errors, f"{errors} Lua errors while dissecting" if errors else "no Lua error while dissecting")
    offer = rows[1]
    yield Line(offer[2] == "complete" and bool(offer[4]), "the compressed SDP is read by Wireshark's SDP dissector")
    yield Line(any(row[5] for row in rows), "media reach Wireshark's RTP dissector")


def _installed(tshark: Tshark, name: str) -> Iterator[Line]:
    """What there is in the folders that Wireshark loads by itself."""
    place = install.folder(tshark)
    path = place / f"{name}.lua"
    if not path.exists():
        yield Line(None, f"not installed: muxshark plugin --install writes {path}")
        return
    yield Line(install.ours(path) or None, f"installed as {path}")
    other = install.installed_twice(tshark, name)
    if other:
        yield Line(False, f"installed a second time, for all users, as {other}: Wireshark loads only one of them")
    if tshark.silent_as_root:
        return
    answer = tshark.ask("-G", "plugins")
    loaded = any(path.name in line for line in answer.lines)
    if answer.lua_errors or not loaded:
        yield Line(False, f"Wireshark does not load it by itself: {(answer.lua_errors or ('without a word',))[-1]}")
    else:
        yield Line(True, "Wireshark loads it by itself")


def _datagrams(port: int) -> list[bytes]:
    """A call in small: one datagram for each way in which the plugin hands over."""
    body = zlib.compress(SDP, 9)
    uri = b"sip:callee@192.0.2.2:%d" % port
    head = b"v: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\nf: <sip:a@192.0.2.1>;tag=1\r\nt: <%s>\r\ni: check\r\n" % uri
    offer = b"INVITE %s SIP/2.0\r\n%sCSeq: 1 INVITE\r\nc: application/sdp\r\ne: deflate\r\nl: %d\r\n\r\n%s"
    answer = b"SIP/2.0 200 OK\r\n%sCSeq: 1 INVITE\r\nl: 0\r\n\r\n" % head
    return [
        struct.pack("!HH4s12s", 1, 0, COOKIE, b"transaction1"),
        offer % (uri, head, len(body), body),
        answer,
        b"ACK %s SIP/2.0\r\n%sCSeq: 1 ACK\r\nl: 0\r\n\r\n" % (uri, head),
        *(_media(number) for number in range(3)),
        struct.pack("!BBHI", 0x80, 201, 1, 0x1234),
        b"\r\n\r\n",
        struct.pack("!HH", 0x4000, 8) + bytes(8),
        b"\x16\xfe\xff\0\0\0\0\0\0\0\0\0\x04\0\0\0\0",
        b"MESSAGE %s SIP/2.0\r\n%sCSeq: 2 MESSAGE\r\nl: 0\r\n\r\n" % (uri, head),
        b"\x05nothing of these",
    ]


def _media(number: int) -> bytes:
    return struct.pack("!BBHII", 0x80, 0, number, 160 * number, 0x1234) + bytes(160)


def _pcap(payloads: list[bytes], port: int, kept: list[int] | None = None) -> bytes:
    """A capture of bare IPv4 packets, one a datagram, 20 ms apart; of each payload so many octets are `kept`."""
    pieces = [struct.pack("!IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101)]
    for number, payload in enumerate(payloads):
        udp = struct.pack("!HHHH", port, port, 8 + len(payload), 0) + payload
        ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), number, 0, 64, 17, 0, b"\xc0\0\2\1", b"\xc0\0\2\2")
        octets = (ip + udp)[: 28 + kept[number]] if kept else ip + udp
        time = divmod(20_000 * number, 1_000_000)
        pieces.append(struct.pack("!IIII", *time, len(octets), len(ip + udp)) + octets)
    return b"".join(pieces)


__all__ = ["Line", "NoWireshark", "check"]
