"""What is told of problems: by kind, bounded, and the same however often it is asked for."""

from __future__ import annotations

import struct

import pytest

from dissectors.analysis.calls.call import MAX_MESSAGES
from dissectors.engine.engine import Engine
from dissectors.engine.problems import MAX_KINDS, Problems
from dissectors.findings.rule import Problem
from dissectors.mux.scan import Bounds, Scanner
from dissectors.report import Place, Report
from tests.made import A, B, Sent, records, report, rtp, sip, stun


def lying(length: int) -> bytes:
    """A STUN message whose attribute claims more octets than there are."""
    return stun(transaction=struct.pack("!III", 0, 0, length), attributes=struct.pack("!HH", 6, length))


def test_mistakes_that_differ_in_their_numbers_are_one_kind_told_in_the_words_of_the_first() -> None:
    told = report([(A, B, lying(1000 + 4 * n)) for n in range(600)])
    (finding,) = [each for each in told.findings if each.id == "message-malformed"]
    assert "(600 times)" in finding.what and "1000" in finding.what
    assert finding.places[0].frame == 1


def test_what_is_wrong_is_told_in_the_order_of_its_frames_whatever_protocol_it_is() -> None:
    whole, short = [struct.pack("!BBHI", first, 200, 6, 7) + bytes(20) for first in (0x80, 0x81)]
    for wrong in ((lying(1000), short), (short, lying(1000))):
        told = report([(A, B, each) for each in (whole, *wrong)])
        assert [each.places[0].frame for each in told.findings if each.id == "message-malformed"] == [2, 3]


def test_what_is_wrong_with_the_capture_is_told_however_much_is_wrong_with_messages() -> None:
    problems = Problems()
    for n in range(1000):
        problems.note("message-malformed", "kind " + chr(0x4E00 + n), Place(0, n))
    problems.note("capture-cut", "the capture ends within a record, at byte 7")
    *malformed, cut = problems.to_report()
    assert cut == Problem("capture-cut", "the capture ends within a record, at byte 7", 1, ())
    assert len(malformed) == MAX_KINDS + 1
    assert malformed[-1].what == f"{1000 - MAX_KINDS} more of other kinds"
    assert malformed[-1].places[0] == Place(0, MAX_KINDS)


def test_a_report_that_is_asked_for_twice_is_the_same_and_grows_with_what_is_fed() -> None:
    scanner, engine = Scanner(Bounds(flows=2)), Engine()
    sent: list[Sent] = [((f"192.0.2.{n}", 5000), B, rtp(n)) for n in range(1, 9)]

    def fed(part: list[Sent]) -> Report:
        for batch in scanner.scan(records(part)):
            engine.feed(batch)
        return engine.report(scanner, ())

    first = fed(sent[:4])
    assert engine.report(scanner, ()) == first
    second = fed(sent[4:])
    hits = [[each.what for each in told.findings if each.id == "bound-hit"] for told in (first, second)]
    assert hits == [["flows: 2 given up"], ["flows: 6 given up"]]


def test_messages_and_descriptions_beyond_what_a_call_keeps_are_told() -> None:
    def invite(number: int) -> bytes:
        headers = ("Via: SIP/2.0/UDP a;branch=z9hG4bK1", "From: <sip:a@x>;tag=1", "To: <sip:b@x>", "Call-ID: one",
                   f"CSeq: {number} INVITE", "Content-Type: application/sdp")
        description = f"v=0\r\no=- {number} 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
        body = f"{description}m=audio 4000 RTP/AVP 0\r\n".encode()
        return sip("INVITE sip:b@x SIP/2.0", *headers, body=body)

    told = report([(A, B, invite(number)) for number in range(1, MAX_MESSAGES + 4)])
    (call,) = told.calls
    hits = [each.what for each in told.findings if each.id == "bound-hit"]
    descriptions = MAX_MESSAGES + 3 - len(call.descriptions)
    assert hits == [f"offers and answers: {descriptions:,} given up", "messages of calls: 3 given up"]


def test_what_is_wrong_is_told_in_the_order_of_the_datagrams_whatever_their_protocols_and_batches() -> None:
    headers = ("Via: SIP/2.0/UDP a;branch=z9hG4bK1", "From: <sip:a@x>;tag=1", "To: <sip:b@x>", "Call-ID: one",
               "CSeq: 1 INVITE", "Content-Type: application/sdp")
    whole = sip("INVITE sip:b@x SIP/2.0", *headers)
    no_description = sip("INVITE sip:b@x SIP/2.0", *headers, body=b"not one")
    sent = [(A, B, whole), (A, B, lying(99)), (A, B, no_description)] * 40
    told = report(sent)
    first, second = [each for each in told.findings if each.id == "message-malformed"]
    assert "STUN: " in first.what and [place.frame for place in first.places[:2]] == [2, 5]
    assert "SDP: " in second.what and [place.frame for place in second.places[:2]] == [3, 6]
    for size in (1, 7, 64, 65):
        assert report(sent, size=size) == told


def test_what_merely_looks_like_a_protocol_is_told_with_its_class_and_a_port_to_act_on() -> None:
    told = report([(A, ("203.0.113.9", 5004), rtp(1, 77))])
    (finding,) = [each for each in told.findings if each.id == "plausible-only"]
    assert finding.what == "1 datagram may be RTP, which nothing confirms; the first is to port 5004"
    assert finding.fix.endswith("Here: -d udp.port==5004,RTP")


@pytest.mark.parametrize(("payload", "told"), [(b"<12>Apr 12 11:37:35 kernel: ACCEPT", 0), (b"<12" + bytes(40), 1)])
def test_words_are_not_told_as_what_their_first_octets_look_like(payload: bytes, told: int) -> None:
    made = report([(A, ("203.0.113.9", 2972), payload)])
    assert len([each for each in made.findings if each.id == "plausible-only" and "may be DTLS" in each.what]) == told


def test_what_merely_looks_like_a_protocol_is_not_told_of_the_ports_of_other_services() -> None:
    told = report([(A, ("203.0.113.9", port), rtp(1, 77)) for port in (53, 4500, 2152)])
    assert not [each for each in told.findings if each.id == "plausible-only"]
