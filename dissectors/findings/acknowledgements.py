"""Rules about the ACK of a final response (RFC 3261 sections 13.2.2.4, 13.3.1.4 and 17.1.1.3).

The ACK of a 2xx is a transaction of its own, end to end: dialog and CSeq say what it acknowledges, and it goes to the
Contact of the 2xx. That of another final response belongs to the INVITE's own transaction, hop by hop. A 2xx is judged
on the hop nearest to its sender: there alone its repeats say that no ACK was taken.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from dissectors.findings.exchanges import MIN_REPEATS, MIN_WAIT_SECONDS, unheard
from dissectors.findings.rule import MAX_PLACES, UNANSWERED_SECONDS, Facts, Found, of, rule
from dissectors.findings.targets import contact_of, goes_to, target
from dissectors.findings.transactions import hop_of, transactions
from dissectors.protocols.sip_headers import shown
from dissectors.report import Call, Message
from dissectors.wire.datagram import endpoint
from dissectors.wire.values import Struct, field, replace

T1_SECONDS, TIMER_H_SECONDS, MARGIN_SECONDS = 0.5, 32.0, 1.0
"""The first repeat comes after T1, each next one after twice the time; with timer H the sender gives up.

A repeat is late when the margin has passed, too.
"""

FEW_REPEATS = 3
"""Where fewer came and then none, the ACK may have come another way."""

Key = tuple[int | None, str | None, str | None]
"""The CSeq and the tags of From and To."""


class Answer(Struct):
    """A final response to an INVITE on one hop, and its repeats there.

    `contacts` are those of the 2xx on all hops. `acks` acknowledge it, a 2xx by dialog and CSeq and another response by
    branch; `others` may have been meant to. `ended` is when the call ended, or the capture. `given_up` says that the
    sender of the 2xx ended the call because no ACK came, `reason` is what it said.
    """

    sent: list[Message]
    contacts: dict[str, None] = field(default_factory=dict)
    acks: list[Message] = field(default_factory=list)
    others: list[Message] = field(default_factory=list)
    ended: float = 0.0
    given_up: bool = False
    reason: str = ""

    @property
    def first(self) -> Message:
        return self.sent[0]

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
        wrong = [ack for ack in judged if not goes_to(ack, self.contacts)]
        return wrong if self.accepts and len(wrong) == len(judged) else []

    @property
    def lost(self) -> bool:
        """Whether an ACK was captured on its way, and the sender of the 2xx goes on without it."""
        nearer = self.accepts and self.acks and not self.arriving and not self.elsewhere
        return bool(nearer) and self.after(self.acks[0].time) >= MIN_REPEATS


def answers(facts: Facts) -> list[list[Answer]]:
    """Of each call, the final responses to its INVITEs."""
    return facts.once(_of_calls)


def _of_calls(facts: Facts) -> list[list[Answer]]:
    return [_of(facts, number, call) if call.kind == "call" else [] for number, call in enumerate(facts.calls)]


def _of(facts: Facts, number: int, call: Call) -> list[Answer]:
    accepting: dict[Key, list[Message]] = {}
    refusing: dict[tuple[object, ...], Answer] = {}
    for each in transactions(facts)[number]:
        for response in each.responses if each.method == "INVITE" else ():
            if 200 <= (response.status or 0) < 300:
                accepting.setdefault(_key(response), []).append(response)
            elif (response.status or 0) >= 300:
                place = (*hop_of(response), response.branch, response.cseq)
                refusing.setdefault(place, Answer([])).sent.append(response)
    seen = {(message.src, message.dst) for message in call.messages}
    found = {key: answer for key, sent in accepting.items() if (answer := _nearest(sent, seen))}
    refused = [answer for answer in refusing.values() if (answer.first.dst, answer.first.src) in seen]
    asked = [each for each in transactions(facts)[number] if each.method == "INVITE"]
    unanswered = {each.requests[0].cseq for each in asked if each.final is None}
    left = _match(call, found, accepting, refused)
    _guess([ack for ack in left if ack.cseq not in unanswered], found)
    _end(facts, call, found)
    return [*found.values(), *refused]


def _nearest(sent: Sequence[Message], seen: set[tuple[str, str]]) -> Answer | None:
    """A 2xx on the hop nearest to its sender of those on which the way back was captured, too."""
    nearest = next((each for each in sent if (each.dst, each.src) in seen), None)
    if nearest is None:
        return None
    contacts = dict.fromkeys(filter(None, map(contact_of, sent[:MAX_PLACES])))
    return Answer([each for each in sent if hop_of(each) == hop_of(nearest)], contacts)


def _match(
    call: Call, accepted: dict[Key, Answer], accepting: dict[Key, list[Message]], refused: list[Answer]
) -> list[Message]:
    """Give each ACK to what it acknowledges; gives back what acknowledges nothing."""
    branches = {(answer.first.dst, answer.first.branch, answer.first.cseq): answer for answer in refused}
    hops = {(answer.first.dst, answer.first.src, answer.first.cseq): answer for answer in refused}
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
            (left if answer is None or answer.first.to_tag != ack.to_tag else answer.others).append(ack)
    return left


def _guess(left: Sequence[Message], accepted: dict[Key, Answer]) -> None:
    """Give ACKs that acknowledge nothing to the 2xx that they may have been meant for: of their tags, or their CSeq."""
    alike: dict[tuple[object, ...], list[Message]] = defaultdict(list)
    for ack in left:
        alike[ack.from_tag, ack.to_tag].append(ack)
        alike[(ack.cseq,)].append(ack)
    for (cseq, ours, theirs), answer in accepted.items():
        like = alike[ours, theirs][:MAX_PLACES] or alike[(cseq,)][:MAX_PLACES]
        answer.others = [ack for ack in like if ack.time >= answer.first.time]


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


def _misfit(answer: Answer) -> tuple[list[Message], str] | None:
    """ACKs that cannot be taken for that of a response, and what of them does not fit; it was not taken, either."""
    response, wrong = answer.first, answer.elsewhere if answer.acks else answer.others
    if not wrong or not (answer.after(wrong[0].time) >= MIN_REPEATS or answer.given_up):
        return None
    ack = wrong[0]
    if answer.acks:
        said = f"its Request-URI {shown(ack.uri or '')} is not the Contact {shown(next(iter(answer.contacts)))}"
    elif not answer.accepts:
        said = f"its branch {shown(ack.branch or '')} is not that of the INVITE {shown(response.branch or '')}"
    else:
        pairs = (
            ("CSeq", str(ack.cseq), str(response.cseq)), ("From tag", ack.from_tag, response.from_tag),
            ("To tag", ack.to_tag, response.to_tag),
        )
        said = ", ".join(f"its {name} is {_shown(one)} and not {_shown(two)}" for name, one, two in pairs if one != two)
    return wrong, said


def _end_of(answer: Answer) -> str:
    """How the call ended for want of the ACK."""
    return f", then BYE with Reason {answer.reason}" if answer.given_up and answer.reason else ""


def _shown(text: str | None) -> str:
    return "missing" if text is None else text if text.isdigit() else shown(text)


@rule(
    "ack-mismatch", "error", "An ACK does not fit the answer",
    confirm_seconds=UNANSWERED_SECONDS,
    why="Who answered does not take it for the ACK: it repeats its answer and ends the call after 32 seconds.",
    fix="The ACK must bear the CSeq number of the INVITE and both tags of the answer, and go to the Contact of the 2xx "
    "through its Record-Route; look at the sender of the ACK, and at what rewrites Contact and Record-Route.",
)
def ack_mismatch(facts: Facts) -> Iterator[Found]:
    for number, found in enumerate(answers(facts)):
        for answer in found:
            if misfit := _misfit(answer):
                wrong, said = misfit
                times = f"sent {answer.again + 1} times{_end_of(answer)}"
                what = f"the ACK to {of(answer.first)} does not fit: {said}; {times}"
                places = [message.place for message in (answer.first, *wrong)]
                yield Found(what, places, number, time=wrong[0].time)


@rule(
    "ack-missing", "error", "The answer was never acknowledged",
    confirm_seconds=UNANSWERED_SECONDS,
    why="Without ACK the callee repeats its 200 OK and hangs up after 32 seconds.",
    fix="Look at the Contact of the 200 OK: the ACK goes there, often to a private address or through a lost route.",
)
def ack_missing(facts: Facts) -> Iterator[Found]:
    for number, found in enumerate(answers(facts)):
        for answer in found:
            if answer.lost:
                yield _lost(answer, number)
            elif answer.acks or answer.others or (not answer.accepts and answer.again < MIN_REPEATS):
                # An ACK that does not fit is told as such, if it was not taken.
                continue
            elif answer.again >= MIN_REPEATS or facts.end - answer.first.time >= MIN_WAIT_SECONDS:
                missing = unheard(f"no ACK to {of(answer.first)}", answer.again, answer.sent, number, answer.stopped)
                missing = replace(missing, what=missing.what + _end_of(answer))
                yield missing if answer.accepts else replace(missing, severity="warning")


def _lost(answer: Answer, number: int) -> Found:
    """An ACK that was captured on its way to the sender of the 2xx and does not arrive there."""
    src, ack = endpoint(answer.first.src, answer.first.sport), answer.acks[0]
    what = f"no ACK to {of(answer.first)} reaches {src}, sent {answer.again + 1} times"
    came = f"{what}: it comes to {endpoint(ack.dst, ack.dport)} only"
    return Found(came, [message.place for message in answer.sent], number)


@rule(
    "answer-repeated", "warning", "The 200 OK had to be sent several times",
    why="Its sender did not get the ACK in time: the answer or the ACK was lost on the way.",
    fix="Compare both ends of the path; loss of signalling usually means loss of media too. Where an ACK follows each "
    "of them, it is lost behind this place.",
)
def answer_repeated(facts: Facts) -> Iterator[Found]:
    for number, found in enumerate(answers(facts)):
        for answer in found:
            if answer.accepts and answer.again >= MIN_REPEATS and answer.acks and not (answer.lost or _misfit(answer)):
                later = answer.after(answer.acks[0].time)
                behind = f", {later} times after the first ACK" if later >= MIN_REPEATS else ""
                again = [message.place for message in answer.sent if message.retransmission]
                yield Found(f"{answer.first.summary} was sent {answer.again + 1} times{behind}", again, number)


RULES = (ack_mismatch, ack_missing, answer_repeated)
