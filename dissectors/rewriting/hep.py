"""What a capture holds, for a server of HEP: SIP with its bodies inflated, RTCP as JSON, streams as reports.

Laws of this file:
1. A packet goes in order, one after the other; nothing waits in a queue.
2. A connection that breaks is made anew, a bounded number of times. What it did not acknowledge is sent again; whether
   a server has read what its system acknowledged, nothing says: so it is said how often one closed the connection.
"""

from __future__ import annotations

import json
import socket
import struct
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from ipaddress import ip_address
from typing import NamedTuple

from dissectors.mux.scan import Row
from dissectors.mux.table import PROTOCOLS
from dissectors.protocols import rtcp, sip
from dissectors.report import Report, Stream
from dissectors.rewriting import messages
from dissectors.wire import hep
from dissectors.wire.datagram import UDP
from dissectors.wire.errors import CaptureError, Malformed
from dissectors.wire.inflate import LIMITS, Limits

SIP, RTCP, STREAM_REPORT = 1, 5, 34
"""Kinds of payload (HEP/EEP, chunk 11): SIP, RTCP as JSON, a report on the quality of a stream as JSON."""

UDP_NUMBER, TCP_NUMBER = 17, 6
MAX_DATAGRAM_OCTETS = 65_507
MAX_ATTEMPTS, FIRST_WAIT_SECONDS, TIMEOUT_SECONDS = 6, 0.5, 10.0
"""Times that a connection is tried in a row; the wait doubles."""

POLL_SECONDS = 0.02
"""Between two looks at what is acknowledged."""

NTP_FRACTION = 1 << 32


class Told(NamedTuple):
    """One packet for the server, and its time in the capture in nanoseconds."""

    time: int
    octets: bytes


class Tally(NamedTuple):
    """How many packets went, were too long, or were never acknowledged; how often the server closed the connection."""

    sent: int
    too_long: int
    unheard: int = 0
    closed: int = 0


def packets(rows: Iterable[Row], report: Report, agent: int, limits: Limits = LIMITS) -> Iterator[Told | None]:
    """The packets of a capture in order, then a report on each stream; None for what is too long for HEP."""
    calls = {stream.ssrc: report.calls[stream.call].call_id for stream in report.streams if stream.call is not None}
    for row in rows:
        yield from of_row(row, agent, calls, limits)
    for stream in report.streams:
        yield of_stream(stream, report, agent)


def of_row(row: Row, agent: int, calls: Mapping[int, str], limits: Limits = LIMITS) -> Iterator[Told | None]:
    """The packets of a datagram, if it is SIP or RTCP; `calls` are the Call-IDs of streams by their SSRC."""
    name = PROTOCOLS[row.protocol]
    if name == "SIP":
        yield _sip(row, agent, limits)
    elif name == "RTCP" and not row.encrypted:
        yield from _rtcp(row, agent, calls)


def _sip(row: Row, agent: int, limits: Limits) -> Told | None:
    payload = row.datagram.payload
    try:
        payload, _ = messages.edited(payload, messages.inflate(limits), limits)
        call = sip.parse(payload, limits).call_id or ""
    except Malformed:
        call = ""
    return _packet(row, payload, SIP, agent, call)


def _rtcp(row: Row, agent: int, calls: Mapping[int, str]) -> Iterator[Told | None]:
    try:
        compound = rtcp.parse(row.datagram.payload)
    except Malformed:
        return
    for packet in compound.packets:
        if isinstance(packet, (rtcp.SenderReport, rtcp.ReceiverReport)):
            blocks = [block.ssrc for block in packet.reports]
            call = next(filter(None, map(calls.get, (packet.ssrc, *blocks))), "")
            yield _packet(row, json.dumps(as_json(packet)).encode(), RTCP, agent, call)


def as_json(packet: rtcp.SenderReport | rtcp.ReceiverReport) -> dict[str, object]:
    """A report of RTCP as capture agents of HEP write it."""
    told: dict[str, object] = {
        "ssrc": packet.ssrc,
        "type": 200 if isinstance(packet, rtcp.SenderReport) else 201,
        "report_count": len(packet.reports),
        "report_blocks": [
            {
                "source_ssrc": block.ssrc, "fraction_lost": round(block.fraction_lost * 256),
                "packets_lost": block.cumulative_lost, "highest_seq_no": block.highest_sequence,
                "ia_jitter": block.jitter, "lsr": block.lsr, "dlsr": round(block.dlsr * 65536),
            }
            for block in packet.reports
        ],
    }
    if isinstance(packet, rtcp.SenderReport):
        told["sender_information"] = {
            "ntp_timestamp_sec": packet.ntp // NTP_FRACTION, "ntp_timestamp_usec": packet.ntp % NTP_FRACTION,
            "rtp_timestamp": packet.rtp_timestamp, "packets": packet.packets, "octets": packet.octets,
        }
    return told


def of_stream(stream: Stream, report: Report, agent: int) -> Told | None:
    """A stream's statistics, with its last moment."""
    call = "" if stream.call is None else report.calls[stream.call].call_id
    quality = stream.quality
    told = {
        "CORRELATION_ID": call, "SSRC": f"0x{stream.ssrc:08X}", "CODEC_NAME": stream.codec, "TOTAL_PK": stream.packets,
        "PACKET_LOSS": stream.lost, "DUPLICATES": stream.duplicates, "OUT_ORDER": stream.reordered,
        "JITTER": stream.jitter_ms, "MAX_JITTER": stream.maximum_jitter_ms, "DELTA": stream.largest_gap_ms,
        "MOS": quality.mos if quality else None, "RFACTOR": quality.r_factor if quality else None,
        "DURATION": round(stream.last - stream.first, 3), "SRC_IP": stream.src, "SRC_PORT": stream.sport,
        "DST_IP": stream.dst, "DST_PORT": stream.dport,
    }
    moment = int(stream.last * 1e9)
    packet = hep.Packet(
        ip_address(stream.src).packed, stream.sport, ip_address(stream.dst).packed, stream.dport, UDP_NUMBER, moment,
        json.dumps(told).encode(),
    )
    return _told(packet, STREAM_REPORT, agent, call)


