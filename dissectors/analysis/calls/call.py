"""What is tracked of one call: its sides, its messages, and what it comes to (RFC 3261 sections 13 to 17).

A call is every dialog of one Call-ID: forks share it, and so do the hops of a proxy. Names here are the wire's; what a
call came to is decided when it is asked for.
"""

from __future__ import annotations

from dissectors.analysis.calls.carried import Carried
from dissectors.analysis.calls.dialogs import Dialogs
from dissectors.analysis.calls.messages import has_credentials, shown, to_report
from dissectors.analysis.calls.negotiation import Announced, Negotiation
from dissectors.analysis.calls.outcomes import (
    PROCEEDING_NS,
    TRYING_NS,
    UNREACHABLE,
    Cancelling,
    Registering,
    was_cancelled,
)
from dissectors.analysis.calls.repeats import Repeats
from dissectors.limits.budget import Bounds
from dissectors.limits.texts import Held
from dissectors.protocols.sip_headers import uri
from dissectors.protocols.sip_message import Identity
from dissectors.report import CallOutcome, Description, Message
from dissectors.wire.datagram import Flow
from dissectors.wire.errors import Malformed

MAX_MESSAGES = 2048
MAX_RECOGNISED = 4 * MAX_MESSAGES
MAX_USER_AGENTS, MAX_TAGS, MAX_HOSTS, MAX_FLOWS = 16, 16, 16, 64

KINDS = {
    "INVITE": "call", "ACK": "call", "BYE": "call", "CANCEL": "call", "PRACK": "call", "UPDATE": "call", "INFO": "call",
    "REGISTER": "registration", "SUBSCRIBE": "subscription", "NOTIFY": "subscription", "PUBLISH": "subscription",
    "MESSAGE": "message", "OPTIONS": "options",
}


