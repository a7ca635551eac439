"""What messages weigh, what compressing would save of them and by which means, and that hops are told together."""

from __future__ import annotations

from pathlib import Path

from dissectors.offline import analyze
from dissectors.protocols.sip import build, parse
from dissectors.report import Message
from dissectors.report.size import Saving, saving
from tests.stories import OFFER, report, request

SDP = "Content-Type: application/sdp"
PCAPS = Path(__file__).resolve().parents[2] / "pcaps"


def sent(*headers: str, body: bytes = b"") -> Message:
    return report([request(0, "INVITE", *headers, body=body)]).calls[0].messages[0]


def test_a_message_without_a_body_saves_its_header_names_alone() -> None:
    lengths = [len("Via") - 1, len("From") - 1, len("To") - 1, len("Call-ID") - 1, len("Content-Length") - 1]
    assert saving(sent("Supported: x")) == Saving(0, sum(lengths) + len("Supported") - 1)


def test_body_and_names_together_are_what_a_compressed_message_lacks() -> None:
    plain, octets = sent(body=OFFER * 4), request(0, "INVITE", body=OFFER * 4)[3]
    read = parse(octets)
    fields = [(header.written, header.value) for header in read.headers]
    small = build(read.start_line, fields, read.raw_body, encoding="deflate", compact=True)
    assert plain.length - saving(plain).body - saving(plain).names == len(small)
    labelled = build(read.start_line, fields, read.raw_body, encoding="deflate")
    assert plain.length - saving(plain).body == len(labelled)


def test_a_body_that_would_not_get_smaller_is_left_alone() -> None:
    assert saving(sent(SDP, body=b"v=0\r\n")) == Saving(0, saving(sent(SDP)).names)


def test_the_saving_of_the_plain_call_is_what_the_compressed_call_lacks() -> None:
    plain, packed = (analyze([str(PCAPS / f"facetime-2013{kind}.pcap")]).calls[0] for kind in ("-plain", ""))
    for one, two in zip(plain.messages, packed.messages, strict=True):
        if two.body is None or two.body.status == "identity":
            assert saving(one).body == saving(two).body
        elif one.method == "INVITE":
            assert abs(one.length - saving(one).body - two.length) <= 2 and saving(two).body == 0
        assert saving(one).names == 0
