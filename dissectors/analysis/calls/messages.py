"""SIP messages as the report tells them: what they say, what they weigh, and as much of their bodies as is kept."""

from __future__ import annotations

from sys import getsizeof

from dissectors.analysis.calls.carried import Carried
from dissectors.analysis.calls.repeats import COPY, FIRST, Again
from dissectors.limits.budget import Bounds
from dissectors.limits.remembered import MAX_TEXT_LENGTH, Remembered
from dissectors.limits.texts import Held
from dissectors.protocols import sip, sip_reason
from dissectors.protocols.sip_headers import canonical
from dissectors.protocols.sip_parts import media_type
from dissectors.report import Body, Deviation, Header, Message, Sizes
from dissectors.wire.inflate import NOTHING
from dissectors.wire.masking import masked, masked_value, may_hide
from dissectors.wire.values import astuple

MAX_REMEMBERED_SIZES, MAX_REMEMBERED_REASON = 16, 64
"""Sizes that are remembered of messages with the same names, and characters of a reason phrase that is."""

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

METHODS = {method: method for method in sip.METHODS}
"""Each as one text, however often it is said."""

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
    length, method, said = carried.length, identity.method or "", carried.words
    method = METHODS.get(method, method)
    if not said:
        said = method
        if status is not None:
            reason, said = _answer(status, reason)
    src, sport, dst, dport, _, transport = carried.flow
    names = _names_of(carried.names, length)
    if names.lost:
        bounds.hit("header names", names.lost)
    deviations = carried.deviations
    asked, said = held.text(method), held.text(said)
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


def _answer(status: int, reason: str | None) -> tuple[str | None, str]:
    """The reason phrase of a response, and both in one, each as one text however often it is said."""
    said: tuple[str | None, str]
    short = reason is None or len(reason) <= MAX_REMEMBERED_REASON
    said = _answers.recall((status, reason)) if short else _told((status, reason))
    return said


def _told(answer: tuple[int, str | None]) -> tuple[str | None, str]:
    status, reason = answer
    return reason, f"{status} {reason or ''}".strip()


_answers = Remembered(_told)


def shown(text: str | None, held: Held) -> str | None:
    """A header's value or an address without the secrets in it, unless these are kept."""
    return text if text is None or held.secrets else masked_value(text)


def has_credentials(first: dict[str, str]) -> bool:
    """Whether a request answers a challenge (RFC 3261 section 22), by the first values of its headers."""
    return "Authorization" in first or "Proxy-Authorization" in first


def _deciding(carried: Carried, names: Names, held: Held) -> tuple[Header, ...]:
    first, message = carried.first, carried.message
    # Of what was compressed, or stands for another protocol, the names say less than there is.
    told = names.deciding if 0 < names.count == len(carried.headers) else DECIDING
    if not told:
        return ()
    if told is names.deciding and not names.worded:
        found = _as_known(tuple([first.get(name) for name in told]), told, held)
    else:
        found = tuple([
            Header(
                name, held.text(shown(first[name], held)) or "",
                _meaning(message, name, held) if name in WORDED else "",
            )
            for name in told if name in first
        ])
    return held.value(found, EMPTY_TUPLE_OCTETS + len(found) * (POINTER_OCTETS + HEADER_OCTETS)) or () if found else ()


def _as_known(values: tuple[str | None, ...], told: tuple[str, ...], held: Held) -> tuple[Header, ...]:
    """Headers without a meaning, which a side writes alike in each of its messages."""
    headers: tuple[Header, ...]
    said = told, values, held.secrets
    short = sum([len(value) for value in values if value is not None]) <= MAX_TEXT_LENGTH
    headers, texts = _known_headers.recall(said) if short else _read_headers(said)
    kept = [held.text(text) for text in texts]
    for at in range(len(texts)):
        if kept[at] is not texts[at]:
            return tuple([Header(header.name, text or "") for header, text in zip(headers, kept, strict=True)])
    return headers


def _read_headers(
    said: tuple[tuple[str, ...], tuple[str | None, ...], bool]
) -> tuple[tuple[Header, ...], tuple[str, ...]]:
    """Those with these names and values, and the texts in them."""
    names, values, secrets = said
    found = tuple([
        Header(name, value if secrets else masked_value(value))
        for name, value in zip(names, values, strict=True) if value is not None
    ])
    return found, tuple([header.value for header in found])


_known_headers = Remembered(_read_headers)


def _meaning(message: sip.Message, name: str, held: Held) -> str:
    return held.text(sip_reason.meaning(name, message.all(name))) or ""


