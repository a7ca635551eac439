"""Pages of samples, a hostile capture, 10,000 calls and many captures, in headless Chromium, judged by axe-core."""

from __future__ import annotations

import io
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dpkt

from dissectors.cli import main
from tools.interop.sessions.network import ROOT, Missing
from tools.interop.sessions.phones import needs
from tools.interop.sessions.results import Row, facts

SCRIPT = Path(__file__).with_suffix(".js")
PACKAGES = ("playwright-core@1.54", "axe-core@4.10")
PATIENCE_SECONDS, MAX_OPEN_MS, MAX_FRAME_MS = 300, 2000, 50
MANY, SAMPLES = 10_000, ("bad-day.pcap", "facetime-2013.pcap", "rfc7983.pcap")
START = 1_700_000_000.0
EVIL = (
    "</pre></script><script>document.title='taken'</script><img src=http://x.invalid/ onerror=alert(1)>"
    "\" onclick='alert(2)' \u202eevil\u2066 javascript:alert(3) {{ 7*7 }}"
)


def run(folder: Path, _: str) -> list[Row]:
    """What Chromium and axe-core say of each page, light and dark, wide and narrow."""
    for package in PACKAGES:
        needs(package, folder)
    made = [_page(folder, ROOT / "pcaps" / name) for name in SAMPLES]
    for name, messages in (("hostile", _hostile()), ("many", _many())):
        made.append(_page(folder, _capture(folder / f"{name}.pcap", messages), "--all"))
    main(["analyze", "--force", "--each", "--html", str(folder / "pages"), *(str(ROOT / "pcaps" / n) for n in SAMPLES)])
    made.append(folder / "pages" / "index.html")
    words = ["node", str(SCRIPT), str(folder), *map(str, made)]
    done = subprocess.run(words, check=False, capture_output=True, text=True, timeout=PATIENCE_SECONDS)
    if done.returncode:
        raise Missing(f"the browser showed nothing: {done.stderr.strip().splitlines()[-1:]}")
    return [row for line in done.stdout.splitlines() for row in _judged(json.loads(line))]


def _page(folder: Path, capture: Path, *options: str) -> Path:
    page = folder / f"{capture.stem}.html"
    main(["analyze", "--force", "--html", str(page), *options, str(capture)])
    return page


def _judged(seen: dict[str, Any]) -> Iterator[Row]:
    name = f"{seen['page']}, {seen['width']}, {'dark' if seen['dark'] else 'light'}"
    yield facts(f"{name}: said and asked for", [], [*seen["said"], *seen["asked"]])
    yield facts(f"{name}: scripts of others", False, "taken" in seen["title"] or seen["wider"])
    works = {part: works for part, works in seen["works"].items() if not part.endswith("_ms")}
    yield facts(f"{name}: {', '.join(works)}", True, all(works.values()))
    if seen["serious"] is None:
        opened = f"{seen['load_ms']} ms, a search {seen['works'].get('search_ms')} ms"
        middle, long = seen["frames_ms"]
        frames = f"{middle} ms, one in 20 over {long} ms"
        yield Row(f"{name}: scrolls, a frame takes", f"at most {MAX_FRAME_MS} ms", frames, middle <= MAX_FRAME_MS)
        yield Row(f"{name}: opens within {MAX_OPEN_MS} ms", "yes", opened, seen["load_ms"] <= MAX_OPEN_MS)
    else:
        yield facts(f"{name}: serious findings of axe-core", [], seen["serious"])


def _capture(path: Path, messages: Iterator[bytes]) -> Path:
    with path.open("wb") as file:
        writer = dpkt.pcap.Writer(file)
        for number, octets in enumerate(messages):
            ends = (b"\xc0\x00\x02\x01", b"\xc0\x00\x02\x02")
            src, dst = ends if octets[:3] != b"SIP" else ends[::-1]
            udp = dpkt.udp.UDP(sport=5060, dport=5060, data=octets)
            udp.ulen = len(udp)
            ip = dpkt.ip.IP(src=src, dst=dst, p=dpkt.ip.IP_PROTO_UDP, data=udp)
            writer.writepkt(bytes(dpkt.ethernet.Ethernet(data=ip)), START + number / 100)
    return path


def _many() -> Iterator[bytes]:
    """Calls that are refused."""
    for number in range(MANY):
        for start in (f"INVITE sip:{number}@example.com SIP/2.0", "SIP/2.0 486 Busy Here"):
            yield _message(start, f"{number}@example.com", f"sip:{number % 97}@example.com", "INVITE")
        yield _message(f"ACK sip:{number}@example.com SIP/2.0", f"{number}@example.com", "sip:a@example.com", "ACK")


def _hostile() -> Iterator[bytes]:
    """A call whose every text tries to become more than text; one header is long."""
    long = f"X-Long: {EVIL * 300}\r\n"
    for start in (f"INVITE sip:{EVIL.replace(' ', '')}@example.com SIP/2.0", f"SIP/2.0 486 {EVIL}"):
        yield _message(start, f"{EVIL.replace(' ', '')}@example.com", f"sip:{EVIL}@example.com", "INVITE", long)


def _message(start: str, call_id: str, caller: str, method: str, more: str = "") -> bytes:
    answered = ";tag=b" if start.startswith("SIP") or method == "ACK" else ""
    text = io.StringIO()
    text.write(f"{start}\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK{abs(hash(call_id))}\r\n")
    text.write(f"From: <{caller}>;tag=a\r\nTo: <sip:b@example.com>{answered}\r\nCall-ID: {call_id}\r\n")
    text.write(f"CSeq: 1 {method}\r\nUser-Agent: {EVIL if more else 'test'}\r\n{more}Content-Length: 0\r\n\r\n")
    return text.getvalue().encode()
