"""With `flows=True` the evidence of a flow counts, and what waited for it changes where it stands."""

from __future__ import annotations

from pathlib import Path

import pytest
from scapy.all import IP, UDP, Ether, IPv6, Packet, Padding, Raw, rdpcap
from scapy.layers.snmp import SNMP, SNMPget

from dissectors import offline
from dissectors.layers import DTLS, LAYERS, RTCP, RTP, SIP, STUN, bind
from dissectors.mux.table import PROTOCOLS
from tests import made
from tests.layered import CAPTURES

PORT = 16402


def datagram(payload: bytes, sport: int = 7000, dport: int = PORT) -> Packet:
    return IP(bytes(IP(src="192.0.2.1", dst="192.0.2.2") / UDP(sport=sport, dport=dport) / Raw(payload)))


def kinds(packets: list[Packet]) -> list[str]:
    return [type(packet[UDP].payload).__name__ for packet in packets]


def test_a_stream_counts_from_the_first_datagram_that_waited() -> None:
    with bind(ports=PORT, flows=True):
        packets = [datagram(made.rtp(1))]
        assert kinds(packets) == ["Raw"]
        packets += [datagram(made.rtp(number)) for number in range(2, 30)]
    assert kinds(packets) == ["RTP"] * 29
    assert [packet[RTP].sequence for packet in packets] == list(range(1, 30))
    assert bytes(packets[0])[-len(made.rtp(1)) :] == made.rtp(1)


def test_snmp_on_a_wide_range_is_no_dtls() -> None:
    query = bytes(SNMP(PDU=SNMPget()))
    with bind(ports=range(1024, 65536)):
        assert DTLS in datagram(query, 161, 50_000)
    with bind(ports=range(1024, 65536), flows=True):
        assert SNMP in datagram(query, 161, 50_000)
    with bind(everywhere=True, flows=True):
        assert SNMP in datagram(query, 161, 50_000)
        assert STUN in datagram(made.stun(), 161, 50_000)


def test_what_is_certain_counts_at_once_and_lone_datagrams_never() -> None:
    with bind(everywhere=True, flows=True):
        assert SIP in datagram(made.sip("BYE sip:a@b SIP/2.0")) and RTCP in datagram(made.rtcp())
        assert kinds([datagram(made.rtp(1, ssrc=5), 9, 9), datagram(b"A" * 40, 10, 10)]) == ["Raw", "Raw"]
        frame = bytes(IPv6() / UDP(sport=7, dport=7) / made.stun())
        assert STUN in IPv6(frame) and STUN in UDP(frame[40:])


def test_what_you_changed_while_it_waited_stays() -> None:
    with bind(ports=PORT, flows=True):
        first, second = datagram(made.rtp(1)), datagram(made.rtp(2))
        first[Raw].load = b"mine"
        second[UDP].remove_payload()
        rest = [datagram(made.rtp(number)) for number in range(3, 30)]
    assert first[Raw].load == b"mine" and not second[UDP].payload
    assert kinds(rest) == ["RTP"] * 27


def test_what_stood_behind_the_datagram_stands_there_afterwards() -> None:
    with bind(ports=PORT, flows=True):
        frames = [made.frame(made.A, made.B, made.rtp(number)) + b"trailer" for number in range(1, 30)]
        packets = [Ether(frame) for frame in frames]
    assert kinds(packets) == ["RTP"] * 29
    assert packets[0][Padding].load == b"trailer"
    assert [bytes(packet) for packet in packets] == frames


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.name)
def test_a_capture_is_read_as_the_scan_reads_it(path: Path) -> None:
    wanted = [PROTOCOLS[row.protocol] for row in offline.rows([str(path)]) if row.datagram.payload]
    with bind(everywhere=True, flows=True):
        packets = [packet for packet in rdpcap(str(path)) if UDP in packet and packet[UDP].payload]
    names = {layer: name for name, layer in LAYERS.items()}
    ours = [names.get(type(packet[UDP].payload), "UNKNOWN") for packet in packets]
    assert ours == wanted