def _body(carried: Carried, held: Held) -> Body | None:
    """A message's body; its text is empty where there is no room for it."""
    if carried.body is NOTHING and not carried.raw_body:
        return None
    octets, encoding, label, compressed, inflated, status, deviations, _, _ = astuple(carried.body)
    if not octets and not carried.raw_body:
        return None
    octets = octets[:MAX_TEXT_OCTETS]
    text = octets.decode("utf-8", "replace")
    if not held.secrets and may_hide(text):
        text = masked(octets).decode("utf-8", "replace")
    return Body(
        held.text(media_type(carried.first.get("Content-Type"))), compressed, inflated, encoding, held.text(label),
        status, held.whole(text), deviations,
    )


def _deviations(deviations: tuple[sip.Deviation, ...], held: Held) -> tuple[Deviation, ...]:
    told = tuple([Deviation(each.kind, each.text) for each in deviations])
    octets = getsizeof(told) + sum([getsizeof(each) + getsizeof(each.text) for each in told])
    return held.value(told, octets) or ()


class Names:
    """The header names of a message, how many are compact, and what long ones would add.

    `written` is as many as are kept of all that `count` says, as they were written; `lost` of them were left out or
    cut. `octets` is what they take. `deciding` are those of them that may be told with their values; they are `worded`
    where some may say in numbers what has a name. `labels` are the places of those that name an encoding, and `sizes`
    what messages with these names weigh, by their length.
    """

    __slots__ = ("compact", "count", "deciding", "labels", "longer", "lost", "octets", "sizes", "worded", "written")

    def __init__(
        self, written: tuple[str, ...], compact: int, longer: int, lost: int, octets: int, count: int,
        deciding: tuple[str, ...], labels: tuple[int, ...],
    ) -> None:
        self.written, self.deciding = written, deciding
        self.compact, self.longer, self.lost = compact, longer, lost
        self.octets, self.count, self.labels = octets, count, labels
        self.worded = any([name in WORDED for name in deciding])
        self.sizes: dict[int, Sizes] = {}


def _names_of(written: tuple[str, ...], length: int) -> Names:
    """Those of a message of so many octets, but for headers that were compressed."""
    found: Names = _remembered_names.recall(written) if length <= MAX_REMEMBERED_OCTETS else _names(written)
    return found


def _names(written: tuple[str, ...]) -> Names:
    short = [name for name in written if len(name) == 1]
    kept = tuple([_cut(name) for name in written[:MAX_HEADERS]])
    lost = len(written) - len(kept) + sum([len(name) > MAX_HEADER_NAME_LENGTH for name in written[:MAX_HEADERS]])
    octets = getsizeof(kept) + sum(map(getsizeof, kept))
    long = [canonical(name) for name in written]
    deciding = tuple([name for name in DECIDING if name in long])
    labels = tuple([at for at in range(len(long)) if long[at] == "Content-Encoding"])
    longer = sum([len(canonical(name)) - 1 for name in short])
    return Names(kept, len(short), longer, lost, octets, len(written), deciding, labels)


def _cut(name: str) -> str:
    return name if len(name) <= MAX_HEADER_NAME_LENGTH else name[: MAX_HEADER_NAME_LENGTH - 1] + "…"


_remembered_names = Remembered(_names)
"""A program writes the same names in the same order again and again: they are kept once."""


def _sizes(carried: Carried, names: Names) -> Sizes:
    """What a message weighs now, with its body inflated, and with long header names besides."""
    sent, longer, body = carried.length, names.longer, carried.body
    if body is NOTHING or not body.compressed:
        return _known_sizes(sent, names)
    inflated = sent
    if carried.raw_body:
        before, after = len(carried.raw_body), len(body.octets)
        inflated += after - before + len(str(after)) - len(str(before))
        for at in names.labels:
            name, value, written, _ = carried.headers[at]
            inflated -= len(written) + len(value) + len(": \r\n")
            # A label that is gone has no long name either.
            longer -= len(name) - 1 if len(written) == 1 else 0
    return Sizes(sent, inflated, inflated + longer, names.compact)


def _known_sizes(sent: int, names: Names) -> Sizes:
    """Those of a message without compression: there are a few, in messages without number."""
    known = names.sizes
    found = known.get(sent)
    if found is None:
        if len(known) >= MAX_REMEMBERED_SIZES:
            known.clear()
        found = known[sent] = Sizes(sent, sent, sent + names.longer, names.compact)
    return found
