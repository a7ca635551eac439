"""SIP messages as the report tells them: what they say, what they weigh, and as much of their bodies as is kept."""

from __future__ import annotations

from functools import lru_cache
from sys import getsizeof

from dissectors.analysis.calls.repeats import COPY, FIRST, Again
from dissectors.limits.budget import Bounds
from dissectors.limits.texts import MAX_NAME_LENGTH, Held, shortened
from dissectors.protocols import sip, sip_reason
from dissectors.protocols.sip_headers import canonical
from dissectors.report import Body, Deviation, Header, Message, Place, Sizes
from dissectors.wire.datagram import Datagram
from dissectors.wire.masking import masked, masked_value
from dissectors.wire.values import Struct

MAX_REMEMBERED_NAMES = 256
"""How many sequences of header names are remembered."""

MAX_REMEMBERED_SIZES = 2048

MAX_REMEMBERED_OCTETS = 8192
"""Octets of a message beyond which its header names are not remembered."""

MAX_HEADERS = 128
MAX_HEADER_NAME_LENGTH = 64
MAX_TEXT_OCTETS = 1 << 16
"""Octets of one body that are kept."""

DECIDING = (
    "Reason", "Warning", "Retry-After", "Min-SE", "Session-Expires", "Min-Expires", "Expires", "Contact", "Route",
    "RSeq", "RAck", "Refer-To", "Refer-Sub", "Subscription-State", "Diversion", "History-Info", "P-Asserted-Identity",
    "X-CID", "Session-ID", "P-Charging-Vector", "Event", "WWW-Authenticate", "Proxy-Authenticate",
)
"""The headers whose values decide what becomes of a call, or name what it belongs to."""

WORDED = ("Reason", "Warning")
"""Those that say in numbers what has a name; all of their values count."""

HEADER_OCTETS = 48
"""What a header takes beside its name and its value."""


def identity_of(message: sip.Message) -> sip.Identity:
    """What tells calls, dialogs and transactions apart, however long the sender made it."""
    identity = message.identity()
    call_id, ours, theirs = identity.call_id, identity.from_tag, identity.to_tag
    method, branch = identity.method, identity.branch
    # What is short together is short each.
    together = len(call_id or "") + len(ours or "") + len(theirs or "") + len(method or "") + len(branch or "")
    if together <= MAX_NAME_LENGTH:
        return identity
    return sip.Identity(
        shortened(call_id), shortened(ours), shortened(theirs), identity.sequence, shortened(method), shortened(branch)
    )


def to_report(
    datagram: Datagram, message: sip.Message, identity: sip.Identity, again: Again, side: str, agent: str | None,
    held: Held, bounds: Bounds,
) -> Message:
    """The value of the report; `again` says whether the same hop carried it before, `agent` is its User-Agent."""
    flow, method = datagram.flow, identity.method or ""
    summary = message.written or (method if message.is_request else f"{message.status} {message.reason or ''}".strip())
    written = tuple([written for _, _, written, recovered in message.headers if not recovered])
    names = (_names_again if datagram.length <= MAX_REMEMBERED_OCTETS else _names)(written)
    if names.lost:
        bounds.hit("header names", names.lost)
    deviations = tuple([Deviation(each.kind, each.text) for each in message.deviations])
    asked, said, reason, program, uri, to_tag, from_tag, branch = held.texts(
        method, summary, message.reason, agent, shown(message.uri, held), identity.to_tag, identity.from_tag,
        identity.branch,
    )
    return Message(
        place=Place(datagram.file, datagram.frame),
        time=datagram.time / 1e9,
        src=flow.src,
        sport=flow.sport,
        dst=flow.dst,
        dport=flow.dport,
        length=datagram.length,
        method=asked or "",
        status=message.status,
        reason=reason,
        cseq=identity.sequence,
        summary=said or "",
        compact=names.compact > 0,
        retransmission=again is not FIRST,
        user_agent=program,
        body=_body(message, held),
        deviations=deviations and (held.value(deviations, _weight(deviations)) or ()),
        side=side,
        headers=held.value(names.written, names.octets) or (),
        sizes=_sizes(datagram.length, message, names),
        uri=uri,
        to_tag=to_tag,
        from_tag=from_tag,
        branch=branch,
        deciding=_deciding(message, names, held),
        credentials=has_credentials(message),
        copy=again is COPY,
        transport=flow.transport,
        signalling=message.signalling,
    )


