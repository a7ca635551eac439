"""What makes two messages one, sent twice; and what is told of their headers."""

from __future__ import annotations

import pytest

from dissectors.analysis.calls import messages
from dissectors.analysis.calls.table import Calls
from dissectors.limits.budget import Bounds
from dissectors.limits.texts import Texts
from dissectors.protocols.sip import parse
from dissectors.wire.datagram import Datagram, Flow
from tests.made import A, B
from tests.signalling import INVITE, THEIRS, described, negotiated, only, says


def test_a_second_provisional_response_with_another_body_is_no_retransmission() -> None:
    second = says(183, 1, described("192.0.2.2", 6002))
    call = only([(A, B, INVITE), (B, A, says(183, 1, THEIRS)), (B, A, second), (B, A, second)])
    assert [each.retransmission for each in call.messages] == [False, False, False, True]
    assert negotiated(call) == [("offer", "caller", 1), ("answer", "callee", 2), ("answer", "callee", 3)]


def test_reliable_responses_differ_by_their_rseq() -> None:
    first, second = says(183, 1, THEIRS, "RSeq: 1"), says(183, 1, THEIRS, "RSeq: 2")
    call = only([(A, B, INVITE), (B, A, first), (B, A, second), (B, A, first)])
    assert [each.retransmission for each in call.messages] == [False, False, False, True]
    assert len(call.descriptions) == 2


def test_messages_of_one_length_share_what_says_it() -> None:
    ringing = says(180, 1, b"", f"Server: {'x' * 150}")
    call = only([(A, B, INVITE), (B, A, ringing), (B, A, ringing), (B, A, says(200, 1, THEIRS))])
    assert [each.length for each in call.messages] == [each.sizes.sent for each in call.messages if each.sizes]
    assert call.messages[1].length is call.messages[2].length and call.messages[1].length > 256


SECRET, LONG = "<sip:bob:secret@192.0.2.1>", f"<sip:{'b' * 2000}@192.0.2.1>"


@pytest.mark.parametrize(("contact", "octets", "secrets", "told", "hits"), [
    (SECRET, 1 << 20, True, SECRET, {}), (SECRET, 1 << 20, False, "<sip:bob:******@192.0.2.1>", {}),
    (SECRET, 100, True, "", {"texts": 25}), (SECRET, 1 << 20, True, SECRET, {}),
    (LONG, 1 << 20, False, f"{LONG[:1023]}…", {"ends of long texts": 2}),
])
def test_headers_that_decide_are_told_as_far_as_there_is_room(
    contact: str, octets: int, secrets: bool, told: str, hits: dict[str, int]
) -> None:
    ringing = says(180, 1, b"", f"Contact: {contact}")
    bounds = Bounds()
    calls = Calls(1, bounds=bounds, texts=Texts(octets, bounds, secrets))
    for time in range(2):
        calls.feed(Datagram(0, 1 + time, 0, time, Flow(*B, *A), ringing, len(ringing)), parse(ringing))
    (call,) = calls.opened()
    assert [message.header("Contact") or "" for message in call.messages] == [told] * 2
    assert bounds.hits == hits


def test_what_calls_say_alike_takes_room_once_and_until_the_last_of_them_is_gone() -> None:
    ringing, texts = says(180, 1, b"", "Server: one"), Texts(1 << 20, Bounds())
    calls, alike, left = Calls(4, texts=texts), {"INVITE", "180 Said", "Said", "one"}, []
    for time, name in enumerate((b"first", b"second", b"third")):
        octets = ringing.replace(b"Call-ID: ", b"Call-ID: " + name)
        calls.feed(Datagram(0, 1 + time, 0, time, Flow(*B, *A), octets, len(octets)), parse(octets))
        left.append(texts.left)
    assert len({*left}) == 1
    for call in calls.opened():
        assert alike < texts.kept.keys() and texts.left == left[0]
        calls.retire(call)
    assert not texts.kept and texts.left == 1 << 20


@pytest.mark.parametrize("octets", range(0, 2400, 97))
def test_what_another_call_holds_is_told_where_there_is_no_room(octets: int) -> None:
    texts = Texts(octets, Bounds())
    calls = Calls(4, texts=texts)
    for time, name in enumerate((b"first", b"second", b"first", b"third")):
        said = says(180, 1, b"", "Server: one").replace(b"Call-ID: ", b"Call-ID: " + name)
        calls.feed(Datagram(0, 1 + time, 0, time, Flow(*B, *A), said, len(said)), parse(said))
    for message in [message for call in calls.opened() for message in call.messages]:
        told = (message.method, message.summary, message.reason, message.user_agent, message.headers)
        assert [bool(each) for each in told] == [each in texts.kept for each in (
            "INVITE", "180 Said", "Said", "one", ("Via", "From", "To", "Call-ID", "CSeq", "Server", "Content-Length"),
        )]


@pytest.mark.skipif(not hasattr(messages, "_known_headers"), reason="compiled, nobody sees what is remembered")
def test_headers_are_remembered_that_are_short_together() -> None:
    one, long = says(180, 1, b"", f"Contact: {SECRET}"), says(180, 1, b"", f"Contact: {LONG}")
    calls = Calls(1)
    for time, octets in enumerate((one, long, one)):
        calls.feed(Datagram(0, 1 + time, 0, time, Flow(*B, *A), octets, len(octets)), parse(octets))
    known = [values for _, values, _ in (*messages._known_headers.latest, *messages._known_headers.before)]
    assert (SECRET,) in known and (LONG,) not in known
