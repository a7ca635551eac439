"""What Wireshark sees in a capture before and after it was rewritten, and what it complains of only afterwards."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from dissectors.wireshark.tshark import Tshark

SHOWN = ("sip", "sdp", "rtp", "rtcp", "stun", "dtls", "udp", "tcp")
ERROR = 0x800000
"""The severity of an error among Wireshark's expert information."""

CHECKED = ("-o", "ip.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE")
FIELDS = ("frame.time_epoch", "frame.protocols", "_ws.expert.severity", "_ws.expert.message", "_ws.malformed")
SEPARATOR, MAX_LISTED = "\x1f", 20


class Compared(NamedTuple):
    """Lines for people, and whether Wireshark complains of something that it did not complain of before."""

    lines: list[str]
    worse: bool


class Seen(NamedTuple):
    """How many frames show each protocol, and the errors of each frame that has some, by its time."""

    protocols: Counter[str]
    errors: dict[str, list[str]]


def seen(tshark: Tshark, capture: str, home: Path) -> Seen:
    """What Wireshark sees in a capture without any plugin, and without the user's settings."""
    protocols: Counter[str] = Counter()
    errors: dict[str, list[str]] = {}
    options = (*CHECKED, "-E", "separator=/t", "-E", f"aggregator={SEPARATOR}")
    for row in tshark.fields(capture, FIELDS, *options, home=home):
        time, stack, severities, texts, malformed = (*row, "", "", "", "")[: len(FIELDS)]
        protocols.update(name for name in set(stack.split(":")) if name in SHOWN)
        told = zip(severities.split(SEPARATOR), texts.split(SEPARATOR), strict=False)
        found = [text for severity, text in told if severity.isdecimal() and int(severity) >= ERROR]
        found += ["malformed packet"] * bool(malformed and not found)
        if found:
            errors[time] = found
    return Seen(protocols, errors)


def compare(tshark: Tshark, before: str, after: str) -> Compared:
    """What it sees in both; raises NoWireshark when it fails.

    A frame that it complained of before, as of a compressed body, may show other errors now that it can be read.
    """
    with TemporaryDirectory() as folder:
        home = Path(folder)
        home.chmod(0o755)
        old, new = seen(tshark, before, home), seen(tshark, after, home)
    lines = [f"Wireshark {'.'.join(map(str, tshark.version))} sees, before and after:"]
    counts = ((name, old.protocols[name], new.protocols[name]) for name in SHOWN)
    lines += [f"  {name:<5} {one:>9,} {two:>9,}" for name, one, two in counts if one or two]
    worse = Counter(text for time, texts in new.errors.items() if time not in old.errors for text in texts)
    lines += [f"  only afterwards, {count:,} times: {text}" for text, count in worse.most_common(MAX_LISTED)]
    lines.append(f"  {sum(worse.values()):,} new errors" if worse else "  no error in a frame that had none before")
    return Compared(lines, bool(worse))
