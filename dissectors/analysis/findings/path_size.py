"""Rules about the size of signalling on its path (RFC 3261 section 18.1.1)."""

from __future__ import annotations

from collections.abc import Iterator

from dissectors.analysis import size
from dissectors.analysis.findings.rule import Facts, Found, of, rule
from dissectors.analysis.report import Message


def _sent(facts: Facts) -> Iterator[tuple[int, Message]]:
    for number, call in enumerate(facts.calls):
        for message in call.messages:
            if not message.retransmission:
                yield number, message


@rule(
    "message-large", "warning", "A request is larger than UDP should carry",
    why="A request over 1300 octets must not go over UDP where the path's MTU is unknown (RFC 3261 section 18.1.1): "
    "more and more paths lose datagrams from there on.",
    fix="Offer fewer codecs and candidates, write compact headers, compress the body, or signal over TCP.",
)  # fmt: skip
def message_large(facts: Facts) -> Iterator[Found]:
    for number, message in _sent(facts):
        if message.status is None and message.length > size.LARGEST_REQUEST and not size.fragmented(message):
            share = size.failing(message.length)
            what = f"{of(message)}: {message.length:,} octets; {share:g} % of paths let none of that size through"
            yield Found(what, (message.place,), number)


@rule(
    "message-fragmented", "warning", "A message does not fit into one packet",
    why="It travels as IP fragments: the loss of any is the loss of all, and many firewalls and NATs drop fragments.",
    fix="Make it smaller (compact headers, compressed body, fewer codecs and candidates) or signal over TCP.",
)  # fmt: skip
def message_fragmented(facts: Facts) -> Iterator[Found]:
    for number, message in _sent(facts):
        if size.fragmented(message):
            share = size.failing(message.length)
            what = f"{of(message)}: {message.length:,} octets; {share:g} % of paths let none of that size through"
            yield Found(what, (message.place,), number)


@rule(
    "message-kept-small", "note", "Compression keeps a message below a limit of the path",
    why="With its body inflated and long headers it would cross that limit; so it gets through more paths.",
    fix="Nothing.",
)  # fmt: skip
def message_kept_small(facts: Facts) -> Iterator[Found]:
    for number, message in _sent(facts):
        sizes = message.sizes
        if sizes is None or sizes.long == sizes.sent:
            continue
        limits = (size.LARGEST_REQUEST, size.IPV6_MINIMUM - size.IPV6_UDP, size.ETHERNET - size.IPV4_UDP)
        crossed = [limit for limit in sorted(limits) if sizes.sent <= limit < sizes.long]
        if crossed:
            what = f"{of(message)}: {sizes.sent:,} octets instead of {sizes.long:,}, the limit is {crossed[-1]:,}"
            yield Found(what, (message.place,), number)


RULES = (message_fragmented, message_large, message_kept_small)