def _packet(row: Row, payload: bytes, kind: int, agent: int, call: str) -> Told | None:
    one = row.datagram
    number = UDP_NUMBER if one.flow.transport == UDP else TCP_NUMBER
    packet = hep.Packet(
        ip_address(one.flow.src).packed, one.flow.sport, ip_address(one.flow.dst).packed, one.flow.dport, number,
        one.time, payload,
    )
    return _told(packet, kind, agent, call)


def _told(packet: hep.Packet, kind: int, agent: int, call: str) -> Told | None:
    octets = hep.build(packet, kind, agent, call.encode("utf-8", "replace"))
    return None if octets is None else Told(packet.time, octets)


class Sender:
    """Packets to a server, over UDP or TCP; raises CaptureError where it cannot be reached."""

    def __init__(
        self, host: str, port: int, *, tcp: bool = False, wait: Callable[[float], object] = time.sleep,
        attempts: int = MAX_ATTEMPTS,
    ) -> None:
        self._host, self._port, self._tcp, self._wait, self._attempts = host, port, tcp, wait, attempts
        self._socket: socket.socket | None = None
        self._written = 0
        self._unheard: deque[tuple[int, bytes]] = deque()
        self.closed = 0

    def send(self, octets: bytes) -> bool:
        """Send a packet; False where it is too long for a datagram."""
        if not self._tcp and len(octets) > MAX_DATAGRAM_OCTETS:
            return False
        pause, failed = FIRST_WAIT_SECONDS, ""
        for attempt in range(self._attempts):
            try:
                self._write(octets)
                return True
            except (OSError, UnicodeError) as error:
                # A name with a label that is too long, or empty, is no name of a host.
                failed = (getattr(error, "strerror", None) or str(error)).lower()
                self._lose()
                if attempt < self._attempts - 1:
                    self._wait(pause)
                    pause *= 2
        raise CaptureError(f"{self._host}:{self._port}: {failed}")

    def _write(self, octets: bytes) -> None:
        """Send, on a connection that stands: what the one before did not acknowledge goes first."""
        if self._socket is None:
            self._socket, self._written = self._connect(), 0
            again = [old for _, old in self._unheard]
            self._unheard.clear()
        else:
            again = []
            _ask(self._socket, self._tcp)
        for each in (*again, octets):
            if self._tcp:
                self._unheard.append((self._written + len(each), each))
            self._socket.sendall(each)
            self._written += len(each)
        self._hear()

    def _hear(self) -> None:
        """Forget what is acknowledged."""
        if self._socket is not None and self._unheard:
            heard = self._written - _waiting(self._socket)
            while self._unheard and self._unheard[0][0] <= heard:
                self._unheard.popleft()

    def _lose(self) -> None:
        """A connection broke; what it did not acknowledge is kept."""
        if self._socket is not None:
            self._hear()
            self.closed += self._tcp
            self._socket.close()
            self._socket = None

    def finish(self, seconds: float) -> int:
        """Wait so long for what is not acknowledged yet, and close; how many packets were not."""
        try:
            for _ in range(round(seconds / POLL_SECONDS)):
                self._hear()
                if not self._unheard or self._socket is None:
                    break
                _ask(self._socket, self._tcp)
                time.sleep(POLL_SECONDS)
        except OSError:
            self._lose()
        unheard = len(self._unheard)
        self.close()
        return unheard

    def _connect(self) -> socket.socket:
        if self._tcp:
            return socket.create_connection((self._host, self._port), TIMEOUT_SECONDS)
        family, kind, number, _, address = socket.getaddrinfo(self._host, self._port, type=socket.SOCK_DGRAM)[0]
        made = socket.socket(family, kind, number)
        made.connect(address)
        return made

    def close(self) -> None:
        """Close the connection, if there is one."""
        self._unheard.clear()
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def _ask(connection: socket.socket, tcp: bool) -> None:
    """Raise ConnectionError where the other side has closed."""
    if not tcp:
        return
    connection.settimeout(0)
    try:
        if not connection.recv(1, socket.MSG_PEEK):
            raise ConnectionResetError("the server closed the connection")
    except BlockingIOError:
        return
    finally:
        connection.settimeout(TIMEOUT_SECONDS)


def _waiting(connection: socket.socket) -> int:
    """Octets that were written and are not acknowledged; none where the system does not say."""
    try:
        import fcntl
        import termios

        return int(struct.unpack("i", fcntl.ioctl(connection, termios.TIOCOUTQ, bytes(4)))[0])
    except (ImportError, AttributeError, OSError):
        return 0


def send(
    told: Iterable[Told | None], sender: Sender, *, pace: bool, wait: Callable[[float], object] = time.sleep
) -> Tally:
    """Send packets, at the pace of the capture or at once."""
    sent, too_long, before = 0, 0, None
    for packet in told:
        if packet is None:
            too_long += 1
            continue
        if pace and before is not None and packet.time > before:
            wait((packet.time - before) / 1e9)
        before = packet.time if before is None else max(before, packet.time)
        if sender.send(packet.octets):
            sent += 1
        else:
            too_long += 1
    return Tally(sent, too_long, sender.finish(TIMEOUT_SECONDS), sender.closed)