def shown(text: str | None, held: Held) -> str | None:
    """A header's value or an address without the secrets in it, unless these are kept."""
    return text if text is None or held.secrets else masked_value(text)


def has_credentials(message: sip.Message) -> bool:
    """Whether a request answers a challenge (RFC 3261 section 22)."""
    return "Authorization" in message.first or "Proxy-Authorization" in message.first


def _deciding(message: sip.Message, names: Names, held: Held) -> tuple[Header, ...]:
    first = message.first
    # Of what was compressed, or stands for another protocol, the names say less than there is.
    told = names.deciding if 0 < names.count == len(message.headers) else DECIDING
    found = tuple([
        Header(name, held.text(shown(first[name], held)) or "", _meaning(message, name, held))
        for name in told if name in first
    ])
    return found and (held.value(found, getsizeof(found) + len(found) * HEADER_OCTETS) or ())


def _meaning(message: sip.Message, name: str, held: Held) -> str:
    return held.text(sip_reason.meaning(name, message.all(name))) or "" if name in WORDED else ""


def _body(message: sip.Message, held: Held) -> Body | None:
    """A message's body; its text is empty where there is no room for it."""
    if not message.raw_body and not message.body.octets:
        return None
    inflated = message.body
    octets = inflated.octets[:MAX_TEXT_OCTETS]
    return Body(
        content_type=held.text(message.content_type),
        compressed_length=inflated.compressed_length,
        inflated_length=inflated.inflated_length,
        encoding=inflated.encoding,
        label=held.text(inflated.label),
        status=inflated.status,
        text=held.whole((octets if held.secrets else masked(octets)).decode("utf-8", "replace")),
        deviations=inflated.deviations,
    )


def _weight(deviations: tuple[Deviation, ...]) -> int:
    """The octets that deviations take."""
    return getsizeof(deviations) + sum([getsizeof(each) + getsizeof(each.text) for each in deviations])


class Names(Struct, frozen=True):
    """The header names of a message, how many are compact, and what long ones would add.

    `written` is as many as are kept of all that `count` says, as they were written; `lost` of them were left out or
    cut. `octets` is what they take. `deciding` are those of them that may be told with their values.
    """

    written: tuple[str, ...]
    compact: int
    longer: int
    lost: int
    octets: int
    count: int
    deciding: tuple[str, ...]


def _names(written: tuple[str, ...]) -> Names:
    short = [name for name in written if len(name) == 1]
    kept = tuple([_cut(name) for name in written[:MAX_HEADERS]])
    lost = len(written) - len(kept) + sum([len(name) > MAX_HEADER_NAME_LENGTH for name in written[:MAX_HEADERS]])
    octets = getsizeof(kept) + sum(map(getsizeof, kept))
    long = frozenset(map(canonical, written))
    deciding = tuple([name for name in DECIDING if name in long])
    longer = sum([len(canonical(name)) - 1 for name in short])
    return Names(kept, len(short), longer, lost, octets, len(written), deciding)


def _cut(name: str) -> str:
    return name if len(name) <= MAX_HEADER_NAME_LENGTH else name[: MAX_HEADER_NAME_LENGTH - 1] + "…"


_names_again = lru_cache(MAX_REMEMBERED_NAMES)(_names)
"""A program writes the same names in the same order again and again: they are kept once."""


def _sizes(sent: int, message: sip.Message, names: Names) -> Sizes:
    """What a message of `sent` octets weighs now, with its body inflated, and with long header names besides."""
    inflated, longer = sent, names.longer
    if not names.compact and not message.body.compressed:
        return _plain_sizes(sent)
    if message.raw_body and message.body.compressed:
        before, after = len(message.raw_body), len(message.body.octets)
        inflated += after - before + len(str(after)) - len(str(before))
        for name, value, written, recovered in message.headers:
            if name == "Content-Encoding" and not recovered:
                inflated -= len(written) + len(value) + len(": \r\n")
                # A label that is gone has no long name either.
                longer -= len(name) - 1 if len(written) == 1 else 0
    return Sizes(sent, inflated, inflated + longer, names.compact)


@lru_cache(MAX_REMEMBERED_SIZES)
def _plain_sizes(sent: int) -> Sizes:
    """Those of a message that is written in full: there are a few, in messages without number."""
    return Sizes(sent, sent, sent, 0)
