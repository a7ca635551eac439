"""Which call a stream belongs to: where every call announced its media and where it signalled, by key."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from dissectors.analysis.calls.call import CallState
from dissectors.analysis.calls.media_lines import OTHER_SIDE, MediaLines
from dissectors.analysis.calls.negotiation import Announced
from dissectors.analysis.calls.table import MEDIA_MARGIN_NS
from dissectors.analysis.streams.own_lines import own_lines
from dissectors.mux.counters import Counters
from dissectors.wire.datagram import Endpoint, Flow, host_of
from dissectors.wire.values import Struct

if TYPE_CHECKING:
    from dissectors.analysis.calls.begun import Waiting
    from dissectors.analysis.calls.talk import Talk

MAX_CANDIDATE_CALLS = 64
"""Calls on each side of a stream's beginning that are asked whether it is theirs."""

Party = tuple[int, Any, str]
"""When a call began as it was entered, the call, perhaps unread, and the side of it that announced something."""

_start = itemgetter(0)

BY_SSRC, BY_ADDRESS = "SSRC announced", "sent to the announced address"
ON_A_HOST = "announced port, on a host that signalled"
"""By what a stream is joined to its call, in the words of the report."""

SIDES = ("caller", "callee")

Parties = dict[Any, list[Party]]
"""Who stands where, in the order in which the calls began: by SSRC, by address and port, or by flow."""


class Joined(Struct, frozen=True):
    """A stream's call, by what they were joined, the side that sends, and the media lines of receiver and sender.

    `lines` are all media lines of the call; where it is unread, those of another one that agreed on the same.
    """

    call: CallState | Talk
    by: str
    sender: str
    received: Announced | None
    sent: Announced | None
    lines: MediaLines


class Entered:
    """A call as it was entered: how many media lines, hosts and flows it had, and where it stands now.

    `start` is when it began, as far as was known then; `signals_on` are the flows on which it signals, where that is
    counted.
    """

    __slots__ = ("call", "hosts", "lines", "pairs", "places", "signals_on", "start")

    def __init__(self, call: CallState | Waiting) -> None:
        self.call, self.start = call, call.start
        self.lines = self.hosts = self.pairs = 0
        self.signals_on: list[Flow] = []
        self.places: list[tuple[Parties, Any, str]] = []


def reread(joined: Joined, call: CallState, counters: Counters, flow: Flow) -> Joined:
    """The same of a call that has been read, given the stream and its flow."""
    return _by(call, joined.by, joined.sender, MediaLines(call.announced), counters, flow)


def _by(call: CallState, by: str, sender: str, lines: MediaLines, counters: Counters, flow: Flow) -> Joined:
    received, sent = lines.find(OTHER_SIDE[sender], flow.dport), lines.find(sender, flow.sport)
    if lines.several:
        received, sent = own_lines(lines.beside(received, flow.dport), lines.beside(sent, flow.sport), counters)
    return Joined(call, by, sender, received, sent, lines)


def near(parties: list[Party], counters: Counters) -> list[Party]:
    """Those whose calls began about when the stream did: a gateway's port may have seen every call there was."""
    if len(parties) <= MAX_CANDIDATE_CALLS:
        return parties
    place = bisect_right(parties, counters.first, key=_start)
    return parties[max(0, place - MAX_CANDIDATE_CALLS) : place + MAX_CANDIDATE_CALLS]


