"""SIP messages as the report tells them: what they say, what they weigh, and as much of their bodies as is kept."""

from __future__ import annotations

from functools import lru_cache
from sys import getsizeof
from typing import NamedTuple

from dissectors.limits.budget import Budget
from dissectors.protocols import sip
from dissectors.protocols.sip_headers import canonical
from dissectors.report import Body, Deviation, Message, Place, Sizes
from dissectors.wire.datagram import Datagram

MAX_REMEMBERED_NAMES = 256
"""How many sequences of header names are remembered."""

MAX_HEADERS = 128
MAX_TEXT_OCTETS = 1 << 16
"""Octets of one body that are kept."""


def to_report(
    datagram: Datagram, message: sip.Message, identity: sip.Identity, again: bool, body: Body | None, side: str,
    agent: str | None,
) -> Message:
    """The value of the report; `again` says that the same hop carried it before, `agent` is its User-Agent."""
    flow, method = datagram.flow, identity.method or ""
    summary = method if message.is_request else f"{message.status} {message.reason or ''}".strip()
    names = _names(tuple([written for _, _, written, recovered in message.headers if not recovered]))
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
        cseq=identity.sequence,
        summary=summary,
        compact=names.compact > 0,
        retransmission=again,
        user_agent=agent,
        body=body,
        deviations=tuple([Deviation(each.kind, each.text) for each in message.deviations]),
        side=side,
        headers=names.written[:MAX_HEADERS],
        sizes=_sizes(datagram.length, message, names),
        uri=message.uri,
        to_tag=identity.to_tag,
    )


def body(message: sip.Message, texts: Budget) -> tuple[Body | None, int]:
    """A message's body, and how many octets of `texts` it took; its text is empty where these were spent."""
    if not message.raw_body and not message.body.octets:
        return None, 0
    inflated = message.body
    text = inflated.octets[:MAX_TEXT_OCTETS].decode("utf-8", "replace")
    taken = texts.take(getsizeof(text)) if text else 0
    found = Body(
        content_type=message.content_type,
        compressed_length=inflated.compressed_length,
        inflated_length=inflated.inflated_length,
        encoding=inflated.encoding,
        label=inflated.label,
        status=inflated.status,
        text=text if taken else "",
        deviations=inflated.deviations,
    )
    return found, taken


class Names(NamedTuple):
    """The header names of a message as they were written, how many are compact, and what long ones would add."""

    written: tuple[str, ...]
    compact: int
    longer: int


@lru_cache(MAX_REMEMBERED_NAMES)
def _names_again(written: tuple[str, ...]) -> Names:
    short = [name for name in written if len(name) == 1]
    return Names(written, len(short), sum([len(canonical(name)) - 1 for name in short]))


def _names(written: tuple[str, ...]) -> Names:
    """A program writes the same names in the same order again and again: they are kept once."""
    return _names_again(written) if len(written) <= MAX_HEADERS else _names_again.__wrapped__(written)


def _sizes(sent: int, message: sip.Message, names: Names) -> Sizes:
    """What a message of `sent` octets weighs now, with its body inflated, and with long header names besides."""
    inflated, longer = sent, names.longer
    if message.raw_body and message.body.compressed:
        before, after = len(message.raw_body), len(message.body.octets)
        inflated += after - before + len(str(after)) - len(str(before))
        for name, value, written, recovered in message.headers:
            if name == "Content-Encoding" and not recovered:
                inflated -= len(written) + len(value) + len(": \r\n")
                # A label that is gone has no long name either.
                longer -= len(name) - 1 if len(written) == 1 else 0
    return Sizes(sent, inflated, inflated + longer, names.compact)
