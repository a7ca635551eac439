"""The usual head of a SIP message: both ways of reading it in one pass say the same, also of damaged messages."""

from __future__ import annotations

import random
from typing import Any

import pytest

from dissectors.limits.remembered import MAX_TEXT_LENGTH
from dissectors.protocols import sip, sip_head
from dissectors.protocols.sip_headers import is_complete
from dissectors.protocols.sip_message import identity
from tests.fuzz import mutants
from tests.twins import source

PLAIN = source(sip_head)
START, VIA = "INVITE sip:bob@example.org SIP/2.0", "Via: SIP/2.0/UDP 192.0.2.1;rport;branch=z9hG4bK1"
FROM, TO = 'From: "Eve" <sip:eve@example.org>;tag=1', "To: <sip:bob@example.org>"
CALL_ID, CSEQ = "Call-ID: a@x", "CSeq: 7 INVITE"
FIELDS = (VIA, FROM, TO, CALL_ID, CSEQ)
TOLD = ("headers", "first", "names", "at", "whole", "complete")


def described(head: Any) -> dict[str, Any] | None:
    """All that a head says, with the order of its headers, and of which class they are."""
    if head is None:
        return None
    start = [getattr(head.start_line, name) for name in ("method", "uri", "status", "reason", "version")]
    return {
        **{name: getattr(head, name) for name in TOLD}, "start": start, "order": [*head.first.items()],
        "classes": [type(header) for header in head.headers], "identity": [*head.identity],
    }


def read(octets: bytes, begin: int = 0) -> dict[str, Any] | None:
    """What both make of a head, which is the same, also when it is asked for again."""
    plain = described(PLAIN.usual_head(octets, begin))
    for _ in range(2):
        assert described(sip_head.usual_head(octets, begin)) == plain, octets
    return plain


def message(*lines: str, end: str = "\r\n") -> bytes:
    return (end.join(lines) + 2 * end).encode()


def instead(old: str, *new: str) -> bytes:
    """The usual head with other lines in the place of one."""
    return message(*(each for line in (START, *FIELDS) for each in (new if line == old else (line,))))


def test_both_take_heads_of_the_same_length() -> None:
    assert sip_head.MOST_LINES == PLAIN.MOST_LINES


def test_a_usual_head_is_read() -> None:
    octets = message(START, *FIELDS) + b"body"
    found = read(octets)
    assert found is not None and found["whole"] and found["complete"] and found["at"] == len(octets) - 4
    assert found["start"] == ["INVITE", "sip:bob@example.org", None, None, "SIP/2.0"]
    assert found["identity"] == ["a@x", "1", None, 7, "INVITE", "z9hG4bK1"]
    assert found["names"] == ("Via", "From", "To", "Call-ID", "CSeq") == tuple(found["first"])
    assert read(b"\r\n" + octets, 2) == {**found, "at": found["at"] + 2}


@pytest.mark.parametrize(
    ("octets", "names"),
    [
        (instead(VIA, VIA, "v: SIP/2.0/UDP h;branch=2", "Via: x"), (
            "Via", "v", "Via", "From", "To", "Call-ID", "CSeq",
        )),
        (instead(VIA), ("From", "To", "Call-ID", "CSeq")),
        (instead(START, "SIP/2.0 200 OK"), ("Via", "From", "To", "Call-ID", "CSeq")),
        (instead(START, "SIP/2.0 200 Gut\u00e9 :"), ("Via", "From", "To", "Call-ID", "CSeq")),
        (instead(FROM, "f : sip:a@b;tag=2", "FROM: <sip:c@d>;tag=3"), ("Via", "f", "FROM", "To", "Call-ID", "CSeq")),
        (instead(TO, "To: \u8acb <sip:b@c>;tag=\u00e9", "X-New:", "S:\u00e9"), (
            "Via", "From", "To", "X-New", "S", "Call-ID", "CSeq",
        )),
        (instead(CSEQ, "CSeq: x"), ("Via", "From", "To", "Call-ID", "CSeq")),
        (instead(CSEQ, "X-Long: " + MAX_TEXT_LENGTH * "a", CSEQ), ("Via", "From", "To", "Call-ID", "X-Long", "CSeq")),
        (message(START), ()),
        (message(START, *["l: 0"] * (sip_head.MOST_LINES - 1)), ("l",) * (sip_head.MOST_LINES - 1)),
    ],
)
def test_what_is_written_in_other_ways_is_usual_too(octets: bytes, names: tuple[str, ...]) -> None:
    found = read(octets)
    assert found is not None and found["names"] == names
    assert found["complete"] == is_complete(found["first"])
    assert found["identity"] == [*identity(found["first"], found["start"][0])]


