"""A session that sends what it sees to a server of HEP, which may be slow, gone, or back again."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from dissectors import offline
from dissectors.commands import live_hep
from dissectors.commands.live_hep import Relay
from dissectors.mux.scan import Batch
from dissectors.protocols import sip
from dissectors.rewriting.hep import Told
from dissectors.wire import hep
from dissectors.wire.inflate import LIMITS
from dissectors.wire.spec import Incomplete
from tests.sessions import CALL, run

REPORT = offline.analyze([str(CALL)])


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        made.bind(("127.0.0.1", 0))
        made.settimeout(1)
        yield made


def received(server: socket.socket) -> list[hep.Packet]:
    found = []
    try:
        while True:
            found.append(hep.parse(server.recv(65536)))
    except TimeoutError:
        return found


def relay(address: tuple[str, int], tcp: bool = True) -> Relay:
    return Relay(address, tcp=tcp, agent=7, limits=LIMITS)


def test_everything_that_a_session_sees_goes_to_the_server(server: socket.socket) -> None:
    port = server.getsockname()[1]
    done = run("-", "--log", "--hep", f"127.0.0.1:{port}", "--agent", "9", octets=CALL.read_bytes())
    found = received(server)
    messages = [packet for packet in found if not packet.payload.startswith(b"{")]
    values = [json.loads(packet.payload) for packet in found if packet.payload.startswith(b"{")]
    assert done.returncode == 0 and f"--hep: {len(found)} packets sent to 127.0.0.1:{port}" in done.stderr.decode()
    bodies = [message.body.text or "" for message in REPORT.calls[0].messages if message.body]
    parsed = [sip.parse(packet.payload).body.octets.decode() for packet in messages]
    assert [text for text in parsed if text] == [text for text in bodies if text]
    assert len(messages) == len(REPORT.calls[0].messages) and {packet.agent for packet in found} == {"9"}
    streams = {value["SSRC"]: value for value in values if "SSRC" in value}
    assert sorted(value["TOTAL_PK"] for value in streams.values()) == sorted(one.packets for one in REPORT.streams)
    assert {value["CORRELATION_ID"] for value in streams.values()} == {REPORT.calls[0].call_id}
    assert [value for value in values if "report_blocks" in value]


def test_packets_of_ours_that_come_back_do_not_go_again(server: socket.socket) -> None:
    port = server.getsockname()[1]
    run("-", "--log", "--hep", f"127.0.0.1:{port}", octets=CALL.read_bytes())
    sent = received(server)
    one = relay(("127.0.0.1", port), tcp=False)
    for _ in range(2):
        for number, packet in enumerate(sent):
            one._put(1, Told(number, hep.build(packet, 1, 7) or b""))
    list(one.close())
    assert len(received(server)) == one.sent == len({hep.build(packet, 1, 7) for packet in sent})


def test_a_server_that_comes_late_gets_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_hep, "FIRST_PAUSE_SECONDS", 0.01)
    with socket.create_server(("127.0.0.1", 0)) as gone:
        address = gone.getsockname()
    one = relay(address)
    packet = hep.build(hep.Packet(bytes(4), 1, bytes(4), 2, 17, 1, b"x"), 1, 7) or b""
    one._put(1, Told(0, packet))
    news: list[str] = []
    while not news:
        news += one.news()
        time.sleep(0.001)
    assert news == [f"--hep: 127.0.0.1:{address[1]}: connection refused; it is tried again"]
    got: list[bytes] = []
    with socket.create_server(address) as server:
        def serve() -> None:
            connection, _ = server.accept()
            while octets := connection.recv(65536):
                got.append(octets)
            connection.close()

        thread = threading.Thread(target=serve)
        thread.start()
        told = list(one.close())
        thread.join(30)
    assert b"".join(got) == packet and hep.frame(packet) == len(packet) != Incomplete
    assert told == [f"--hep: 1 packet sent to 127.0.0.1:{address[1]}"]
    assert list(one.news()) == [f"--hep: 127.0.0.1:{address[1]} is there again"]


def test_a_server_that_closes_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_hep, "FIRST_PAUSE_SECONDS", 0.01)
    packets = [hep.build(hep.Packet(bytes(4), 1, bytes(4), 2, 17, 1, text), 1, 7) or b"" for text in (b"x", b"y")]
    got: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(30)
        one = relay(server.getsockname())
        one._put(1, Told(0, packets[0]))
        first, _ = server.accept()
        while sum(map(len, got)) < len(packets[0]):
            got.append(first.recv(65536))
        first.close()
        one._put(1, Told(0, packets[1]))
        second, _ = server.accept()
        while sum(map(len, got)) < sum(map(len, packets)):
            got.append(second.recv(65536))
        told = list(one.close())
        second.close()
    assert b"".join(got) == b"".join(packets) and "2 packets sent" in told[0]
    assert told[1:] == ["--hep: 0 of them not acknowledged; the server closed the connection 1 time"]


def test_what_finds_no_room_is_counted_and_nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_hep, "CLOSE_SECONDS", 0.2)
    monkeypatch.setattr(live_hep, "MAX_WAITING_OCTETS", 100_000)
    with socket.create_server(("127.0.0.1", 0)) as gone:
        address = gone.getsockname()
    one = relay(address)
    batch = next(b for b in _batches() if any(b.signalling))
    for _ in range(50):
        one.take(batch)
    assert one._weight <= 100_000 and one.dropped > 50
    told = list(one.close())
    assert told[0].startswith("--hep: 0 packets sent") and "not sent, 127.0.0.1" in told[1]
    assert not one._thread.is_alive()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_fault_of_our_own_is_said_as_one_and_nothing_more_waits(
    server: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> Iterator[Told]:
        raise ValueError("no such thing")

    monkeypatch.setattr(live_hep.hep, "of_row", fail)
    port = server.getsockname()[1]
    one = relay(("127.0.0.1", port), tcp=False)
    batch = next(b for b in _batches() if any(b.signalling))
    one.take(batch)
    one._thread.join(30)
    fault = "muxshark itself failed: ValueError: no such thing"
    assert list(one.news()) == [f"--hep: {fault}; nothing more is sent, the session goes on"] and not list(one.news())
    before = one.dropped
    one.take(batch)
    assert one.dropped > before
    told = list(one.close())
    assert told == [f"--hep: 0 packets sent to 127.0.0.1:{port}", f"--hep: {one.dropped} packets not sent, {fault}"]


def test_a_name_that_no_host_can_have_is_said_and_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_hep, "CLOSE_SECONDS", 0.2)
    one = relay(("a..b", 9060), tcp=False)
    one._put(1, Told(0, b"x"))
    news: list[str] = []
    while not news:
        news += one.news()
        time.sleep(0.001)
    assert news[0].startswith("--hep: a..b:9060: ") and news[0].endswith("; it is tried again")
    assert one._thread.is_alive()
    assert list(one.close())[1].startswith("--hep: 1 packet not sent, a..b:9060: ")


def _batches() -> Iterator[Batch]:
    from dissectors.offline import scanner_class
    from dissectors.sources.capture import open_capture

    with open_capture(str(CALL)) as capture:
        scanner = scanner_class()()
        yield from scanner.scan((0, record) for record in capture.records())


@pytest.mark.parametrize(("words", "said"), [
    (("--hep", "nowhere"), "not of the form HOST:PORT"),
    (("--hep", "localhost:9", "--agent", "4294967296"), "more than a number of 32 bits"),
    (("--hep", "localhost:9", "-Y", "user==a"), "--hep sends everything that is seen"),
])
def test_what_cannot_be_sent_is_refused(words: tuple[str, ...], said: str) -> None:
    done = run("-", *words, octets=CALL.read_bytes())
    assert done.returncode == 2 and said in done.stderr.decode()
