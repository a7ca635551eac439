"""What is not read has a name."""

from __future__ import annotations

import pytest

from dissectors.mux.unread import Unread, unread
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


def test_sctp_and_udp_by_port_are_counted() -> None:
    sctp = b"\x0b\x59\x0b\x59" + bytes(8) + b"\0\3\0\x20" + bytes(8) + b"\0\0\0\3" + bytes(16)
    mgcp = udp(b"CRCX 1 aaln/1 MGCP 1.0", 9, 2427)
    sealed = bytes(range(9, 60))
    esp = [ethernet(ipv4(sealed, 50)), *[ethernet(ipv4(udp(sealed, 4500, 4500)))] * 3, ethernet(ipv4(bytes(12), 50))]
    frames = [*[ethernet(ipv4(sctp, 132))] * 2, ethernet(ipv4(mgcp)), *esp]
    made = report([(0, Record(number, number, 1, octets, len(octets))) for number, octets in enumerate(frames, 1)])
    told = [(each.name, each.transport, each.port, each.count, each.signalling) for each in made.capture.not_read]
    assert told == [
        ("M3UA", "sctp", 2905, 2, True), ("MGCP", "udp", 2427, 1, True), ("ESP", "udp", 4500, 3, False),
        ("ESP", "esp", 0, 1, False),
    ]
