"""Reading held against tshark: number, times, addresses, ports, lengths and octets of all UDP datagrams.

    python -m tests.against_tshark CAPTURE_OR_FOLDER…

prints, for each capture in which the two differ, how many datagrams and why; `docs/reading.md` has the reasons in full.
"""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple

from dissectors.sources.capture import open_capture
from dissectors.wire.errors import CaptureError
from dissectors.wire.link.frames import Frames

FIELDS = (
    "frame.number", "frame.time_epoch", "frame.protocols", "ip.src", "ip.dst", "ipv6.src", "ipv6.dst",
    "udp.srcport", "udp.dstport", "udp.length", "udp.payload",
)

SAME = "the same"
QUOTED = "quoted by ICMP"
BEYOND = "octets beyond UDP's length"
NO_LENGTH = "a length of zero, which stands for IP's"
NO_ROOM = "a length of less than a header, or for which IP has no room"
CUT = "a header that tshark holds for cut"
ABSENT = -1


class Read(NamedTuple):
    """One UDP datagram as a reader found it; `time` in nanoseconds, `length` of the payload."""

    frame: int
    time: int
    src: str
    sport: int
    dst: str
    dport: int
    length: int
    payload: bytes


def ours(path: Path) -> list[Read]:
    """What this project reads."""
    frames, found = Frames(), []
    with open_capture(str(path)) as capture:
        for record in capture.records():
            for _, src, dst, sport, dport, payload, length, _ in frames.udp(record):
                ends = str(ip_address(src)), sport, str(ip_address(dst)), dport
                found.append(Read(record.frame, record.time, *ends, length, bytes(payload)))
    return found


def wiresharks(path: Path) -> list[tuple[Read, str]]:
    """What tshark reads, each with the protocols before its UDP header."""
    command = ["tshark", "-n", "-r", str(path), "-Y", "udp", "-T", "fields", "-E", "separator=/t", "-E", "aggregator=;"]
    done = subprocess.run([*command, *(word for name in FIELDS for word in ("-e", name))], capture_output=True)
    found = []
    for line in done.stdout.decode("utf-8", "replace").splitlines():
        found += list(_of_a_frame(dict(zip(FIELDS, line.split("\t"), strict=True))))
    return found


def _of_a_frame(fields: dict[str, str]) -> Iterator[tuple[Read, str]]:
    """The datagrams of one frame: `frame.protocols` tells which addresses belong to which ports."""
    values = {name: iter(text.split(";") if text else ()) for name, text in fields.items()}
    src = dst = ""
    before = ""
    frame, time = int(fields["frame.number"]), int(Decimal(fields["frame.time_epoch"]) * 1_000_000_000)
    for protocol in fields["frame.protocols"].split(":"):
        if protocol in ("ip", "ipv6"):
            src, dst = next(values[f"{protocol}.src"], src), next(values[f"{protocol}.dst"], dst)
        elif protocol == "udp":
            ports = [int(next(values[f"udp.{name}"], ABSENT)) for name in ("srcport", "dstport", "length")]
            payload = bytes.fromhex(next(values["udp.payload"], ""))
            yield Read(frame, time, _plain(src), ports[0], _plain(dst), ports[1], ports[2] - 8, payload), before
        before += f"{protocol}:"


def _plain(address: str) -> str:
    """An address as Python writes it, which is the same for every address."""
    return str(ip_address(address)) if address else ""


def differences(path: Path) -> Counter[str]:
    """How many datagrams differ, by the reason, or by what differs where there is none."""
    found: Counter[str] = Counter()
    mine: dict[int, list[Read]] = {}
    for read in ours(path):
        mine.setdefault(read.frame, []).append(read)
    for theirs, before in wiresharks(path):
        if theirs.sport == ABSENT:
            continue
        candidates = mine.get(theirs.frame, [])
        if theirs in candidates:
            candidates.remove(theirs)
            found[SAME] += 1
            continue
        near = next((read for read in candidates if read[2:6] == theirs[2:6]), None)
        if near is not None:
            candidates.remove(near)
        found[_reason(theirs, near, before)] += 1
    found["read here alone"] += sum(map(len, mine.values()))
    return +found


def _reason(theirs: Read, near: Read | None, before: str) -> str:
    """Why tshark says otherwise."""
    if near is None:
        return QUOTED if "icmp" in before else f"not read here: {before}"
    if theirs.time == near.time and theirs.length == near.length and theirs.payload.startswith(near.payload):
        return BEYOND
    if theirs.length == ABSENT - 8:
        return CUT
    if theirs.time == near.time and theirs.length == -8 and not theirs.payload:
        return NO_LENGTH
    if theirs.time == near.time and theirs.payload == near.payload:
        return NO_ROOM
    return ", ".join(name for name in Read._fields if getattr(theirs, name) != getattr(near, name))


def main(paths: list[str]) -> int:
    """Compare every capture named, or in a folder named, and print what differs."""
    files = [one for name in paths for one in (sorted(Path(name).iterdir()) if Path(name).is_dir() else [Path(name)])]
    total: Counter[str] = Counter()
    with ThreadPoolExecutor(2) as pool:
        for path, result in zip(files, pool.map(_compared, files), strict=True):
            total += result
            if set(result) - {SAME}:
                print(path.name, dict(result))
    print("in all", dict(total))
    return 0


def _compared(path: Path) -> Counter[str]:
    try:
        return differences(path)
    except CaptureError as error:
        return Counter({str(error): 1})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
