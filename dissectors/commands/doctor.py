"""`muxshark doctor`: list what is installed, what is missing, and how to get it."""
from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator

HELP = "show what is installed, what is missing, how to get it"
DESCRIPTION = "Show which scan runs, which ways of live capture work here and which programs are installed."
PACKAGES = {
    "scapy": "the Scapy layers and as the last choice for live capture", "dpkt": "writing captures",
    "rich": "colours and the live screen", "pyshark": "muxshark verify",
    "msgspec": "everything", "cryptography": "TLS and SRTP with keys (--keys)",
    "jinja2": "pages (analyze --html)", "av": "most codecs, and video (media)",
    "textual": "muxshark browse and live --browse",
}
PROGRAMS = {
    "tshark": ("muxshark verify and the check of the Wireshark plugin", "apt install tshark"),
    "dumpcap": ("live capture without root", "apt install wireshark-common"),
    "tcpdump": ("capturing on other machines, into a pipe", "apt install tcpdump"),
}
TIMEOUT_SECONDS = 10.0
MANY_PACKETS, USUAL_FRAME_OCTETS = 100_000, 214
"""A busy second, and what a packet of speech takes on Ethernet."""

OK, MISSING, NOTE = "ok", "--", "  "


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command: none."""


def run(options: argparse.Namespace) -> int:
    """Print what is installed; change nothing."""
    for title, lines in (
        ("muxshark", _itself()), ("Live capture", _capturing()), ("Python packages", _packages()),
        ("Programs", _programs()),
    ):
        print(title)
        for mark, what, text in lines:
            print(f"  {mark}  {what:<12} {text}".rstrip())
        print()
    return 0


def _itself() -> Iterator[tuple[str, str, str]]:
    import platform

    from dissectors.offline import scanner_class
    from dissectors.version import __version__

    build = scanner_class().build
    yield OK, "version", __version__
    yield OK, "Python", f"{platform.python_implementation()} {platform.python_version()}, {sys.executable}"
    slow = "" if build == "compiled" else " (a compiler at installation makes it many times faster)"
    yield OK if not slow else NOTE, "scan", f"{build}{slow}"


def _capturing() -> Iterator[tuple[str, str, str]]:
    from dissectors.sources.interface import bpf, opening, rights

    reason = rights.raw_sockets()
    yield (OK, "ring", f"the kernel's ring: the fastest way; {_held()}") if not reason else (MISSING, "ring", reason)
    yield _dumpcap()
    scapy = "not installed" if _version("scapy") is None else reason
    yield (OK, "scapy", "slow, the last choice") if not scapy else (MISSING, "scapy", scapy)
    yield (
        (OK, "libpcap", "capture filters (-f, --ports)") if bpf.available()
        else (MISSING, "libpcap", "no capture filters (-f, --ports): apt install libpcap0.8")
    )
    if reason:
        yield NOTE, "to do", opening.advice(opening.command(("live", "-i", "IFACE")))


def _held() -> str:
    """How long the kernel's buffer holds what comes while this process stands still."""
    from dissectors.sources.interface import ring
    from dissectors.sources.interface.source import BUFFER_OCTETS

    many, few = (ring.seconds(BUFFER_OCTETS, rate, USUAL_FRAME_OCTETS) for rate in (MANY_PACKETS, 1))
    size = f"{BUFFER_OCTETS >> 20} MiB (--buffer)"
    return f"its {size} hold {many:.1f} s of {MANY_PACKETS:,} packets a second, {few:.1f} s of few"


def _dumpcap() -> tuple[str, str, str]:
    """Whether dumpcap can start a capture here, with the options that `live` uses."""
    from dissectors.sources.interface.interfaces import interfaces
    from dissectors.sources.interface.source import Refusal, Wanted
    from dissectors.sources.pipe import Dumpcap

    found = interfaces()
    if not found:
        return MISSING, "dumpcap", "there is no interface for a test"
    try:
        Dumpcap(Wanted((found[0].name,))).close()
    except Refusal as refusal:
        return MISSING, "dumpcap", str(refusal)
    return OK, "dumpcap", "may capture"


def _packages() -> Iterator[tuple[str, str, str]]:
    for name, use in PACKAGES.items():
        version = _version(name)
        yield (OK, name, f"{version}, for {use}") if version else (MISSING, name, f"for {use}: pip install {name}")


def _programs() -> Iterator[tuple[str, str, str]]:
    from shutil import which

    for name, (use, how) in PROGRAMS.items():
        path = which(name)
        said = _output([path, "--version"]) if path else []
        yield (OK, name, f"{said[0] if said else path}, for {use}") if path else (MISSING, name, f"for {use}: {how}")


def _version(package: str) -> str | None:
    from importlib import metadata

    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _output(words: list[str]) -> list[str]:
    """The lines that a program prints to either stream; none when it does not run."""
    import subprocess

    try:
        done = subprocess.run(
            words, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, errors="replace", check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return []
    return (done.stdout or done.stderr).splitlines()
