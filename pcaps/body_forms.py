"""An INVITE and its 200 OK for each form in which senders compress bodies, and for what goes wrong with them."""
from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from typing import NamedTuple

from pcaps.messages import sip
from pcaps.parts import part
from pcaps.writer import SECOND, Endpoint, Sent

START = 1_710_000_000 * SECOND
STEP = 500_000
CALLER, CALLEE = Endpoint("192.0.2.40", 5060), Endpoint("198.51.100.50", 5060)


class Form(NamedTuple):
    """How one sender writes a compressed message.

    `encoding` is the header line that labels the body, if any; `end` follows the body without being counted; `cut`
    makes the octets on the wire from those of the part.
    """

    sender: str
    part: str
    encoding: str | None = "Content-Encoding: deflate"
    agent: str = "User-Agent: Test"
    compact: bool = False
    extra: tuple[str, ...] = ()
    end: bytes = b""
    cut: Callable[[bytes], bytes] = bytes


def corrupted(octets: bytes) -> bytes:
    """The same length, with the middle turned over."""
    middle = len(octets) // 2
    return octets[:middle] + bytes(octet ^ 0xFF for octet in octets[middle : middle + 24]) + octets[middle + 24 :]


VICEROY = "User-Agent: Viceroy 1.5.0/GK"
OPENSIPS = "User-Agent: OpenSIPS"
FREESWITCH = "User-Agent: FreeSWITCH-mod_sofia"
KAMAILIO = "User-Agent: kamailio"

FORMS = (
    Form("FaceTime: zlib, compact headers", "answer-sdp.zlib", "e: deflate", VICEROY, compact=True),
    Form("Kamailio gzcompress: zlib", "answer-sdp-default.zlib", agent=KAMAILIO),
    Form("Kamailio, early: zlib labelled gzip", "answer-sdp-default.zlib", "Content-Encoding: gzip", KAMAILIO),
    Form("OpenSIPS: zlib, text begins with CR LF, CR LF behind", "crlf-answer-sdp.zlib", agent=OPENSIPS, end=b"\r\n"),
    Form("OpenSIPS: the same with gzip", "crlf-answer-sdp.gzip", "Content-Encoding: gzip", OPENSIPS, end=b"\r\n"),
    Form("OpenSIPS: base64 of zlib", "answer-sdp.zlib.base64", "Content-Encoding: base64, deflate", OPENSIPS),
    Form("OpenSIPS: headers compressed with the body", "headers-answer-sdp.zlib", agent=OPENSIPS, end=b"\r\n"),
    Form(
        "OpenSIPS: headers in Comp-Hdrs",
        "crlf-answer-sdp.zlib",
        agent=OPENSIPS,
        extra=("Comp-Hdrs: " + base64.b64encode(part("headers.zlib")).decode(), "Headers-Encoding: base64, deflate"),
        end=b"\r\n",
    ),
    Form("FreeSWITCH: zlib labelled deflate", "answer-sdp.zlib", agent=FREESWITCH),
    Form("FreeSWITCH: zlib labelled gzip", "answer-sdp.zlib", "Content-Encoding: gzip", FREESWITCH),
    Form("gzip, labelled so", "answer-sdp.gzip", "Content-Encoding: gzip"),
    Form("raw deflate, labelled deflate", "answer-sdp.deflate"),
    Form("a lie: plain text labelled deflate", "answer.sdp"),
    Form("a lie: gzip labelled deflate", "answer-sdp.gzip"),
    Form("zlib without a label", "answer-sdp.zlib", None),
    Form("gzip without a label", "answer-sdp.gzip", None),
    Form("stacked: zlib, then gzip", "answer-sdp.zlib.gzip", "Content-Encoding: deflate, gzip"),
    Form("truncated: the first 150 octets", "answer-sdp.zlib", cut=lambda octets: octets[:150]),
    Form("corrupt: 24 octets turned over", "answer-sdp.zlib", cut=corrupted),
    Form("a bomb: 16 kB of zlib that would be 16 MiB", "bomb.zlib"),
)


def body_forms() -> list[Sent]:
    """The capture: two frames a form in the order of FORMS, and one of SigComp at the end."""
    payloads = [message for number, form in enumerate(FORMS, 1) for message in call(number, form)]
    sent = [
        Sent(START + number * STEP, *((CALLER, CALLEE) if number % 2 == 0 else (CALLEE, CALLER)), payload, "SIP")
        for number, payload in enumerate(payloads)
    ]
    # RFC 3320 section 7: a SigComp message begins with five one bits; this one brings no feedback and its own code.
    signalling_compression = bytes([0xF8, 0x01, 0x21]) + bytes(range(1, 61))
    return [*sent, Sent(START + len(sent) * STEP, CALLER, CALLEE, signalling_compression, "UNKNOWN")]


def call(number: int, form: Form) -> Iterator[bytes]:
    """An INVITE and the 200 OK to it, both with a body in this form."""
    body = form.cut(part(form.part))
    names = COMPACT if form.compact else LONG
    via, sender, receiver, identity, contact, kind, length = names
    head = [
        f"{via}: SIP/2.0/UDP {CALLER};branch=z9hG4bKform{number}",
        f"{sender}: <sip:caller@{CALLER.address}>;tag=c{number}",
        f"{receiver}: <sip:callee@{CALLEE.address}>",
        f"{identity}: form-{number}@{CALLER.address}",
        "CSeq: 1 INVITE",
    ]
    encoding = [form.encoding] if form.encoding else []
    tail = [*form.extra, f"{kind}: application/sdp", *encoding, f"{length}: {len(body)}"]
    requested = ["Max-Forwards: 70", form.agent, f"{contact}: <sip:caller@{CALLER}>"]
    yield sip(f"INVITE sip:callee@{CALLEE} SIP/2.0", [*head, *requested, *tail], body, form.end)
    head[2] += f";tag=d{number}"
    yield sip("SIP/2.0 200 OK", [*head, form.agent, f"{contact}: <sip:callee@{CALLEE}>", *tail], body, form.end)


LONG = ("Via", "From", "To", "Call-ID", "Contact", "Content-Type", "Content-Length")
COMPACT = ("v", "f", "t", "i", "m", "c", "l")
