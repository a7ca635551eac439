"""What is compared of two captures, and what the difference comes from."""

from __future__ import annotations

from dissectors.protocols.sip import build, parse
from dissectors.queries.comparison import compare
from tests.stories import OFFER, A, B, report, request


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
