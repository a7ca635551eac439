"""What a person would write with a library to get RTP streams: `python3 -m benchmarks.peers NAME CAPTURE`.

Each prints how many sources sent RTP and how many datagrams; none looks at evidence, loss or jitter.
"""
from __future__ import annotations

import sys
from collections import Counter


def dpkt(path: str) -> Counter[int]:
    """dpkt's reader, its Ethernet, and its RTP."""
    import dpkt

    found: Counter[int] = Counter()
    with open(path, "rb") as file:
        for _, octets in dpkt.pcap.Reader(file):
            ip = dpkt.ethernet.Ethernet(octets).data
            udp = getattr(ip, "data", None)
            if isinstance(udp, dpkt.udp.UDP) and len(udp.data) >= 12 and udp.data[0] >> 6 == 2:
                found[dpkt.rtp.RTP(udp.data).ssrc] += 1
    return found


def scapy(path: str) -> Counter[int]:
    """Scapy's reader with its layers up to UDP, then RTP."""
    from scapy.layers.inet import UDP
    from scapy.layers.rtp import RTP
    from scapy.utils import PcapReader

    found: Counter[int] = Counter()
    with PcapReader(path) as packets:
        for packet in packets:
            if UDP in packet:
                payload = bytes(packet[UDP].payload)
                if len(payload) >= 12 and payload[0] >> 6 == 2:
                    found[RTP(payload).sourcesync] += 1
    return found


def pyshark(path: str) -> Counter[int]:
    """tshark's dissection through pyshark."""
    import pyshark

    found: Counter[int] = Counter()
    capture = pyshark.FileCapture(path, keep_packets=False, custom_parameters=["--enable-heuristic", "rtp_udp"])
    for packet in capture:
        if "RTP" in packet:
            found[int(packet.rtp.ssrc, 16)] += 1
    capture.close()
    return found


def nfstream(path: str) -> Counter[int]:
    """nfstream's flows, whatever they carry: it knows no SSRC."""
    from nfstream import NFStreamer

    return Counter({number: flow.bidirectional_packets for number, flow in enumerate(NFStreamer(source=path))})


PEERS = {"dpkt": dpkt, "scapy": scapy, "pyshark": pyshark, "nfstream": nfstream}

if __name__ == "__main__":
    streams = PEERS[sys.argv[1]](sys.argv[2])
    print(len(streams), "sources,", sum(streams.values()), "datagrams")
