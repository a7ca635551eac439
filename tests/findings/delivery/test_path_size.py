"""Messages that are too large for a path are told once."""

from __future__ import annotations

import pytest

from tests import tcp_frames
from tests.stories import ANSWER, OFFER, A, B, Story, dialled, hung_up, report, request, response

PROXY = ("192.0.2.9", 5060)


def test_a_message_too_large_on_both_hops_is_told_once_with_both_frames() -> None:
    invite = request(0, "INVITE", "X: " + "x" * 1000, body=OFFER)[3]
    onward = invite.replace(b"Via:", b"Via: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKonward\r\nVia:", 1)
    found = [each for each in report([(0, A, PROXY, invite), (5, PROXY, B, onward)]).findings
             if each.id == "message-large"]
    assert [[place.frame for place in each.places] for each in found] == [[2, 1]]
    assert f"{len(onward):,} bytes" in found[0].what


def test_a_large_message_over_tcp_is_not_too_large() -> None:
    invite = request(0, "INVITE", "X: " + "x" * 2000, body=OFFER)[3]
    made = tcp_frames.report(tcp_frames.records(tcp_frames.conversation([(tcp_frames.A, invite)])))
    assert [message.length for message in made.calls[0].messages] == [len(invite)]
    assert not {"message-large", "message-fragmented", "message-kept-small"} & {each.id for each in made.findings}


def severities(story: Story) -> list[str]:
    return [each.severity for each in report(story).findings if each.id in ("message-large", "message-fragmented")]


def test_a_large_message_that_was_answered_is_a_note_and_no_warning() -> None:
    invite = request(0, "INVITE", "X: " + "x" * 1000, body=OFFER)
    assert severities([invite]) == ["warning"]
    assert severities([invite, response(20, 200, "OK", body=ANSWER)]) == ["note"]


def test_a_large_ack_that_ends_the_repeats_of_the_answer_is_a_note() -> None:
    ack = request(1010, "ACK", "X: " + "x" * 1200, tag="2")
    call = [*dialled(ack=False), ack, *hung_up()]
    assert severities(call) == ["note"]
    again = [(1500.0 + each, *dialled()[2][1:]) for each in (0, 1000)]
    assert severities([*call, *again]) == ["warning"]


@pytest.mark.parametrize(
    ("src", "dst", "severity"),
    [
        ("192.168.1.2", "192.168.1.9", "note"),
        ("127.0.0.1", "127.0.0.2", "note"),
        ("203.0.113.2", "203.0.113.2", "note"),
        # Both are private, and a tunnel may be between them.
        ("192.168.1.2", "10.0.0.9", "warning"),
        ("10.1.0.2", "10.2.0.9", "warning"),
        ("192.168.1.2", "203.0.113.2", "warning"),
        ("203.0.113.2", "203.0.113.3", "warning"),
    ],
)
def test_a_large_message_within_one_network_is_a_note(src: str, dst: str, severity: str) -> None:
    invite = request(0, "INVITE", "X: " + "x" * 1400, body=OFFER)[3]
    story = [(0.0, (src, 5060), (dst, 5060), invite)]
    assert severities(story) == [severity]
    (told,) = [each.what for each in report(story).findings if each.id == "message-fragmented"]
    assert ("% of paths" in told) == (severity == "warning") and f"{len(invite):,} bytes" in told
