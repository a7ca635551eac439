"""Messages that `normalise --compress` wrote, replayed to Kamailio with gzcompress: which bodies it sees in them."""

from __future__ import annotations

import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from hashlib import md5
from pathlib import Path

from dissectors import offline
from dissectors.mux.table import PROTOCOLS
from dissectors.protocols import sip
from dissectors.wire.errors import Malformed
from tools.interop.sessions.hep import DRAIN_SECONDS, HOST, free_port, running
from tools.interop.sessions.network import ROOT, Missing
from tools.interop.sessions.results import Row, facts

CAPTURES = ("facetime-2013-plain.pcap", "bad-day.pcap")
CONFIG = """\
debug=0
log_stderror=yes
children=1
disable_tcp=yes
listen=udp:HOST:PORT
loadmodule "MODULES/pv.so"
loadmodule "MODULES/xlog.so"
loadmodule "MODULES/gzcompress.so"
modparam("gzcompress", "header_name", "Content-Encoding")
modparam("gzcompress", "header_value", "deflate")
request_route {
    xlog("L_ALERT", "seen $(rb{s.md5}) $(rb{s.len})\\n");
    drop;
}
onreply_route {
    xlog("L_ALERT", "seen $(rb{s.md5}) $(rb{s.len})\\n");
    drop;
}
"""
SEEN = re.compile(r"seen ([0-9a-f]{32}) (\d+)")
PAUSE_SECONDS = 0.02

Body = tuple[str, int]
"""The digest of a body, and its octets."""


def run(folder: Path, _: str) -> list[Row]:
    """Compress captures, replay them to it, and compare the bodies that it sees with those before."""
    modules = next(Path("/usr/lib").glob("*/kamailio/modules/gzcompress.so"), None)
    if shutil.which("kamailio") is None or modules is None:
        raise Missing("not installed: kamailio with gzcompress (Debian: kamailio-extra-modules)")
    rows: list[Row] = []
    for name in CAPTURES:
        capture, packed = ROOT / "pcaps" / name, folder / name
        words = [sys.executable, "-m", "dissectors", "normalise", "--compress", "--long", str(capture), str(packed)]
        subprocess.run(words, cwd=ROOT, check=True, capture_output=True, timeout=120)
        said = messages(packed)
        squeezed = [each for each in said if each.body.compressed]
        bodies = Counter(digest(each.body.octets) for each in messages(capture) if each.raw_body)
        seen = replayed(folder / capture.stem, modules.parent, [each.octets for each in said if each.raw_body])
        rows += [
            facts(f"{name}: bodies are compressed", len(squeezed), bodies.total()),
            facts(f"{name}: messages accepted", seen.total(), bodies.total()),
            facts(f"{name}: bodies octet for octet", (seen & bodies).total(), bodies.total()),
        ]
    return rows


def messages(capture: Path) -> list[sip.Message]:
    """The messages of SIP of a capture."""
    found: list[sip.Message] = []
    for row in offline.rows([str(capture)]):
        if PROTOCOLS[row.protocol] == "SIP":
            try:
                found += sip.parse_all(row.datagram.payload)
            except Malformed:
                continue
    return found


def digest(octets: bytes) -> Body:
    """What it says of a body."""
    return md5(octets, usedforsecurity=False).hexdigest(), len(octets)


def replayed(folder: Path, modules: Path, sent: list[bytes]) -> Counter[Body]:
    """What Kamailio says of the bodies of messages that are sent to it."""
    folder.mkdir(parents=True)
    folder.chmod(0o777)
    port = free_port()
    text = CONFIG.replace("HOST", HOST).replace("PORT", str(port)).replace("MODULES", str(modules))
    (folder / "kamailio.cfg").write_text(text)
    words = ["kamailio", "-f", str(folder / "kamailio.cfg"), "-DD", "-E", "-m", "64", "-Y", str(folder)]
    log = folder / "kamailio.log"
    with running(words, log, signal.SIGTERM), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        for octets in sent:
            one.sendto(octets, (HOST, port))
            time.sleep(PAUSE_SECONDS)
        time.sleep(DRAIN_SECONDS)
    found = SEEN.findall(log.read_text(errors="replace"))
    return Counter((text, int(size)) for text, size in found)
