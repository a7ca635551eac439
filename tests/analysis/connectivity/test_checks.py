"""Requests of STUN and whether they were answered."""

from __future__ import annotations

from dissectors.analysis.connectivity.checks import MAX_PENDING, REQUEST_TIMEOUT_NS, Checks
from dissectors.limits.budget import Bounds
from dissectors.protocols import stun
from dissectors.wire.datagram import Datagram, Flow
from tests import stories
from tests.made import A, B, report
from tests.made import stun as request

TO, BACK = Flow(*A, *B), Flow(*B, *A)


def datagram(payload: bytes, time: int = 0, flow: Flow = TO) -> Datagram:
    return Datagram(0, time + 1, 0, time, flow, payload, len(payload))


def ids(story: stories.Story) -> set[str]:
    return {each.id for each in stories.report(story).findings}


def test_a_request_that_is_sent_again_is_one_request_and_each_of_its_sendings_went_unanswered() -> None:
    told = report([(A, B, request())] * 7)
    (check,) = told.checks
    assert (check.requests, check.answered, check.silent) == (1, 0, 7)
    assert "stun-unanswered" in {each.id for each in told.findings}


def test_a_request_that_is_answered_after_it_was_sent_again_is_answered() -> None:
    told = report([*[(A, B, request())] * 3, (B, A, request(0x0101))])
    (check,) = told.checks
    assert (check.requests, check.answered, check.silent) == (1, 1, 0)


def test_requests_given_up_while_an_answer_may_come_are_counted_and_old_ones_are_not() -> None:
    for every, given_up in ((1, 5), (REQUEST_TIMEOUT_NS, 0)):
        bounds = Bounds()
        checks = Checks(100, bounds)
        for number in range(MAX_PENDING + 5):
            payload = request(transaction=number.to_bytes(12, "big"))
            checks.feed(datagram(payload, number * every), stun.parse(payload))
        assert bounds.hits["STUN requests"] == given_up


def test_an_address_is_not_another_that_begins_with_it() -> None:
    inner = ("10.0.0.1", 5000)
    mapped = stories.mapped("10.0.0.10", 5000)
    asked = stories.asked(0, src=inner, dst=stories.SERVER, answer=(0x0101, mapped))
    talk = [(100 + t, *rest) for t, *rest in stories.dialled(stories.description(*inner), stories.ANSWER)]
    assert "mapped-not-announced" in ids([*asked, *talk])
