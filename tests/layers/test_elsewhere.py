"""Where Scapy knows a port, too, it keeps what is its own."""

from __future__ import annotations

import pytest
from scapy.all import DNS, IP, UDP, IPv6, Packet, Raw, bind_layers, conf
from scapy.contrib import stun as scapy_stun

from dissectors.layers import LAYERS, RTP, SIP, STUN, bind
from tests import made

PORT = 16402
SCAPYS = list(UDP.payload_guess)


def test_everywhere_leaves_to_scapy_what_the_table_does_not_know() -> None:
    query = DNS(id=0x1234, rd=1, qd=[])
    looks_like_quic = DNS(id=0x4142, rd=1)
    with bind(everywhere=True):
        assert DNS in IP(bytes(IP() / UDP() / query))
        assert STUN in IP(bytes(IP() / UDP() / made.stun()))
        assert DNS in IP(bytes(IP() / UDP() / looks_like_quic))
        assert RTP in IP(bytes(IP() / UDP(sport=7, dport=9) / made.rtp(1)))
        assert SIP in IPv6(bytes(IPv6() / UDP(sport=7, dport=7) / made.sip("BYE sip:a@b SIP/2.0")))
        assert IP(bytes(IP() / UDP(sport=547, dport=547) / bytes(9))).getlayer("DHCPv6 Unknown Message") is None
    with bind(everywhere=True, plausible=True):
        assert LAYERS["QUIC"] in IP(bytes(IP() / UDP() / looks_like_quic))


def test_named_ports_may_leave_to_scapy_what_only_looks_like_ours() -> None:
    frame = bytes(IP() / UDP(sport=PORT, dport=53) / DNS(id=0x4142, rd=1))
    with bind(ports=range(16384, 32768)):
        assert LAYERS["QUIC"] in IP(frame)
    with bind(ports=range(16384, 32768), plausible=False):
        assert DNS in IP(frame)
        assert STUN in IP(bytes(IP() / UDP(sport=PORT, dport=53) / made.stun()))
        assert RTP in IP(bytes(IP() / UDP(sport=PORT, dport=9) / made.rtp(1)))


def test_one_octet_is_no_evidence_on_a_port_that_nobody_knows() -> None:
    with bind(everywhere=True):
        for octets in (b"A" * 40, b"1" * 40, b"text that is not ours"):
            assert type(IP(bytes(IP() / UDP(sport=7, dport=9) / octets))[UDP].payload) is Raw


def test_a_layer_of_scapys_that_is_bound_to_its_port_stays_also_where_we_have_one() -> None:
    bind_layers(UDP, scapy_stun.STUN, dport=3478)
    frame = bytes(IP() / UDP(sport=7, dport=3478) / made.stun())
    for flows in (False, True):
        with bind(everywhere=True, flows=flows):
            assert scapy_stun.STUN in IP(frame)
        with bind(ports=3478, flows=flows):
            assert STUN in IP(frame)
    with bind(ports=3478, plausible=False):
        assert STUN in IP(frame)


def scapys_layers() -> list[object]:
    """What Scapy makes of each of its own layers, and of other octets, on the port that it has bound."""
    found: list[object] = []
    for values, upper in SCAPYS:
        if isinstance(upper, type) and issubclass(upper, Packet):
            ports = {name: value for name, value in values.items() if isinstance(value, int)}
            for payload in (bytes(upper()), bytes(64), b"A" * 64, bytes(range(64, 128)), b"\x80" + bytes(63)):
                packet = IP(bytes(IP() / UDP(**{"sport": 50_000, "dport": 50_000, **ports}) / Raw(payload)))
                found.append((values, upper, [layer.__name__ for layer in packet.layers()]))
    return found


def test_everywhere_takes_nothing_that_scapy_has_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conf, "debug_dissector", False)
    without = scapys_layers()
    with bind(everywhere=True):
        after = scapys_layers()
    assert after == without and len(without) > 100


@pytest.mark.parametrize("plausible", [None, True])
def test_a_layer_that_borrows_the_table_of_udp_keeps_its_payload(plausible: bool | None) -> None:
    from scapy.contrib.socks import SOCKS5UDP

    inner = DNS(id=0x1234, rd=1, qd=[])
    wrapped = bytes(SOCKS5UDP(atyp=1, addr="192.0.2.1", port=53) / inner)
    assert DNS in SOCKS5UDP(wrapped)
    with bind(everywhere=True, plausible=plausible), bind(ports=range(16384, 32768)):
        assert DNS in SOCKS5UDP(wrapped)
        assert STUN in SOCKS5UDP(bytes(SOCKS5UDP(atyp=1, addr="192.0.2.1", port=5353) / made.stun()))


def test_everywhere_also_leaves_the_functions_that_scapy_has_bound() -> None:
    from scapy.layers.dhcp6 import DHCP6_Solicit

    frame = bytes(IPv6() / UDP(sport=546, dport=547) / DHCP6_Solicit(trid=0x123456))
    with bind(everywhere=True):
        assert DHCP6_Solicit in IPv6(frame)
