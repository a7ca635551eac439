"""What is compared of two captures, and what the difference comes from."""

from __future__ import annotations

from dissectors.offline import analyze
from dissectors.protocols.sip import build, parse
from dissectors.queries.comparison import compare
from tests.command_line import CALL
from tests.stories import GOOD, OFFER, A, B, report, request


def test_a_difference_in_size_is_told_by_what_it_comes_from() -> None:
    octets = request(0, "INVITE", "Subject: x", body=OFFER * 4)[3]
    read = parse(octets)
    fields = [(header.written, header.value) for header in read.headers if header.name != "Subject"]
    small = build(read.start_line, fields, read.raw_body, encoding="deflate", compact=True)
    (pair,) = compare(report([(0, A, B, octets)]), report([(0, A, B, small)])).calls
    (step,) = pair.messages
    assert (step.only_first, step.only_second) == (("Subject",), ("Content-Encoding",))
    assert step.text == -len("Subject: x\r\n") and step.names == -sum(len(name) - 1 for name in (
        "Via", "From", "To", "Call-ID", "Content-Type", "Content-Length"))
    assert step.compression + step.names + step.text == len(small) - len(octets)


def test_a_capture_does_not_differ_from_itself() -> None:
    made = analyze([CALL])
    compared = compare(made, made)
    assert not compared.ports and not compared.findings and not compared.only_first and not compared.only_second
    assert all(not pair.facts for pair in compared.calls)
    assert all(m.first == m.second and not m.body for pair in compared.calls for m in pair.messages)


def test_a_comparison_names_lines_headers_ports_and_calls_that_differ() -> None:
    changed = [(time, src, (dst[0], 5060) if dst[1] == 3478 else dst, octets) for time, src, dst, octets in GOOD]
    invite = request(0, "INVITE", "Subject: other", body=OFFER.replace(b"m=audio 16402", b"m=audio 4000"))
    first, second = report(GOOD), report([invite, *changed[1:], request(90_000, "MESSAGE", call="two")])
    compared = compare(first, second)
    (pair,) = compared.calls
    (step,) = [message for message in pair.messages if message.body]
    assert step.name == "INVITE" and step.only_second == ("Subject",)
    assert step.body == ("- m=audio 16402 RTP/AVP 0", "+ m=audio 4000 RTP/AVP 0")
    assert len(compared.only_second) == 1 and not compared.only_first
