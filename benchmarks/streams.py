"""What TCP costs: `python3 -m benchmarks.streams --octets 1000000000`, half of it SIP, half foreign.

A thousand connections say SIP, calls over and over, and a thousand are something else from their first octet on, in
segments of 1,400 octets, all of them in turns. The table has the CPU time and the memory of each program. One that
would take minutes reads a part of the capture, and its time is scaled up. What is foreign is measured by itself, too.
"""
from __future__ import annotations

import argparse
import shutil
import struct
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.__main__ import run
from benchmarks.hostile.frames import tcp, write

CONNECTIONS, SEGMENT, EVERY, CALLS_AT_ONCE = 1000, 1400, 500, 4
PART = 20
SYN, ACK = 0x02, 0x10
SERVER = b"\xc0\0\2\2"
FOREIGN = bytes(range(256)) * 6


def message(number: int, call: int, host: str) -> bytes:
    """One of the messages of a call from a host."""
    kinds = ("INVITE", "200", "ACK", "BYE", "200")
    kind = kinds[number % len(kinds)]
    method, sequence = ("INVITE", 1) if number % len(kinds) < 2 else (kind, 1) if kind == "ACK" else ("BYE", 2)
    first = "SIP/2.0 200 OK" if kind == "200" else f"{kind} sip:b@example.com SIP/2.0"
    at, port = ((host, 20_000), (host.replace("198.51", "203.0"), 30_000))[number % len(kinds) % 2]
    media = f"c=IN IP4 {at}\r\nt=0 0\r\nm=audio {port + call * 2 % 9_998} RTP/AVP 0\r\n"
    body = f"v=0\r\no=- {call} 1 IN IP4 {at}\r\ns=-\r\n{media}" if number % len(kinds) < 2 else ""
    lines = (
        first, f"Via: SIP/2.0/TCP {host};branch=z9hG4bK{call}-{sequence}-{method}", f"Call-ID: {call}@{host}",
        "From: <sip:a@example.com>;tag=1", "To: <sip:b@example.com>" + (";tag=2" if number % len(kinds) else ""),
        f"CSeq: {sequence} {method}", "Max-Forwards: 70", f"Contact: <sip:{'ab'[kind == '200']}@{at}>",
        *(("Content-Type: application/sdp",) if body else ()), f"Content-Length: {len(body)}", "", body,
    )
    return "\r\n".join(lines).encode()


def frames(octets: int, numbers: range = range(2 * CONNECTIONS)) -> Iterator[bytes]:
    """Frames of about so many octets of TCP payload in the connections with these numbers; the odd ones say SIP.

    Each call comes to its end.
    """
    sent, place, back = 0, {}, {}
    for number in numbers:
        place[number] = back[number] = 1
        end, server = (bytes((198, 51, number >> 8, number & 255)), 40_000), (SERVER, 5060 if number % 2 else 8080)
        yield tcp(end, server, 0, SYN)
        yield tcp(server, end, 0, SYN | ACK)
    turn = 0
    while sent < octets or turn % 5:
        for number in numbers:
            end, server = (bytes((198, 51, number >> 8, number & 255)), 40_000), (SERVER, 5060 if number % 2 else 8080)
            if number % 2:
                call = turn // 5 * 2 * CONNECTIONS + number
                host = f"198.51.{number >> 8}.{number & 255}"
                said = [message(turn % 5, CALLS_AT_ONCE * call + each, host) for each in range(CALLS_AT_ONCE)]
                payload = b"".join(said)
            else:
                payload = struct.pack("!Q", turn) + FOREIGN[: SEGMENT - 8]
            if payload.startswith(b"SIP"):
                yield tcp(server, end, back[number], ACK, payload)
                back[number] += len(payload)
            else:
                yield tcp(end, server, place[number], ACK, payload)
                place[number] += len(payload)
            sent += len(payload)
        turn += 1


@dataclass(frozen=True, slots=True)
class Program:
    """A program, and the capture that it reads."""

    name: str
    words: tuple[str, ...]
    capture: str = "whole"


PROGRAMS = (
    Program("muxshark analyze", (sys.executable, "-m", "dissectors", "analyze")),
    Program("muxshark analyze, the foreign half alone", (sys.executable, "-m", "dissectors", "analyze"), "foreign"),
    Program("capinfos, the foreign half alone", ("capinfos", "-c", "-M"), "foreign"),
    Program("sngrep", ("sngrep", "-N", "-q", "-l", "1000000", "-I")),
    Program(
        "tshark -Y sip (a part, scaled up)", ("tshark", "-Y", "sip", "-T", "fields", "-e", "sip.Call-ID", "-r"), "part",
    ),
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python3 -m benchmarks.streams", description=__doc__)
    parser.add_argument("--octets", type=int, default=100_000_000)
    octets = parser.parse_args().octets
    with tempfile.TemporaryDirectory() as folder:
        paths = {name: Path(folder) / f"{name}.pcap" for name in ("whole", "foreign", "part")}
        size = write(paths["whole"], frames(octets), EVERY)
        write(paths["foreign"], frames(octets // 2, range(0, 2 * CONNECTIONS, 2)), EVERY)
        scale = size / write(paths["part"], frames(octets // PART), EVERY)
        print(f"{size:,} octets\n\n| program | CPU s | MiB |\n| --- | --- | --- |", flush=True)
        for each in PROGRAMS:
            if shutil.which(each.words[0]):
                done = run([*each.words, str(paths[each.capture])], {})
                cpu, memory = (scale * done.cpu, "") if each.capture == "part" else (done.cpu, f"{done.memory:.0f}")
                print(f"| {each.name} | {cpu:.2f} | {memory} |", flush=True)


if __name__ == "__main__":
    main()
