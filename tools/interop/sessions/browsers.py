"""Browsers with a made-up camera, each in a session with itself: their getStats beside what is on the wire."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

from tools.interop.sessions.network import ROOT, Cable, cable, faults, need, report, stop
from tools.interop.sessions.results import Row, facts, numbers
from tools.interop.sessions.streams import by_ssrc, rates

PAGE, SAYS = Path(__file__).with_name("session.html"), Path(__file__).with_name("voice.html")
PORT, SECONDS, PATIENCE_SECONDS = 8123, 15, 75
CHROMIUM = (
    "chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--mute-audio", "--no-first-run",
    "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
    "--disable-features=WebRtcHideLocalIpsWithMdns", "--disable-dev-shm-usage",
)
FIREFOX_SETTINGS = {
    "media.navigator.streams.fake": True, "media.navigator.permission.disabled": True,
    "media.peerconnection.ice.obfuscate_host_addresses": False, "media.peerconnection.ice.loopback": True,
    "media.autoplay.default": 0, "datareporting.policy.dataSubmissionEnabled": False,
    "browser.shell.checkDefaultBrowser": False, "toolkit.telemetry.reportingpolicy.firstRun": False,
    "security.sandbox.content.level": 0,
}
TAG_OCTETS, GCM_TAG_OCTETS = 10, 16
"""What SRTP adds to a packet, beyond the headers and payloads that getStats tells."""


def chromium(folder: Path, _: str) -> list[Row]:
    """Debian's headless Chromium."""
    need("chromium")
    with tempfile.TemporaryDirectory() as profile:
        return _run("chromium", folder, (*CHROMIUM, f"--user-data-dir={profile}"), {})


def firefox(folder: Path, _: str) -> list[Row]:
    """Firefox, which writes the keys of DTLS as well."""
    need("firefox-esr")
    with tempfile.TemporaryDirectory() as profile:
        keys = folder / "firefox.keys"
        rows = _run("firefox", folder, *_firefox(profile, keys))
        return [*rows, facts("firefox: keys of DTLS written", True, keys.exists() and "CLIENT" in keys.read_text())]


def firefox_says(folder: Path, said: Path, path: Path) -> Path:
    """Let Firefox say a file to itself, captured; where it wrote the keys."""
    keys, ended = folder / "firefox-voice.keys", folder / "firefox-voice.json"
    keys.unlink(missing_ok=True)
    ended.unlink(missing_ok=True)
    with (tempfile.TemporaryDirectory() as profile, cable("b") as made,
          made.captured(path, interface="lo")):
        _browse(made, *_firefox(profile, keys), ended, SAYS, said)
    if ended.exists() and (told := ended.read_text(encoding="utf-8")) != '"said"':
        print(f"firefox: {told}", file=sys.stderr)
    return keys


def _firefox(profile: str, keys: Path) -> tuple[Sequence[str], dict[str, str]]:
    """Its words and its environment, with a new profile."""
    lines = (f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in FIREFOX_SETTINGS.items())
    (Path(profile) / "user.js").write_text("".join(lines), encoding="utf-8")
    return (
        ("firefox-esr", "--headless", "--no-remote", "--profile", profile),
        {"SSLKEYLOGFILE": str(keys), "HOME": profile, "MOZ_DISABLE_CONTENT_SANDBOX": "1"},
    )


def _run(name: str, folder: Path, words: Sequence[str], variables: dict[str, str]) -> list[Row]:
    path, said = folder / f"{name}.pcap", folder / f"{name}-stats.json"
    said.unlink(missing_ok=True)
    with cable("b") as made, made.captured(path, interface="lo"):
        _browse(made, words, variables, said)
    if not said.exists():
        return [facts(f"{name}: statistics", "told", "nothing came")]
    keys = variables.get("SSLKEYLOGFILE", "")
    told = report(path, *(("--keys", keys) if keys and Path(keys).exists() else ()))
    return compared(name, json.loads(said.read_text(encoding="utf-8")), told)