class CallState:
    """What is tracked of one Call-ID; times are nanoseconds. `returned` says that it had been let go and came back.

    `number` counts Call-IDs from 1 in the order in which they came; `heard` says that a response was captured.
    """

    __slots__ = (
        "_callees", "_caller_tags", "_callers", "answered", "bounds", "call_id", "callee", "caller", "cancelling",
        "dialogs", "ended", "ended_by", "heard", "held", "invited", "kind", "last", "messages", "negotiation", "number",
        "pairs", "rank", "registering", "repeats", "returned", "ringing", "signalling", "start", "status",
        "user_agents", "whole",
    )

    def __init__(
        self, call_id: str, kind: str, time: int, negotiation: Negotiation, held: Held, bounds: Bounds,
        returned: bool, number: int, signalling: str,
    ) -> None:
        self.call_id, self.kind, self.start, self.last = call_id, kind, time, time
        self.negotiation, self.dialogs, self.held, self.bounds = negotiation, Dialogs(bounds, held), held, bounds
        self.repeats = Repeats(MAX_RECOGNISED, bounds)
        self.caller: str | None = None
        self.callee: str | None = None
        self.whole = self.heard = False
        self.ringing: int | None = None
        self.answered: int | None = None
        self.ended: int | None = None
        self.ended_by: str | None = None
        self.status: int | None = None
        # Made when they are needed: most calls are no registration, and nobody cancels them.
        self.cancelling: Cancelling | None = None
        self.registering: Registering | None = None
        self.invited: int | None = None
        self.user_agents: tuple[str, ...] = ()
        self.messages: list[Message] = []
        self.rank: int | None = None
        self.returned, self.number, self.signalling = returned, number, signalling
        # Tuples of a few: a set of one takes four times as much, and many calls may be open.
        self.pairs: tuple[Flow, ...] = ()
        self._callers: tuple[str, ...] = ()
        self._callees: tuple[str, ...] = ()
        self._caller_tags: tuple[str | None, ...] = ()

    @property
    def facetime(self) -> bool:
        """Whether a user agent or an origin says that this is FaceTime."""
        return self.negotiation.facetime

    @property
    def descriptions(self) -> tuple[Description, ...]:
        return self.negotiation.descriptions

    @property
    def announced(self) -> list[Announced]:
        return self.negotiation.announced

    @property
    def hosts(self) -> dict[str, tuple[str, ...]]:
        """The hosts that each side signals from."""
        return {"caller": self._callers, "callee": self._callees}

    def feed(self, carried: Carried) -> tuple[Malformed, ...]:
        """Take one message of this Call-ID; gives back what was wrong with the descriptions in it."""
        identity, time, first = carried.identity, carried.time, carried.first
        if identity.method == "INVITE" and self.kind != "call":
            self._become_call(time)
        request = carried.method is not None
        side = self._side(request, identity, carried.flow)
        if time > self.last:
            self.last = time
        self._place(carried.flow, side)
        agent = first.get("User-Agent") or first.get("Server")
        if agent and agent not in self.user_agents:
            self._agent(agent)
        again = self.repeats.see(carried)
        if request:
            self._request(carried, side)
        else:
            self._response(carried, side)
        broken = self.negotiation.feed(carried, side)
        if len(self.messages) >= MAX_MESSAGES:
            self.bounds.hit("messages of calls")
        else:
            self.messages.append(to_report(carried, again, side, agent, self.held, self.bounds))
        return broken

    def _become_call(self, time: int) -> None:
        """Begin anew as a call: what came before the first INVITE of a Call-ID was a registration or the like."""
        self.kind, self.start = "call", time
        self.caller = self.callee = self.ringing = self.answered = self.ended = self.ended_by = self.status = None

    def release(self) -> None:
        """Give back what it holds of budgets; nothing more is asked of it."""
        self.held.release()
        self.negotiation.release()

    def _side(self, request: bool, identity: Identity, flow: Flow) -> str:
        """Who sent it: the caller is whose tag stands in From of the first request, or of one outside any dialog.

        A hop that keeps the Call-ID and changes the tags has such a request of its own.
        """
        tag = identity.from_tag
        outside = request and identity.to_tag is None
        if tag not in self._caller_tags and (outside or not self._caller_tags):
            if len(self._caller_tags) < MAX_TAGS:
                # What finds no room is empty, each time.
                if (kept := self.held.text(tag)) not in self._caller_tags:
                    self._caller_tags += (kept,)
            else:
                self.bounds.hit("tags of calls")
        by_tag = "caller" if (tag in self._caller_tags) == request else "callee"
        # Between two hosts alone the address tells whose tags are the wrong way round.
        if identity.to_tag is not None and flow.src != flow.dst:
            if by_tag == "caller" and self._callees == (flow.src,) and self._callers == (flow.dst,):
                return "callee"
            if by_tag == "callee" and self._callers == (flow.src,) and self._callees == (flow.dst,):
                return "caller"
        return by_tag

    def _place(self, flow: Flow, side: str) -> None:
        """Remember the 5-tuple, and the host as one of that side's."""
        src, pairs = flow.src, self.pairs
        if flow not in pairs:
            if len(pairs) < MAX_FLOWS:
                back = flow.reverse
                self.pairs += (flow,) if flow == back else (flow, back)
            else:
                self.bounds.hit("5-tuples of calls")
        elif len(pairs) == 2 and pairs[0] is not flow and pairs[1] is not flow:
            # The way back as it is known elsewhere: one value is enough.
            self.pairs = (flow, pairs[1]) if pairs[0] == flow else (pairs[0], flow)
        hosts = self._callers if side == "caller" else self._callees
        if src in hosts:
            return
        if len(hosts) >= MAX_HOSTS:
            self.bounds.hit("hosts of calls")
        elif side == "caller":
            self._callers += (src,)
        else:
            self._callees += (src,)

    def _agent(self, name: str) -> None:
        self.negotiation.facetime |= name.startswith("Viceroy")
        if len(self.user_agents) < MAX_USER_AGENTS:
            # A long one is cut, and so is never what was sent.
            if (kept := self.held.text(name)) and kept not in self.user_agents:
                self.user_agents += (kept,)
        else:
            self.bounds.hit("user agents of calls")

    def _request(self, carried: Carried, side: str) -> None:
        identity, time = carried.identity, carried.time
        method, outside = identity.method, identity.to_tag is None
        if self.caller is None:
            self._who(carried.first)
            self.whole = outside and method not in ("ACK", "CANCEL")
        if method == "INVITE" and outside:
            self._invite(identity.sequence)
            self.dialogs.move(identity, "calling")
            if self.answered is None:
                self.status = self.ended = None
        elif method == "BYE":
            self.dialogs.move(identity, "terminated")
            if self.ended is None and not self.dialogs.forked_from(identity):
                self.ended, self.ended_by = time, side
        elif method == "CANCEL":
            self._cancel().asked = time
        elif method == "SUBSCRIBE" and outside:
            self.dialogs.move(identity, "calling")
        elif method == "REGISTER":
            self._register().credentials = has_credentials(carried.first)

    def _invite(self, sequence: int | None) -> None:
        """Take an INVITE outside any dialog: what cancelled another one does not concern it."""
        if sequence != self.invited:
            self.invited, self.cancelling = sequence, None

    def _cancel(self) -> Cancelling:
        if self.cancelling is None:
            self.cancelling = Cancelling()
        return self.cancelling

    def _register(self) -> Registering:
        if self.registering is None:
            self.registering = Registering()
        return self.registering

    def _response(self, carried: Carried, side: str) -> None:
        identity, time = carried.identity, carried.time
        status, method = carried.status or 0, identity.method
        self.heard = True
        if self.caller is None:
            self._who(carried.first)
        if method not in ("INVITE", "SUBSCRIBE"):
            self._other_response(time, identity, status, side)
        elif status == 100:
            self.dialogs.proceed(identity)
        elif status < 200:
            self.dialogs.move(identity, "early" if identity.to_tag else "proceeding")
            if status == 180:
                self.ringing = self.ringing or time
        elif status < 300:
            self.dialogs.move(identity, "confirmed")
            if self.answered is None and self.ended_by is None:
                # What another branch refused before did not end it.
                self.ended = None
            self.answered, self.status = self.answered or time, status
        else:
            self._refused(time, identity, status)

    def _other_response(self, time: int, identity: Identity, status: int, side: str) -> None:
        if self.kind == "call":
            unseen = identity.method == "BYE" and 200 <= status < 300 and self.ended is None
            if unseen and not self.dialogs.forked_from(identity):
                # The BYE itself was not captured.
                self.ended, self.ended_by = time, "callee" if side == "caller" else "caller"
            if identity.method == "CANCEL" and 200 <= status < 300:
                self._cancel().accepted = True
        elif status >= 200 and (self.kind != "registration" or identity.method == "REGISTER"):
            self.status = status
            self.answered = self.answered or (time if status < 300 else None)
            if self.kind == "registration":
                self._register().feed(status, identity.sequence)

    def _refused(self, time: int, identity: Identity, status: int) -> None:
        if self.answered is None:
            self.status = status
            self.ended = time
        self.dialogs.refuse(identity)

    def _who(self, first: dict[str, str]) -> None:
        self.caller = self.held.text(shown(_who(first.get("From")), self.held))
        self.callee = self.held.text(shown(_who(first.get("To")), self.held))

    @property
    def outcome(self) -> CallOutcome:
        """What the call came to; see `report.Call`."""
        return self.came_to()

    def came_to(self) -> CallOutcome:
        """The same, for those who are compiled."""
        if self.kind == "registration":
            return self._register().outcome(self.status)
        if self.kind != "call":
            return "answered" if self.answered is not None else "refused" if self.status else "unanswered"
        if self.answered is not None:
            return "ended" if self.ended is not None else "established"
        if not self.whole:
            return "fragment"
        if self.ended_by is not None and not self.heard:
            # In a capture of one direction: who hangs up had a call.
            return "ended"
        if was_cancelled(self.cancelling, self.status, self.ended):
            return "cancelled"
        if self.status is not None:
            return "unreachable" if self.status in UNREACHABLE else "rejected"
        return "ringing" if self.ringing is not None else "unanswered"

    def outcome_at(self, end: int) -> CallOutcome:
        """The same in a capture that ends then, in nanoseconds: a call that may still be answered is not unanswered."""
        outcome = self.outcome
        if outcome != "unanswered" or self.kind != "call" or self.ended_by:
            return outcome
        if self.cancelling is not None and self.cancelling.asked is not None:
            return outcome
        waited, patience = (end - self.last, PROCEEDING_NS) if self.heard else (end - self.start, TRYING_NS)
        return "ringing" if waited < patience else outcome


def _who(value: str | None) -> str | None:
    """The address of a From or To, without display name and parameters; as written where it cannot be read."""
    if value is None:
        return None
    return uri(value) or value
