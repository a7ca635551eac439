"""Handshakes of DTLS that begin anew, within bounds."""

from __future__ import annotations

from dissectors.analysis.connectivity.handshakes import Handshakes
from dissectors.limits.budget import Bounds
from dissectors.protocols import dtls
from dissectors.wire.datagram import Datagram, Flow
from tests import stories
from tests.made import A, B

SECOND = 1_000_000_000
TO, BACK = Flow(*A, *B), Flow(*B, *A)


def datagram(payload: bytes, time: int = 0, flow: Flow = TO) -> Datagram:
    return Datagram(0, time + 1, 0, time, flow, payload, len(payload))


def complete(handshakes: Handshakes, time: int) -> None:
    finished = stories.record(22, bytes(40), epoch=1)
    for flow, payload in ((TO, stories.hello()), (BACK, stories.hello(server=True)), (TO, finished), (BACK, finished)):
        handshakes.feed(datagram(payload, time, flow), dtls.parse(payload))


def test_a_handshake_begun_anew_does_not_inherit_that_the_one_before_was_complete() -> None:
    handshakes = Handshakes(8)
    complete(handshakes, SECOND)
    assert [each.outcome for each in handshakes.to_report()] == ["complete"]
    again = stories.hello()
    handshakes.feed(datagram(again, 9 * SECOND), dtls.parse(again))
    assert [(each.outcome, each.first) for each in handshakes.to_report()] == [("complete", 1.0), ("unanswered", 9.0)]


def test_handshakes_that_were_complete_before_are_bounded() -> None:
    bounds = Bounds()
    handshakes = Handshakes(2, bounds)
    for number in range(5):
        complete(handshakes, number * SECOND)
    assert len(handshakes.to_report()) == 3 and bounds.hits == {"handshakes": 2}


def test_a_hello_that_the_capture_has_twice_was_said_once() -> None:
    handshakes = Handshakes(8)
    for time in (0, 1_000_000, SECOND):
        handshakes.feed(datagram(stories.hello(), time), dtls.parse(stories.hello()))
    (told,) = handshakes.to_report()
    assert (told.hellos, told.hello_parts) == (2, 1)
