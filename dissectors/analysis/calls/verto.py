"""Verto as calls: what its requests and their answers are in the terms of SIP.

Verto's server asks as its client does: `verto.answer` is a request that answers `verto.invite`, and its result is what
ACK is. Sides have no tags here, so that they are named `caller` and `callee`.
"""

from __future__ import annotations

from dissectors.analysis.calls.as_sip import CALLEE, CALLER, as_sip
from dissectors.analysis.calls.media_lines import OTHER_SIDE
from dissectors.analysis.calls.table import Calls
from dissectors.limits.budget import Bounds
from dissectors.limits.table import Table
from dissectors.limits.texts import shortened
from dissectors.protocols import dtmf, sip, verto
from dissectors.wire.datagram import Datagram, Endpoint
from dissectors.wire.errors import Malformed
from dissectors.wire.values import Struct

MAX_ASKED, MAX_DIALOGS = 4096, 8192
"""Requests whose answer is awaited, and calls whose ends are known."""

VERSION = "Verto/1.0"

INVITES = ("verto.invite", "verto.attach")
PROGRESS = {"verto.media": 183, "verto.ringing": 180, "verto.answer": 200}
"""Requests that answer `verto.invite`, with the status that SIP has for them."""

METHODS = {"verto.info": "INFO", "verto.modify": "UPDATE"}
"""What other requests of a call are in SIP; the rest keep their names."""

WITHIN = ("verto.event", "verto.display", "verto.broadcast")
"""Requests that begin no call."""

STATUSES = {
    1: 404, 2: 404, 3: 404, 16: 603, 17: 486, 18: 408, 19: 480, 20: 480, 21: 603, 22: 410, 27: 502, 28: 484, 29: 501,
    34: 503, 38: 502, 41: 503, 42: 503, 52: 403, 54: 403, 57: 403, 58: 503, 65: 488, 79: 501, 88: 488, 102: 504,
    127: 500, 487: 487,
}
"""The status that a cause of Q.850 has in SIP (RFC 3398 section 7.2.6)."""

ERRORS = {-32000: 401, -32001: 403}
"""The same of the errors of JSON-RPC that mod_verto has for itself: not logged in, login failed."""

HEARD = ("ACK", "PRACK")
"""What the result of a request is that answers another one: finally, or not yet."""

UNKNOWN_CAUSE, FAILED = 480, 500


class Asked(Struct, frozen=True):
    """A request that was not answered yet: what it is in SIP, and whose."""

    call_id: str
    method: str
    sequence: int
    side: str


class Ends(Struct):
    """The endpoints of a call, the caller's first, the number of its last `verto.invite`, and whether it was answered.

    `inviting` is the side that sent it; `confirmed` says that one of them was answered: there is a dialog.
    """

    ends: tuple[Endpoint, Endpoint]
    sequence: int = 0
    inviting: str = CALLER
    answered: bool = False
    confirmed: bool = False


