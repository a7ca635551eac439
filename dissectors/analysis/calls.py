"""SIP messages to dialogs and calls (RFC 3261 sections 12 and 17, RFC 3264).

A call is every dialog of one Call-ID: forks share it, and so do the hops of a proxy. Names here are the wire's; what a
call came to is decided when it is asked for.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from dataclasses import dataclass, field
from sys import getsizeof, intern
from typing import Any

from dissectors.analysis.budget import Budget
from dissectors.analysis.negotiation import MAX_OCTETS, Announced, Negotiation
from dissectors.analysis.report import Body, Description, Deviation, Dialog, Message, Place, Sizes
from dissectors.protocols import sip
from dissectors.wire.datagram import Datagram, Flow, Malformed

MAX_MESSAGES = 2048
MAX_HEADERS = 128
MAX_GONE, MAX_GONE_AT = 1 << 19, 64
WELL = ("ended", "answered")
"""Outcomes of which nobody complains."""

MAX_TEXT = 1 << 16
MAX_TEXTS = 1 << 26
"""Octets of one body that are kept, and of all of them."""

KINDS = {
    "INVITE": "call", "ACK": "call", "BYE": "call", "CANCEL": "call", "PRACK": "call", "UPDATE": "call", "INFO": "call",
    "REGISTER": "registration", "SUBSCRIBE": "subscription", "NOTIFY": "subscription", "PUBLISH": "subscription",
    "MESSAGE": "message", "OPTIONS": "options",
}  # fmt: skip


@dataclass(slots=True)
class CallState:
    """What is tracked of one Call-ID; times are nanoseconds."""

    call_id: str
    kind: str
    start: int
    last: int
    caller: str | None = None
    callee: str | None = None
    caller_tag: str | None = None
    whole: bool = False
    ringing: int | None = None
    answered: int | None = None
    ended: int | None = None
    ended_by: str | None = None
    status: int | None = None
    cancelled: bool = False
    dialogs: dict[tuple[str | None, str | None], str] = field(default_factory=dict)
    user_agents: dict[str, None] = field(default_factory=dict)
    messages: list[Message] = field(default_factory=list)
    not_kept: int = 0
    negotiation: Negotiation = field(default_factory=Negotiation)
    texts: Budget = field(default_factory=lambda: Budget(MAX_TEXTS))
    kept: int = 0
    pairs: set[Flow] = field(default_factory=set)
    hosts: dict[str, set[str]] = field(default_factory=lambda: {"caller": set(), "callee": set()})
    _seen: set[Any] = field(default_factory=set)

    @property
    def facetime(self) -> bool:
        """Whether a user agent or an origin says that this is FaceTime."""
        return self.negotiation.facetime

    @property
    def descriptions(self) -> list[Description]:
        return self.negotiation.descriptions

    @property
    def announced(self) -> list[Announced]:
        return self.negotiation.announced

    def feed(self, datagram: Datagram, message: sip.Message) -> tuple[Malformed, ...]:
        """Take one message of this Call-ID; gives back what was wrong with the descriptions in it."""
        number, method = message.cseq or (None, message.method or "")
        side = self._side(message, method)
        flow = datagram.flow
        self.last = max(self.last, datagram.time)
        if len(self.pairs) < 64:
            self.pairs |= {flow, flow.reverse}
        if len(self.hosts[side]) < 16:
            self.hosts[side].add(flow.src)
        if message.user_agent and len(self.user_agents) < 16:
            self.user_agents[message.user_agent] = None
            self.negotiation.facetime |= message.user_agent.startswith("Viceroy")
        again = self._again(flow, message, number, method)
        self._track(datagram.time, message, method, side)
        broken = self.negotiation.feed(datagram, message, side)
        if len(self.messages) >= MAX_MESSAGES:
            self.not_kept += 1
        else:
            body = self._body(message)
            self.messages.append(_message(datagram, message, number, method, again, body, side))
        return broken

    def _side(self, message: sip.Message, method: str) -> str:
        """Who sent it: the caller is whose tag stands in From of the first request."""
        if self.caller_tag is None and message.from_tag:
            self.caller_tag = message.from_tag
        from_caller = message.from_tag == self.caller_tag
        return "caller" if from_caller == message.is_request else "callee"

    def _again(self, flow: Flow, message: sip.Message, number: int | None, method: str) -> bool:
        """Whether the same hop has carried the same message of the same transaction (RFC 3261 section 17)."""
        # A provisional response may follow another one of its status: reliable ones count in RSeq (RFC 3262).
        told = (message.to_tag, message.get("RSeq"), hash(message.raw_body))
        key = (flow, message.method or message.status, number, method, message.via_branch, *told)
        if key in self._seen:
            return True
        if len(self._seen) < 4 * MAX_MESSAGES:
            self._seen.add(key)
        return False

    # Dialogs: RFC 3261 section 12, and what the call comes to.

    def _track(self, time: int, message: sip.Message, method: str, side: str) -> None:
        if message.is_request:
            self._request(time, message, method, side)
        else:
            self._response(time, message, method)

    def _request(self, time: int, message: sip.Message, method: str, side: str) -> None:
        if self.caller is None:
            self.caller, self.callee = _who(message.get("From")), _who(message.get("To"))
            self.whole = message.to_tag is None
        if method == "INVITE" and message.to_tag is None:
            self._dialog(message, "calling")
            self.status = None
            self.ended = self.ended if self.answered else None
        elif method == "BYE":
            self._dialog(message, "terminated")
            if self.ended is None:
                self.ended, self.ended_by = time, side
        elif method == "CANCEL":
            self.cancelled = True
        elif method == "SUBSCRIBE" and message.to_tag is None:
            self._dialog(message, "calling")

    def _response(self, time: int, message: sip.Message, method: str) -> None:
        status = message.status or 0
        if self.caller is None:
            self.caller, self.callee = _who(message.get("From")), _who(message.get("To"))
        if method not in ("INVITE", "SUBSCRIBE"):
            if self.kind != "call" and status >= 200:
                self.status = status
                self.answered = self.answered or (time if status < 300 else None)
            return
        if status == 100:
            self._dialog(message, "proceeding")
        elif status < 200:
            self._dialog(message, "early" if message.to_tag else "proceeding")
            if status == 180:
                self.ringing = self.ringing or time
        elif status < 300:
            self._dialog(message, "confirmed")
            self.answered, self.status = self.answered or time, status
        else:
            self._refused(time, message, status)

    def _refused(self, time: int, message: sip.Message, status: int) -> None:
        if self.answered is None:
            self.status = status
            self.ended = time
        tags, half = self._tags(message), (message.from_tag, None)
        # A refusal makes no dialog of its own (RFC 3261 section 12.1): it ends the one that there is, or the attempt.
        if self.dialogs.get(tags if tags in self.dialogs else half) not in ("confirmed", None):
            self.dialogs[tags if tags in self.dialogs else half] = "terminated"

    ORDER = ("calling", "proceeding", "early", "confirmed", "terminated")

    def _tags(self, message: sip.Message) -> tuple[str | None, str | None]:
        """The tags as the dialog's first request has them: in the requests of its other side they are turned round."""
        tags = (message.from_tag, message.to_tag)
        return tags[::-1] if tags not in self.dialogs and tags[::-1] in self.dialogs else tags

    def _dialog(self, message: sip.Message, state: str) -> None:
        """Move a dialog forward; a request without To tag has only a half, which its first tag completes."""
        tags = self._tags(message)
        half = (message.from_tag, None)
        before = self.dialogs.pop(half, None) if tags != half else self.dialogs.get(half)
        before = self.dialogs.get(tags, before)
        if len(self.dialogs) < 64 or tags in self.dialogs:
            later = before is None or self.ORDER.index(state) > self.ORDER.index(before) or state == "calling"
            self.dialogs[tags] = state if later else before or state

    def _body(self, message: sip.Message) -> Body | None:
        if not message.raw_body and not message.body.octets:
            return None
        inflated = message.body
        text = inflated.octets[:MAX_TEXT].decode("utf-8", "replace")
        taken = self.texts.take(getsizeof(text)) if text else 0
        self.kept += taken
        return Body(
            content_type=message.content_type,
            compressed_length=inflated.compressed_length,
            inflated_length=inflated.inflated_length,
            encoding=inflated.encoding,
            label=inflated.label,
            status=inflated.status,
            text=text if taken else "",
            deviations=inflated.deviations,
        )

    @property
    def outcome(self) -> str:
        """What the call came to; see `report.Call`."""
        if self.kind != "call":
            return "answered" if self.answered else "rejected" if self.status else "unanswered"
        if not self.whole and self.answered is None:
            return "fragment"
        if self.answered is not None:
            return "ended" if self.ended is not None else "established"
        if self.status is not None:
            return "cancelled" if self.cancelled or self.status == 487 else "rejected"
        if self.cancelled:
            return "cancelled"
        return "ringing" if self.ringing is not None else "unanswered"

    def dialog_list(self) -> tuple[Dialog, ...]:
        return tuple(Dialog(self.call_id, ours, theirs, state) for (ours, theirs), state in self.dialogs.items())


