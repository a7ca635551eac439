"""Programs that know nothing of shared ports and compressed bodies, over a capture that was normalised for them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import dpkt

from dissectors import offline
from dissectors.mux.table import PROTOCOLS
from dissectors.report import Report
from dissectors.sources.capture import open_capture
from dissectors.wire.link.frames import Frames
from dissectors.wireshark import tshark
from dissectors.wireshark.complaints import seen
from tools.interop.sessions.network import ROOT, Missing
from tools.interop.sessions.results import Row, facts
from tools.interop.sessions.rewriting import newly

CAPTURE = ROOT / "pcaps" / "facetime-2013.pcap"
SHOWN = {"SIP": "sip", "RTP": "rtp", "RTCP": "rtcp", "STUN": "stun"}
"""Protocols, and what tshark calls them."""

SIP_PORT = 5060
STREAM = "0x"
"""What stands in each line of `-z rtp,streams` that is of a stream."""


def run(folder: Path, _: str) -> list[Row]:
    """Normalise the capture, and let each program read it."""
    lacking = [program for program in ("tshark", "sngrep") if shutil.which(program) is None]
    if lacking:
        raise Missing(f"not installed: {', '.join(lacking)}")
    folder.chmod(0o755)
    plain = folder / "plain.pcap"
    words = ["normalise", "--split-ports", "--rtpmap", "--long", str(CAPTURE), str(plain)]
    subprocess.run([sys.executable, "-m", "dissectors", *words], cwd=ROOT, check=True, capture_output=True, timeout=120)
    report = offline.analyze([str(CAPTURE)])
    bodies = [message.body.text for call in report.calls for message in call.messages if message.body is not None]
    return [*_tshark(plain, folder, report), *_sngrep(plain, folder, bodies), _dpkt(plain, bodies)]


def _tshark(plain: Path, folder: Path, report: Report) -> Iterator[Row]:
    program = tshark.find()
    found = seen(program, str(plain), folder)
    ours = {each.name: each.count for each in report.capture.protocols}
    for name, theirs in SHOWN.items():
        yield facts(f"tshark: {name}", found.protocols[theirs], ours.get(name, 0))
    described = sum(len(call.descriptions) for call in report.calls)
    yield facts("tshark: SDP", found.protocols["sdp"], described)
    yield facts("tshark: new errors", sum(1 for _ in newly(seen(program, str(CAPTURE), folder), found)), 0)
    lines = program.ask("-q", "-z", "rtp,streams", "-r", plain, home=folder).lines
    yield facts("tshark: rtp,streams", sum(STREAM in line for line in lines), len(report.streams))


def _sngrep(plain: Path, folder: Path, bodies: list[str]) -> Iterator[Row]:
    """What it keeps of the calls that it found."""
    out = folder / "sngrep.pcap"
    words = ["sngrep", "-F", "-N", "-q", "-I", str(plain), "-O", str(out)]
    subprocess.run(words, check=False, capture_output=True, timeout=60, stdin=subprocess.DEVNULL)
    messages = [row.datagram.payload for row in offline.rows([str(out)]) if PROTOCOLS[row.protocol] == "SIP"]
    sent = list(_messages(plain))
    yield facts("sngrep: messages", len(messages), len(sent))
    yield facts("sngrep: bodies", sum(b"\r\n\r\nv=0" in each for each in messages), sum(
        text.startswith("v=0") for text in bodies))


def _dpkt(plain: Path, bodies: list[str]) -> Row:
    """The bodies that it finds in SIP, as texts."""
    found = Counter(body_of(octets) for octets in _messages(plain))
    del found[""]
    return facts("dpkt: bodies as text", sum(found.values()), len(bodies))


def body_of(octets: bytes) -> str:
    """The body of a message as dpkt reads it; raises dpkt.Error where it cannot."""
    read = dpkt.sip.Response if octets.startswith(b"SIP/2.0") else dpkt.sip.Request
    body: bytes = read(octets).body
    return body.decode("ascii")


def _messages(plain: Path) -> Iterator[bytes]:
    """What goes between ports of SIP."""
    frames = Frames()
    with open_capture(str(plain)) as capture:
        for record in capture.records():
            for udp in frames.udp(record):
                if SIP_PORT in (udp.sport, udp.dport):
                    yield udp.payload
