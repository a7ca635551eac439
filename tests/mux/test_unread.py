"""What is not read has a name."""

from __future__ import annotations

import struct

import pytest

from dissectors.mux.unread import Unread, unread
from dissectors.report import Report
from dissectors.wire.captures.records import Record
from tests.ip_frames import ethernet, ipv4, udp
from tests.pages import piped
from tests.tcp_frames import A, B, conversation, records, report
from tests.wire.test_tls_hello import hello

SETUP = b"\x03\0\0\x20\x08\x02\0\1\5" + bytes(23)
REGISTER = b"\x18\0\0\0\0\0\0\0\1\0\0\0" + bytes(20)


@pytest.mark.parametrize(
    ("octets", "port", "found"),
    [
        (hello("sip.example.com", "h2"), 443, Unread("TLS 1.3", "h2 for sip.example.com", True)),
        (hello("example.com"), 5061, Unread("TLS 1.3", "example.com", True)),
        (hello("example.com", "sip"), 443, Unread("TLS 1.3", "sip for example.com", True)),
        (hello("example.com"), 443, Unread("TLS 1.3", "example.com", False)),
        (SETUP, 1720, Unread("H.323", "", True)),
        (REGISTER, 2000, Unread("Skinny", "", True)),
        (REGISTER, 2001, None),
        (b"\1\0\0\x14" + bytes(16), 3868, Unread("Diameter", "", False)),
        (b"OPTIONS rtsp://a RTSP/1.0\r\n", 554, Unread("RTSP", "", True)),
        (b"<?xml version='1.0'?><stream:stream to='a'>", 5222, Unread("XMPP", "", True)),
        (b"GET / HTTP/1.1\r\n", 80, None),
        (b"", 80, None),
    ],
)
def test_the_first_octets_give_a_name(octets: bytes, port: int, found: Unread | None) -> None:
    assert unread(octets, port) == found


def test_a_report_names_the_server_of_what_is_not_read() -> None:
    server = (B[0], 1720)
    clients = [(A[0], 30_001), (A[0], 30_002)]
    segments = [one for client in clients for one in conversation([(client, SETUP)], (client, server))]
    made = report(records(segments))
    (told,) = made.capture.not_read
    assert (told.name, told.transport, told.address, told.port, told.count) == ("H.323", "tcp", "192.0.2.2", 1720, 2)
    page = piped(made)
    assert "signalling seen and not read: H.323 to 192.0.2.2:1720;" in page.splitlines()[0]
    assert "not read: H.323 to 192.0.2.2:1720: 2 connections" in page


def test_a_connection_that_began_before_the_capture_is_named_by_its_servers_port() -> None:
    made = report(records(conversation([((B[0], 2000), REGISTER)] * 10, ((B[0], 2000), A), opened=False)))
    assert [(each.name, each.port) for each in made.capture.not_read] == [("Skinny", 2000)]


def sctp(number: int, sport: int = 2905, dport: int = 2905, before: bytes = b"") -> bytes:
    """A packet with data of a payload protocol, behind other chunks."""
    head = struct.pack("!HHII", sport, dport, 0, 0)
    return head + before + struct.pack("!HHIIII", 3, 32, 0, 0, number, 0) + bytes(12)


def back(packet: bytes) -> bytes:
    """A frame with the packet's addresses the other way around."""
    return ethernet(packet[:12] + packet[16:20] + packet[12:16] + packet[20:])


def of_frames(*frames: bytes) -> Report:
    return report([(0, Record(number, number, 1, octets, len(octets))) for number, octets in enumerate(frames, 1)])


def told(made: Report) -> list[tuple[object, ...]]:
    return [
        (each.name, each.transport, each.address, each.port, each.count, each.octets, each.signalling)
        for each in made.capture.not_read
    ]


HERE, THERE = "10.0.0.1", "10.0.0.2"


def test_sctp_udp_by_port_and_esp_are_counted_both_ways_at_the_server() -> None:
    sealed, mgcp = bytes(range(9, 60)), udp(b"CRCX 1 aaln/1 MGCP 1.0", 9, 2427)
    made = of_frames(
        *[ethernet(ipv4(sctp(3), 132))] * 2, back(ipv4(sctp(3), 132)),
        ethernet(ipv4(mgcp)), back(ipv4(udp(b"200 1 OK", 2427, 9))),
        ethernet(ipv4(sealed, 50)), back(ipv4(sealed, 50)), ethernet(ipv4(bytes(12), 50)),
        *[ethernet(ipv4(udp(sealed, 4500, 4500)))] * 3,
    )
    assert told(made) == [
        ("M3UA", "sctp", THERE, 2905, 3, 132, True), ("MGCP", "udp", THERE, 2427, 2, 30, True),
        ("ESP", "udp", THERE, 4500, 3, 153, False), ("ESP", "esp", THERE, 0, 2, 102, False),
    ]
    page = piped(made)
    assert "  not read: M3UA to 10.0.0.2:2905: 3 packets, 132 B\n" in page
    assert "  not read: MGCP to 10.0.0.2:2427 (by its port): 2 datagrams, 30 B\n" in page
    assert "unknown-share" not in {found.id for found in made.findings}


def test_a_conversation_between_two_such_ports_is_one_line_and_names_whom_it_asked_first() -> None:
    one, two = udp(b"AUEP 1 a MGCP 1.0", 2427, 2427), udp(b"200 1 OK", 2427, 2427)
    answer = back(ipv4(two))
    assert told(of_frames(ethernet(ipv4(one)), answer)) == [("MGCP", "udp", THERE, 2427, 2, 25, True)]
    assert told(of_frames(answer)) == [("MGCP", "udp", HERE, 2427, 1, 8, True)]
    late = ethernet(ipv4(udp(b"200 1 OK", 2427, 40_000)))
    assert told(of_frames(late)) == [("MGCP", "udp", HERE, 2427, 1, 8, True)]


PLACES = ((46, 1), (0, 3868), (0, 2), (0, 5060), (51, 5060))
"""Payload protocols and ports."""


def test_data_of_sctp_are_found_behind_other_chunks_and_named_by_the_port_where_nothing_else_does() -> None:
    sack = struct.pack("!BBHIIHH", 3, 0, 16, 7, 9, 0, 0)
    frames = [ethernet(ipv4(sctp(number, 50_000, port, sack), 132)) for number, port in PLACES]
    headline = piped(of_frames(*frames)).splitlines()[0]
    named = "SIP to 10.0.0.2:5060, Diameter to 10.0.0.2:1, Diameter to 10.0.0.2:3868"
    assert f"signalling seen and not read: {named};" in headline
    assert [(name, port) for name, _, _, port, *_ in told(of_frames(*frames))] == [
        ("SIP", 5060), ("Diameter", 1), ("Diameter", 3868), ("SCTP", 2), ("SCTP", 5060),
    ]
    assert not told(of_frames(ethernet(ipv4(sctp(3)[:12] + sack * 20, 132)), ethernet(ipv4(sctp(3)[:20], 132))))


def test_what_no_line_has_room_for_is_counted() -> None:
    frames = [ethernet(ipv4(sctp(3, 9, port), 132)) for port in range(100, 108)]
    page = piped(of_frames(*frames))
    assert page.count("  not read: ") == 7 and "  not read: 2 more (--all)\n" in page