@dataclass(frozen=True, slots=True)
class Gone:
    """What is left of a call that made room: when it was, and where its media went; times are nanoseconds."""

    start: int
    end: int


class Calls:
    """Every Call-ID, at most `limit` of them, and what those that made room leave behind.

    A call that has ended well makes room first, then the one that has been silent longest; so what is kept beyond the
    bound is what is open and what went wrong. `retired` counts by (kind, outcome); `gone` holds where the media of
    these calls went, `evicted` counts those that were given up while they were open. `texts` and `descriptions` are
    what may still be kept of bodies and of what they describe; a body that finds no room keeps an empty text.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.evicted = 0
        self.texts, self.descriptions = Budget(MAX_TEXTS), Budget(MAX_OCTETS)
        self.calls: dict[str, CallState] = {}
        self.retired: Counter[tuple[str, str]] = Counter()
        self.gone: OrderedDict[tuple[str, int], list[Gone]] = OrderedDict()
        self._well: OrderedDict[str, None] = OrderedDict()

    def feed(self, datagram: Datagram, message: sip.Message) -> tuple[Malformed, ...]:
        """Take one message; gives back what was wrong with the descriptions in it.

        A message without Call-ID belongs to a call of its own name, the empty one.
        """
        call_id = message.call_id or ""
        call = self.calls.pop(call_id, None)
        if call is None:
            method = message.cseq[1] if message.cseq else message.method or ""
            call = CallState(
                call_id, KINDS.get(method, "other"), datagram.time, datagram.time,
                negotiation=Negotiation(self.descriptions), texts=self.texts,
            )  # fmt: skip
            if len(self.calls) >= self.limit:
                self._make_room()
        self.calls[call_id] = call
        broken = call.feed(datagram, message)
        if call.outcome in WELL and call.kind != "registration":
            self._well[call_id] = None
            self._well.move_to_end(call_id)
        else:
            self._well.pop(call_id, None)
        return broken

    def _make_room(self) -> None:
        """Let go of the call that ended well longest ago, else of the one that is silent longest."""
        name = next(iter(self._well), None)
        if name is None:
            name = next(iter(self.calls))
            self.evicted += self.calls[name].ended is None
        self._well.pop(name, None)
        call = self.calls.pop(name)
        self.texts.give_back(call.kept)
        self.descriptions.give_back(call.negotiation.kept)
        self.retired[call.kind, call.outcome] += 1
        left = Gone(call.start, call.last)
        for address, port in {(line.address, line.port) for line in call.announced if line.address and line.port}:
            there = self.gone.setdefault((address or "", port), [])
            there.append(left)
            del there[:-MAX_GONE_AT]
        while len(self.gone) > MAX_GONE:
            self.gone.popitem(last=False)


def _who(value: str | None) -> str | None:
    """The address of a From or To, without display name and parameters; as written where it cannot be read."""
    if value is None:
        return None
    return sip.address(value).uri or value


def _message(
    datagram: Datagram, message: sip.Message, number: int | None, method: str, again: bool, body: Body | None, side: str
) -> Message:
    flow = datagram.flow
    summary = f"{method}" if message.is_request else f"{message.status} {message.reason or ''}".strip()
    return Message(
        place=Place(datagram.file, datagram.frame),
        time=datagram.time / 1e9,
        src=flow.src,
        sport=flow.sport,
        dst=flow.dst,
        dport=flow.dport,
        length=datagram.length,
        method=method,
        status=message.status,
        reason=message.reason,
        cseq=number,
        summary=summary,
        compact=message.compact,
        retransmission=again,
        user_agent=message.user_agent,
        body=body,
        deviations=tuple(Deviation(each.kind, each.text) for each in message.deviations),
        side=side,
        headers=tuple(intern(header.written) for header in message.headers[:MAX_HEADERS] if not header.recovered),
        sizes=sizes(datagram.length, message),
        uri=message.uri,
        to_tag=message.to_tag,
    )


def sizes(sent: int, message: sip.Message) -> Sizes:
    """What a message of `sent` octets weighs now, with its body inflated, and with long header names besides."""
    kept = [header for header in message.headers if not header.recovered]
    inflated = sent
    if message.body.compressed:
        before, after = len(message.raw_body), len(message.body.octets)
        labels = [header for header in kept if header.name == "Content-Encoding"]
        inflated += after - before + len(str(after)) - len(str(before))
        inflated -= sum(len(header.written) + len(header.value) + len(": \r\n") for header in labels)
    short = [header for header in kept if len(header.written) == 1]
    return Sizes(sent, inflated, inflated + sum(len(header.name) - 1 for header in short), len(short))
