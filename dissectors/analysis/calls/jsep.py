"""JSEP as calls: an offer is an INVITE, an answer its response, candidates are what INFO carries (RFC 8840).

Nothing is acknowledged here, and only some say that it is over. Sides have no tags, so that they are named `caller`
and `callee`: who made the first offer is the caller.
"""

from __future__ import annotations

from collections.abc import Iterator

from dissectors.analysis.calls.as_sip import CALLER, as_sip
from dissectors.analysis.calls.media_lines import OTHER_SIDE
from dissectors.analysis.calls.negotiation import FRAGMENT
from dissectors.analysis.calls.table import Calls
from dissectors.limits.budget import Bounds
from dissectors.limits.table import Table
from dissectors.limits.texts import shortened
from dissectors.protocols import jsep, sip
from dissectors.wire.datagram import Datagram, Endpoint, endpoint
from dissectors.wire.errors import Malformed
from dissectors.wire.values import Struct, field

MAX_SESSIONS, MAX_ENDS = 8192, 16

STATUSES = {"answer": 200, "provisional answer": 183}

OVER_HTTP = ("WHIP", "WHEP", "HTTP")
"""What the messages of one connection of HTTP may be called, each by what it shows."""


class Session(Struct):
    """The last offer of a session: its number, its text, the side that made it; and the sides of its ends.

    `name` and `dialect` are those of its first message.

    An end that speaks for both, as a server does that hands on, is of no side. `confirmed` says that an offer was
    answered; `numbered` counts requests.
    """

    name: str
    dialect: str
    number: int = 0
    sdp: str = ""
    offering: str = CALLER
    confirmed: bool = False
    numbered: int = 0
    sides: dict[Endpoint, str] = field(default_factory=dict)

    def side(self, source: Endpoint, target: Endpoint) -> str:
        """The side that speaks from one end to another."""
        return self.sides.get(source) or OTHER_SIDE.get(self.sides.get(target, ""), CALLER)

    def speaks(self, source: Endpoint, target: Endpoint, side: str) -> None:
        """Note whose the ends are."""
        for end, its in ((source, side), (target, OTHER_SIDE[side])):
            if end in self.sides or len(self.sides) < MAX_ENDS:
                self.sides[end] = its if self.sides.get(end, its) == its else ""


class JsepCalls:
    """Hands what JSEP says to the calls, a session each."""

    def __init__(self, calls: Calls, bounds: Bounds) -> None:
        self._calls = calls
        self._sessions: Table[str, Session] = Table("sessions of JSEP", MAX_SESSIONS, bounds)

    def feed(self, datagram: Datagram, message: jsep.Message) -> tuple[Malformed, ...]:
        """Take one message; gives back what was wrong with the descriptions in it."""
        return tuple(
            malformed for each in self._in_sip(datagram, message) for malformed in self._calls.feed(datagram, each)
        )

    def _in_sip(self, datagram: Datagram, message: jsep.Message) -> Iterator[sip.Message]:
        """What a message says, as requests and responses of SIP."""
        source, target = datagram.flow.ends
        between = "-".join(endpoint(*end) for end in sorted((source, target)))
        name = shortened(f"{message.dialect} {message.session or between}") or ""
        key = between if message.dialect in OVER_HTTP else name
        session = self._sessions.use(key)
        for said in message.said:
            if session is None:
                if said.kind in ("candidates", "end"):
                    return
                session = self._sessions[key] = Session(name, message.dialect)
            written = f"{session.dialect} {said.kind}"
            if said.kind in STATUSES:
                yield self._answer(session, said, source, target, written)
            else:
                yield self._request(session, said, source, target, written)

    def _answer(
        self, session: Session, said: jsep.Said, source: Endpoint, target: Endpoint, written: str
    ) -> sip.Message:
        status = STATUSES[said.kind]
        if not session.number:
            # The offer was not captured.
            session.numbered += 1
            session.number = session.numbered
        session.speaks(source, target, OTHER_SIDE[session.offering])
        session.confirmed |= status == 200
        first = _headers(session.name, session.offering, True, session.number, "INVITE", target, source)
        return _message(first, None, status, said, written)

    def _request(
        self, session: Session, said: jsep.Said, source: Endpoint, target: Endpoint, written: str
    ) -> sip.Message:
        side = session.side(source, target)
        method = {"offer": "INVITE", "candidates": "INFO"}.get(said.kind, "BYE")
        tagged = session.confirmed or said.kind != "offer"
        if said.kind == "offer" and said.sdp == session.sdp:
            # Handed on: the next hop of the same offer.
            session.speaks(source, target, session.offering)
            first = _headers(session.name, session.offering, tagged, session.number, method, source, target)
            return _message(first, method, None, said, written)
        session.numbered += 1
        if said.kind == "offer":
            session.speaks(source, target, side)
            session.number, session.sdp, session.offering = session.numbered, said.sdp, side
        return _message(
            _headers(session.name, side, tagged, session.numbered, method, source, target), method, None, said, written
        )


def _headers(
    name: str, asker: str, tagged: bool, number: int, method: str, source: Endpoint, target: Endpoint
) -> dict[str, str]:
    """The headers that SIP would have, with the ends of the side that asks and of the other one."""
    to = f";tag={OTHER_SIDE[asker]}" if tagged else ""
    return {
        "Call-ID": name, "From": f"<{endpoint(*source)}>;tag={asker}", "To": f"<{endpoint(*target)}>{to}",
        "CSeq": f"{number} {method}",
    }


def _message(
    first: dict[str, str], method: str | None, status: int | None, said: jsep.Said, written: str
) -> sip.Message:
    body = said.sdp.encode()
    if said.candidates:
        body = "".join(_fragment(said)).encode()
        first["Content-Type"] = FRAGMENT
    elif body:
        first["Content-Type"] = "application/sdp"
    version = f"{written.partition(' ')[0]}/JSEP"
    return as_sip(first, body, version, written, method=method, status=status, reason=written)


def _fragment(said: jsep.Said) -> Iterator[str]:
    """Candidates as a fragment of SDP (RFC 8840 section 9)."""
    mid = None
    for each in said.candidates:
        if each.mid is not None and each.mid != mid:
            mid = each.mid
            yield f"a=mid:{mid}\r\n"
        yield f"a={each.text}\r\n"
