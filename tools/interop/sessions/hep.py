"""HEP to Kamailio's sipcapture (a table of SQLite), and to sngrep (a capture): every message, octet for octet."""

from __future__ import annotations

import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from dissectors import offline
from dissectors.mux.table import PROTOCOLS
from dissectors.rewriting import messages
from dissectors.wire.errors import Malformed
from dissectors.wire.inflate import LIMITS
from tools.interop.sessions.network import ROOT, STOP_SECONDS, Missing
from tools.interop.sessions.results import Row, facts

HOST = "127.0.0.1"
CAPTURES = ("facetime-2013.pcap", "bad-day.pcap", "encodings.pcap")
START_SECONDS, DRAIN_SECONDS = 3.0, 3.0
COLUMNS = """
date micro_ts method reply_reason ruri ruri_user ruri_domain from_user from_domain from_tag to_user to_domain to_tag
pid_user contact_user auth_user callid callid_aleg via_1 via_1_branch cseq diversion reason content_type auth user_agent
source_ip source_port destination_ip destination_port contact_ip contact_port originator_ip originator_port
expires correlation_id custom_field1 custom_field2 custom_field3 proto family rtp_stat type node msg
""".split()
"""Those of the table that sipcapture writes into (Homer 5)."""

CONFIG = """\
debug=0
log_stderror=yes
children=1
disable_tcp=yes
listen=udp:HOST:PORT
loadmodule "MODULES/pv.so"
loadmodule "MODULES/db_sqlite.so"
loadmodule "MODULES/sipcapture.so"
modparam("sipcapture", "db_url", "sqlite://DATABASE")
modparam("sipcapture", "table_name", "sip_capture")
modparam("sipcapture", "capture_on", 1)
modparam("sipcapture", "hep_capture_on", 1)
request_route {
    sip_capture();
    drop;
}
onreply_route {
    sip_capture();
    drop;
}
"""


Sender = Callable[[Path, str], None]
Reader = Callable[[Path, Sender], Counter[bytes]]


def run(folder: Path, _: str) -> list[Row]:
    """Send captures to both, and compare what they hold with what was sent."""
    programs = ("kamailio", "sngrep")
    lacking = [program for program in programs if shutil.which(program) is None]
    modules = next(Path("/usr/lib").glob("*/kamailio/modules/db_sqlite.so"), None)
    if lacking or modules is None:
        raise Missing(f"not installed: {', '.join(lacking) or 'the module db_sqlite of Kamailio'}")
    rows: list[Row] = []
    for name in CAPTURES:
        capture = ROOT / "pcaps" / name
        sent = said(capture)
        for program, stored in (("sipcapture", _kamailio(folder, modules.parent)), ("sngrep", _sngrep(folder))):
            rows += compared(f"{program}, {name}", sent, stored(capture, _export))
    stored = _kamailio(folder / "live", modules.parent)
    rows += compared(f"sipcapture, {CAPTURES[0]} live", said(ROOT / "pcaps" / CAPTURES[0]), stored(
        ROOT / "pcaps" / CAPTURES[0], _live))
    return rows


def compared(what: str, sent: Counter[bytes], stored: Counter[bytes]) -> list[Row]:
    """How many messages are there, and how many octet for octet."""
    same = sum((sent & stored).values())
    return [
        facts(f"{what}: messages", sum(stored.values()), sum(sent.values())),
        facts(f"{what}: octet for octet", same, sum(sent.values())),
    ]


def said(capture: Path) -> Counter[bytes]:
    """The messages of SIP of a capture with their bodies inflated."""
    found: Counter[bytes] = Counter()
    for row in offline.rows([str(capture)]):
        if PROTOCOLS[row.protocol] == "SIP":
            try:
                payload, _ = messages.edited(row.datagram.payload, messages.inflate(LIMITS), LIMITS)
            except Malformed:
                payload = row.datagram.payload
            found[payload] += 1
    return found


def _export(capture: Path, server: str) -> None:
    _send("export", "--hep", server, str(capture))


def _live(capture: Path, server: str) -> None:
    _send("live", "-", "--log", "--hep", server, octets=capture.read_bytes())


def _send(*words: str, octets: bytes = b"") -> None:
    command = [sys.executable, "-m", "dissectors", *words]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=120, input=octets)
    time.sleep(DRAIN_SECONDS)


def _kamailio(folder: Path, modules: Path) -> Reader:
    def stored(capture: Path, send: Sender) -> Counter[bytes]:
        place = folder / f"kamailio-{capture.stem}"
        place.mkdir(parents=True)
        place.chmod(0o777)
        database, port = place / "homer.sqlite", free_port()
        with sqlite3.connect(database) as made:
            made.execute(f"create table sip_capture (id integer primary key, {', '.join(COLUMNS)})")
            made.execute("create table version (table_name, table_version)")
        database.chmod(0o666)
        text = CONFIG.replace("HOST", HOST).replace("PORT", str(port)).replace("MODULES", str(modules))
        (place / "kamailio.cfg").write_text(text.replace("DATABASE", str(database)))
        words = ["kamailio", "-f", str(place / "kamailio.cfg"), "-DD", "-E", "-m", "64", "-Y", str(place)]
        with running(words, place / "kamailio.log", signal.SIGTERM):
            send(capture, f"{HOST}:{port}")
        with sqlite3.connect(database) as made:
            found = [row[0] for row in made.execute("select msg from sip_capture")]
        return Counter(each if isinstance(each, bytes) else str(each).encode() for each in found)

    return stored


def _sngrep(folder: Path) -> Reader:
    def stored(capture: Path, send: Sender) -> Counter[bytes]:
        out, port = folder / f"sngrep-{capture.stem}.pcap", free_port()
        words = ["sngrep", "-F", "-N", "-q", "-L", f"udp:{HOST}:{port}", "-O", str(out)]
        with running(words, folder / f"sngrep-{capture.stem}.log", signal.SIGINT):
            send(capture, f"{HOST}:{port}")
        # Reports of RTCP are there, too.
        rows = offline.rows([str(out)])
        return Counter(row.datagram.payload for row in rows if PROTOCOLS[row.protocol] == "SIP")

    return stored


@contextmanager
def running(words: list[str], log: Path, end: signal.Signals) -> Iterator[None]:
    """A program that runs meanwhile, for itself and on the loopback."""
    with log.open("wb") as file, subprocess.Popen(
        words, stdin=subprocess.DEVNULL, stdout=file, stderr=file, start_new_session=True
    ) as process:
        time.sleep(START_SECONDS)
        try:
            yield
        finally:
            process.send_signal(end)
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


def free_port() -> int:
    """A port of UDP on the loopback that nobody has."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind((HOST, 0))
        return int(one.getsockname()[1])
