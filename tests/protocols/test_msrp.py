"""MSRP: the messages of RFC 4975, how long they are on a stream, and the call that announced them."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dissectors.limits.budget import Bounds
from dissectors.mux.connections import Connections
from dissectors.mux.framings import READERS, Framed, sniff
from dissectors.outputs.terminal.lines import Page
from dissectors.outputs.terminal.media_lines import media_lines
from dissectors.outputs.terminal.steps import Beside, steps
from dissectors.protocols.msrp import MAX_MESSAGE_OCTETS, SPEC, frame, parse
from dissectors.queries.filters import wanted
from dissectors.queries.selection import select
from dissectors.wire.errors import Malformed
from dissectors.wire.spec import Beyond, Incomplete
from tests import made
from tests.mux.test_connections import shaken
from tests.tcp_frames import A, B, Sent, conversation, records, report
from tests.verto_calls import over_websocket

ALICE, BOB = "msrp://atlanta.example.com:7654/jshA7weztas;tcp", "msrp://biloxi.example.com:12763/kjhd37s2s20w2a;tcp"
PATHS = f"To-Path: {BOB}\r\nFrom-Path: {ALICE}\r\n"
TEXT = b"Hey Bob, are you there?\r\n-------d93kswow no\r\n"


def message(first: str, *headers: str, body: bytes | None = None, flag: str = "$") -> bytes:
    """A message as RFC 4975 has them."""
    lines = [f"MSRP d93kswow {first}", *PATHS.splitlines(), *headers]
    text = "\r\n".join(lines) + "\r\n"
    content = b"" if body is None else b"\r\n" + body + b"\r\n"
    return text.encode() + content + f"-------d93kswow{flag}\r\n".encode()


SEND = message(
    "SEND", "Message-ID: 12339sdqwer", f"Byte-Range: 1-{len(TEXT)}/{len(TEXT)}", "Content-Type: text/plain", body=TEXT
)
OPEN = message("SEND", "Message-ID: 456", "Byte-Range: 1-*/120", "Content-Type: image/png", body=b"\0\r\nx", flag="+")
OK = message("200 OK")
REPORT = message("REPORT", "Message-ID: 12339sdqwer", "Byte-Range: 1-39/39", "Status: 000 200 OK")
EVERY = (SEND, OPEN, OK, REPORT)


def test_messages_say_what_they_are_and_how_much_and_not_what_people_wrote() -> None:
    assert [parse(each).summary for each in EVERY] == [
        "SEND text/plain, bytes 1-45/45, 45 B", "SEND image/png, bytes 1-*/120, 4 B, more follows", "200 OK",
        "REPORT 000 200 OK, bytes 1-39/39",
    ]
    assert "Hey Bob" not in str(parse(SEND)) and parse(SEND).header("to-path") == BOB
    assert parse(message("SEND", body=b"")).size == 0
    assert parse(message("SEND", flag="#")).summary == "SEND, aborted"


@pytest.mark.parametrize("octets", EVERY)
def test_a_message_ends_in_the_line_of_its_transaction(octets: bytes) -> None:
    assert READERS["MSRP"](octets + OK) == Framed(len(octets), 0) and sniff(octets) == "MSRP"
    for size in range(len(octets)):
        more = frame(octets[:size]) if size else Incomplete(1)
        assert isinstance(more, Incomplete) and size < more.octets <= len(octets)
        with pytest.raises(Malformed):
            parse(octets[:size])


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        (b"MSRPS d93kswow SEND\r\n", "no start line"),
        (SEND.replace(b"d93kswow SEND", b"d9 SEND"), "no start line"),
        (SEND.replace(b"From-Path: ", b"From Path "), "a line that is no header"),
        (SEND.replace(b"d93kswow$", b"d93kswow?"), "its last line is missing"),
        (SEND + OK, f"{len(OK)} bytes follow its last line"),
    ],
)
def test_what_is_no_message_says_why(octets: bytes, reason: str) -> None:
    with pytest.raises(Malformed, match=reason):
        parse(octets)


def test_a_chunk_that_is_too_long_is_passed_over_up_to_its_last_line() -> None:
    for said in (f"Byte-Range: 1-{2 * MAX_MESSAGE_OCTETS}/*", "Byte-Range: 9-1/*"):
        octets = message("SEND", said, "Content-Type: a/b", body=bytes(MAX_MESSAGE_OCTETS))
        beyond = frame(octets[:-20])
        assert isinstance(beyond, Beyond)
        assert octets.find(beyond.until) + len(beyond.until) + beyond.behind == len(octets)
    with pytest.raises(Malformed):
        frame(b"MSRP d93kswow SEND\r\n" + b"a: b\r\n" * 4000)


@given(st.binary(max_size=80), st.booleans())
def test_any_octets_parse_or_are_malformed(octets: bytes, begun: bool) -> None:
    for read in (parse, frame):
        try:
            read(b"MSRP d93kswow " * begun + octets)
        except Malformed as malformed:
            assert malformed.protocol == SPEC.name


SDP = (
    b"v=0\r\no=- 1 1 IN IP4 192.0.2.%d\r\ns=-\r\nc=IN IP4 192.0.2.%d\r\nt=0 0\r\nm=message %d TCP/MSRP *\r\n"
    b"a=accept-types:text/plain\r\na=path:msrp://192.0.2.%d:%d/s;tcp\r\n"
)
PHONE, SERVER = (A[0], 7654), (B[0], 12763)


def call() -> list[Sent]:
    offer, answer = SDP % (1, 1, PHONE[1], 1, PHONE[1]), SDP % (2, 2, SERVER[1], 2, SERVER[1])
    first = "Via: SIP/2.0/TCP 192.0.2.1;branch=z9hG4bK1", "From: <sip:a@x>;tag=1", "Call-ID: texts"
    second = "Content-Type: application/sdp",
    return [
        (A, made.sip("INVITE sip:b@x SIP/2.0", *first, "To: <sip:b@x>", "CSeq: 1 INVITE", *second, body=offer)),
        (B, made.sip("SIP/2.0 200 OK", *first, "To: <sip:b@x>;tag=2", "CSeq: 1 INVITE", *second, body=answer)),
        (A, made.sip("ACK sip:b@x SIP/2.0", *first, "To: <sip:b@x>;tag=2", "CSeq: 1 ACK")),
    ]


@pytest.mark.parametrize("size", [11, 1400])
def test_a_session_of_messages_belongs_to_the_call_that_announced_it(size: int) -> None:
    talk = [(PHONE, SEND), (SERVER, OK + REPORT), (PHONE, OPEN), (SERVER, OK)]
    segments = [*conversation(call()), *conversation(talk, (PHONE, SERVER), size=size)]
    told = report(records(segments))
    flows = {(flow.sport, flow.protocols[0].name): flow for flow in told.flows}
    assert flows[PHONE[1], "MSRP"].datagrams == 2 and flows[SERVER[1], "MSRP"].datagrams == 3
    assert {flow.call_id for flow in told.flows if 5060 not in (flow.sport, flow.dport)} == {"texts"}
    assert not told.capture.not_read and "message-malformed" not in {found.id for found in told.findings}
    (one,) = told.calls
    events = [step for step in steps(Beside(told), one) if step.event]
    assert [(step.text, step.note[0].text.partition(",")[0]) for step in events] == [
        ("MSRP begins", "2 messages"), ("MSRP begins", "3 messages"),
    ]
    assert ["".join(part.text for part in row).strip() for row in media_lines(Page(80), told, [0])[0]] == [
        "·  5 messages of MSRP"
    ]
    assert select(told, wanted("callid==texts")).flows == told.flows
    assert not select(told, wanted("callid==other")).flows


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 1 << 32), size=st.integers(10, 1400))
def test_segments_in_any_order_give_the_same_messages(seed: int, size: int) -> None:
    opened, rest = conversation([])[:2], conversation([(A, SEND + OPEN + OK + REPORT)], size=size)[2:]
    connections = Connections(Bounds())
    segments = [*opened, *shaken(rest, random.Random(seed))]
    found = [whole for number, one in enumerate(segments, 1) for whole in connections.take(one, 0, number, number)]
    assert [whole.payload for whole in found] == [SEND, OPEN, OK, REPORT]


def test_a_connection_that_began_before_is_read_from_its_next_message_and_goes_on_behind_nonsense() -> None:
    late = conversation([(A, SEND[60:]), (A, OK), (A, b"nonsense\r\n" * 9), (A, REPORT)], opened=False)
    connections = Connections(Bounds())
    found = [whole for number, one in enumerate(late, 1) for whole in connections.take(one, 0, number, number)]
    assert [whole.payload for whole in found] == [OK, REPORT]


def test_messages_in_websocket_are_read() -> None:
    made = report(records(conversation(over_websocket([(A, SEND), (B, OK)]))))
    assert {(flow.transport, flow.protocols[0].name, flow.datagrams) for flow in made.flows} == {("ws", "MSRP", 1)}
    assert len(made.flows) == 2


def test_a_session_that_no_call_announced_belongs_to_none() -> None:
    told = report(records([*conversation(call()), *conversation([(PHONE, SEND)], (PHONE, (B[0], 9)))]))
    assert {flow.call_id for flow in told.flows} == {None, "texts"}
    alone = report(records(conversation([(PHONE, SEND), (SERVER, OK)], (PHONE, SERVER))))
    assert {flow.call_id for flow in alone.flows} == {None} and len(alone.flows) == 2
