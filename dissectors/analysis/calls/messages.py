"""SIP messages as the report tells them: what they say, what they weigh, and as much of their bodies as is kept."""

from __future__ import annotations

from sys import getsizeof

from dissectors.analysis.calls.carried import Carried
from dissectors.analysis.calls.repeats import COPY, FIRST, Again
from dissectors.limits.budget import Bounds
from dissectors.limits.remembered import MAX_TEXT_LENGTH, Remembered
from dissectors.limits.texts import Held, Together, length_of
from dissectors.protocols import sip, sip_reason
from dissectors.protocols.sip_headers import canonical
from dissectors.protocols.sip_parts import media_type
from dissectors.report import Body, Deviation, Header, Message, Sizes
from dissectors.wire.inflate import NOTHING
from dissectors.wire.masking import masked, masked_value, may_hide
from dissectors.wire.values import astuple

MAX_REMEMBERED_SIZES = 16
"""Sizes that are remembered of messages with the same names."""

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

FOR_STATUS = {405: "Allow", 415: "Accept", 420: "Unsupported", 421: "Require"}
"""The header that says what a refusal of that status means (RFC 3261 section 21.4); elsewhere it decides nothing."""

FEW_HOPS = frozenset(map(str, range(10)))
"""Values of Max-Forwards that are worth a word: it begins at 70 (RFC 3261 section 8.1.1.6)."""

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
    identity, deviations, told = carried.identity, carried.deviations, _wording(carried, agent)
    names = told.names
    src, sport, dst, dport, _, transport = carried.flow
    if names.lost:
        bounds.hit("header names", names.lost)
    # Of what was compressed, or stands for another protocol, the names say less than there is.
    named = 0 < names.count == len(carried.headers)
    # What somebody holds has its room; else each takes its own, in the order of what is told.
    method, said, reason, program, written = told.members
    known = held.together(told)
    if not known:
        method, said, reason, program = held.text(method), held.text(said), held.text(reason), held.text(program)
    uri = held.text(shown(carried.uri, held))
    to_tag, from_tag, branch = held.text(identity.to_tag), held.text(identity.from_tag), held.text(identity.branch)
    sizes, body = _sizes(carried, names), _body(carried, held)
    odd = _deviations(deviations, held) if deviations else ()
    if not known:
        written = held.value(written, names.octets) or ()
        if told.members == (method, said, reason, program, written):
            held.join(told)
    # In the order of its fields: to name so many costs more than all that is in them. The length is one number for all.
    return Message(
        carried.place, carried.seconds, src, sport, dst, dport, sizes.sent, method or "", carried.status,
        reason, identity.sequence, said or "", names.compact > 0, again is not FIRST, program, body, odd, side,
        written, sizes, uri, to_tag, from_tag, branch, _deciding(carried, names if named else None, held),
        names.credentials if named else has_credentials(carried.first), again is COPY, transport, carried.signalling,
    )


class Wording(Together):
    """What messages say alike: the method of CSeq, what to tell of it, the reason, the program and the header names.

    These are its members, in this order; `names` are the last of them as they are looked at.
    """

    __slots__ = ("names",)

    def __init__(
        self, names: Names, status: int | None, reason: str | None, method: str, agent: str | None, words: str
    ) -> None:
        method = METHODS.get(method, method)
        said = words or (method if status is None else f"{status} {reason or ''}".strip())
        super().__init__((method, said, reason, agent, names.written))
        self.names = names


def _wording(carried: Carried, agent: str | None) -> Wording:
    """That of a message; it is remembered where it is short, and no words of another protocol."""
    names, status, reason, method = carried.names, carried.status, carried.reason, carried.identity.method
    if carried.length > MAX_REMEMBERED_OCTETS or carried.words or length_of((reason, agent)) > MAX_TEXT_LENGTH:
        return Wording(_names_of(names, carried.length), status, reason, method or "", agent, carried.words)
    found: Wording = _wordings.recall((names, status, reason, method, agent))
    return found


