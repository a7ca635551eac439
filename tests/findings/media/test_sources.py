"""Who sends under which SSRC."""

from __future__ import annotations

from tests.finding_cases.plain import after_one_another
from tests.found import PROXY, found, ids
from tests.stories import ANSWER, OFFER, A, B, description, hung_up, report, request, response, talk


def test_a_relay_that_passes_the_ssrc_on_is_no_second_sender() -> None:
    near, far = ("192.0.2.9", 7000), ("192.0.2.9", 7002)
    story = [
        request(0, "INVITE", body=OFFER), (5, PROXY, B, request(0, "INVITE", body=description(*far))[3]),
        (900, B, PROXY, response(0, 200, "OK", body=ANSWER)[3]),
        (905, PROXY, A, response(0, 200, "OK", body=description(*near))[3]),
        *talk(A, near), *talk(far, B, start=1021), *hung_up(),
    ]
    assert not found(story, "ssrc-shared")


def test_a_source_that_outlives_its_call_is_no_fault_of_the_stream() -> None:
    """What is between two calls is neither a pause, nor media after the BYE, nor a sender that began anew."""
    assert ids(report(after_one_another(2_000_000_000, 77))) == {"port-shared", "stream-spans-calls", "rtcp-missing"}
    assert ids(report(after_one_another(0, 79))) == {"port-shared"}
