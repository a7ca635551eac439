"""What makes two messages one, sent twice."""

from __future__ import annotations

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