def _browse(made: Cable, words: Sequence[str], variables: dict[str, str], said: Path, *served: Path) -> None:
    """Serve the page, and a file beside it, in the browser's namespace until it has told its statistics."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **variables}
    server = made.start(made.near, sys.executable, "-m", "tools.interop.sessions.browsers", str(said),
                        *map(str, served), env=environment)
    time.sleep(1.0)
    browser = made.start(made.near, *words, f"http://127.0.0.1:{PORT}/?seconds={SECONDS}", env=environment)
    try:
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until and not said.exists():
            time.sleep(0.5)
    finally:
        stop(browser)
        stop(server)


def compared(name: str, samples: list[dict[str, Any]], told: dict[str, Any]) -> list[Row]:
    """Each stream that the page sent, as its last statistics and all of them over time have it."""
    rows = [facts(f"{name}: faults", "none", faults(told))]
    streams, tag = by_ssrc(told), _tag(samples)
    last = samples[-1]["stats"]
    for sent in (each for each in last if each["type"] == "outbound-rtp"):
        here, title = streams.get(sent["ssrc"]), f"{name}: {sent['kind']} {sent.get('rid') or ''}".rstrip()
        if not sent.get("packetsSent"):
            continue
        if here is None:
            rows.append(facts(f"{title}, SSRC 0x{sent['ssrc']:08X}", "sent", "not seen"))
            continue
        over_time = [(time, _octets(each, tag)) for time, each in _of(samples, sent["ssrc"])]
        # What is sent again, and what only fills the path, has a source of its own and is counted here by browsers.
        beside = [each for each in told["streams"] if each["repairs"] == sent["ssrc"]]
        rows += [
            numbers(f"{title}: packets", sent["packetsSent"], _sum((here, *beside), "packets")),
            numbers(f"{title}: octets", _octets(sent, tag), _sum((here, *beside), "octets")),
            rates(title, over_time, here, beside),
        ]
        if here.get("decrypted") is not None:
            rows.append(facts(f"{title}: packets that keys open", here["packets"], here["decrypted"]["verified"]))
        if sent["kind"] == "video":
            rows += _pictures(title, sent, here)
    rows += [
        numbers(f"{name}: {each['kind']} lost", each["packetsLost"], streams[each["ssrc"]]["lost"])
        for each in last if each["type"] == "inbound-rtp" and each["ssrc"] in streams
    ]
    return rows


def _of(samples: list[dict[str, Any]], ssrc: int) -> list[tuple[float, dict[str, Any]]]:
    """What a source had sent by when, by the clock of the machine: that of the statistics may run at another speed."""
    return [
        (one["time"] / 1000, each) for one in samples for each in one["stats"]
        if each["type"] == "outbound-rtp" and each["ssrc"] == ssrc
    ]


def _sum(streams: Sequence[dict[str, Any]], name: str) -> int:
    return sum(int(each[name]) for each in streams)


def _tag(samples: list[dict[str, Any]]) -> int:
    """The octets of an SRTP tag, by the suite that getStats names."""
    suites = [each["srtpCipher"] for one in samples for each in one["stats"] if "srtpCipher" in each]
    return GCM_TAG_OCTETS if any("GCM" in each for each in suites) else TAG_OCTETS


def _octets(sent: dict[str, Any], tag: int) -> float:
    """The UDP payload octets: getStats tells headers and payloads, and nothing of SRTP's tags."""
    packets = int(sent["packetsSent"])
    return float(sent["bytesSent"] + sent.get("headerBytesSent", 20 * packets) + tag * packets)


def _pictures(title: str, sent: dict[str, Any], here: dict[str, Any]) -> list[Row]:
    video = here["video"] or {"frames": 0, "key_frames": None}
    keys = video["key_frames"]
    rows = [numbers(f"{title}: frames", sent.get("framesSent", sent["framesEncoded"]), video["frames"])]
    # Without a dependency descriptor nothing shows which pictures are whole in what is encrypted.
    if "keyFramesEncoded" in sent and keys:
        rows.append(numbers(f"{title}: key frames, by {keys['by']}", sent["keyFramesEncoded"], keys["count"]))
    return rows


class Handler(BaseHTTPRequestHandler):
    """Serves the page, and writes what it posts into the file that the command line names."""

    said = Path()
    page, file = PAGE, Path(os.devnull)

    def do_GET(self) -> None:
        if self.path.startswith("/?"):
            self.answer(self.page.read_bytes())
        else:
            self.answer(self.file.read_bytes() if self.path == "/file" else b"")

    def do_POST(self) -> None:
        octets = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        scratch = self.said.with_suffix(".part")
        scratch.write_bytes(octets)
        scratch.rename(self.said)
        self.answer(b"")

    def answer(self, octets: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(octets)))
        self.end_headers()
        self.wfile.write(octets)


def serve(said: Path, page: Path = PAGE, file: Path = Path(os.devnull)) -> None:
    """Serve until stopped."""
    Handler.said, Handler.page, Handler.file = said, page, file
    HTTPServer(("127.0.0.1", PORT), Handler).serve_forever()


if __name__ == "__main__":
    serve(*map(Path, sys.argv[1:]))
