"""What a call's messages say of its offers, answers and dialogs: hops, forks, refusals and repeated responses."""

from __future__ import annotations

import pytest

from dissectors.analysis.calls import table as calls
from dissectors.analysis.calls.negotiation import MAX_DESCRIPTION_OCTETS
from dissectors.engine.trackers import Capacity
from dissectors.findings.negotiation import pairs
from dissectors.limits.texts import MAX_TEXT_OCTETS
from dissectors.protocols.sip import parse
from dissectors.queries.comparison import compare
from dissectors.queries.filters import wanted
from dissectors.queries.selection import select
from dissectors.report import Call
from dissectors.wire.datagram import Datagram, Flow
from tests.made import A, B, Endpoint, Sent, report, sip

C: Endpoint = ("192.0.2.3", 5060)
PROXY: Endpoint = ("192.0.2.9", 5060)
SDP = "Content-Type: application/sdp"
CALLER, CALLEE = "1", "2"


def described(host: str, port: int = 6000, payload_type: int = 0) -> bytes:
    return (
        f"v=0\r\no=- 1 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\nm=audio {port} RTP/AVP {payload_type}\r\n"
    ).encode()


OURS, THEIRS = described("192.0.2.1"), described("192.0.2.2")


def message(
    start: str, cseq: str, body: bytes = b"", *headers: str, tags: tuple[str, str] = (CALLER, CALLEE)
) -> bytes:
    """A message with these tags in From and To; an empty one is left out."""
    ours, theirs = (f";tag={tag}" if tag else "" for tag in tags)
    via = f"Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK{cseq.replace(' ', '').replace('ACK', 'INVITE')}"
    common = [via, f"From: <sip:a@x>{ours}", f"To: <sip:b@x>{theirs}", "Call-ID: one", f"CSeq: {cseq}"]
    return sip(start, *common, *headers, *([SDP] if body else []), body=body)


def asks(
    method: str, number: int, body: bytes = b"", *headers: str, tags: tuple[str, str] = (CALLER, CALLEE)
) -> bytes:
    return message(f"{method} sip:b@x SIP/2.0", f"{number} {method}", body, *headers, tags=tags)


def says(
    status: int, number: int, body: bytes = b"", *headers: str, tags: tuple[str, str] = (CALLER, CALLEE),
    method: str = "INVITE",
) -> bytes:
    return message(f"SIP/2.0 {status} Said", f"{number} {method}", body, *headers, tags=tags)


def only(sent: list[Sent]) -> Call:
    (call,) = report(sent).calls
    return call


def negotiated(call: Call) -> list[tuple[str, str, int]]:
    return [(each.role, each.side, each.place.frame) for each in call.descriptions]


def answered(call: Call) -> list[tuple[int, int]]:
    """The frames of each offer and its answer."""
    return [(offer.place.frame, answer.place.frame) for offer, answer in pairs(call)]


INVITE = asks("INVITE", 1, OURS, tags=(CALLER, ""))


def test_both_hops_of_a_proxy_that_rewrites_descriptions_keep_their_roles() -> None:
    far, near = described("192.0.2.9", 7000), described("192.0.2.9", 7002)
    call = only([
        (A, PROXY, INVITE), (PROXY, B, asks("INVITE", 1, far, tags=(CALLER, ""))),
        (B, PROXY, says(200, 1, THEIRS)), (PROXY, A, says(200, 1, near)),
        (A, PROXY, asks("INVITE", 2, described("192.0.2.1", 6002))), (PROXY, A, says(200, 2, near)),
    ])
    assert negotiated(call) == [
        ("offer", "caller", 1), ("offer", "caller", 2), ("answer", "callee", 3), ("answer", "callee", 4),
        ("offer", "caller", 5), ("answer", "callee", 6),
    ]
    assert answered(call) == [(2, 3), (1, 4), (5, 6)]


def test_an_answer_finds_its_offer_behind_a_proxy_that_changes_nothing() -> None:
    call = only([(A, PROXY, INVITE), (PROXY, B, INVITE), (B, PROXY, says(200, 1, THEIRS)),
                 (PROXY, A, says(200, 1, THEIRS))])
    assert negotiated(call) == [("offer", "caller", 1), ("answer", "callee", 3)]
    assert answered(call) == [(1, 3)]


def test_each_branch_of_a_fork_answers_the_one_offer() -> None:
    call = only([
        (A, PROXY, INVITE), (PROXY, A, says(183, 1, THEIRS, tags=(CALLER, "b"))),
        (PROXY, A, says(200, 1, described("192.0.2.3"), tags=(CALLER, "c"))),
    ])
    assert negotiated(call) == [("offer", "caller", 1), ("answer", "callee", 2), ("answer", "callee", 3)]
    assert answered(call) == [(1, 2), (1, 3)]


