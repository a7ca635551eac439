"""What dissecting a datagram costs with `Mux`, beside Scapy's own layer on the same octets.

    python3 -m benchmarks.scapy_layers [--rounds 15] [--json]

The octets are the samples of the tests and the captures of `pcaps/`, less those on which Scapy's layer fails. Both are
timed one after the other in every round; the ratio is the median of the rounds' ratios, beside the lowest and highest.
Scapy leaves the packets of an RTCP compound after the first undissected, ours does not: the last row lets Scapy dissect
each of them.
"""
from __future__ import annotations

import argparse
import json
import struct
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import scapy.layers.l2  # noqa: F401  (the link layers that rdpcap reads)
from scapy.contrib.rtcp import RTCP
from scapy.contrib.stun import STUN
from scapy.layers.inet import UDP
from scapy.layers.rtp import RTP
from scapy.packet import Packet
from scapy.utils import rdpcap

from dissectors.layers import Mux
from dissectors.mux.classify import classify

ROOT = Path(__file__).parent.parent
THEIRS: dict[str, type[Packet]] = {"RTP": RTP, "RTCP": RTCP, "STUN": STUN}
MOST = 200
"""How many datagrams of a protocol are timed; a round of Scapy's takes some ten milliseconds with them."""


def samples() -> dict[str, list[bytes]]:
    """The datagrams of each protocol that Scapy has a layer for."""
    paths = [path for kind in ("rtp", "rtcp", "stun") for path in sorted((ROOT / "tests" / "data" / kind).iterdir())]
    found = [path.read_bytes() for path in paths]
    for path in sorted((ROOT / "pcaps").glob("*.pcap")):
        found += [bytes(packet[UDP].payload) for packet in rdpcap(str(path)) if UDP in packet]
    by_protocol: dict[str, list[bytes]] = {name: [] for name in THEIRS}
    for octets in dict.fromkeys(found):
        name = classify(octets).protocol
        if name in THEIRS and is_read(THEIRS[name], octets):
            by_protocol[name].append(octets)
    return {name: each[:: max(1, len(each) // MOST)][:MOST] for name, each in by_protocol.items()}


def is_read(layer: type[Packet], octets: bytes) -> bool:
    """Whether Scapy's layer dissects these octets without an exception."""
    try:
        layer(octets)
    except (struct.error, IndexError, OSError, ValueError):
        return False
    return True


def rtcp_fits(octets: bytes) -> bool:
    """Whether these are whole packets in the clear, each of which Scapy's layer dissects."""
    try:
        each_packet(octets)
    except (struct.error, IndexError, OSError, ValueError):
        return False
    return not Mux(octets).getfieldval("encrypted")


def seconds(layer: Callable[[bytes], Any], datagrams: Sequence[bytes]) -> float:
    """How long it takes to dissect all of them."""
    begin = perf_counter()
    for octets in datagrams:
        layer(octets)
    return perf_counter() - begin


def each_packet(octets: bytes) -> None:
    """Every packet of an RTCP compound by Scapy's layer."""
    while len(octets) >= 4:
        end = 4 + 4 * int.from_bytes(octets[2:4], "big")
        RTCP(octets[:end])
        octets = octets[end:]


def measure(name: str, theirs: Callable[[bytes], Any], datagrams: Sequence[bytes], rounds: int) -> dict[str, Any]:
    """One protocol: microseconds a datagram, ours and theirs, and their ratio."""
    pairs = [(seconds(Mux, datagrams), seconds(theirs, datagrams)) for _ in range(rounds)]
    ratios = [mux / scapy for mux, scapy in pairs]
    return {
        "protocol": name,
        "datagrams": len(datagrams),
        "mux_us": round(median(mux for mux, _ in pairs) / len(datagrams) * 1e6, 1),
        "scapy_us": round(median(scapy for _, scapy in pairs) / len(datagrams) * 1e6, 1),
        "ratio": round(median(ratios), 2),
        "lowest": round(min(ratios), 2),
        "highest": round(max(ratios), 2),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    found = samples()
    results = [measure(name, THEIRS[name], datagrams, given.rounds) for name, datagrams in found.items()]
    clear = [octets for octets in found["RTCP"] if rtcp_fits(octets)]
    results.append(measure("RTCP, each packet", each_packet, clear, given.rounds))
    if given.json:
        print(json.dumps(results, indent=1))
        return
    print("protocol           datagrams  Mux µs  Scapy µs  ratio  lowest  highest")
    for row in results:
        print(
            f"{row['protocol']:17}  {row['datagrams']:9}  {row['mux_us']:6}  {row['scapy_us']:8}  {row['ratio']:5}  "
            f"{row['lowest']:6}  {row['highest']:7}"
        )


if __name__ == "__main__":
    main()
