"""What calls have, in one walk over their messages: most rules are about what nearly all calls have nothing of."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

from dissectors.analysis.calls.media_lines import OTHER_SIDE
from dissectors.analysis.calls.outcomes import CHALLENGES
from dissectors.findings.hosts import private
from dissectors.findings.media_traits import MediaTraits
from dissectors.findings.outlines import CallOutline, Outline
from dissectors.report import Call, Description, Deviation, Place, Stream
from dissectors.report.size import LARGEST_REQUEST, SMALLEST
from dissectors.wire.datagram import TCP, TLS
from dissectors.wire.values import astuple

Trait = str | int

DESCRIBED, REDESCRIBED = "described", "redescribed"
"""An offer or an answer was read; there are more than an offer and its answer, or not these."""

REFUSED, REPEATED, COPIED, COMPACT = "refused", "repeated", "copied", "compact"
"""Messages: a response from 300 on, but for a challenge that was followed at once; one that was sent again, a packet
that was captured twice, names of one letter."""

ENCODED, DEVIATING, LARGE = "encoded", "deviating", "large"
"""More of them: with a body that is more than plain text, with something odd, so large that it, or what it would be
with its body inflated and long header names, may cross a limit of the path."""

MISENCODED = "misencoded"
"""A body that was encoded did not become whole text, or its label does not say so."""

FORKED, UNENDED, SILENT = "forked", "unended", "silent"
"""More than one dialog; it has no end; it has no stream."""

UNANSWERED = "unanswered"
"""Not each request but ACK was sent once, on a branch of its own, and got a final response there."""

UNACKNOWLEDGED = "unacknowledged"
"""An INVITE was accepted, and no ACK has the CSeq and the tags of the 2xx."""

RENEWED = "renewed"
"""A request came behind the 2xx to a REGISTER."""

PARTIAL, SLOW, FRUITLESS = "partial", "slow", "fruitless"
"""It began before the capture; what says that it rings came late after its first request; no 2xx came."""

LEAKING = "leaking"
"""A message went from a public address to a public one, and a private one was described."""

FAILED = "failed"
"""A call that did not come to a talk, by its outcome."""

STREAMED = "streamed"
"""Messages: one with a body, over a transport where a header alone says how long it is."""

CONNECTIONS = (TCP, TLS)
"""Where Content-Length alone says how long a message is."""

SLOW_SECONDS = 2.0
"""How late that is; rules ask for more."""

ORDINARY: frozenset[Trait] = frozenset((
    "call", DESCRIBED, "INVITE", "ACK", "BYE", COMPACT, ENCODED, "Contact", "Diversion", "Expires", "History-Info",
    "Max-Forwards", "Min-SE", "P-Asserted-Identity", "Route", "Proxy-Authenticate", "WWW-Authenticate", *CHALLENGES,
))
"""What a call may have without any rule having to look at it."""

TALKED = ("established", "ended")

PLAIN = "identity"
"""The status of a body that nothing was done to."""

WHOLE = "complete"
"""That of a body that was encoded, and is whole."""

NEVER = float("inf")


class Traits:
    """The calls by what they have: traits of this module, their kind, and what their messages have.

    That are the methods of requests, the statuses of responses from 300 on, and the names of headers that decide. Of
    calls that are plain, `outlines` has no more than that.
    """

    def __init__(
        self, calls: Sequence[Call], outlines: Sequence[Call | CallOutline], streams: Sequence[Outline | Stream] = ()
    ) -> None:
        self._calls = calls
        self._alike: dict[frozenset[Trait], list[int]] = {}
        self._asked: dict[tuple[Trait, ...], Sequence[tuple[int, Call]]] = {}
        media = MediaTraits()
        for number, call in enumerate(outlines):
            if isinstance(call, CallOutline):
                traits = call.traits
            else:
                traits = traits_of(call, [streams[position] for position in call.streams] if streams else (), media)
            alike = self._alike.get(traits)
            if alike is None:
                alike = self._alike[traits] = []
            alike.append(number)

    @property
    def present(self) -> frozenset[Trait]:
        """Every trait that a call has."""
        return frozenset().union(*self._alike)

    def having(self, wanted: tuple[Trait, ...]) -> Sequence[tuple[int, Call]]:
        """The calls that have one of these at least, with their positions, in order; nobody may change the list."""
        found = self._asked.get(wanted)
        if found is None:
            found = self._asked[wanted] = [(number, self._calls[number]) for number in self.numbers(wanted)]
        return found

    def numbers(self, wanted: tuple[Trait, ...]) -> Sequence[int]:
        """The positions of these calls, in order; nobody may change the list."""
        groups = [alike for traits, alike in self._alike.items() if not traits.isdisjoint(wanted)]
        return groups[0] if len(groups) == 1 else sorted(chain(*groups))


def traits_of(
    call: Call, streams: Sequence[Outline | Stream] = (), media: MediaTraits | None = None
) -> frozenset[Trait]:
    """What a call has, and its streams; `media` has looked at other calls before, where there are any."""
    found: set[Trait] = {call.kind}
    asked: dict[str | None, tuple[object, ...]] = {}
    accepted: list[tuple[object, ...]] = []
    acknowledged: list[tuple[object, ...]] = []
    places = set()
    early: dict[str | None, Place] = {}
    bound, last, invited, begun, rang, fruitless = NEVER, 0.0, NEVER, NEVER, None, True
    outcome, ways = call.outcome, set()
    partial = outcome == "fragment"
    if len(call.dialogs) > 1:
        found.add(FORKED)
    if call.ended is None:
        found.add(UNENDED)
    if not call.streams:
        found.add(SILENT)
    for message in call.messages:
        # All fields at once: to ask for one after the other takes longer than all the rest.
        (
            place, time, src, _, dst, _, length, method, status, _, cseq, _, compact, again, _, body, deviations, side,
            _, sizes, _, to_tag, from_tag, branch, deciding, _, copy, transport, _,
        ) = astuple(message)
        for header in deciding:
            found.add(header.name)
        if again or copy or deviations:
            _odd(found, again, copy, deviations)
        if body is not None:
            if body.status != PLAIN:
                found.add(ENCODED)
                if body.status != WHOLE or not body.label or body.deviations:
                    found.add(MISENCODED)
            if transport in CONNECTIONS:
                found.add(STREAMED)
        ways.add((src, dst))
        if compact:
            found.add(COMPACT)
        if length > LARGEST_REQUEST or (compact or ENCODED in found) and sizes is not None and sizes.long > SMALLEST:
            found.add(LARGE)
        if method == "INVITE":
            if time < invited:
                invited, partial = time, outcome == "fragment" or status is not None or to_tag is not None
            if status is not None and 180 <= status < 300:
                rang = time if rang is None else rang
                if status >= 200:
                    places.add(place)
                    # What a 2xx repeats was described where it was said first.
                    if body is not None and body.text in early:
                        places.add(early[body.text])
                elif body is not None:
                    early.setdefault(body.text, place)
        if status is None:
            found.add(method)
            if time < begun:
                begun = time
            if method == "ACK":
                acknowledged.append((cseq, from_tag, to_tag))
            elif not copy:
                if branch is None or branch in asked:
                    found.add(UNANSWERED)
                asked[branch] = (OTHER_SIDE.get(side), method, cseq)
                last = max(last, time)
        elif status >= 200:
            if status < 300:
                fruitless = False
            if copy:
                continue
            if asked.get(branch) == (side, method, cseq):
                asked[branch] = ()
            if status >= 300:
                found.add(REFUSED)
                found.add(status)
            elif method == "INVITE":
                accepted.append((cseq, from_tag, to_tag))
            elif method == "REGISTER":
                bound = min(bound, time)
    described = call.descriptions
    if REFUSED in found and _is_challenged(call):
        found.discard(REFUSED)
        if len(described) > 2 and _is_offered_again(described[0], described[1]):
            described = described[1:]
    if described:
        found.add(DESCRIBED)
        if len(described) > 2 or described[0].role != "offer":
            found.add(REDESCRIBED)
    if any(asked.values()):
        found.add(UNANSWERED)
    if accepted and not set(accepted) <= set(acknowledged):
        found.add(UNACKNOWLEDGED)
    if last >= bound:
        found.add(RENEWED)
    if outcome not in TALKED and call.kind == "call":
        found.add(FAILED)
    if partial:
        found.add(PARTIAL)
    if fruitless:
        found.add(FRUITLESS)
    if rang is not None and rang - begun > SLOW_SECONDS:
        found.add(SLOW)
    for each in described:
        for line in each.media:
            if private(line.address) and any([not (private(src) or private(dst)) for src, dst in ways]):
                found.add(LEAKING)
    if described or streams:
        (media or MediaTraits()).add(found, call, described, streams, accepted, places)
    return frozenset(found)


def _is_challenged(call: Call) -> bool:
    """Whether all that was refused is the first INVITE, for want of credentials, and the next one brought them.

    The challenge has its ACK, before that. Behind that there is nothing but the next one as proxies pass it on.
    """
    refusals = [message for message in call.messages if (message.status or 0) >= 300]
    invites = [message for message in call.messages if message.method == "INVITE" and message.status is None]
    if call.kind != "call" or len(refusals) != 1 or len(invites) < 2 or refusals[0].status not in CHALLENGES:
        return False
    (refusal,), (first, second, *further) = refusals, invites
    again = (second, *further)
    if len({(each.cseq, each.from_tag, each.to_tag) for each in again}) > 1:
        return False
    if len({(each.src, each.sport, each.dst, each.dport) for each in again}) < len(again):
        return False
    acks = [each for each in call.messages if each.method == "ACK" and each.status is None and each.time < second.time]
    if len(acks) != 1 or first.credentials or not second.credentials or first.to_tag or second.to_tag:
        return False
    hops = {(each.src, each.sport, each.dst, each.dport, each.from_tag) for each in (first, second, *acks)}
    said = {(each.branch, each.cseq, each.from_tag) for each in (first, refusal, *acks)}
    return len(hops) == len(said) == 1 and acks[0].to_tag == refusal.to_tag and first.time < refusal.time < acks[0].time


def _is_offered_again(first: Description, second: Description) -> bool:
    """Whether an offer was refused, and the next one of its side says the same."""
    if first.role != "offer" or first.state != "refused" or second.role != "offer" or first.deviations:
        return False
    return first.side == second.side and first.media == second.media


def _odd(found: set[Trait], again: bool, copy: bool, deviations: tuple[Deviation, ...]) -> None:
    if again:
        found.add(REPEATED)
    if copy:
        found.add(COPIED)
    if deviations:
        found.add(DEVIATING)
