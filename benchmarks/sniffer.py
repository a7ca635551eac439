"""Scapy's sniffer as people use it, counting: `python3 -m benchmarks.sniffer INTERFACE`; SIGINT ends it."""
from __future__ import annotations

import signal
import sys

from scapy.sendrecv import sniff


def main(interface: str) -> None:
    """Count frames until an interrupt."""
    count = 0
    # A shell starts what runs in the background deaf to interrupts.
    signal.signal(signal.SIGINT, signal.default_int_handler)

    def take(packet: object) -> None:
        nonlocal count
        count += 1

    sniff(iface=interface, store=False, prn=take, started_callback=lambda: print("watching", file=sys.stderr))
    print(count)


if __name__ == "__main__":
    main(sys.argv[1])
