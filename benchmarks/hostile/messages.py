"""SIP messages between two ends, and the descriptions in them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from benchmarks.hostile.frames import Endpoint, host, udp, written

SIP_PORT, MEDIA_PORT = 5060, 16402
CLIENT_PORT = 40_000
"""The port of hosts that need but one."""

SDP = "Content-Type: application/sdp"
OK = "200 OK"


def message(start_line: str, fields: Iterable[str], body: bytes = b"") -> bytes:
    """A SIP message of these header lines, with its Content-Length."""
    return "\r\n".join([start_line, *fields, f"Content-Length: {len(body)}", "", ""]).encode() + body


def description(address: str, port: int, *lines: str, version: int = 1) -> bytes:
    """An SDP that offers PCMU on a port; `lines` follow."""
    text = [
        "v=0",
        f"o=- 1 {version} IN IP4 {address}",
        "s=-",
        f"c=IN IP4 {address}",
        "t=0 0",
        f"m=audio {port} RTP/AVP 0",
        "a=rtpmap:0 PCMU/8000",
        *lines,
        "",
    ]
    return "\r\n".join(text).encode()


@dataclass(frozen=True, slots=True)
class Call:
    """Two ends that share a Call-ID; each has its signalling and its media on one port."""

    number: int
    caller: Endpoint
    callee: Endpoint

    @property
    def uri(self) -> str:
        """Who is asked."""
        return f"sip:callee{self.number}@example.org"

    def fields(self, sequence: int, method: str, tag: str) -> list[str]:
        """The header lines that every message needs; `tag` is that of To, empty outside a dialog."""
        address, number = written(self.caller[0]), self.number
        return [
            f"Via: SIP/2.0/UDP {address}:{self.caller[1]};branch=z9hG4bK{number:x}-{sequence}{method[:1]}",
            f"From: <sip:caller{number}@example.org>;tag=a{number:x}",
            f"To: <{self.uri}>{';tag=' if tag else ''}{tag}",
            f"Call-ID: {number:08x}@example.org",
            f"CSeq: {sequence} {method}",
        ]

    @property
    def tag(self) -> str:
        """The callee's tag."""
        return f"b{self.number:x}"

    def ask(
        self, method: str, sequence: int = 1, more: Sequence[str] = (), body: bytes = b"", tag: str | None = None
    ) -> bytes:
        """The frame of a request; without a `tag` it is sent within the dialog."""
        fields = [*self.fields(sequence, method, self.tag if tag is None else tag), *more]
        contact = f"Contact: <sip:caller@{written(self.caller[0])}>"
        octets = message(f"{method} {self.uri} SIP/2.0", [*fields, "Max-Forwards: 70", contact], body)
        return udp(self.caller, self.callee, octets)

    def answer(
        self,
        status: str,
        method: str,
        sequence: int = 1,
        more: Sequence[str] = (),
        body: bytes = b"",
        tag: str | None = None,
    ) -> bytes:
        """The frame of a response such as `200 OK`."""
        fields = [*self.fields(sequence, method, self.tag if tag is None else tag), *more]
        return udp(self.callee, self.caller, message(f"SIP/2.0 {status}", fields, body))

    def invite(self, body: bytes | None = None, more: Sequence[str] = ()) -> bytes:
        """The frame of the INVITE, with the caller's SDP or another body that is said to be one."""
        return self.ask("INVITE", 1, [SDP, *more], self.offer() if body is None else body, tag="")

    def offer(self, version: int = 1, *lines: str) -> bytes:
        """The caller's SDP."""
        return description(written(self.caller[0]), self.caller[1], *lines, version=version)

    def accept(self, version: int = 1, *lines: str) -> bytes:
        """The callee's SDP."""
        return description(written(self.callee[0]), self.callee[1], *lines, version=version)


def between_hosts(number: int) -> Call:
    """A call between two hosts that have no other one."""
    return Call(number, (host(2 * number), MEDIA_PORT), (host(2 * number + 1), MEDIA_PORT))


def through_server(number: int) -> Call:
    """A call from a host of its own to the one server."""
    return Call(number, (host(number), CLIENT_PORT), (host(1, 192), SIP_PORT))
