"""Which description is an offer and which one its answer."""

from __future__ import annotations

from dissectors.findings.negotiation.negotiation import pairs
from dissectors.report import Call
from tests.made import A, B
from tests.signalling import CALLEE, CALLER, INVITE, OURS, PROXY, THEIRS, asks, described, negotiated, only, says


def answered(call: Call) -> list[tuple[int, int]]:
    """The frames of each offer and its answer."""
    return [(offer.place.frame, answer.place.frame) for offer, answer in pairs(call)]


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


def test_what_answers_a_request_that_was_not_captured_is_an_answer() -> None:
    call = only([(B, A, says(183, 1, THEIRS)), (B, A, says(200, 1, described("192.0.2.3")))])
    assert negotiated(call) == [("answer", "callee", 1), ("answer", "callee", 2)] and not answered(call)
    assert [each.answers for each in call.descriptions] == [None, None]
    assert call.begun_before


def test_an_offer_in_the_answer_to_an_empty_invite_is_one() -> None:
    empty = asks("INVITE", 1, b"", tags=(CALLER, ""))
    call = only([(A, B, empty), (B, A, says(200, 1, THEIRS)), (A, B, asks("ACK", 1, OURS))])
    assert negotiated(call) == [("offer", "callee", 2), ("answer", "caller", 3)] and answered(call) == [(2, 3)]
    assert not call.begun_before
