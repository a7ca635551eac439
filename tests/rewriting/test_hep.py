"""HEP to a server, held against our own reader."""

from __future__ import annotations

import json
import socket
import threading

import pytest

from dissectors import offline
from dissectors.protocols import sip
from dissectors.rewriting.hep import MAX_DATAGRAM_OCTETS, Sender, Told, packets, send
from dissectors.wire import hep
from dissectors.wire.errors import CaptureError
from dissectors.wire.spec import Incomplete
from dissectors.wire.values import replace
from tests.command_line import CALL

REPORT = offline.analyze([CALL])


def told() -> list[Told]:
    found = [*packets(offline.rows([CALL]), REPORT, 7)]
    return [each for each in found if each is not None]


def test_sip_is_inflated_and_has_its_place_and_its_call() -> None:
    first = next(each for each in told() if b"INVITE" in each.octets)
    packet = hep.parse(first.octets)
    message = REPORT.calls[0].messages[0]
    assert (packet.sport, packet.dport, packet.protocol) == (message.sport, message.dport, 17)
    assert abs(packet.time / 1e9 - message.time) < 1e-5
    body = sip.parse(packet.payload).body
    assert body.status == "identity" and message.body is not None and body.octets.decode() == message.body.text
    assert REPORT.calls[0].call_id.encode() in first.octets.rpartition(packet.payload)[2]


def test_rtcp_and_streams_are_json() -> None:
    found = [hep.parse(each.octets).payload for each in told()]
    values = [json.loads(payload) for payload in found if payload.startswith(b"{")]
    reports = [value for value in values if "report_blocks" in value]
    streams = [value for value in values if "SSRC" in value]
    assert len(found) == 9 + len(reports) + 2 and reports and {value["type"] for value in reports} <= {200, 201}
    assert [value["TOTAL_PK"] for value in streams] == [stream.packets for stream in REPORT.streams]
    assert {value["CORRELATION_ID"] for value in streams} == {REPORT.calls[0].call_id}


def test_a_server_reads_every_datagram() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(30)
        sent = told()
        assert send(sent, Sender(*server.getsockname()), pace=False).sent == len(sent)
        assert [server.recv(65536) for _ in sent] == [each.octets for each in sent]


def test_a_connection_that_breaks_is_made_anew() -> None:
    received: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(30)

        def serve() -> None:
            server.accept()[0].close()
            connection, _ = server.accept()
            while octets := connection.recv(65536):
                received.append(octets)
            connection.close()

        thread = threading.Thread(target=serve)
        thread.start()
        sender, sent = Sender(*server.getsockname(), tcp=True, wait=lambda _: None), told()
        sender.send(sent[0].octets)
        thread_seen = 0
        while not received and thread_seen < 10_000:
            sender.send(sent[0].octets)
            thread_seen += 1
        send(sent, sender, pace=False)
        thread.join(30)
    stream, whole = b"".join(received), []
    while stream:
        size = hep.frame(stream)
        assert not isinstance(size, Incomplete)
        whole.append(stream[:size])
        stream = stream[size:]
    assert whole[-len(sent) :] == [each.octets for each in sent]


def test_what_was_not_acknowledged_is_sent_again_and_a_connection_that_the_server_closed_is_counted() -> None:
    received: list[bytes] = []
    closed = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(30)

        def serve() -> None:
            first, _ = server.accept()
            received.append(first.recv(3))
            first.close()
            closed.set()
            second, _ = server.accept()
            with second:
                while octets := second.recv(65536):
                    received.append(octets)

        thread = threading.Thread(target=serve)
        thread.start()
        sender = Sender(*server.getsockname(), tcp=True, wait=lambda _: None)
        sender.send(b"one")
        assert closed.wait(30)
        tally = send([Told(0, b"two"), Told(0, b"three")], sender, pace=False)
        thread.join(30)
    assert b"".join(received) == b"onetwothree"
    assert (tally.sent, tally.unheard, tally.closed) == (2, 0, 1)


def test_what_nobody_acknowledges_is_counted() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sender = Sender(*server.getsockname(), tcp=True, attempts=1)
        # Nobody reads: what the system of the server has no room for stays with us.
        assert sender.send(b"x") and sender.send(bytes(200_000)) and sender.finish(0.2) == 1


def test_a_server_that_is_not_there_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = server.getsockname()
    waits: list[float] = []
    with pytest.raises(CaptureError, match="refused"):
        Sender(*address, tcp=True, wait=waits.append).send(b"x")
    assert waits == [0.5, 1.0, 2.0, 4.0, 8.0]


def test_the_pace_is_that_of_the_capture() -> None:
    waits: list[float] = []

    class Quiet(Sender):
        def send(self, octets: bytes) -> bool:
            return len(octets) < MAX_DATAGRAM_OCTETS

    times = [Told(int(seconds * 1e9), b"") for seconds in (1, 3.5, 3, 4)]
    tally = send([*times[:3], None, times[3]], Quiet("x", 1), pace=True, wait=waits.append)
    assert waits == [2.5, 0.5] and (tally.sent, tally.too_long) == (4, 1)


def test_what_is_too_long_is_no_packet() -> None:
    packet = hep.Packet(bytes(4), 1, bytes(4), 2, 17, 0, bytes(65536))
    assert hep.build(packet, 1, 7) is None
    short = replace(packet, payload=b"x", src=bytes(16), dst=bytes(16), time=5_000_001_000)
    octets = hep.build(short, 1, 7)
    assert octets is not None and hep.parse(octets) == replace(short, agent="7")
