"""What calls have, looked up once for all rules; and that no rule asks for less than it needs."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from dissectors.findings import traits
from dissectors.findings.media_traits import INTRICATE
from dissectors.findings.traits import (
    COPIED,
    DESCRIBED,
    DEVIATING,
    FAILED,
    FRUITLESS,
    LARGE,
    LEAKING,
    PARTIAL,
    REDESCRIBED,
    REFUSED,
    RENEWED,
    REPEATED,
    SLOW,
    STREAMED,
    UNACKNOWLEDGED,
    UNANSWERED,
    Trait,
    Traits,
    traits_of,
)
from dissectors.report import Call, size
from dissectors.wire.datagram import TCP
from dissectors.wire.values import replace
from tests.finding_cases import CASES
from tests.finding_cases.plain import again
from tests.finding_cases.within_calls import bound
from tests.findings.test_rules import findings, told
from tests.stories import (
    ANSWER,
    GOOD,
    INNER,
    OFFER,
    A,
    Story,
    challenged,
    description,
    dialled,
    hung_up,
    report,
    request,
    response,
    talk,
)

KINDS = ("call", "registration")


def of(story: Story) -> frozenset[Trait]:
    (call,) = report(story).calls
    return traits_of(call)


def test_a_good_call_has_little() -> None:
    assert of(GOOD) == {"call", "INVITE", "ACK", "BYE", DESCRIBED}


def test_what_there_is_once_is_there() -> None:
    copies = [each for one in dialled() for each in (one, *again(one, one[0] + 2))]
    assert of([*dialled(), response(90, 486, "Busy Here")]) >= {REFUSED, 486}
    assert of([*dialled(), *again(dialled()[0], 500)]) >= {REPEATED, UNANSWERED}
    assert COPIED in of(copies)
    (invite,) = dialled(b"v=0\r\n")[:1]
    room = size.LARGEST_REQUEST - len(invite[3]) - len("000")
    assert LARGE in of(dialled(b"v=0\r\n" + b"x" * (room + 1))) and LARGE not in of(dialled(b"v=0\r\n" + b"x" * room))
    assert "Reason" in of([*dialled(), request(5000, "BYE", "Reason: SIP;cause=408", number=2, tag="2")])
    time, src, dst, octets = dialled()[0]
    later = [request(2000, "INVITE", body=OFFER, number=3, tag="2"), response(2020, 200, "OK", body=ANSWER, number=3)]
    assert REDESCRIBED in of([*dialled(), *later])
    assert DEVIATING in of([(time, src, dst, octets.replace(b"Max-Forwards", b"X-Forwards") + b"more")])


def test_a_challenge_that_is_followed_refuses_nothing() -> None:
    least = {REFUSED, REDESCRIBED, INTRICATE}
    assert least.isdisjoint(of(challenged(GOOD))) and {407, "Proxy-Authenticate"} <= of(challenged(GOOD))
    assert least <= of(challenged(GOOD, description(*A, "a=sendonly"), credentials=False))
    assert REFUSED not in of(challenged(GOOD, ANSWER)) and REDESCRIBED in of(challenged(GOOD, ANSWER))
    assert REFUSED not in of(challenged(GOOD, status=401)) and REFUSED in of(challenged(GOOD, status=488))
    for other in (
        challenged(GOOD, acknowledged=False), challenged(GOOD, credentials=False), challenged(GOOD)[:3],
        challenged(challenged(GOOD)), [*challenged(GOOD), response(3000, 486, "Busy Here", number=9)],
        [(*each[:1], (A[0], 9), *each[2:]) if each[3].startswith(b"ACK") else each for each in challenged(GOOD)],
        [(*each[:3], each[3].replace(b"tag=9", b"tag=8")) for each in challenged(GOOD)[2:3]]
        + challenged(GOOD)[:2] + challenged(GOOD)[3:],
    ):
        assert REFUSED in of(other)


def test_a_rule_finds_the_same_in_a_call_that_was_challenged(monkeypatch: pytest.MonkeyPatch) -> None:
    stories = [
        challenged(story, offer) for story in (GOOD, [*dialled(), *talk(), *hung_up()], [*dialled(ack=False), *talk()])
        for offer in (OFFER, ANSWER, description(*A, "a=sendonly"))
    ]
    before = [report(story).findings for story in stories]
    monkeypatch.setattr(traits, "_is_challenged", lambda call: False)
    monkeypatch.setattr(traits, "_is_offered_again", lambda first, second: False)
    assert before == [report(story).findings for story in stories]


@pytest.mark.parametrize(
    "story",
    [
        [*dialled(), hung_up()[0]],
        [*dialled(), hung_up()[0], response(11_020, 100, "Trying", "BYE", number=2)],
        [*dialled(), hung_up()[0], response(11_020, 200, "OK", "BYE", number=3)],
        [*dialled(), hung_up()[0], response(11_020, 200, "OK", "BYE", number=2, back=True)],
        [dialled()[0], dialled()[1]],
    ],
)
def test_a_request_needs_a_final_response_of_its_own(story: Story) -> None:
    assert UNANSWERED in of(story) and UNANSWERED not in of([*dialled(), *hung_up()])


def test_a_final_response_on_its_branch_answers_a_request_wherever_it_comes_from() -> None:
    asked, (time, _, dst, octets) = hung_up()
    elsewhere: Story = [*dialled(), asked, (time, ("192.0.2.77", 5060), dst, octets)]
    assert UNANSWERED not in of(elsewhere)


def test_an_ack_is_of_the_2xx_with_its_tags() -> None:
    assert UNACKNOWLEDGED in of(dialled(ack=False)) and UNACKNOWLEDGED not in of(dialled())
    assert UNACKNOWLEDGED in of([*dialled(ack=False), request(1100, "ACK", tag="3")])


def test_a_registration_is_renewed_by_what_comes_behind_its_2xx() -> None:
    assert RENEWED in of([*bound(60), *bound(60, time=50_000, number=2)]) and RENEWED not in of(bound(60))


def test_a_call_begins_with_its_invite() -> None:
    assert PARTIAL in of(GOOD[1:]) and PARTIAL in of([request(1000, "INVITE", tag="2"), *dialled()[1:]])
    assert PARTIAL in of([hung_up()[0]]) and PARTIAL not in of(GOOD)


def test_what_rings_late_and_what_is_in_vain_is_told() -> None:
    refused = [*dialled()[:1], response(90, 486, "Busy Here")]
    assert SLOW in of([*dialled()[:1], response(4000, 180, "Ringing")]) and SLOW not in of(GOOD)
    assert {FRUITLESS, FAILED} <= of(refused) and {FRUITLESS, FAILED}.isdisjoint(of(GOOD))
    assert FAILED in of(GOOD[:2]) and FAILED not in of(bound(60)[:1]) and FAILED not in of(GOOD[:-2])


def test_a_body_may_come_over_a_connection() -> None:
    (call,) = report(GOOD).calls
    streamed = replace(call, messages=tuple(replace(each, transport=TCP) for each in call.messages))
    assert STREAMED in traits_of(streamed) and STREAMED not in traits_of(call)


def test_a_private_address_leaks_where_a_message_goes_between_public_ones() -> None:
    story = dialled(description(*INNER), ANSWER)
    inside: Story = [(time, INNER, dst, octets) for time, _, dst, octets in story]
    assert LEAKING in of(story) and LEAKING not in of(dialled()) and LEAKING not in of(inside)


def test_calls_are_given_in_their_order_whatever_else_they_have() -> None:
    calls = report([*GOOD, *bound(60, time=20_000), request(90_000, "BYE", call="three"), *(
        (time + 100_000, src, dst, octets.replace(b"Call-ID: one", b"Call-ID: four")) for time, src, dst, octets in GOOD
    )]).calls
    found = Traits(calls, calls)
    assert [number for number, _ in found.having(("call",))] == [
        number for number, call in enumerate(calls) if call.kind == "call"
    ]
    assert [*found.having((DESCRIBED, "BYE", "REGISTER"))] == [*enumerate(calls)]
    assert not found.having(("PRACK",)) and not Traits((), ()).having((DESCRIBED,))


@pytest.mark.parametrize("id", CASES)
def test_a_rule_finds_the_same_where_it_is_given_all_calls(id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = [findings(id, place) for place in (0, 1)]
    given = Traits.having

    def everything(self: Traits, wanted: tuple[Trait, ...]) -> Sequence[tuple[int, Call]]:
        numbers = [] if set(wanted) & {*KINDS} else [each for alike in self._alike.values() for each in alike]
        return [(number, self._calls[number]) for number in sorted(numbers)] if numbers else given(self, wanted)

    monkeypatch.setattr(Traits, "having", everything)
    assert before == [tuple(told(story).findings) for story in CASES[id]]
