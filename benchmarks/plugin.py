"""What the Wireshark plugin costs: `python3 -m benchmarks.plugin`, CPU time over that of Decode As RTP.

Captures of as many datagrams on port 16402: media alone, one long call whose SIP, STUN and RTCP share the port, and
many short ones. tshark reads each with `-d udp.port==16402,rtp` and with the plugin in turns; the ratio is taken within
each pair of runs, and the median of the pairs is shown. `--tshark` measures another tshark, such as one below `chroot
DIR`.
"""
from __future__ import annotations

import argparse
import shlex
import statistics
import struct
import tempfile
from collections.abc import Iterator
from itertools import chain, cycle, islice
from pathlib import Path

from benchmarks.__main__ import run
from dissectors.mux.classify import classify
from dissectors.sources.capture import open_capture
from dissectors.wire.link.frames import Frames
from dissectors.wireshark.plugin import render

CALL = Path(__file__).resolve().parent.parent / "pcaps" / "facetime-2013.pcap"
PORT = 16402
TICK = 10_000
WAYS = {
    "a line a datagram": (),
    "rtp,streams": ("-q", "-z", "rtp,streams"),
    "three fields": ("-T", "fields", "-e", "rtp.ssrc", "-e", "rtp.seq", "-e", "sip.Method"),
    "everything (-V)": ("-V",),
}
"""What tshark is asked for."""


def media(count: int) -> Iterator[bytes]:
    """RTP of two streams, 160 octets each, as G.711 would be."""
    for number in range(count):
        side, sequence = number % 2, number // 2
        yield struct.pack("!BBHII", 0x80, 0, sequence & 0xFFFF, 160 * sequence & 0xFFFFFFFF, 0x1234 + side) + bytes(160)


def call() -> list[bytes]:
    """A FaceTime call of 24 seconds: SIP with its compressed SDP, STUN, RTCP and RTP."""
    frames = Frames()
    with open_capture(str(CALL)) as capture:
        return [bytes(udp.payload) for record in capture.records() for udp in frames.udp(record)]


def long_call(count: int) -> Iterator[bytes]:
    """That call, with its media, STUN and RTCP going on and on before it is hung up."""
    whole = call()
    kinds = [classify(payload).protocol for payload in whole]
    going_on = [payload for payload, kind in zip(whole, kinds, strict=True) if kind != "SIP"]
    end = len(kinds) - kinds[::-1].index("RTP")
    middle = islice(cycle(going_on), max(0, count - len(whole)))
    return islice(chain(whole[:end], middle, whole[end:]), count)


def mixed(count: int) -> Iterator[bytes]:
    """That call over and over."""
    return islice(cycle(call()), count)


CAPTURES = {"media": media, "long call": long_call, "mixed": mixed}


def write(path: Path, payloads: Iterator[bytes]) -> None:
    """A capture of bare IPv4 packets between two hosts, in both directions."""
    hosts = b"\xc0\0\2\1", b"\xc0\0\2\2"
    with path.open("wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101))
        for number, payload in enumerate(payloads):
            size = 28 + len(payload)
            source, destination = hosts[:: 1 - number % 2 * 2]
            head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, size, 0, 0, 64, 17, 0, source, destination)
            head += struct.pack("!HHHH", PORT, PORT, size - 20, 0)
            file.write(struct.pack("<IIII", *divmod(TICK * number, 1_000_000), size, size) + head + payload)
    path.chmod(0o644)


def main() -> None:
    """Make the captures, run the pairs, print the table."""
    parser = argparse.ArgumentParser(prog="python3 -m benchmarks.plugin", description="What the plugin costs.")
    parser.add_argument("--datagrams", type=int, default=200_000)
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--only", action="append", default=[], metavar="WAY", help="ways whose names begin so")
    parser.add_argument("--tshark", default="tshark", metavar="COMMAND")
    parser.add_argument("--folder", type=Path, help="keep the captures and the plugin here")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.folder or Path(scratch)
        folder.chmod(0o755)
        plugin = folder / "mux.lua"
        plugin.write_text(render(), encoding="utf-8", newline="\n")
        tshark = [*shlex.split(options.tshark), "-n"]
        print("| capture | tshark is asked for | Decode As RTP, CPU s | with the plugin | ratio | from, to |")
        print("| --- | --- | ---: | ---: | ---: | ---: |")
        for name, payloads in CAPTURES.items():
            capture = folder / f"{name.replace(' ', '-')}-{options.datagrams}.pcap"
            if not capture.exists():
                write(capture, payloads(options.datagrams))
            for way, words in WAYS.items():
                if options.only and not way.startswith((*options.only,)):
                    continue
                read = [*tshark, "-r", str(capture), *words]
                pairs = [
                    (
                        run([*read, "-d", f"udp.port=={PORT},rtp"], {}).cpu,
                        run([*read, "-X", f"lua_script:{plugin}"], {}).cpu,
                    )
                    for _ in range(options.pairs)
                ]
                alone, helped = (statistics.median(column) for column in zip(*pairs, strict=True))
                ratios = sorted(other / one for one, other in pairs)
                print(
                    f"| {name} | {way} | {alone:.2f} | {helped:.2f} | {statistics.median(ratios):.2f} × "
                    f"| {ratios[0]:.2f}, {ratios[-1]:.2f} |", flush=True,
                )


if __name__ == "__main__":
    main()
