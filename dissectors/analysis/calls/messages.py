"""SIP messages as the report tells them: what they say, what they weigh, and as much of their bodies as is kept."""

from __future__ import annotations

from functools import lru_cache
from sys import getsizeof

from dissectors.analysis.calls.carried import Carried
from dissectors.analysis.calls.repeats import COPY, FIRST, Again
from dissectors.limits.budget import Bounds
from dissectors.limits.remembered import Remembered
from dissectors.limits.texts import Held
from dissectors.protocols import sip, sip_reason
from dissectors.protocols.sip_headers import canonical
from dissectors.protocols.sip_parts import media_type
from dissectors.report import Body, Deviation, Header, Message, Sizes
from dissectors.wire.inflate import NOTHING
from dissectors.wire.masking import masked, masked_value

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

EMPTY_TUPLE_OCTETS, POINTER_OCTETS = getsizeof(()), getsizeof((None,)) - getsizeof(())
"""What a tuple takes, and what each value in it adds."""


def to_report(
    carried: Carried, again: Again, side: str, agent: str | None, held: Held, bounds: Bounds
) -> Message:
    """The value of the report; `again` says whether the same hop carried it before, `agent` is its User-Agent."""
    first, status, reason, identity = carried.first, carried.status, carried.reason, carried.identity
    length, method, words = carried.length, identity.method or "", carried.words
    src, sport, dst, dport, _, transport = carried.flow
    names = _names_of(carried.names, length)
    if names.lost:
        bounds.hit("header names", names.lost)
    deviations = carried.deviations
    asked = held.text(method)
    said = held.text(words or (method if status is None else f"{status} {reason or ''}".strip()))
    reason, program, uri = held.text(reason), held.text(agent), held.text(shown(carried.uri, held))
    to_tag, from_tag, branch = held.text(identity.to_tag), held.text(identity.from_tag), held.text(identity.branch)
    sizes = _sizes(carried, names)
    # In the order of its fields: to name so many costs more than all that is in them. The length is one number for all.
    return Message(
        carried.place, carried.seconds, src, sport, dst, dport, sizes.sent, asked or "", status,
        reason, identity.sequence, said or "", names.compact > 0, again is not FIRST, program,
        _body(carried, held), _deviations(deviations, held) if deviations else (), side,
        held.value(names.written, names.octets) or (), sizes, uri, to_tag, from_tag, branch,
        _deciding(carried, names, held), has_credentials(first), again is COPY, transport,
        carried.signalling,
    )


def shown(text: str | None, held: Held) -> str | None:
    """A header's value or an address without the secrets in it, unless these are kept."""
    return text if text is None or held.secrets else masked_value(text)


def has_credentials(first: dict[str, str]) -> bool:
    """Whether a request answers a challenge (RFC 3261 section 22), by the first values of its headers."""
    return "Authorization" in first or "Proxy-Authorization" in first


def _deciding(carried: Carried, names: Names, held: Held) -> tuple[Header, ...]:
    first = carried.first
    # Of what was compressed, or stands for another protocol, the names say less than there is.
    told = names.deciding if 0 < names.count == len(carried.headers) else DECIDING
    if not told:
        return ()
    message = carried.message
    found = tuple([
        Header(name, held.text(shown(first[name], held)) or "", _meaning(message, name, held) if name in WORDED else "")
        for name in told if name in first
    ])
    return held.value(found, EMPTY_TUPLE_OCTETS + len(found) * (POINTER_OCTETS + HEADER_OCTETS)) or () if found else ()


def _meaning(message: sip.Message, name: str, held: Held) -> str:
    return held.text(sip_reason.meaning(name, message.all(name))) or ""


def _body(carried: Carried, held: Held) -> Body | None:
    """A message's body; its text is empty where there is no room for it."""
    inflated = carried.body
    octets = inflated.octets
    if not octets and not carried.raw_body:
        return None
    octets = octets[:MAX_TEXT_OCTETS]
    return Body(
        held.text(media_type(carried.first.get("Content-Type"))), inflated.compressed_length, inflated.inflated_length,
        inflated.encoding, held.text(inflated.label), inflated.status,
        held.whole((octets if held.secrets else masked(octets)).decode("utf-8", "replace")), inflated.deviations,
    )


def _deviations(deviations: tuple[sip.Deviation, ...], held: Held) -> tuple[Deviation, ...]:
    told = tuple([Deviation(each.kind, each.text) for each in deviations])
    octets = getsizeof(told) + sum([getsizeof(each) + getsizeof(each.text) for each in told])
    return held.value(told, octets) or ()


class Names:
    """The header names of a message, how many are compact, and what long ones would add.

    `written` is as many as are kept of all that `count` says, as they were written; `lost` of them were left out or
    cut. `octets` is what they take. `deciding` are those of them that may be told with their values.
    """

    __slots__ = ("compact", "count", "deciding", "longer", "lost", "octets", "written")

    def __init__(
        self, written: tuple[str, ...], compact: int, longer: int, lost: int, octets: int, count: int,
        deciding: tuple[str, ...],
    ) -> None:
        self.written, self.deciding = written, deciding
        self.compact, self.longer, self.lost = compact, longer, lost
        self.octets, self.count = octets, count


def _names_of(written: tuple[str, ...], length: int) -> Names:
    """Those of a message of so many octets, but for headers that were compressed."""
    found: Names = _remembered_names.recall(written) if length <= MAX_REMEMBERED_OCTETS else _names(written)
    return found


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


_remembered_names = Remembered(_names)
"""A program writes the same names in the same order again and again: they are kept once."""


def _sizes(carried: Carried, names: Names) -> Sizes:
    """What a message weighs now, with its body inflated, and with long header names besides."""
    sent = carried.length
    inflated, longer, body = sent, names.longer, carried.body
    compressed = body is not NOTHING and body.compressed
    if not compressed:
        return _known_sizes(sent, sent + longer, names.compact)
    if carried.raw_body:
        before, after = len(carried.raw_body), len(body.octets)
        inflated += after - before + len(str(after)) - len(str(before))
        for header in carried.headers:
            if header.name == "Content-Encoding" and not header.recovered:
                name, value, written, _ = header
                inflated -= len(written) + len(value) + len(": \r\n")
                # A label that is gone has no long name either.
                longer -= len(name) - 1 if len(written) == 1 else 0
    return Sizes(sent, inflated, inflated + longer, names.compact)


@lru_cache(MAX_REMEMBERED_SIZES)
def _known_sizes(sent: int, long: int, compact: int) -> Sizes:
    """Those of a message without compression: there are a few, in messages without number."""
    return Sizes(sent, sent, long, compact)
