"""Offers and answers of one Call-ID, line by their transactions (RFC 3264, RFC 6337 section 2).

A transaction is named by its From tag and CSeq number. Its first description is the offer, what the other side says in
it is an answer, and what the same side says again is the offer on another hop. Where the request was not captured, what
its response says is an answer to an offer that nobody knows. A PRACK belongs to the INVITE that its RAck names as long
as that waits for an answer (RFC 3262 section 5). What a refusal describes is neither: it says what could have been
(RFC 3261 section 21.4.26).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

from dissectors.analysis.calls.carried import Carried
from dissectors.analysis.calls.described import Described, read
from dissectors.analysis.calls.descriptions import with_candidate
from dissectors.limits.budget import Bounds, Budget
from dissectors.protocols import sdp, sdp_attributes
from dissectors.protocols.sip_headers import number
from dissectors.report import Description, Media, Place
from dissectors.wire.datagram import Flow
from dissectors.wire.errors import Malformed
from dissectors.wire.inflate import NOTHING
from dissectors.wire.values import Struct, replace

METHODS = {"INVITE", "ACK", "PRACK", "UPDATE"}
"""The methods whose messages carry offers and answers."""

FRAGMENT = "application/trickle-ice-sdpfrag"
"""The media type of candidates that come after their description (RFC 8840)."""

READABLE_STATUSES = ("complete", "identity")
MAX_DESCRIPTIONS = 64
MADE: Final = 3
"""What stands there of each description: it, its offer, and the hash of what it was made of."""

MAX_FRAGMENT_OCTETS = 1 << 14
MAX_DESCRIPTION_OCTETS = 1 << 26
"""Of all descriptions that are kept."""

TEXT_SHARE, MEDIA_OCTETS, ENTRY_OCTETS = 3, 1024, 256
"""What a description takes: so many times its text, and octets for each media line and each thing that one lists."""

Transaction = int
"""The hash of the tag of From, which is that of the side that asks, and of the sequence number."""


class Offered(Struct):
    """The offer of a transaction: who made it ("" where it was not captured), and where what it said last, and on each
    hop, stood first.

    `number` counts the offers of a call from 0, `hops` are a few flows with places. A fork may refuse what another one
    takes, so that `confirmed`, by a response 2xx, outweighs `refused`. `bundles` are the groups that its answers take.
    """

    number: int
    side: str
    last: Place
    transaction: Transaction = 0
    hops: tuple[tuple[Flow, Place], ...] = ()
    answered: bool = False
    confirmed: bool = False
    refused: bool = False
    bundles: tuple[tuple[str, ...], ...] = ()

    @property
    def state(self) -> Literal["open", "agreed", "refused"]:
        """What became of it."""
        if self.refused and not self.confirmed:
            return "refused"
        return "agreed" if self.answered else "open"

    def on(self, flow: Flow) -> Place | None:
        """Where it stood first on a hop."""
        for hop, place in self.hops:
            if hop == flow:
                return place
        return None


class Announced(Struct):
    """One media line as a side announced it: where it wants to receive, under what names it sends, and when it said so.

    `rtpmaps` is what its a=rtpmap say by payload type, `time` is in nanoseconds since the epoch. `offered` is the offer
    that it is part of or answers.
    """

    side: str
    address: str | None
    port: int
    media: Media
    rtpmaps: Mapping[int, sdp.RtpMap]
    encryption: str | None
    sent_from: str
    time: int
    offered: Offered


class Negotiation:
    """What the two sides have described to each other, in order; `kept` octets of `budget` are taken by it."""

    __slots__ = (
        "_asked", "_made", "_offers", "announced", "bounds", "budget", "facetime", "kept",
    )

    def __init__(self, budget: Budget, bounds: Bounds) -> None:
        self.budget, self.bounds = budget, bounds
        self.kept, self.facetime = 0, False
        # Of all of these there are a few, in calls without number.
        self._made: tuple[Any, ...] = ()
        self.announced: list[Announced] = []
        self._offers: tuple[Offered, ...] = ()
        self._asked: tuple[Transaction, ...] = ()

    def feed(self, carried: Carried, side: str) -> tuple[Malformed, ...]:
        """Take the descriptions of a message that `side` sent; gives back why some of them cannot be read."""
        identity, body = carried.identity, carried.body
        status, method = carried.status or 0, identity.method
        if method not in METHODS:
            if body is not NOTHING and carried.message.content_type == FRAGMENT:
                self._trickle(side, body.octets[:MAX_FRAGMENT_OCTETS].decode("utf-8", "replace"))
            return ()
        own = hash((identity.from_tag, identity.sequence))
        if status >= 200 and (offered := self._offer(own)) is not None:
            offered.confirmed |= status < 300
            offered.refused |= status >= 300
        if carried.method is not None and len(self._asked) < MAX_DESCRIPTIONS and own not in self._asked:
            self._asked += (own,)
        if body is NOTHING or status >= 300 or not body.octets:
            return ()
        broken = []
        for text in _texts(carried):
            transaction = self._transaction(carried, side) if method == "PRACK" else own
            try:
                self._take(carried, text, side, transaction, not status)
            except Malformed as malformed:
                broken.append(malformed)
        return tuple(broken)

    def _trickle(self, side: str, fragment: str) -> None:
        """Add candidates to the latest description of a side, each to the line that it names, or the first."""
        made = self._made
        at = next((n for n in range(len(made) - MADE, -1, -MADE) if made[n].side == side), None)
        if at is None or not made[at].media:
            return
        described = made[at]
        lines, number = list(described.media), 0
        mids = [line.mid or "" for line in lines]
        for text in fragment.splitlines():
            name, _, value = text.partition(":")
            if name == "a=mid" and value in mids:
                number = mids.index(value)
            elif name == "a=candidate" and (found := sdp_attributes.candidate(value)) is not None:
                lines[number] = with_candidate(lines[number], found)
        self._made = (*made[:at], replace(described, media=tuple(lines)), *made[at + 1 :])
        for announced in self.announced:
            for before, after in zip(described.media, lines, strict=True):
                if announced.media is before:
                    announced.media = after

    @property
    def descriptions(self) -> tuple[Description, ...]:
        """What was described, in order, with what became of it so far."""
        return tuple([
            described if described.state == offered.state else replace(described, state=offered.state)
            for described, offered in zip(self._made[::MADE], self._made[1::MADE], strict=True)
        ])

    def release(self) -> None:
        """Give back what it holds of the budget."""
        self.budget.give_back(self.kept)
        self.kept = 0

    def _transaction(self, carried: Carried, side: str) -> Transaction:
        identity = carried.identity
        if identity.method == "PRACK" and carried.method is not None:
            asked = (carried.message.get("RAck") or "").split()
            first = hash((identity.from_tag, number(asked[1]) if len(asked) == 3 else None))
            waiting = self._offer(first)
            if waiting is not None and waiting.side != side and not waiting.answered:
                return first
        return hash((identity.from_tag, identity.sequence))

    def _offer(self, transaction: Transaction) -> Offered | None:
        """The offer of a transaction."""
        for offered in self._offers:
            if offered.transaction == transaction:
                return offered
        return None

    def _take(
        self, carried: Carried, text: bytes, side: str, transaction: Transaction, requested: bool
    ) -> None:
        """Take one description; what a hop or a later response repeats says nothing new.

        `requested` says that it stands in a request.
        """
        offered, key = self._offer(transaction), hash((transaction, side, text))
        made = self._made
        for at in range(0, len(made), MADE):
            if made[at + 2] == key:
                if offered is not None and offered.side == side:
                    self._on(offered, carried.flow, made[at].place)
                return
        if len(made) >= MADE * MAX_DESCRIPTIONS:
            self.bounds.hit("offers and answers")
            return
        described = read(text, self.facetime, carried.flow.src)
        taken = self.budget.take(_weight(text, described))
        if not taken:
            self.bounds.hit("descriptions")
            return
        self.kept += taken
        unseen = not requested and transaction not in self._asked and len(self._asked) < MAX_DESCRIPTIONS
        if offered is None:
            offered = Offered(len(self._offers), "" if unseen else side, carried.place, transaction)
            self._offers += (offered,)
        answers = None
        if offered.side == side:
            self._on(offered, carried.flow, carried.place)
        else:
            offered.answered = True
            offered.bundles += tuple([each for each in described.bundles if each not in offered.bundles])
            answers = (offered.on(carried.flow.reverse) or offered.last) if offered.side else None
        self._list(carried, described, offered, side, answers, key)

    def _on(self, offered: Offered, flow: Flow, place: Place) -> None:
        offered.last = place
        if offered.on(flow) is not None:
            return
        if len(offered.hops) >= MAX_DESCRIPTIONS:
            self.bounds.hit("hops of offers")
        else:
            offered.hops += ((flow, place),)

    def _list(
        self, carried: Carried, described: Described, offered: Offered, side: str, answers: Place | None, key: int
    ) -> None:
        self.facetime |= described.facetime
        identity, lines, time, src = carried.identity, described.lines, carried.time, carried.flow.src
        # In the order of its fields: to name so many costs more than all that is in them.
        told = Description(
            "offer" if offered.side == side else "answer", carried.place, described.address, described.name, lines,
            described.deviations, side, answers, carried.seconds, identity.method or "", identity.from_tag,
            identity.to_tag, described.owner, offered.number, "open", described.unreadable,
            described.bundles,
        )
        self._made += (told, offered, key)
        for at in range(len(lines)):
            line = lines[at]
            self.announced.append(
                Announced(
                    side, line.address, line.port, line, described.rtpmaps[at], line.encryption, src, time, offered
                )
            )


def _weight(text: bytes, described: Described) -> int:
    """About how many octets a description takes once it is read."""
    return TEXT_SHARE * len(text) + MEDIA_OCTETS * (1 + len(described.lines)) + ENTRY_OCTETS * described.listed


def _texts(carried: Carried) -> list[bytes]:
    """The bodies of a message that are SDP: the whole body, or parts of a multipart one; none that did not inflate."""
    if carried.parts:
        return [part.body for part in carried.parts if "sdp" in (part.content_type or "").lower()]
    text = carried.body.octets
    begins = text[:3] == b"v=0" or text.lstrip(b"\r\n").startswith(b"v=0")
    if begins or (carried.body.status in READABLE_STATUSES and "sdp" in (carried.message.content_type or "")):
        return [text]
    return []