def test_after_a_refused_offer_the_other_side_offers() -> None:
    call = only([
        (A, B, INVITE), (B, A, says(200, 1, THEIRS)), (A, B, asks("INVITE", 2, described("192.0.2.1", 6002))),
        (B, A, says(488, 2)), (A, B, asks("ACK", 2)),
        (B, A, asks("INVITE", 1, described("192.0.2.2", 6004), tags=(CALLEE, CALLER))),
        (A, B, says(200, 1, described("192.0.2.1", 6004), tags=(CALLEE, CALLER))),
    ])
    assert negotiated(call)[2:] == [("offer", "caller", 3), ("offer", "callee", 6), ("answer", "caller", 7)]
    assert answered(call) == [(1, 2), (6, 7)]


def test_what_a_refusal_describes_is_no_answer() -> None:
    call = only([(A, B, INVITE), (B, A, says(488, 1, THEIRS))])
    assert negotiated(call) == [("offer", "caller", 1)]


def test_an_offer_in_the_response_is_answered_by_the_ack() -> None:
    empty = asks("INVITE", 1, tags=(CALLER, ""))
    call = only([(A, B, empty), (B, A, says(200, 1, THEIRS)), (A, B, asks("ACK", 1, OURS))])
    assert negotiated(call) == [("offer", "callee", 2), ("answer", "caller", 3)]


def test_an_offer_in_a_reliable_response_is_answered_by_its_prack() -> None:
    call = only([
        (A, B, asks("INVITE", 1, tags=(CALLER, ""))), (B, A, says(183, 1, THEIRS, "RSeq: 1")),
        (A, B, asks("PRACK", 2, OURS, "RAck: 1 1 INVITE")), (B, A, says(200, 2, method="PRACK")),
    ])
    assert negotiated(call) == [("offer", "callee", 2), ("answer", "caller", 3)]
    assert answered(call) == [(2, 3)]


def test_a_prack_after_the_answer_may_offer_anew() -> None:
    call = only([
        (A, B, INVITE), (B, A, says(183, 1, THEIRS, "RSeq: 1")),
        (A, B, asks("PRACK", 2, described("192.0.2.1", 6002), "RAck: 1 1 INVITE")),
        (B, A, says(200, 2, described("192.0.2.2", 6002), method="PRACK")),
    ])
    assert [role for role, _, _ in negotiated(call)] == ["offer", "answer", "offer", "answer"]
    assert answered(call) == [(1, 2), (3, 4)]


def test_offers_that_cross_are_both_offers() -> None:
    call = only([
        (A, B, INVITE), (B, A, says(200, 1, THEIRS)), (A, B, asks("INVITE", 2, described("192.0.2.1", 6002))),
        (B, A, asks("INVITE", 2, described("192.0.2.2", 6002), tags=(CALLEE, CALLER))),
        (B, A, says(491, 2)), (A, B, says(491, 2, tags=(CALLEE, CALLER))),
    ])
    assert [role for role, _, _ in negotiated(call)] == ["offer", "answer", "offer", "offer"]


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


def test_what_the_callee_asks_within_the_dialog_makes_no_second_one() -> None:
    call = only([
        (A, B, INVITE), (B, A, says(200, 1, THEIRS)), (A, B, asks("ACK", 1)),
        (B, A, asks("INVITE", 1, OURS, tags=(CALLEE, CALLER))), (A, B, says(100, 1, tags=(CALLEE, CALLER))),
        (A, B, says(200, 1, OURS, tags=(CALLEE, CALLER))), (B, A, asks("ACK", 1, tags=(CALLEE, CALLER))),
    ])
    assert [(each.from_tag, each.to_tag, each.state) for each in call.dialogs] == [(CALLER, CALLEE, "confirmed")]


def test_a_refused_request_of_the_callee_leaves_the_dialog_as_it_was() -> None:
    call = only([
        (A, B, INVITE), (B, A, says(200, 1, THEIRS)), (B, A, asks("INVITE", 1, OURS, tags=(CALLEE, CALLER))),
        (A, B, says(488, 1, tags=(CALLEE, CALLER))),
    ])
    assert [(each.from_tag, each.to_tag, each.state) for each in call.dialogs] == [(CALLER, CALLEE, "confirmed")]


def probes(name: str) -> list[Sent]:
    asked = [message("OPTIONS sip:b@x SIP/2.0", f"{n} OPTIONS", tags=(CALLER, "")) for n in (1, 2)]
    named = [f"Call-ID: {name}{n}".encode() for n in range(2)]
    return [(A, B, each.replace(b"Call-ID: one", call_id)) for each, call_id in zip(asked, named, strict=True)]


def test_a_call_without_a_dialog_is_known_by_its_call_id() -> None:
    told = report(probes("id"))
    assert [(call.kind, call.call_id, call.dialogs) for call in told.calls] == [
        ("options", "id0", ()), ("options", "id1", ()),
    ]
    assert [call.call_id for call in select(told, wanted("callid==id1")).calls] == ["id1"]


