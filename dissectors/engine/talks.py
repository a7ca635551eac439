"""Calls that nobody has read and about which no rule has anything to say, as how they went and their media show.

Most calls of a program agree on the same. What one of them comes to that was read holds for all that differ in nothing
but names, tags, addresses, ports and times; and what these decide is looked at in each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dissectors.analysis.calls.descriptions import Codec
from dissectors.analysis.calls.media_lines import OTHER_SIDE, MediaLines
from dissectors.analysis.calls.negotiation import Announced
from dissectors.analysis.calls.talk import Talk
from dissectors.analysis.streams.directory import BY_ADDRESS, BY_SSRC, SIDES, Directory, Joined
from dissectors.analysis.streams.rtcp import pairs_of
from dissectors.engine.apart import Apart, was_meanwhile
from dissectors.engine.facts import told
from dissectors.engine.trackers import Trackers
from dissectors.findings.hosts import private
from dissectors.findings.media_traits import SOON_SECONDS, STRAY_PACKETS, keeps_pace
from dissectors.findings.plain import plain_codec, plain_frame_ms, says_little
from dissectors.findings.timing.sender_reports import MIN_REPORTS
from dissectors.findings.traits import ORDINARY, SILENT, SLOW, SLOW_SECONDS, STREAMED, traits_of
from dissectors.mux.counters import Counters
from dissectors.mux.flows import FlowState, FlowTable
from dissectors.mux.scan import Scanner
from dissectors.wire.datagram import UDP, Flow

if TYPE_CHECKING:
    from dissectors.analysis.calls.begun import Waiting

OF_ITS_OWN = ORDINARY.union((SILENT, SLOW, STREAMED, "Reason", "Session-Expires"))
"""What a call may have as well that is looked at in each call, or was when its messages came."""

MAX_AGREED = 1024


class Agreed:
    """What all calls with the same offer and answer have: by who sends, the lines of receiver and sender; all lines.

    `payload_types` are those that both sides list.
    """

    __slots__ = ("_codecs", "lines", "payload_types", "received", "sent")

    def __init__(
        self, received: dict[str, Announced | None], sent: dict[str, Announced | None], lines: MediaLines,
        payload_types: frozenset[int],
    ) -> None:
        self.received, self.sent, self.lines, self.payload_types = received, sent, lines, payload_types
        self._codecs: dict[tuple[str, int], Codec | None] = {}

    def is_plain(self, counters: Counters, joined: Joined, sender: str) -> bool:
        """Whether a stream of such a call is plain (see `findings.plain`), and in pace."""
        received, payload_type = self.received[sender], counters.payload_type
        if received is None or payload_type not in self.payload_types or not counters.uneventful:
            return False
        key = sender, payload_type
        if key not in self._codecs:
            self._codecs[key] = plain_codec(joined, payload_type)
        known = self._codecs[key]
        if known is None or (milliseconds := plain_frame_ms(counters, joined, False, known)) is None:
            return False
        return keeps_pace(milliseconds, received.media)


class PlainTalks:
    """Finds what calls have that are plain and apart from all others, and what is known of such a call."""

    def __init__(self, trackers: Trackers) -> None:
        self._trackers = trackers
        self._agreed: dict[tuple[bytes, bytes, bool, bool, bool, int], Agreed | None] = {}

    def apart(self, talk: Waiting, directory: Directory, scanner: Scanner, recent: range) -> Apart | None:
        """All that a finished call has, if it is plain and apart, and nothing of it was heard at a recent time."""
        trackers = self._trackers
        if not isinstance(talk, Talk) or trackers.checks.asked or not trackers.handshakes.silent:
            return None
        return self._apart(talk, directory, scanner, recent) if talk.is_over and _rang_soon(talk) else None

    def _apart(self, talk: Talk, directory: Directory, scanner: Scanner, recent: range) -> Apart | None:
        found = self._placed(talk, directory, scanner)
        agreed = None if found is None else self._agreed_by(talk)
        if found is None or agreed is None or talk.challenge is not None and not found.media:
            return None
        for at, state in enumerate(found.media):
            counters = _stream(talk, state, scanner, recent)
            if counters is None or self._is_told_of(counters, state):
                return None
            if not _is_announced(talk, at, counters, directory):
                return None
            sender = SIDES[at]
            by = BY_ADDRESS if talk.offered[at].ssrc is None else BY_SSRC
            joined = Joined(talk, by, sender, agreed.received[sender], agreed.sent[sender], agreed.lines)
            if not _is_of_call(talk, counters) or not agreed.is_plain(counters, joined, sender):
                return None
            found.streams.append(counters)
            found.joined.append(joined)
        found.plain = True
        return None if found.media and found.streams[0].ssrc == found.streams[1].ssrc else found

    def _placed(self, talk: Talk, directory: Directory, scanner: Scanner) -> Apart | None:
        """The flows of a call, if nobody else has anything to do with its media, where it has any."""
        table, remembers = scanner.flows, self._trackers.calls.remembers
        ends = talk.announced
        if not directory.is_alone(talk) or ends[0] == ends[1] or any(map(remembers, ends)):
            return None
        flows = talk.flows
        own = signalled = False
        # A connection stays where it is, and media share no port with it.
        if talk.transport == UDP and directory.signals_alone(talk):
            own = len(flows) == 2 and table.are_alone(*flows)
            signalled = _is_lone(talk, flows, table)
        if ends == talk.ends and not (own and signalled):
            return Apart(flows, flows) if own else None
        if _may_have_more(talk, flows, scanner):
            return None
        media: tuple[FlowState, ...] | None = ()
        if ends != talk.ends and any(map(table.count_at, ends)):
            media = table.lone_pair(Flow(*ends[0], *ends[1]))
        elif any([scanner.stream_table.by_ssrc(each.ssrc) for each in talk.offered if each.ssrc is not None]):
            return None
        if media is None or media and media[0].flow.ends != ends:
            return None
        if not signalled:
            return Apart(media, media, flows, talk.signalled)
        # Nothing else was on these flows, and nobody else is at one end at least of each two.
        here = [end for state in flows for end in state.flow.ends]
        used = [end for end in talk.signalled if (not own and table.count_at(end) > here.count(end)) or remembers(end)]
        return Apart((*media, *flows), media, (), tuple(used))

    def _is_told_of(self, counters: Counters, state: FlowState) -> bool:
        """Whether RTCP says anything of a stream that a rule may ask about."""
        control = self._trackers.control
        if control.silent:
            return False
        ssrc, pairs = counters.ssrc, pairs_of([state.flow])
        if len(control.clocked(ssrc, pairs, True)) >= MIN_REPORTS:
            return True
        return not says_little(
            control.heard(ssrc, pairs, True), control.told(ssrc, pairs, True), control.told(0, pairs, False)
        )

    def _agreed_by(self, talk: Talk) -> Agreed | None:
        """What a call agreed on, None where that is not plain."""
        shapes = [each.shape for each in talk.offered]
        early, challenged = talk.accepted is not talk.described, talk.challenge is not None
        key = shapes[0], shapes[-1], talk.facetime, challenged, early, len(talk.hops)
        if key not in self._agreed:
            if len(self._agreed) >= MAX_AGREED:
                self._agreed.clear()
            self._agreed[key] = self._read(talk)
        return self._agreed[key]

    def _read(self, talk: Talk) -> Agreed | None:
        state = self._trackers.calls.read_apart(talk)
        call = told(state, state.last, ())
        if not traits_of(call) <= OF_ITS_OWN:
            return None
        lines = MediaLines(state.announced)
        ports = dict(zip(SIDES, [port for _, port in talk.announced], strict=True))
        common = set.intersection(*[
            {each.payload_type for line in described.media for each in line.formats} for described in call.descriptions
        ])
        return Agreed(
            {side: lines.find(OTHER_SIDE[side], ports[OTHER_SIDE[side]]) for side in SIDES},
            {side: lines.find(side, ports[side]) for side in SIDES}, lines,
            frozenset([number for number in range(128) if str(number) in common]),
        )


def _rang_soon(talk: Talk) -> bool:
    return talk.heard is not None and talk.heard / 1e9 - talk.start / 1e9 <= SLOW_SECONDS


def _is_lone(talk: Talk, flows: tuple[FlowState, ...], table: FlowTable) -> bool:
    """Whether each hop has two flows, with nothing but its messages on them, which are all there is at one end."""
    for hop in talk.hops:
        pair = hop.pair
        two = tuple([state for state in flows if state.pair is pair])
        if len(two) != 2 or table.lone_ends(*two, talk.count_on(two[0]) + talk.count_on(two[1])) is None:
            return False
    return True


def _may_have_more(talk: Talk, flows: tuple[FlowState, ...], scanner: Scanner) -> bool:
    """Whether a stream may belong to a call because of where it signals, or what it says tells who is behind a NAT."""
    for hosts, (address, port) in zip(talk.hosts, talk.announced, strict=True):
        if any([host != address and scanner.flows.count_at((host, port)) for host in hosts]):
            return True
        if private(address) and any([_is_public(state.flow) for state in flows]):
            return True
    return any([scanner.stream_table.on(state.number) for state in flows])


def _is_public(flow: Flow) -> bool:
    """Whether a flow goes from a public address to a public one."""
    return not (private(flow.src) or private(flow.dst))


def _stream(talk: Talk, state: FlowState, scanner: Scanner, recent: range) -> Counters | None:
    """The stream on one flow of a call, if there is nothing else but signalling, and all of it was at its time."""
    if not was_meanwhile(state, talk.start, talk.last, recent):
        return None
    counters = scanner.stream_table.alone_on(state.number)
    if counters is None or counters.last in recent or len(counters.flows) > 1:
        return None
    return counters if state.datagrams == counters.packets + talk.count_on(state) else None


def _is_announced(talk: Talk, at: int, counters: Counters, directory: Directory) -> bool:
    """Whether a stream has the SSRC that its sender alone announced, or one that nobody did."""
    offer, ssrc = talk.offered[at], counters.ssrc
    return directory.announces(ssrc) == ([] if offer.ssrc is None else [SIDES[at]]) and offer.ssrc in (None, ssrc)


def _is_of_call(talk: Talk, counters: Counters) -> bool:
    """Whether a stream of more than a few packets is of the call, as long as it lasts.

    It begins before the answer or soon after it, and ends soon before the end.
    """
    accepted, over, begun, left = talk.answered or 0, talk.ended or 0, counters.first, counters.last
    answered, ended, first, last = accepted / 1e9, over / 1e9, begun / 1e9, left / 1e9
    if not talk.start / 1e9 < first <= answered + SOON_SECONDS or not ended - SOON_SECONDS <= last <= ended:
        return False
    return counters.packets > STRAY_PACKETS
