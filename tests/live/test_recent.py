"""To look at a session while it runs changes nothing."""

from __future__ import annotations

from dissectors.live.session import Session
from tests.sessions import CALL, fed, session


def test_looking_while_it_runs_changes_nothing_in_the_report() -> None:
    octets = CALL.read_bytes()
    one, _ = session(octets)
    with fed(octets, 3000) as pipe:
        other = Session(pipe, watch=None)
        recent = other._recent
        while not pipe.ended:
            other._step(1.0)
            recent.report(other.scanner.last or 0, other._file(0))
        other.engine.feed(other.scanner.finish())
    assert other.report() == one.report()
