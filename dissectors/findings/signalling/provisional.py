"""Rules about reliable provisional responses, which are repeated until a PRACK acknowledges them (RFC 3262)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from dissectors.findings.rule import AT_ONCE, MAX_PLACES, UNANSWERED_SECONDS, Facts, Found, counted, of, rule
from dissectors.findings.signalling.exchanges import MIN_REPEATS
from dissectors.findings.transactions import Transaction, hop_of, transactions
from dissectors.protocols.sip_headers import number as number_of
from dissectors.protocols.sip_headers import shown
from dissectors.report import Call, Message, Place
from dissectors.wire.values import Struct, field

MARGIN_SECONDS = 0.2
"""What was sent so soon after the answer to a PRACK may have crossed it."""

Key = tuple[int | None, int | None, str | None, str | None]
"""RSeq, the CSeq of the INVITE, and the tags of From and To."""


class Reliable(Struct):
    """A reliable provisional response on the hop nearest to its sender, with its repeats there, and its PRACKs."""

    sent: list[Message]
    pracks: list[Transaction] = field(default_factory=list)
    others: list[Message] = field(default_factory=list)

    @property
    def name(self) -> str:
        return f"{of(self.sent[0])} (RSeq {shown(self.sent[0].header('RSeq') or '')[1:-1]})"

    @property
    def again(self) -> list[Message]:
        return [message for message in self.sent if message.retransmission]


def reliable(facts: Facts) -> dict[int, list[Reliable]]:
    """By the positions of calls, the reliable provisional responses of which the way back was captured, too."""
    return facts.once(_of_calls)


def _of_calls(facts: Facts) -> dict[int, list[Reliable]]:
    return {number: _of(call, transactions(facts)[number]) for number, call in facts.having("RSeq")}


def _of(call: Call, exchanged: list[Transaction]) -> list[Reliable]:
    sent: dict[Key, list[Message]] = defaultdict(list)
    for each in exchanged:
        for response in each.responses if each.method == "INVITE" else ():
            if _reliable(response):
                key = _number(response.header("RSeq")), response.cseq, response.from_tag, response.to_tag
                sent[key].append(response)
    if not sent:
        return []
    seen = {(message.src, message.dst) for message in call.messages}
    found = {key: nearest for key, messages in sent.items() if (nearest := _nearest(messages, seen))}
    _match([each for each in exchanged if each.method == "PRACK"], found)
    return list(found.values())


def _reliable(response: Message) -> bool:
    required = not response.headers or response.has("require")
    return 100 < (response.status or 0) < 200 and required and response.header("RSeq") is not None


def _nearest(sent: list[Message], seen: set[tuple[str, str]]) -> Reliable | None:
    nearest = next((each for each in sent if (each.dst, each.src) in seen), None)
    return Reliable([each for each in sent if hop_of(each) == hop_of(nearest)]) if nearest else None


def _match(pracks: Sequence[Transaction], found: dict[Key, Reliable]) -> None:
    """Give each PRACK to what it acknowledges, or else to what it is like in its RAck, or in its tags."""
    alike: dict[tuple[object, ...], list[Message]] = defaultdict(list)
    for prack in pracks:
        asked = prack.requests[0]
        named = (asked.header("RAck") or "").split()
        rack = (_number(named[0]), _number(named[1])) if len(named) == 3 else (None, None)
        fits = found.get((*rack, asked.from_tag, asked.to_tag))
        if fits is not None:
            fits.pracks.append(prack)
        else:
            alike["RAck", rack].append(asked)
            alike["tags", (asked.from_tag, asked.to_tag)].append(asked)
    for key, each in found.items():
        each.others = (alike["RAck", key[:2]] or alike["tags", key[2:]])[:MAX_PLACES]


def _number(text: str | None) -> int | None:
    return number_of((text or "").strip())


@rule(
    "prack-missing", "warning", "A reliable provisional response was never acknowledged",
    confirm_seconds=UNANSWERED_SECONDS, absence="answer",
    why="Without PRACK the callee repeats the response, and gives up the call after 32 seconds (RFC 3262 section 3).",
    fix="See whether the caller sends PRACK, whether it has the tags of that dialog, names RSeq and CSeq in RAck, "
    "and reaches the callee. Where the INVITE does not name 100rel in Supported or Require, the callee must not send "
    "such a response. Else let the caller not offer it.",
)
def prack_missing(facts: Facts) -> Iterator[Found]:
    for number, found in reliable(facts).items():
        for each in found:
            if not each.pracks and len(each.again) >= MIN_REPEATS:
                what = f"no PRACK to {each.name}, sent {len(each.again) + 1} times{_misfit(each)}"
                yield Found(what, [message.place for message in (*each.sent, *each.others)], number)


def misfits(facts: Facts) -> dict[int, dict[Place, str]]:
    """By call, the PRACKs that fit no response, with what of them does not fit that for which they were meant."""
    return facts.once(_misfits)


def _misfits(facts: Facts) -> dict[int, dict[Place, str]]:
    return {
        number: {
            prack.place: f": {_wrong(each.sent[0], prack)}"
            for each in found if not each.pracks for prack in each.others
        }
        for number, found in reliable(facts).items()
    }


def _misfit(missing: Reliable) -> str:
    """What of a PRACK does not fit the response for which it may have been meant."""
    return f"; a PRACK does not fit: {_wrong(missing.sent[0], missing.others[0])}" if missing.others else ""


def _wrong(response: Message, prack: Message) -> str:
    rack = f"{shown(response.header('RSeq') or '')[1:-1]} {response.cseq} INVITE"
    pairs = (
        ("RAck", prack.header("RAck"), rack), ("From tag", prack.from_tag, response.from_tag),
        ("To tag", prack.to_tag, response.to_tag),
    )
    return ", ".join(
        f"its {name} is {shown(one or '')} and not {shown(two or '')}" for name, one, two in pairs if one != two
    )


@rule(
    "prack-ignored", "warning", "A response is sent again although its PRACK was answered",
    confirm_seconds=AT_ONCE,
    why="The callee answers the PRACK but does not accept it for its response: it will give up the call.",
    fix="Look at the callee: it must stop repeating a response as soon as a PRACK with its RSeq has come.",
)
def prack_ignored(facts: Facts) -> Iterator[Found]:
    for number, found in reliable(facts).items():
        for each in found:
            answers = (answer for prack in each.pracks if (answer := _answer(each, prack)))
            answer = next(answers, None)
            later = [m for m in each.again if answer is not None and m.time > answer.time + MARGIN_SECONDS]
            if answer is not None and later:
                what = f"{each.name} was sent {counted(len(later), 'more time')} after {of(answer)}"
                places = [message.place for message in (answer, *later)]
                yield Found(what, places, number, time=later[0].time)


def _answer(sent: Reliable, prack: Transaction) -> Message | None:
    """The 2xx to a PRACK, between the hosts where the response was sent."""
    first = sent.sent[0]
    return next(
        (
            each for each in prack.responses
            if 200 <= (each.status or 0) < 300 and (each.src, each.dst) == (first.src, first.dst)
        ),
        None,
    )


RULES = (prack_missing, prack_ignored)
