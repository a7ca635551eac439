"""A virtual cable between two namespaces, and frames sent over it at a rate; all of it is taken away in the end."""
from __future__ import annotations

import json
import os
import struct
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.make_captures import Shape, frames

NEAR, FAR = "tx0", "rx0"
VLAN, IPV4 = b"\x81\x00", b"\x08\x00"
UDP = 8
head = struct.Struct("=3I").pack


@dataclass(frozen=True, slots=True)
class Cable:
    """Two namespaces: what enters `NEAR` in one leaves `FAR` in the other."""

    near: str
    far: str

    def command(self, *words: str) -> list[str]:
        """How a program is run at the far end."""
        return ["ip", "netns", "exec", self.far, *words]

    def sending(self, *words: str) -> list[str]:
        """The same at the near end."""
        return ["ip", "netns", "exec", self.near, *words]

    def arrived(self) -> int:
        """How many frames the far end has been given so far."""
        words = ["ip", "-n", self.far, "-s", "-j", "link", "show", FAR]
        done = subprocess.run(words, check=True, capture_output=True, text=True)
        return int(json.loads(done.stdout)[0]["stats64"]["rx"]["packets"])

    def send(self, program: Path, sent: Path, rate: int, seconds: float) -> tuple[int, float]:
        """Send the frames of a file over and over; how many, and for how many seconds.

        The sender stays on the last processor, as a network card would interrupt one alone.
        """
        words = ["ip", "netns", "exec", self.near, str(program), NEAR, str(sent), str(rate), str(seconds)]
        last = max(os.sched_getaffinity(0))
        done = subprocess.run(
            words, check=True, capture_output=True, text=True, preexec_fn=lambda: os.sched_setaffinity(0, {last})
        )
        count, took = done.stdout.split()
        return int(count), float(took)


@contextmanager
def cable() -> Iterator[Cable]:
    """Make the namespaces, and take them away whatever happens."""
    made = Cable(f"mxb{os.getpid()}a", f"mxb{os.getpid()}b")
    commands = (
        f"netns add {made.near}", f"netns add {made.far}",
        f"-n {made.near} link add {NEAR} type veth peer name {FAR} netns {made.far}",
        # Without addresses of its own the kernel has nothing to say on the cable.
        f"-n {made.near} link set {NEAR} addrgenmode none", f"-n {made.far} link set {FAR} addrgenmode none",
        f"-n {made.near} link set {NEAR} up", f"-n {made.far} link set {FAR} up",
    )
    try:
        for command in commands:
            subprocess.run(["ip", *command.split()], check=True)
        yield made
    finally:
        for name in (made.near, made.far):
            subprocess.run(["ip", "netns", "delete", name], check=False)


def write_frames(path: Path, shape: Shape) -> int:
    """Write a capture's frames for the sender (see send.c); their mean length in octets."""
    found = [(octets, rtp_at(octets)) for _, octets in frames(shape)]
    highest: dict[bytes, int] = {}
    lowest: dict[bytes, int] = {}
    steps: dict[bytes, int] = defaultdict(int)
    for octets, at in found:
        if at:
            ssrc, sequence = octets[at + 8 : at + 12], int.from_bytes(octets[at + 2 : at + 4], "big")
            before = highest.setdefault(ssrc, sequence)
            # Sequence numbers wrap, and some come late: the distance to the highest is less than half of the circle.
            extended = before + (sequence - before + 0x8000 & 0xFFFF) - 0x8000
            highest[ssrc] = max(before, extended)
            lowest[ssrc] = min(lowest.get(ssrc, extended), extended)
            steps[ssrc] = highest[ssrc] - lowest[ssrc] + 1
    with path.open("wb") as file:
        for octets, at in found:
            file.write(head(len(octets), at, steps[octets[at + 8 : at + 12]] if at else 0) + octets)
    return sum(len(octets) for octets, _ in found) // len(found)


def rtp_at(octets: bytes) -> int:
    """Where the RTP header begins in a frame that `make_captures` made; 0 where it holds something else."""
    at = 18 if octets[12:14] == VLAN else 14
    at += (20 if octets[at - 2 : at] == IPV4 else 40) + UDP
    return at if octets[at] == 0x80 and octets[at + 1] & 0x7F in (0, 8) else 0