class VertoCalls:
    """Hands what Verto says to the calls; an answer belongs to the call of its request."""

    def __init__(self, calls: Calls, bounds: Bounds) -> None:
        self._calls = calls
        self._asked: Table[tuple[Endpoint, Endpoint, str], Asked] = Table("requests of Verto", MAX_ASKED, bounds)
        self._ends: Table[str, Ends] = Table("calls of Verto", MAX_DIALOGS, bounds)
        self._numbered = 0

    def feed(self, datagram: Datagram, message: verto.Message) -> tuple[Malformed, ...]:
        """Take one message; gives back what was wrong with the description in it."""
        found = self._request(datagram, message) if message.is_request else self._answer(datagram, message)
        return () if found is None else self._calls.feed(datagram, found)

    def _request(self, datagram: Datagram, message: verto.Message) -> sip.Message | None:
        call_id = shortened(message.call_id)
        if call_id is None or (message.method in WITHIN and call_id not in self._ends):
            return None
        self._numbered += 1
        source, target = datagram.flow.ends
        known = self._ends.use(call_id)
        if known is None:
            known = self._ends[call_id] = Ends((source, target))
        side = CALLEE if known.ends[1] == source or known.ends[0] == target else CALLER
        method, status, asker, sequence = self._meaning(message, known, side)
        self._asked[source, target, message.id] = Asked(call_id, self._acknowledged(method, status), sequence, asker)
        written = f"{message.method} {message.action}".rstrip()
        return self._in_sip(Asked(call_id, method, sequence, asker), message, status, written)

    def _meaning(self, message: verto.Message, known: Ends, side: str) -> tuple[str, int | None, str, int]:
        """Method and status in SIP, the side that asked, and the number of its request."""
        method, number = message.method, self._numbered
        answers = known.sequence and side != known.inviting and not known.answered
        if method in PROGRESS or (method == "verto.attach" and answers):
            status = PROGRESS.get(method, 200)
            known.answered |= status == 200
            known.confirmed |= status == 200
            return "INVITE", status, known.inviting if known.sequence else OTHER_SIDE[side], known.sequence or number
        if method in INVITES:
            known.sequence, known.inviting, known.answered = number, side, False
            return "INVITE", None, side, number
        if method != "verto.bye":
            return METHODS.get(method, method), None, side, number
        if known.answered or not known.sequence:
            return "BYE", None, side, number
        if side == known.inviting:
            return "CANCEL", None, side, known.sequence
        return "INVITE", STATUSES.get(message.cause_code or 0, UNKNOWN_CAUSE), known.inviting, known.sequence

    @staticmethod
    def _acknowledged(method: str, status: int | None) -> str:
        """What the answer to a request answers: a final response is acknowledged, a provisional one heard."""
        return method if status is None else "ACK" if status >= 200 else "PRACK"

    def _answer(self, datagram: Datagram, message: verto.Message) -> sip.Message | None:
        source, target = datagram.flow.ends
        asked = self._asked.pop((target, source, message.id), None)
        if asked is None:
            return None
        written = message.said or ("result" if message.code is None else "error")
        if asked.method in HEARD:
            return self._in_sip(asked, message, None, f"{written} (result)")
        status = 100 if asked.method == "INVITE" else 200
        if message.code is not None:
            cause = message.cause_code
            status = ERRORS.get(message.code) or (FAILED if cause is None else STATUSES.get(cause, UNKNOWN_CAUSE))
        return self._in_sip(asked, message, status, written)

    def _in_sip(self, asked: Asked, message: verto.Message, status: int | None, written: str) -> sip.Message:
        """The message as SIP would have it: a request, or with a status the response to it."""
        ends = self._ends.get(asked.call_id)
        begins = asked.method == "INVITE" and status in (None, 100) and not (ends and ends.confirmed)
        side, other = asked.side, OTHER_SIDE[asked.side]
        names = {side: message.caller, other: message.callee}
        first = {
            "Call-ID": asked.call_id,
            "From": f"<{names[side] or ''}>;tag={side}",
            "To": f"<{names[other] or ''}>" + ("" if begins or asked.method == "CANCEL" else f";tag={other}"),
            "CSeq": f"{asked.sequence} {asked.method}",
        }
        if message.cause_code is not None:
            first["Reason"] = f'Q.850;cause={message.cause_code};text="{message.cause}"'
        body = (message.sdp or "").encode()
        if body:
            first["Content-Type"] = "application/sdp"
        elif message.digits:
            first["Content-Type"] = dtmf.JSON
            # Nobody else on this floor needs it, and its import takes as long as to read a call.
            import json

            body = json.dumps({"dtmf": message.digits}).encode()
        if status is not None:
            return as_sip(first, body, VERSION, f"{status} {written}", status=status, reason=written)
        return as_sip(first, body, VERSION, written, method=asked.method, uri=message.callee or "")