def _worded(said: tuple[tuple[str, ...], int | None, str | None, str | None, str | None]) -> Wording:
    names, status, reason, method, agent = said
    return Wording(_names_of(names, 0), status, reason, method or "", agent, "")


_wordings = Remembered(_worded)
"""A program says the same in the same order again and again: it is kept once."""


def shown(text: str | None, held: Held) -> str | None:
    """A header's value or an address without the secrets in it, unless these are kept."""
    return text if text is None or held.secrets else masked_value(text)


def has_credentials(first: dict[str, str]) -> bool:
    """Whether a request answers a challenge (RFC 3261 section 22), by the first values of its headers."""
    return "Authorization" in first or "Proxy-Authorization" in first


def _deciding(carried: Carried, names: Names | None, held: Held) -> tuple[Header, ...]:
    """Its headers that decide; `names` are those that it has, if these are all."""
    first, message = carried.first, carried.message
    told = DECIDING if names is None else names.deciding
    if (also := _also(carried.status, first)) is not None:
        told = *told, also
    if names is None or names.worded:
        found = tuple([
            Header(
                name, held.text(shown(first[name], held)) or "",
                _meaning(message, name, held) if name in WORDED else "",
            )
            for name in told if name in first
        ])
    elif told:
        found, texts = _known(told, tuple([first.get(name) for name in told]), held.secrets)
        # Whoever holds them holds their texts.
        if held.holds(found):
            return found
        kept = tuple([held.text(text) or "" for text in texts])
        if kept != texts:
            found = tuple([Header(header.name, text) for header, text in zip(found, kept, strict=True)])
    else:
        return ()
    return held.value(found, EMPTY_TUPLE_OCTETS + len(found) * (POINTER_OCTETS + HEADER_OCTETS)) or () if found else ()


def _also(status: int | None, first: dict[str, str]) -> str | None:
    """A header that decides in this message, and in no other."""
    if status is None:
        return "Max-Forwards" if first.get("Max-Forwards") in FEW_HOPS else None
    return FOR_STATUS.get(status) if status >= 300 else None


def _known(
    told: tuple[str, ...], values: tuple[str | None, ...], secrets: bool
) -> tuple[tuple[Header, ...], tuple[str, ...]]:
    """Headers without a meaning, which a side writes alike in each of its messages, and the texts in them."""
    said = told, values, secrets
    known: tuple[tuple[Header, ...], tuple[str, ...]] = (
        _known_headers.recall(said) if length_of(values) <= MAX_TEXT_LENGTH else _read_headers(said)
    )
    return known


def _read_headers(
    said: tuple[tuple[str, ...], tuple[str | None, ...], bool]
) -> tuple[tuple[Header, ...], tuple[str, ...]]:
    """Those with these names and values, and the texts in them."""
    names, values, secrets = said
    found, texts = [], []
    for at in range(len(names)):
        value = values[at]
        if value is not None:
            value = value if secrets else masked_value(value)
            found.append(Header(names[at], value))
            texts.append(value)
    return tuple(found), tuple(texts)


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
    if len(octets) > MAX_TEXT_OCTETS:
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
    where some may say in numbers what has a name, and `credentials` says whether one answers a challenge. `labels` are
    the places of those that name an encoding, and `sizes` what messages with these names weigh, by their length.
    """

    __slots__ = (
        "compact", "count", "credentials", "deciding", "labels", "longer", "lost", "octets", "sizes", "worded",
        "written",
    )

    def __init__(
        self, written: tuple[str, ...], compact: int, longer: int, lost: int, octets: int, count: int,
        deciding: tuple[str, ...], labels: tuple[int, ...], credentials: bool,
    ) -> None:
        self.written, self.deciding = written, deciding
        self.compact, self.longer, self.lost = compact, longer, lost
        self.octets, self.count, self.labels = octets, count, labels
        self.credentials = credentials
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
    return Names(
        kept, len(short), longer, lost, octets, len(written), deciding, labels, has_credentials(dict.fromkeys(long, ""))
    )


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
