"""Namespaces with a virtual cable between them, what is captured there, and the report on it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
LINK = Path(__file__).with_name("link.py")
HERE, THERE = "10.77.0.1", "10.77.0.2"
SETTLE_SECONDS = 1.0
STOP_SECONDS = 10


class Missing(Exception):
    """Something that this machine lacks."""


def need(*programs: str) -> None:
    """Raise `Missing` where a program is not installed, or namespaces cannot be made."""
    if sys.platform != "linux" or os.geteuid() != 0:
        raise Missing("network namespaces need Linux and root")
    lacking = [program for program in ("ip", "tcpdump", *programs) if shutil.which(program) is None]
    if lacking:
        raise Missing(f"not installed: {', '.join(lacking)}")


class Cable:
    """Two namespaces and a cable between them, or a link in a third one: `near` has HERE, `far` has THERE."""

    def __init__(self, name: str) -> None:
        self.near, self.far, self.between = f"{name}n", f"{name}f", f"{name}l"

    def run(self, end: str, *words: str) -> None:
        """Run a program at one end to its end."""
        subprocess.run(["ip", "netns", "exec", end, *words], check=True, capture_output=True, timeout=60)

    def start(self, end: str, *words: str, **options: Any) -> subprocess.Popen[str]:
        """A program that runs at one end until `stop`, in a group of its own."""
        return subprocess.Popen(
            ["ip", "netns", "exec", end, *words], text=True, start_new_session=True, cwd=ROOT,
            **{"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, **options},
        )

    @contextmanager
    def captured(
        self, path: Path, *, end: str = "", interface: str = "cable", traffic: str = "udp"
    ) -> Iterator[None]:
        """Capture the traffic at an end, `near` unless another is named, into a file."""
        words = ("tcpdump", "-i", interface, "-U", "-B", "8192", "-w", str(path), traffic)
        dump = self.start(end or self.near, *words)
        time.sleep(SETTLE_SECONDS)
        try:
            yield
        finally:
            time.sleep(SETTLE_SECONDS)
            stop(dump)


@contextmanager
def cable(name: str, *impairments: str) -> Iterator[Cable]:
    """Two namespaces as long as the context lasts; with impairments, those of `link`, a third one between them."""
    made = Cable(f"mxi{name}{os.getpid()}")
    link: subprocess.Popen[str] | None = None
    try:
        for end in (made.near, made.far, made.between):
            _ip("netns", "add", end)
        if impairments:
            for end, inner in ((made.near, "one"), (made.far, "two")):
                _ip("-n", end, "link", "add", "cable", "type", "veth", "peer", "name", inner, "netns", made.between)
                _ip("-n", made.between, "link", "set", inner, "up")
            link = made.start(made.between, sys.executable, str(LINK), "one", "two", *impairments)
        else:
            _ip("-n", made.near, "link", "add", "cable", "type", "veth", "peer", "name", "cable", "netns", made.far)
        for end, address in ((made.near, HERE), (made.far, THERE)):
            # A link writes no checksums, which IPv6 does not forgive.
            made.run(end, "sh", "-c", "echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6")
            for words in (
                ("addr", "add", f"{address}/24", "dev", "cable"), ("link", "set", "cable", "up"),
                ("link", "set", "lo", "up"), ("route", "add", "default", "dev", "cable"),
            ):
                _ip("-n", end, *words)
        yield made
    finally:
        if link is not None:
            stop(link)
        for end in (made.near, made.far, made.between):
            subprocess.run(["ip", "netns", "delete", end], check=False, capture_output=True, timeout=30)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, timeout=30)


def stop(program: subprocess.Popen[str]) -> None:
    """End a program and what it began."""
    for number in (signal.SIGINT, signal.SIGKILL):
        if program.poll() is None:
            try:
                os.killpg(program.pid, number)
                program.wait(STOP_SECONDS)
            except (ProcessLookupError, subprocess.TimeoutExpired):
                continue


def report(path: Path, *options: str) -> dict[str, Any]:
    """What muxshark says of a capture."""
    done = subprocess.run(
        [sys.executable, "-m", "dissectors", "analyze", "--json", *options, str(path)], cwd=ROOT, check=True,
        capture_output=True, timeout=120,
    )
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def faults(told: dict[str, Any]) -> str:
    """The ids of the findings of a report that are no notes, in order."""
    return ", ".join(sorted({each["id"] for each in told["findings"] if each["severity"] != "note"})) or "none"
