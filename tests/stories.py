"""Calls told datagram by datagram, with times in milliseconds: what the tests of the findings look at."""

from __future__ import annotations

import random
import re
import struct
from collections.abc import Callable, Iterable
from functools import partial

from dissectors.engine.engine import Engine
from dissectors.mux.scan import Bounds, Scanner
from dissectors.report import Report, Stream
from dissectors.wire.captures.records import Record
from dissectors.wire.inflate import Limits
from tests.made import COOKIE, ETHERNET, Endpoint, frame, sip

A, B, C = ("198.51.100.1", 16402), ("203.0.113.2", 16402), ("203.0.113.3", 16402)
INNER = ("10.0.0.5", 16402)
SERVER, OTHER_SERVER = ("203.0.113.50", 3478), ("203.0.113.51", 3478)
SDP = "Content-Type: application/sdp"

Told = tuple[float, Endpoint, Endpoint, bytes]
"""One datagram: milliseconds, source, destination, payload."""

Story = list[Told]


def report(
    story: Iterable[Told], *, link: int = ETHERNET, keep: int | None = None, bounds: Bounds | None = None,
    limits: Limits | None = None, raw: Iterable[bytes] = (), beside: Iterable[tuple[float, bytes]] = (),
) -> Report:
    """The report on a story; `keep` cuts each frame to so many octets.

    `raw` are frames to put before it, `beside` those that come meanwhile, with their times.
    """
    frames = [(time, frame(src, dst, payload)) for time, src, dst, payload in story]
    frames = [*[(0.0, octets) for octets in raw], *sorted([*frames, *beside], key=lambda one: one[0])]
    records = [
        (0, Record(number, int(time * 1e6), link, octets[:keep], len(octets)))
        for number, (time, octets) in enumerate(frames, 1)
    ]
    scanner, engine = Scanner(bounds), Engine(limits or Limits())
    for batch in scanner.scan(records):
        engine.feed(batch)
    engine.feed(scanner.finish(engine.announced()))
    return engine.report(scanner, ())


def description(
    host: str = A[0], port: int = A[1], *lines: str, media: str = "RTP/AVP 0", head: tuple[str, ...] = (),
    kind: str = "audio",
) -> bytes:
    """An SDP body with one media line, of sound unless `kind` says otherwise."""
    start = ["v=0", f"o=- 1 1 IN IP4 {host}", "s=-", f"c=IN IP4 {host}", "t=0 0", *head]
    return "\r\n".join([*start, f"m={kind} {port} {media}", *lines, ""]).encode()


OFFER, ANSWER = description(), description(*B)


def message(
    start: str, number: int, method: str, *headers: str, body: bytes = b"", tag: str = "", back: bool = False,
    call: str = "one", branch: str = "",
) -> bytes:
    """A SIP message of the call; `back` is for requests of the callee."""
    ours, theirs = ("To", "From") if back else ("From", "To")
    common = [
        f"Via: SIP/2.0/UDP 198.51.100.1:16402;branch=z9hG4bK{branch or method + str(number) + 'b' * back}",
        f"{ours}: <sip:a@x>;tag=1",
        f"{theirs}: <sip:b@x>" + (f";tag={tag}" if tag else ""),
        f"Call-ID: {call}",
        f"CSeq: {number} {method}",
    ]
    return sip(start, *common, *headers, body=body)


def request(
    time: float, method: str, *headers: str, body: bytes = b"", number: int = 1, tag: str = "", back: bool = False,
    call: str = "one",
) -> Told:
    """A request of the caller, or of the callee with `back`."""
    kind = (SDP,) if body and not any(header.startswith(("Content-Type", "c:")) for header in headers) else ()
    octets = message(
        f"{method} sip:b@x SIP/2.0", number, method, *kind, *headers, body=body, tag=tag, back=back, call=call
    )
    return (time, B, A, octets) if back else (time, A, B, octets)


def response(
    time: float, status: int, reason: str, method: str = "INVITE", *headers: str, body: bytes = b"", number: int = 1,
    tag: str = "2", back: bool = False, call: str = "one",
) -> Told:
    """A response of the callee, or of the caller with `back`."""
    kind = (SDP,) if body else ()
    tag = "" if status == 100 else tag
    octets = message(
        f"SIP/2.0 {status} {reason}", number, method, *kind, *headers, body=body, tag=tag, back=back, call=call
    )
    return (time, A, B, octets) if back else (time, B, A, octets)


def dialled(offer: bytes = OFFER, answer: bytes = ANSWER, *headers: str, ack: bool = True) -> Story:
    """INVITE at 0, ringing at 200, answered at 1000 ms."""
    told = [
        request(0, "INVITE", *headers, body=offer),
        response(200, 180, "Ringing"),
        response(1000, 200, "OK", body=answer),
    ]
    return [*told, request(1010, "ACK", tag="2")] if ack else told