@pytest.mark.parametrize(
    "octets",
    [
        b"", b"\r\n\r\n", b"\r", message(START, *FIELDS)[:-1], message(START, *FIELDS)[:-2],
        message(START, *FIELDS, end="\n"), message(START, *FIELDS).replace(b"\r\n", b"\n", 1),
        message(START, *FIELDS).replace(b"\r\n", b"\r", 1), message(START, *FIELDS).replace(b"\r\n", b"\r\r\n", 1),
        instead(START, "INVITE  sip:x SIP/2.0"), instead(START, "INVITE sip:x  SIP/2.0"),
        instead(START, "INVITE sip: x SIP/2.0"), instead(START, "INVITE  SIP/2.0"), instead(START, "INVITE SIP/2.0"),
        instead(START, " SIP/2.0"), instead(START, "SIP/2.0"), instead(START, "invite sip:x SIP/2.0"),
        instead(START, "INVITES sip:x SIP/2.0"), instead(START, "INVITE sip:x sip/2.0"),
        instead(START, "INVITE sip:x SIP/2.1"), instead(START, "INVITE sip:\x01 SIP/2.0"),
        instead(START, "SIP/2.0 99 No"), instead(START, "SIP/2.0 200OK"), instead(START, "SIP/2.0 700 No"),
        instead(START, "SIP/2.1 200 OK"), instead(START, "SIP/2.0 200 O\tK"), instead(START, "SIP/2.0 20 No"),
        instead(VIA, ": none"), instead(VIA, "none"), instead(VIA, " : x"), instead(VIA, " Via: folded"),
        instead(VIA, "\tVia: folded"), instead(VIA, "a b: c"), instead(VIA, "\u00e9: c"), instead(VIA, "Via: a\tb"),
        instead(VIA, "Via: a\nb"), instead(VIA, "Via: a\rb"), instead(VIA, "Via: a\x7fb"), instead(VIA, "Via: a\0b"),
        instead(VIA, "Via: a\u00a0b"), instead(VIA, "Via: a\x85b"),
        instead(VIA, "Via: x").replace(b": x", b": \xff"), instead(VIA, "Via: x").replace(b": x", b": \xc3"),
        instead(START, "SIP/2.0 200 x").replace(b"200 x", b"200 \xff"),
        message(START, *["l: 0"] * sip_head.MOST_LINES),
    ],
)
def test_what_may_be_odd_is_left_to_others(octets: bytes) -> None:
    assert read(octets) is None


def test_a_line_that_is_usual_in_one_place_is_not_in_another() -> None:
    """A start line is no header, and no header is a start line, however often both were read."""
    for start, field in (("SIP/2.0 200 a:b", "s: x"), ("s: x", "SIP/2.0 200 a:b"), ("s: x", "s: x")):
        assert (read(message("SIP/2.0 200 a:b", "s: x")) is None) is False
        assert (read(message(start, field)) is None) is (start == "s: x")


def test_lines_are_forgotten_and_read_again() -> None:
    for number in [*range(3000), *range(3000)]:
        found = sip_head.usual_head(message(START, f"s: {number}", f"X-{number % 600}: {number}"), 0)
        assert found is not None
        assert [*found.first.items()] == [("Subject", str(number)), (f"X-{number % 600}", str(number))]
        assert found.names == ("s", f"X-{number % 600}")


PIECES = (
    b'"', b"<", b">", b";", b",", b"\\", b"(", b":", b" ", b"\t", b"\r\n", b"\n", b"\r", b"=", b"@", b"0", b"\0",
    b"\x7f", b"\xc3\xa9", b"\xff", b";tag=2", b";tag= ", b";branch=z", b"; branch = y", b";rport", b"SIP/2.0",
    b"INVITE", b"",
)


def test_both_say_the_same_of_damaged_messages() -> None:
    chance, usual, others = random.Random(19), 0, 0
    samples = [octets for octets in mutants.Corpus().samples["SIP"] if len(octets) < 4096]
    for number in range(20_000):
        octets = bytearray(samples[number % len(samples)])
        for _ in range(chance.randrange(3) if number >= len(samples) else 0):
            at = chance.randrange(min(len(octets), 600))
            octets[at : at + chance.randrange(3)] = chance.choice(PIECES)
        found = read(bytes(octets))
        if found is None:
            others += 1
            continue
        usual += 1
        assert found["identity"] == [*identity(found["first"], found["start"][0])]
        (parsed, *_) = sip.parse_all(bytes(octets))
        assert found["headers"] == tuple(header for header in parsed.headers if not header.recovered)
    assert usual > 8000 and others > 2000
