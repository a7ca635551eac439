"""aiortc to aiortc over a link that loses, delays and limits: what both count beside what is on the wire."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from tools.interop.sessions.network import Cable, Missing, cable, faults, need, report, stop
from tools.interop.sessions.results import Row, facts, numbers
from tools.interop.sessions.streams import by_ssrc, rates

PEER = Path(__file__).with_name("aiortc_peer.py")
SECONDS = 20
LINKS: dict[str, tuple[str, ...]] = {
    "a good link": ("delay=10",),
    "3 % loss": ("delay=40", "loss=0.03"),
    "reordered": ("delay=15", "reorder=0.05"),
    "slow": ("delay=20", "rate=600"),
}
"""What the link does to what the first end sends, in the words of `link`."""


def run(folder: Path, python: str) -> list[Row]:
    """A session over each link, captured where the second end receives."""
    need()
    if subprocess.run([python, "-c", "import aiortc"], check=False, capture_output=True, timeout=60).returncode:
        raise Missing("aiortc is not installed (pip install aiortc; --python names a Python that has it)")
    rows = []
    for name, impairments in LINKS.items():
        path = folder / f"aiortc-{name.replace(' ', '-').replace('%', 'percent')}.pcap"
        with cable("a", *impairments) as made, made.captured(path, end=made.far):
            sender, receiver = talk(made, python)
        rows += compared(name, sender, receiver, report(path))
    return rows


def talk(made: Cable, python: str, peer: Path = PEER, *words: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Let both ends talk, and hear what they counted."""
    words = words or (str(SECONDS),)
    both = [
        made.start(end, python, str(peer), role, *words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for end, role in ((made.near, "offer"), (made.far, "answer"))
    ]
    try:
        for one, other in (both, both[::-1]):
            assert one.stdout is not None and other.stdin is not None
            other.stdin.write(one.stdout.readline())
            other.stdin.flush()
        said = [each.communicate(timeout=3 * SECONDS)[0] for each in both]
    finally:
        for each in both:
            stop(each)
    return json.loads(said[0]), json.loads(said[1])


def compared(name: str, sender: dict[str, Any], receiver: dict[str, Any], told: dict[str, Any]) -> list[Row]:
    """The streams from the first end to the second: as sent, as received, and as captured."""
    streams = by_ssrc(told)
    good = not any(each["lost"] for each in streams.values())
    found = set(faults(told).split(", ")) - (set() if good else LOSSES)
    rows = [facts(f"{name}: faults", "none", ", ".join(sorted(found)) or "none")]
    for sent in (each for each in sender["stats"] if each["type"] == "outbound-rtp"):
        here = streams.get(sent["ssrc"])
        if here is None:
            rows.append(facts(f"{name}: SSRC 0x{sent['ssrc']:08X}", "sent", "not seen"))
            continue
        title = f"{name}: {sent['kind']}"
        came = receiver["received"][str(sent["ssrc"])]
        rows += [
            numbers(f"{title}: packets sent", sent["packetsSent"], here["packets"] + here["lost"] - here["duplicates"]),
            numbers(f"{title}: packets received", came[0], here["packets"]),
            numbers(f"{title}: octets received", came[1], here["octets"]),
            rates(title, [(time, octets) for time, octets in receiver["curves"][str(sent["ssrc"])]], here),
        ]
        inbound = [each for each in receiver["stats"] if each["type"] == "inbound-rtp" and each["ssrc"] == sent["ssrc"]]
        rows += [numbers(f"{title}: lost", each["packetsLost"], here["lost"]) for each in inbound]
        if sent["kind"] == "video" and here["lost_fraction"] < MAX_LOSS:
            rows += _pictures(title, sender, receiver, here, told)
    return rows


LOSSES = {"stream-loss", "loss-bursts", "stream-jitter", "stream-reordered", "bitrate-collapsed", "video-frozen"}
"""What a link that loses is rightly told for."""

MAX_LOSS = 0.1
"""Beyond this loss what is left shows too few of the frames to count them."""


def _pictures(
    title: str, sender: dict[str, Any], receiver: dict[str, Any], here: dict[str, Any], told: dict[str, Any]
) -> list[Row]:
    video = here["video"] or {"frames": 0, "key_frames": None}
    again = [each["packets"] for each in told["streams"] if each["repairs"] == here["ssrc"]]
    keys = video["key_frames"]["count"] if video["key_frames"] else 0
    repaired = sum(came[0] for ssrc, came in receiver["received"].items() if int(ssrc) not in sources(sender))
    return [
        numbers(f"{title}: frames", sender["counts"].get("frames", 0), video["frames"]),
        numbers(f"{title}: key frames", sender["counts"].get("key frames", 0), keys),
        numbers(f"{title}: repairs received (RTX)", repaired, sum(again)),
    ]


def sources(sender: dict[str, Any]) -> set[int]:
    """The sources of an end that have statistics: all but those of RTX."""
    return {each["ssrc"] for each in sender["stats"] if each["type"] == "outbound-rtp"}
