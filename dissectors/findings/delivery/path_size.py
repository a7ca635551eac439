"""Rules about the size of signalling on its path (RFC 3261 section 18.1.1)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from dissectors.findings.hosts import neighbours
from dissectors.findings.rule import AT_ONCE, Facts, Found, of, rule
from dissectors.findings.traits import LARGE
from dissectors.report import Call, Message, size
from dissectors.wire.datagram import UDP


def _sent(facts: Facts, wanted: Callable[[Message], object]) -> Iterator[tuple[int, list[Message]]]:
    """Each message with its further hops, the largest first, of each call that has one that is wanted.

    A proxy adds to a message what it needs.
    """
    for number, call in facts.having(LARGE):
        if not any(map(wanted, call.messages)):
            continue
        hops: dict[tuple[str, str, int | None, str | None], list[Message]] = {}
        for message in call.messages:
            if not message.retransmission and message.transport == UDP:
                hops.setdefault((message.side, of(message), message.cseq, message.to_tag), []).append(message)
        for messages in hops.values():
            yield number, sorted(messages, key=lambda message: -message.length)


def _too_large(facts: Facts, too_large: Callable[[Message], bool]) -> Iterator[Found]:
    for number, messages in _sent(facts, too_large):
        large = list(filter(too_large, messages))
        if large:
            what = f"{of(large[0])}: {large[0].length:,} bytes"
            if not all(map(_is_local, large)):
                what += f"; {size.failing(large[0].length):g} % of paths let none of that size through"
            arrived = _arrived(facts.calls[number])
            harmless = all((message.branch, message.cseq) in arrived or _is_local(message) for message in large)
            yield Found(
                what, [message.place for message in large], number, severity="note" if harmless else None
            )


def _arrived(call: Call) -> set[tuple[str | None, int | None]]:
    """Branch and number of the requests that were answered, and of the responses that an ACK answers.

    An ACK has no answer: it came where the response that it answers was not sent again behind it.
    """
    responses = {(message.branch, message.cseq) for message in call.messages if message.status is not None}
    acknowledged = {message.cseq for message in call.messages if message.method == "ACK" and message.status is None}
    requests = {
        (message.branch, message.cseq) for message in call.messages
        if message.status is None and (message.branch, message.cseq) in responses
    }
    final = {
        (message.branch, message.cseq) for message in call.messages
        if (message.status or 0) >= 200 and message.method == "INVITE" and message.cseq in acknowledged
    }
    repeated = {
        message.cseq: message.time for message in call.messages
        if (message.status or 0) >= 200 and message.method == "INVITE" and message.retransmission
    }
    acks = {
        (message.branch, message.cseq) for message in call.messages
        if message.method == "ACK" and message.status is None and message.time > repeated.get(message.cseq, 0.0)
    }
    return requests | final | acks


def _is_local(message: Message) -> bool:
    """Whether a message stays within one network: others may be joined by tunnels, which hold less."""
    return neighbours(message.src, message.dst)


@rule(
    "message-large", "warning", "A request is larger than UDP should carry",
    confirm_seconds=AT_ONCE,
    why="A request over 1300 bytes must not go over UDP if the MTU of the path is unknown (RFC 3261 section 18.1.1): "
    "from there on, more and more paths lose datagrams.",
    fix="Offer fewer codecs and candidates, write compact headers, compress the body, or signal over TCP.",
)
def message_large(facts: Facts) -> Iterator[Found]:
    def too_large(message: Message) -> bool:
        return message.status is None and message.length > size.LARGEST_REQUEST and not size.fragmented(message)

    return _too_large(facts, too_large)


@rule(
    "message-fragmented", "warning", "A message does not fit into one packet",
    confirm_seconds=AT_ONCE,
    why="On Ethernet it travels as IP fragments. If one fragment is lost, all is lost, and many firewalls and NATs "
    "drop fragments.",
    fix="Make it smaller (compact headers, compressed body, fewer codecs and candidates) or signal over TCP.",
)
def message_fragmented(facts: Facts) -> Iterator[Found]:
    return _too_large(facts, size.fragmented)


@rule(
    "message-kept-small", "note", "Compression keeps a message below a limit of the path",
    confirm_seconds=AT_ONCE,
    why="With its body inflated and long headers it would cross that limit. So it gets through more paths.",
    fix="Nothing.",
)
def message_kept_small(facts: Facts) -> Iterator[Found]:
    for number, messages in _sent(facts, _avoided):
        for message in messages:
            crossed = _avoided(message)
            if crossed:
                plain, limit = crossed
                what = f"{of(message)}: {message.length:,} bytes instead of {plain:,}, the limit is {limit:,}"
                yield Found(what, [message.place for message in messages if _avoided(message)], number)
                break


def _avoided(message: Message) -> tuple[int, int] | None:
    """What a message would weigh plain, and the limit that this would cross and that it keeps."""
    sizes = message.sizes
    if sizes is None or sizes.long <= sizes.sent:
        return None
    limits = (size.LARGEST_REQUEST, size.SMALLEST, size.ETHERNET - size.overhead(message))
    crossed = max([limit for limit in limits if sizes.sent <= limit < sizes.long], default=None)
    return None if crossed is None else (sizes.long, crossed)


RULES = (message_fragmented, message_large, message_kept_small)