class Directory:
    """Where every call announced its media and signalled, to look streams up.

    One that is unread is opened by `read` once a stream is joined to it.
    """

    def __init__(
        self, calls: Iterable[CallState] = (), read: Callable[[CallState | Waiting], CallState] | None = None
    ) -> None:
        self._read = read
        self._ssrcs: Parties = {}
        self._endpoints: Parties = {}
        self._pairs: Parties = {}
        self._hosts: Parties = {}
        self._signalling: dict[Flow, int] = {}
        self._entered: dict[str, Entered] = {}
        self._lines: dict[str, MediaLines] = {}
        for call in sorted(calls, key=lambda each: each.start):
            self._enter(Entered(call))

    def update(self, call_id: str, call: CallState | Waiting | None) -> CallState | Waiting | None:
        """Enter what is new in a call, None where it is gone; gives back the one that had this Call-ID and is gone."""
        known, gone = self._entered.get(call_id), None
        if known is not None and (known.call is not call or known.start != known.call.start):
            # What began anew as a call stands elsewhere from now on.
            gone = None if known.call is call else known.call
            self._remove(self._entered.pop(call_id))
            known = None
        if call is not None:
            if known is None:
                known = self._entered[call_id] = Entered(call)
            # A call has more and more of them, in this order.
            for flow in call.pairs[len(known.signals_on) :]:
                known.signals_on.append(flow)
                self._signalling[flow] = self._signalling.get(flow, 0) + 1
            self._enter(known)
        return gone

    def signals_on(self, flow: Flow) -> bool:
        """Whether a call signals on a flow, of those that were entered by `update`."""
        return flow in self._signalling

    def ssrcs(self, call: CallState | Waiting) -> list[int]:
        """The SSRCs that a call announced, if it was entered by `update`, each once or twice."""
        known = self._entered.get(call.call_id)
        return [] if known is None else [key for there, key, _ in known.places if there is self._ssrcs]

    def ends(self, call: CallState | Waiting) -> list[Endpoint]:
        """Where a call may receive media, if it was entered by `update`, each endpoint once or more often."""
        known = self._entered.get(call.call_id)
        if known is None:
            return []
        return [key for there, key, _ in known.places if there is self._endpoints or there is self._hosts]

    def knows(self, call_id: str) -> bool:
        """Whether there is a call of this Call-ID that was entered by `update`."""
        return call_id in self._entered

    def is_apart(self, call: CallState) -> bool:
        """Whether a call has one 5-tuple, announced nothing but its two ends, and no other call stands where it does.

        Only of calls that were entered by `update` as they are now.
        """
        known = self._entered.get(call.call_id)
        if known is None or known.call is not call or len(call.pairs) != 2:
            return False
        src, sport, dst, dport, _, _ = call.pairs[0]
        ends = (src, sport), (dst, dport)
        for there, key, _ in known.places:
            for party in there[key]:
                if party[1] is not call:
                    return False
            if (there is self._endpoints or there is self._hosts) and key not in ends:
                return False
        for flow in known.signals_on:
            if self._signalling[flow] != 1:
                return False
        return True

    def is_alone(self, talk: Talk) -> bool:
        """Whether no other call stands where a call that is unread announced media, once with its answer."""
        known = self._entered.get(talk.call_id)
        if known is None or known.call is not talk or known.lines != len(SIDES):
            return False
        for there, key, _ in known.places:
            if (there is self._ssrcs or there is self._endpoints) and len(there[key]) != 1:
                return False
        return not any([end in self._hosts for end in talk.announced])

    def signals_alone(self, talk: Talk) -> bool:
        """Whether nobody but such a call has anything to do with the flows on which it signals."""
        known = self._entered[talk.call_id]
        for flow in known.signals_on:
            if self._signalling[flow] != 1 or len(self._pairs.get(flow, ())) > min(known.pairs, 1):
                return False
        return True

    def announces(self, ssrc: int) -> list[str]:
        """The sides of calls that announced an SSRC."""
        return [side for _, _, side in self._ssrcs.get(ssrc, ())]

    def join(self, counters: Counters, flow: Flow) -> Joined | None:
        """The call that a stream belongs to, by the strongest reason there is.

        In order: the SSRC that a side announced (`a=ssrc`, FaceTime's `a=rtpID`); the address and port that a side
        wants to receive on; the 5-tuple that carried the call's own signalling; the address and port that a side
        announced and now sends from; the announced port on a host that signalled (behind NAT the SDP's address is not
        the datagram's).
        """
        found = self._nearest(self._ssrcs, counters.ssrc, counters)
        if found is not None:
            return self._joined(found, BY_SSRC, False, counters, flow)
        host, port, to, to_port, _, _ = flow
        dst = to, to_port
        src = host, port
        found = self._nearest(self._endpoints, dst, counters, src)
        if found is not None:
            return self._joined(found, BY_ADDRESS, True, counters, flow)
        found = self._nearest(self._pairs, flow, counters)
        if found is not None:
            return self._joined(found, "the signalling's own 5-tuple", False, counters, flow)
        found = self._nearest(self._endpoints, src, counters)
        if found is not None:
            return self._joined(found, "sent from the announced address", False, counters, flow)
        found = self._nearest(self._hosts, dst, counters)
        if found is not None:
            return self._joined(found, ON_A_HOST, True, counters, flow)
        found = self._nearest(self._hosts, src, counters)
        return None if found is None else self._joined(found, ON_A_HOST, False, counters, flow)

    def _nearest(
        self, there: Parties, key: Any, counters: Counters, source: Endpoint | None = None
    ) -> Party | None:
        """Of those that are found by a key, the one to which a stream belongs, if it is of any of them.

        Of several it is one whose other side announced the `source` of the stream, if there is such a one.
        """
        parties = there.get(key)
        if parties is None:
            return None
        if len(parties) == 1:
            return parties[0] if _overlaps(parties[0][1], counters) else None
        senders = [] if source is None else near(self._endpoints.get(source, []), counters)
        return _nearest_of(near(parties, counters), counters, senders)

    def _joined(self, party: Party, by: str, receives: bool, counters: Counters, flow: Flow) -> Joined:
        """A stream with the call of a party, which sends or `receives` it."""
        call = party[1] if isinstance(party[1], CallState) or self._read is None else self._read(party[1])
        side = party[2] or _side(call, flow)
        sender = OTHER_SIDE[side] if receives else side
        lines = self._lines.get(call.call_id)
        if lines is None:
            lines = self._lines[call.call_id] = MediaLines(call.announced)
        return _by(call, by, sender, lines, counters, flow)

    def _enter(self, known: Entered) -> None:
        if not isinstance(known.call, CallState):
            if known.call.kind == "call":
                self._enter_talk(known, known.call)  # type: ignore[arg-type]  # an exchange is of another kind
            return  # Other things that are unread announced nothing.
        call, before = known.call, known.lines
        announced, hosts = call.negotiation.announced, len(call._callers) + len(call._callees)
        if len(announced) == before and hosts == known.hosts and len(call.pairs) == known.pairs:
            return
        fresh = announced[before:]
        if fresh:
            self._lines.pop(call.call_id, None)
        for line in fresh:
            side, media = line.side, line.media
            for ssrc in media.ssrcs if media.rtp_id is None else (media.rtp_id, *media.ssrcs):
                self._put(known, call, self._ssrcs, ssrc, side)
            if line.port and line.address:
                self._put(known, call, self._endpoints, (line.address, line.port), side)
            for each in media.endpoints:
                self._put(known, call, self._endpoints, (host_of(each), int(each.rpartition(":")[2])), side)
        lines = announced if hosts > known.hosts else fresh
        for side, port in dict.fromkeys([(line.side, line.port) for line in lines if line.port]):
            for host in call._callers if side == "caller" else call._callees:
                self._put(known, call, self._hosts, (host, port), side)
        if announced and (not before or len(call.pairs) > known.pairs):
            for flow in call.pairs:
                self._put(known, call, self._pairs, flow, "")
        known.lines, known.hosts, known.pairs = len(announced), hosts, len(call.pairs)

    def _enter_talk(self, known: Entered, talk: Talk) -> None:
        """Enter what is new in a call that is unread.

        A side that wants media on the host from which it signals is found there before it would be by its host, and
        where both want them at the ends of its 5-tuple, before it would be by its flows.
        """
        offered, hosts = talk.offered, talk.hosts
        count = len(hosts[0]) + len(hosts[1])
        for at in range(0 if count > known.hosts else known.lines, len(offered)):
            offer = offered[at]
            if at >= known.lines:
                if offer.ssrc is not None:
                    self._put(known, talk, self._ssrcs, offer.ssrc, SIDES[at])
                self._put(known, talk, self._endpoints, offer.end, SIDES[at])
            for host in hosts[at]:
                if offer.end[0] != host:
                    self._put(known, talk, self._hosts, (host, offer.end[1]), SIDES[at])
        if 2 * len(talk.hops) > known.pairs and talk.announced != talk.signalled:
            for flow in talk.pairs:
                self._put(known, talk, self._pairs, flow, "")
            known.pairs = len(talk.pairs)
        known.hosts = count
        known.lines = len(offered)

    def _put(self, known: Entered, call: CallState | Waiting, there: Parties, key: Any, side: str) -> None:
        """Enter a side of a call under a key; which side signals on a flow is asked when there is a stream on it."""
        parties = there.get(key)
        if parties is None:
            there[key] = [(known.start, call, side)]
        else:
            start = known.start
            if parties[-1][0] < start:
                parties.append((start, call, side))
            else:
                begin, end = bisect_left(parties, start, key=_start), bisect_right(parties, start, key=_start)
                if any([party[1] is call and party[2] == side for party in parties[begin:end]]):
                    return
                parties.insert(end, (start, call, side))
        known.places.append((there, key, side))

    def _remove(self, known: Entered) -> None:
        call = known.call
        self._lines.pop(call.call_id, None)
        for flow in known.signals_on:
            self._signalling[flow] -= 1
            if not self._signalling[flow]:
                del self._signalling[flow]
        for there, key, side in known.places:
            parties = there[key]
            if len(parties) == 1:
                del there[key]
                continue
            place = bisect_left(parties, known.start, key=_start)
            while parties[place][1] is not call or parties[place][2] != side:
                place += 1
            del parties[place]


def _nearest_of(parties: list[Party], counters: Counters, senders: list[Party]) -> Party | None:
    """The one of some to which a stream belongs, if it is of any of them; best of all one whose other side sends it."""
    there = [party for party in parties if _overlaps(party[1], counters)]
    both = [party for party in there if any([each[1] is party[1] and each[2] != party[2] for each in senders])]
    return max(both or there, key=lambda party: _nearness(party[1], counters), default=None)


def _side(call: CallState, flow: Flow) -> str:
    """Which side sends on this flow, going by where its messages came from."""
    return "caller" if flow.src in call.hosts["caller"] else "callee"


def _overlaps(call: CallState | Talk, counters: Counters) -> bool:
    end = call.last if call.ended is not None else max(call.last, counters.first)
    return counters.first <= end + MEDIA_MARGIN_NS and counters.last >= call.start - MEDIA_MARGIN_NS


def _nearness(call: CallState | Talk, counters: Counters) -> tuple[bool, int]:
    """Of several calls on the same ports a stream belongs to the last that began before it, else to the next one."""
    before = call.start <= counters.first
    return before, call.start if before else -call.start
