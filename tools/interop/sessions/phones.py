"""Phones in a page of headless Chromium over secure WebSocket: what they said, and a capture of it with its keys."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple
from zlib import crc32

from tools.interop.sessions.browsers import CHROMIUM
from tools.interop.sessions.network import ROOT, Missing, cable, need, report, stop
from tools.interop.sessions.results import Row, facts, numbers
from tools.interop.sessions.streams import by_ssrc

HERE = Path(__file__).parent
PORT, SIGNALLING_PORT, PATIENCE_SECONDS = 8123, 7443, 75
TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8"}


class Session(NamedTuple):
    """What the page said, what muxshark says of the capture, and the messages that tshark finds in it."""

    page: dict[str, Any]
    told: dict[str, Any]
    judged: int


def needs(package: str, folder: Path, *programs: str) -> Path:
    """The folder in which npm has put a package; raises `Missing` where that or a program cannot be had."""
    need("chromium", "npm", "openssl", "tshark", *programs)
    words = ["npm", "install", "--prefix", str(folder), "--no-audit", "--no-fund", "--ignore-scripts", package]
    try:
        done = subprocess.run(words, check=False, capture_output=True, text=True, timeout=180)
    except subprocess.TimeoutExpired as late:
        raise Missing(f"npm gave no {package} within three minutes") from late
    if done.returncode:
        raise Missing(f"npm gave no {package}: {done.stderr.strip().splitlines()[-1:]}")
    return folder


def certify(folder: Path) -> None:
    """Make a key and a certificate for the server."""
    subprocess.run(
        ["openssl", "req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-keyout",
         folder / "key.pem", "-out", folder / "certificate.pem", "-days", "30", "-subj", "/CN=sip.example.com"],
        check=True, capture_output=True, timeout=60,
    )


def session(name: str, folder: Path, served: Path, server: Sequence[str], filtered: str) -> Session:
    """Let the page `name` call through a server, in a namespace where all of it is on the loopback.

    tshark counts what `filtered` lets through.
    """
    capture, keys, said = folder / f"{name}.pcap", folder / f"{name}.keys", folder / f"{name}-page.json"
    for left in (keys, said):
        left.unlink(missing_ok=True)
    traffic = f"udp or tcp port {SIGNALLING_PORT}"
    with (
        tempfile.TemporaryDirectory() as profile, cable("w") as made,
        made.captured(capture, interface="lo", traffic=traffic),
    ):
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        pages = (sys.executable, "-m", "tools.interop.sessions.phones", str(said), str(served))
        programs = [made.start(made.near, *words, env=environment) for words in (server, pages)]
        time.sleep(3.0)
        environment["SSLKEYLOGFILE"] = str(keys)
        words = (*CHROMIUM, "--ignore-certificate-errors", f"--user-data-dir={profile}")
        programs.append(made.start(made.near, *words, f"http://127.0.0.1:{PORT}/{name}.html", env=environment))
        try:
            until = time.monotonic() + PATIENCE_SECONDS
            while time.monotonic() < until and not said.exists():
                time.sleep(0.5)
        finally:
            for each in reversed(programs):
                stop(each)
    page = json.loads(said.read_text(encoding="utf-8")) if said.exists() else {"error": "the page said nothing"}
    told = report(capture, "--keys", str(keys))
    return Session({"said": [], "stats": [], **page}, told, judge(capture, keys, filtered))


def judge(capture: Path, keys: Path, filtered: str) -> int:
    """How many messages tshark shows with the same keys."""
    done = subprocess.run(
        ["tshark", "-r", capture, "-o", f"tls.keylog_file:{keys}", "-d", f"tcp.port=={SIGNALLING_PORT},tls", "-Y",
         filtered, "-T", "fields", "-e", "websocket.opcode", "-E", "occurrence=a"],
        check=True, capture_output=True, text=True, timeout=60,
    )
    return sum(line.split(",").count("1") for line in done.stdout.splitlines())


def same(title: str, theirs: Counter[str], ours: Counter[str]) -> list[Row]:
    """A row for everything that one of them counts."""
    return [facts(f"{title}: {each}", theirs[each], ours[each]) for each in sorted({*theirs, *ours})]


def digest(lists: Iterable[list[str]]) -> str:
    """How many lines there are, and a number that tells two sets of them apart."""
    lines = sorted(line for each in lists for line in each)
    return f"{len(lines)}, {crc32(chr(10).join(lines).encode()):08x}"


def media(title: str, found: Session) -> list[Row]:
    """The streams that the page sent, as its statistics have them."""
    streams = by_ssrc(found.told)
    sent = [each for each in found.page["stats"] if each["type"] == "outbound-rtp"]
    rows = [facts(f"{title}: streams", len(sent), len(found.told["streams"]))]
    for each in sent:
        here = streams.get(each["ssrc"], {"packets": 0, "call": None})
        rows.append(numbers(f"{title}: 0x{each['ssrc']:08X}: packets", each["packetsSent"], here["packets"], 60))
        rows.append(facts(f"{title}: 0x{each['ssrc']:08X}: joined to a call", True, here["call"] is not None))
    return rows


class Handler(BaseHTTPRequestHandler):
    """Serves the pages and a folder of packages, and writes what is posted into the file of the command line."""

    said, served = Path(), Path()

    def do_GET(self) -> None:
        folder = self.served if self.path.startswith("/node_modules/") else HERE
        path = (folder / self.path[1:]).resolve()
        if path.is_relative_to(folder.resolve()) and path.suffix in TYPES and path.is_file():
            self.answer(200, path.read_bytes(), TYPES[path.suffix])
        else:
            self.answer(404, b"", "text/plain")

    def do_POST(self) -> None:
        octets = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        scratch = self.said.with_suffix(".part")
        scratch.write_bytes(octets)
        self.answer(200, b"", "text/plain")
        scratch.rename(self.said)

    def answer(self, status: int, octets: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(octets)))
        self.end_headers()
        self.wfile.write(octets)


def serve(said: Path, served: Path) -> None:
    """Serve until stopped."""
    Handler.said, Handler.served = said, served
    ThreadingHTTPServer(("127.0.0.1", PORT), Handler).serve_forever()


if __name__ == "__main__":
    serve(Path(sys.argv[1]), Path(sys.argv[2]))