def challenged(
    rest: Story, offer: bytes = OFFER, status: int = 407, acknowledged: bool = True, credentials: bool = True,
) -> Story:
    """A call of which the INVITE is challenged first, a second before; it is sent again with credentials.

    Each of its requests has a number that is higher by one.
    """
    asks = b"WWW-Authenticate" if status == 401 else b"Proxy-Authenticate"
    no, ack = response(-980, status, "No", tag="9"), request(-970, "ACK", tag="9")
    again = [
        (time, src, dst, re.sub(rb"(?<=CSeq: )\d|(?<=branch=z9hG4bK)[A-Z]+\d", _counted_up, octets))
        for time, src, dst, octets in rest
    ]
    told = [
        request(-1000, "INVITE", body=offer), (*no[:3], no[3].replace(b"CSeq", asks + b': Digest realm="x"\r\nCSeq')),
        *[(*ack[:3], ack[3].replace(b"z9hG4bKACK", b"z9hG4bKINVITE"))] * acknowledged,
    ]
    proof = b"Proxy-Authorization: Digest x=y\r\nCSeq" if credentials else b"CSeq"
    return [*told, *[
        (*each[:3], each[3].replace(b"CSeq", proof) if each[3].startswith(b"INVITE") else each[3]) for each in again
    ]]


def _counted_up(found: re.Match[bytes]) -> bytes:
    return found[0][:-1] + b"%d" % (int(found[0][-1:]) + 1)


def hung_up(time: float = 11_000) -> Story:
    """The caller's BYE and its answer."""
    return [request(time, "BYE", number=2, tag="2"), response(time + 20, 200, "OK", "BYE", number=2)]


def rtp(
    sequence: int, ssrc: int, payload_type: int = 0, timestamp: int = 0, payload: bytes = bytes(160),
    marker: bool = False,
) -> bytes:
    """An RTP datagram."""
    head = struct.pack(
        ">BBHII", 0x80, marker << 7 | payload_type, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc & 0xFFFFFFFF
    )
    return head + payload


def talk(
    src: Endpoint = A, dst: Endpoint = B, ssrc: int = 77, *, start: float = 1020, seconds: float = 9.9,
    every: float = 20, step: int = 160, payload_type: int = 0, size: int = 160, first: int = 100,
    lost: Callable[[int], bool] = lambda n: False, delay: Callable[[int], float] = lambda n: 0.0, origin: int = 0,
    fast: float = 0.0,
) -> Story:
    """A stream: a datagram each `every` ms but those `lost`, late by `delay`, its clock `fast` parts in a million."""
    count = int(seconds * 1000 / every)
    return [
        (
            start + n * every / (1 + fast * 1e-6) + delay(n), src, dst,
            rtp(first + n, ssrc, payload_type, origin + n * step, bytes(size)),
        )
        for n in range(count)
        if not lost(n)
    ]


def conversation(**changes: object) -> Story:
    """Both directions of ten seconds; changes are those of `talk` and concern the caller's stream alone."""
    return [*talk(**changes), *talk(B, A, 78)]  # type: ignore[arg-type]


GOOD = [*dialled(), *conversation(), *hung_up()]
"""A call of ten seconds at which nothing is wrong."""


def block(
    ssrc: int, fraction: float = 0.0, lost: int = 0, jitter: int = 0, lsr: int = 0, dlsr: float = 0.0,
    highest: int = 1,
) -> bytes:
    """A report block (RFC 3550 section 6.4.1), which names a packet that was received unless `highest` is 0."""
    lossy = int(fraction * 256) << 24 | lost & 0xFFFFFF
    return struct.pack(">IIIIII", ssrc, lossy, highest, jitter, lsr, int(dlsr * 65536))


def receiver_report(time: float, about: int, own: int = 78, **values: float) -> Told:
    """A receiver report of the callee about the caller's stream."""
    inner = block(about, **values)  # type: ignore[arg-type]
    return time, B, A, struct.pack(">BBHI", 0x81, 201, 7, own) + inner


def sender_report(time: float, ssrc: int = 77) -> Told:
    """A sender report of the caller whose LSR will be 0x00010000."""
    return time, A, B, struct.pack(">BBHIQIII", 0x80, 200, 6, ssrc, 0x0000_0001_0000_0000, 0, 1, 160)


def srtcp(time: float, ssrc: int = 77) -> Told:
    """A sender report whose inside, index and tag are encrypted."""
    return time, A, B, struct.pack(">BBHI", 0x80, 200, 6, ssrc) + b"\x9d" * 34