def test_calls_without_dialogs_are_compared_by_their_call_ids() -> None:
    told = report([*probes("id"), (B, A, says(200, 1, method="OPTIONS").replace(b"Call-ID: one", b"Call-ID: id0"))])
    compared = compare(told, told)
    assert all(not pair.facts and not any(each.body for each in pair.messages) for pair in compared.calls)
    assert all(each.first == each.second for pair in compared.calls for each in pair.messages)


BROKEN = b"m=audio 6000 RTP/AVP 0\r\n"


def test_a_description_that_cannot_be_read_is_told_and_the_call_goes_on() -> None:
    told = report([(A, B, INVITE), (B, A, says(200, 1, BROKEN)), (A, B, asks("ACK", 1))])
    (finding,) = [each for each in told.findings if each.id == "message-malformed"]
    assert "SDP" in finding.what and [place.frame for place in finding.places] == [2]
    assert told.calls[0].outcome == "established"
    assert len(told.calls[0].messages) == 3


def test_a_description_that_can_be_read_is_no_such_finding() -> None:
    told = report([(A, B, INVITE), (B, A, says(200, 1, THEIRS)), (A, B, asks("ACK", 1))])
    assert "message-malformed" not in {each.id for each in told.findings}


def test_texts_are_kept_within_a_budget_and_what_finds_no_room_is_told() -> None:
    texts = [asks("MESSAGE", n, b"x" * 4000).replace(SDP.encode(), b"Subject: text") for n in range(1, 5)]
    told = report([(A, B, text) for text in texts], capacity=Capacity(text_octets=12_000))
    bodies = [each.body for each in told.calls[0].messages if each.body]
    assert [len(body.text) for body in bodies] == [4000, 4000, 0, 0]
    assert [body.inflated_length for body in bodies] == [4000] * 4
    assert any(each.id == "bound-hit" and each.what.startswith("texts: ") for each in told.findings)


def test_what_makes_room_gives_its_octets_back() -> None:
    kept = calls.Calls(1)
    flow = Flow(*A, *B)
    for n in range(3):
        invite = INVITE.replace(b"Call-ID: one", f"Call-ID: {n}".encode())
        kept.feed(Datagram(0, n, 0, n, flow, invite, len(invite)), parse(invite))
    only_one = MAX_TEXT_OCTETS - kept.texts.left, MAX_DESCRIPTION_OCTETS - kept.descriptions.left
    for call in list(kept.calls.values()):
        kept.retire(call)
    assert kept.texts.left == MAX_TEXT_OCTETS and kept.descriptions.left == MAX_DESCRIPTION_OCTETS
    alone = calls.Calls(1)
    alone.feed(Datagram(0, 2, 0, 2, flow, invite, len(invite)), parse(invite))
    assert only_one == (MAX_TEXT_OCTETS - alone.texts.left, MAX_DESCRIPTION_OCTETS - alone.descriptions.left)


def test_a_hop_that_keeps_the_call_id_and_changes_the_tags_keeps_the_sides() -> None:
    far = (CALLER + "x", CALLEE + "x")
    call = only([
        (A, PROXY, INVITE), (PROXY, B, asks("INVITE", 1, OURS, tags=(far[0], ""))),
        (B, PROXY, says(200, 1, THEIRS, tags=far)), (PROXY, A, says(200, 1, THEIRS)), (B, PROXY, asks("BYE", 9,
        tags=far[::-1])),
    ])
    assert [each.side for each in call.messages] == ["caller", "caller", "callee", "callee", "callee"]
    assert call.ended_by == "callee"


@pytest.mark.parametrize(
    ("messages", "said"),
    [
        ([asks("OPTIONS", 1, b"", f"User-Agent: {n}") for n in range(20)], "user agents of calls: 4"),
        ([says(180, 1, tags=(CALLER, str(n))) for n in range(70)], "dialogs: 6"),
        ([asks("INVITE", 1, tags=(str(n), "")) for n in range(20)], "tags of calls: 4"),
    ],
)
def test_what_a_call_does_not_keep_is_told(messages: list[bytes], said: str) -> None:
    hits = [each.what for each in report([(A, B, each) for each in messages]).findings if each.id == "bound-hit"]
    assert f"{said} given up" in hits


def test_hosts_and_flows_that_a_call_does_not_keep_are_told() -> None:
    hits = [each.what for each in report([(("192.0.2.1", 5000 + n), B, INVITE) for n in range(40)]).findings]
    assert "5-tuples of calls: 8 given up" in hits
    hits = [each.what for each in report([((f"192.0.2.{n}", 5060), C, INVITE) for n in range(1, 22)]).findings]
    assert "hosts of calls: 5 given up" in hits
