"""The final responses to INVITEs, and what acknowledges them (RFC 3261 sections 13.2.2.4, 13.3.1.4 and 17.1.1.3).

The ACK of a 2xx is a transaction of its own, end to end: dialog and CSeq say what it acknowledges, and it goes to the
Contact of the 2xx. That of another final response belongs to the INVITE's own transaction, hop by hop. A 2xx is judged
on the hop nearest to its sender: there alone its repeats say that no ACK was taken.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from dissectors.findings.rule import MAX_PLACES, Facts
from dissectors.findings.signalling.exchanges import MIN_REPEATS
from dissectors.findings.signalling.targets import contact_of, goes_to, target
from dissectors.findings.traits import REFUSED, REPEATED, UNACKNOWLEDGED
from dissectors.findings.transactions import WITH_TRANSACTIONS, hop_of, transactions
from dissectors.report import Call, Message
from dissectors.wire.values import Struct, field

T1_SECONDS, TIMER_H_SECONDS, MARGIN_SECONDS = 0.5, 32.0, 1.0
"""The first repeat comes after T1, each next one after twice the time; with timer H the sender gives up.

A repeat is late when the margin has passed, too.
"""

FEW_REPEATS = 3
"""Where fewer came and then none, the ACK may have come another way."""

Key = tuple[int | None, str | None, str | None]
"""The CSeq and the tags of From and To."""

Sent = tuple[str, str | None, int | None]
"""Who sent an INVITE, its branch and its CSeq."""


class Answer(Struct):
    """A final response to an INVITE on one hop, and its repeats there.

    `everywhere` is a 2xx on all hops. `acks` acknowledge it, a 2xx by dialog and CSeq and another response by branch;
    `others` may have been meant to. `ended` is when the call ended, or the capture. `given_up` says that the sender of
    the 2xx ended the call because no ACK came, `reason` is what it said.
    """

    sent: list[Message]
    everywhere: Sequence[Message] = ()
    acks: list[Message] = field(default_factory=list)
    others: list[Message] = field(default_factory=list)
    ended: float = 0.0
    given_up: bool = False
    reason: str = ""

    @property
    def first(self) -> Message:
        return self.sent[0]

    @property
    def contacts(self) -> dict[str, None]:
        """The Contacts of a 2xx."""
        return dict.fromkeys(filter(None, map(contact_of, self.everywhere)))

    @property
    def routers(self) -> dict[str, set[str]]:
        """The hosts behind which a 2xx with Record-Route came to each host."""
        found: dict[str, set[str]] = {}
        for each in self.everywhere:
            if each.has("record-route"):
                found.setdefault(each.dst, set()).add(each.src)
        return found

    @property
    def accepts(self) -> bool:
        return (self.first.status or 0) < 300

    @property
    def again(self) -> int:
        return sum(message.retransmission for message in self.sent)

    def after(self, time: float) -> int:
        """How often it was sent again after a moment."""
        return sum(message.retransmission and message.time > time for message in self.sent)

    @property
    def stopped(self) -> bool:
        """Whether the repeats came to an end although nothing ended them."""
        last = self.sent[-1].time
        due = last + max(2 * (last - self.first.time), T1_SECONDS) + MARGIN_SECONDS
        return self.again < FEW_REPEATS and self.ended > due

    @property
    def arriving(self) -> list[Message]:
        """Of the ACKs those that reach the sender of the 2xx, at its address or that of its Contact."""
        hosts = {self.first.src} | {found[1] for found in map(target, self.contacts) if found}
        return [ack for ack in self.acks if ack.dst in hosts]

    @property
    def elsewhere(self) -> list[Message]:
        """The ACKs that go to another target, if there are no others nearer to the sender of the 2xx."""
        judged = self.arriving or self.acks
        contacts = self.contacts
        wrong = [ack for ack in judged if not goes_to(ack, contacts)]
        return wrong if self.accepts and len(wrong) == len(judged) else []

    @property
    def unrouted(self) -> list[Message]:
        """The ACKs whose sender leaves out the proxies that recorded themselves as the route, if all do."""
        routers = self.routers
        wrong = [
            ack for ack in self.acks
            if ack.src in routers and ack.dst not in routers[ack.src] and ack.headers and not ack.has("route")
        ]
        return wrong if self.accepts and len(wrong) == len(self.acks) else []

    @property
    def lost(self) -> bool:
        """Whether an ACK was captured on its way, and the sender of the 2xx goes on without it."""
        if not self.accepts or not self.acks or self.after(self.acks[0].time) < MIN_REPEATS:
            return False
        return not (self.arriving or self.elsewhere or self.unrouted)


def answers(facts: Facts) -> dict[int, list[Answer]]:
    """By call, the final responses to its INVITEs; no call in which each got its ACK at once."""
    return facts.once(_of_calls)


def _of_calls(facts: Facts) -> dict[int, list[Answer]]:
    return {
        number: _of(facts, number, call) for number, call in facts.having(REPEATED, REFUSED, UNACKNOWLEDGED, "Reason")
        if call.kind == "call" and call.signalling in WITH_TRANSACTIONS and not _settled(call)
    }


def _settled(call: Call) -> bool:
    """Whether nothing was sent again and each 2xx has an ACK that fits, as in nearly all calls.

    Of a refusal nothing is told then; but its ACK, which has its branch, acknowledges nothing else.
    """
    accepted: set[Key] = set()
    refused: set[Sent] = set()
    acknowledged: list[tuple[Key, Sent]] = []
    for message in call.messages:
        method, status = message.method, message.status
        if message.retransmission or method == "BYE" and message.header("Reason"):
            return False
        if method == "ACK" and status is None:
            acknowledged.append((_key(message), (message.src, message.branch, message.cseq)))
        elif method == "INVITE" and status is not None and status >= 200:
            if status < 300:
                accepted.add(_key(message))
            else:
                refused.add((message.dst, message.branch, message.cseq))
    return accepted <= {key for key, sent in acknowledged if sent not in refused}


def _of(facts: Facts, number: int, call: Call) -> list[Answer]:
    accepting: dict[Key, list[Message]] = {}
    refusing: dict[tuple[object, ...], Answer] = {}
    asked = [each for each in transactions(facts)[number] if each.method == "INVITE"]
    for each in asked:
        for response in each.responses:
            status = response.status or 0
            if 200 <= status < 300:
                accepting.setdefault(_key(response), []).append(response)
            elif status >= 300:
                place = (*hop_of(response), response.branch, response.cseq)
                refusing.setdefault(place, Answer([])).sent.append(response)
    seen = {(message.src, message.dst) for message in call.messages}
    found = {key: answer for key, sent in accepting.items() if (answer := _nearest(sent, seen))}
    refused = [answer for answer in refusing.values() if (answer.first.dst, answer.first.src) in seen]
    unanswered = {each.requests[0].cseq for each in asked if each.final is None}
    left = _match(call, found, accepting, refused)
    _guess([ack for ack in left if ack.cseq not in unanswered], found)
    _end(facts, call, found)
    return [*found.values(), *refused]


def _nearest(sent: Sequence[Message], seen: set[tuple[str, str]]) -> Answer | None:
    """A 2xx on the hop nearest to its sender of those on which the way back was captured, too."""
    nearest = min((each for each in sent if (each.dst, each.src) in seen), key=lambda each: each.time, default=None)
    if nearest is None:
        return None
    hop = hop_of(nearest)
    return Answer([each for each in sent if hop_of(each) == hop], sent[:MAX_PLACES])


def _match(
    call: Call, accepted: dict[Key, Answer], accepting: dict[Key, list[Message]], refused: list[Answer]
) -> list[Message]:
    """Give each ACK to what it acknowledges; gives back what acknowledges nothing."""
    branches = {(answer.first.dst, answer.first.branch, answer.first.cseq): answer for answer in refused}
    hops = {(answer.first.dst, answer.first.src, answer.first.cseq): answer for answer in refused}
    taken = {tag for _, *tags in accepting for tag in tags}
    left: list[Message] = []
    for ack in call.messages:
        if ack.method != "ACK" or ack.status is not None or ack.copy:
            continue
        key = _key(ack)
        if answer := branches.get((ack.src, ack.branch, ack.cseq)):
            answer.acks.append(ack)
        elif key in accepted:
            accepted[key].acks.append(ack)
        elif key not in accepting:
            answer = hops.get((ack.src, ack.dst, ack.cseq))
            meant = answer is not None and (answer.first.to_tag == ack.to_tag or ack.to_tag not in taken)
            (answer.others if answer is not None and meant else left).append(ack)
    return left


def _guess(left: Sequence[Message], accepted: dict[Key, Answer]) -> None:
    """Give ACKs that acknowledge nothing to the 2xx that they may have been meant for: of their tags, or their CSeq.

    So are those that acknowledge another 2xx once more although it was acknowledged.
    """
    if all(answer.acks for answer in accepted.values()):
        return
    alike: dict[tuple[object, ...], list[Message]] = defaultdict(list)
    for ack in (*left, *(ack for answer in accepted.values() for ack in _surplus(answer))):
        alike[ack.from_tag, ack.to_tag].append(ack)
        alike[(ack.cseq,)].append(ack)
    for (cseq, ours, theirs), answer in accepted.items():
        if not answer.acks:
            like = alike[ours, theirs][-MAX_PLACES:] or alike[(cseq,)][-MAX_PLACES:]
            answer.others = [ack for ack in like if ack.time >= answer.first.time]


def _surplus(answer: Answer) -> list[Message]:
    """The ACKs of a 2xx that came on the hop of the first one, with another branch, and after its last repeat's."""
    if not answer.acks:
        return []
    first, last = answer.acks[0], answer.sent[-1].time
    settled = [ack for ack in answer.acks if ack.time >= last and hop_of(ack) == hop_of(first)][:1]
    return [
        ack for ack in answer.acks
        if settled and ack.time > settled[0].time and hop_of(ack) == hop_of(first) and ack.branch != first.branch
    ]


def _end(facts: Facts, call: Call, accepted: dict[Key, Answer]) -> None:
    """Note when calls ended, and whether for want of an ACK."""
    byes = [each for each in call.messages if each.method == "BYE" and each.status is None][:MAX_PLACES]
    for answer in accepted.values():
        later = [bye for bye in byes if bye.time > answer.first.time]
        answer.ended = min([bye.time for bye in later], default=facts.end)
        for bye in later:
            in_time = abs(bye.time - answer.first.time - TIMER_H_SECONDS) <= 2 * MARGIN_SECONDS and answer.again > 0
            reason = bye.header("Reason") or ""
            if bye.src == answer.first.src and (in_time or "ack" in reason.lower()):
                answer.given_up, answer.reason = True, reason


def _key(message: Message) -> Key:
    return message.cseq, message.from_tag, message.to_tag