def attribute(kind: int, value: bytes) -> bytes:
    """A STUN attribute with its padding."""
    return struct.pack(">HH", kind, len(value)) + value + bytes(-len(value) % 4)


def address(kind: int, host: str, port: int) -> bytes:
    """An XOR address of STUN."""
    octets = bytes(int(part) ^ key for part, key in zip(host.split("."), COOKIE, strict=True))
    return attribute(kind, struct.pack(">BBH", 0, 1, port ^ 0x2112) + octets)


mapped = partial(address, 0x0020)
relayed = partial(address, 0x0016)
USER = attribute(0x0006, b"them:us ")
CONTROLLING = attribute(0x802A, bytes(8))
NOMINATED = attribute(0x0025, b"")


def error(code: int, reason: str = "No") -> bytes:
    """ERROR-CODE."""
    return attribute(0x0009, struct.pack(">HBB", 0, code // 100, code % 100) + reason.encode())


def stun(
    time: float, kind: int, *attributes: bytes, src: Endpoint = A, dst: Endpoint = B, transaction: int | None = None
) -> Told:
    """A STUN message; its transaction follows its time unless given."""
    inner = b"".join(attributes)
    identity = (int(time) if transaction is None else transaction).to_bytes(12, "big")
    return time, src, dst, struct.pack(">HH", kind, len(inner)) + COOKIE + identity + inner


def asked(
    time: float, *attributes: bytes, answer: tuple[int, bytes] | None = None, kind: int = 1, src: Endpoint = A,
    dst: Endpoint = B,
) -> Story:
    """A request and, 20 ms later, its answer: a type and its attributes."""
    told = [stun(time, kind, *attributes, src=src, dst=dst)]
    if answer is not None:
        told.append(stun(time + 20, answer[0], answer[1], src=dst, dst=src, transaction=int(time)))
    return told


def record(content: int, body: bytes, epoch: int = 0, version: int = 0xFEFD) -> bytes:
    """A DTLS record."""
    return struct.pack(">BHHHIH", content, version, epoch, 0, 0, len(body)) + body


def handshake(kind: int, body: bytes) -> bytes:
    """A DTLS handshake message in one piece, in a record of its own."""
    head = bytes([kind]) + len(body).to_bytes(3, "big") + bytes(2) + bytes(3) + len(body).to_bytes(3, "big")
    return record(22, head + body)


def hello(server: bool = False, version: int = 0xFEFD, srtp: bool = True, nonce: bytes = bytes(32)) -> bytes:
    """A ClientHello or ServerHello."""
    profiles = b"\x00\x02\x00\x07\x00"
    extension = struct.pack(">HH", 14, len(profiles)) + profiles if srtp else b""
    extensions = struct.pack(">H", len(extension)) + extension
    start = struct.pack(">H", version) + nonce + b"\x00"
    if server:
        return handshake(2, start + b"\xc0\x2b\x00" + extensions)
    return handshake(1, start + b"\x00" + b"\x00\x02\xc0\x2b" + b"\x01\x00" + extensions)


def certificate(octets: bytes) -> bytes:
    """A Certificate message with one certificate."""
    chain = len(octets).to_bytes(3, "big") + octets
    return handshake(11, len(chain).to_bytes(3, "big") + chain)


FINISHED = record(22, bytes(40), epoch=1)


def agreed(
    time: float = 1012, *, version: int = 0xFEFD, srtp: bool = True, shown: bytes = b"server", hellos: int = 1,
    finished: bool = True,
) -> Story:
    """A DTLS handshake of the caller with the callee."""
    told: Story = [(time - 200 * n, A, B, hello()) for n in range(hellos)]
    told.append((time + 10, B, A, hello(True, version, srtp) + certificate(shown)))
    if finished:
        told += [(time + 11, A, B, FINISHED), (time + 12, B, A, FINISHED)]
    return told


def impaired(
    seed: int, loss: float = 0.0, *, jitter: float = 0.0, seconds: float = 60, first: int = 65_000,
    origin: int = 0xFFFF_0000, fast: float = 0.0, step: int = 160, payload_type: int = 0,
) -> tuple[Story, int]:
    """A stream whose sequence and timestamp wrap, with losses and delays by chance, and how many were lost."""
    dice = random.Random(seed)
    story = talk(
        seconds=seconds, first=first, origin=origin, fast=fast, step=step, payload_type=payload_type,
        delay=lambda n: abs(dice.gauss(0, jitter)) if jitter else 0.0,
    )
    kept = [told for place, told in enumerate(story) if place in (0, len(story) - 1) or dice.random() >= loss]
    return kept, len(story) - len(kept)


def only(story: Story) -> Stream:
    (stream,) = report(story).streams
    return stream
