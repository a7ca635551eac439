"""A rule, what it finds, and the facts that it looks at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from operator import attrgetter
from typing import Any, Literal, TypeVar

from dissectors.findings.copies import Sent
from dissectors.findings.outlines import CallOutline, Calls, Outline, Streams, outlined
from dissectors.findings.traits import Trait, Traits
from dissectors.report import (
    Call,
    Capture,
    Certainty,
    Check,
    Finding,
    Flow,
    Handshake,
    Message,
    Place,
    Protection,
    Session,
    Severity,
    Stream,
    Tls,
    Unsent,
)
from dissectors.report.flows import pairs, recognised
from dissectors.wire.datagram import Flow as Way
from dissectors.wire.values import Struct, field

Value = TypeVar("Value")

_came, _began = attrgetter("place", "time"), attrgetter("place", "first")

Scope = Literal["call", "stream", "path", "capture"]
"""Whose a finding is: a call's, a stream's, that of a path between two endpoints, or the capture's as a whole.

What is a path's names no call: the rule looks at checks, handshakes, RTCP and ICMP on its flows.
"""

AT_ONCE = 0.0
CONFIRM_SECONDS = 5.0
UNANSWERED_SECONDS = 32.0
"""For how many seconds a finding must hold, live, before it is told.

Not at all where it cannot go away again; a few, because media follow the answer; and as long as RFC 3261 gives a
request (timers B and F) where it is about something that did not come.
"""

MAX_PLACES = 16
MAX_ALIKE, MAX_ALIKE_OF_ALL = 512, 1 << 14
"""So many findings of one rule and severity are listed, and so many where all calls are.

One more says how many there were beyond that.
"""


FIELDS = ("checks", "damaged", "handshakes", "icmp", "protection", "sessions", "striking", "tls", "unsent")
STREAM_FIELDS = ("decrypted", "digits", "feedback", "heard", "lip_sync", "numbering", "randomness", "video")
"""Fields of facts and of streams that are empty where files of rules have nothing to look at; see `index`."""


class Problem(Struct, frozen=True):
    """Something that reading and parsing ran into, with how often and where; `id` is that of the rule that tells it.

    `fix` is what to do beside what the rule advises. `least` is how many octets the shortest message of SIP has
    that it is about, if it is about any.
    """

    id: str
    what: str
    count: int
    places: tuple[Place, ...]
    fix: str = ""
    least: int | None = None


class Incomplete(Struct, frozen=True):
    """Datagrams in IP fragments that did not become whole: their ends, what they were, how many, since when and where.

    Ports are 0 and the protocol is empty where the first fragment is missing, and all ends are where nobody can say;
    `messages` are those that they began with, where they are DTLS.
    """

    src: str
    sport: int
    dst: str
    dport: int
    protocol: str
    count: int
    messages: tuple[str, ...]
    time: float | None
    places: tuple[Place, ...]


class Damaged(Struct, frozen=True):
    """One direction of a TCP connection that is not whole in the capture, since when and where.

    `holes` are places where octets are missing, `missing` those octets; `differing` octets came twice, with two values.
    """

    src: str
    sport: int
    dst: str
    dport: int
    holes: int
    missing: int
    differing: int
    time: float
    places: tuple[Place, ...]


class IcmpPeriod(Struct, frozen=True):
    """A time in which errors of ICMP came without a long pause: since and until when, how many, and the first frames.
    """

    first: float
    last: float
    count: int
    places: tuple[Place, ...]


class IcmpError(Struct, frozen=True):
    """What ICMP says of the datagrams, or segments of TCP, from one endpoint to another, and when.

    `what` is the error in the words of the RFCs, `by` the address from where it comes. One that is `too_big` is about
    the size of packets alone; `mtu` is the size that would fit, 0 where that is not said.
    """

    src: str
    sport: int
    dst: str
    dport: int
    transport: str
    what: str
    by: str
    too_big: bool
    mtu: int
    periods: tuple[IcmpPeriod, ...]

    @property
    def way(self) -> Way:
        """The 5-tuple of what it is about."""
        return Way(self.src, self.sport, self.dst, self.dport, "", self.transport)


MANY_DROPPED_SHARE = 0.01
"""From this share of dropped frames on, what did not come accuses nobody."""

MEANWHILE = "; the capture dropped frames meanwhile, so that it may not have seen all"
OWN = "; that is mostly the capture's own, which dropped frames then"
"""What is said behind a finding about absence where it is known when the capture dropped frames."""


class Dropping(Struct, frozen=True):
    """A time in which the capture dropped frames: since and until when, how many, and how many came all the same."""

    first: float
    last: float
    dropped: int
    came: int


class PerCall(dict[int, Value]):
    """What is made of calls, by their positions."""

    def __init__(self, calls: Sequence[Call], make: Callable[[Call], Value]) -> None:
        self._calls, self._make = calls, make

    def __missing__(self, number: int) -> Value:
        made = self[number] = self._make(self._calls[number])
        return made


class Facts(Struct, frozen=True):
    """What the rules look at: the report but for its findings, and what went wrong while reading.

    `dropping` says when the capture dropped frames, in order; it is empty where nobody knows. `moments` are those of
    messages that are not among the calls, for nothing was to be found in them. `gone` is what was sent in calls that
    were let go; nobody may change it.
    """

    capture: Capture
    flows: Sequence[Flow]
    calls: Sequence[Call]
    streams: Sequence[Stream]
    checks: tuple[Check, ...]
    handshakes: tuple[Handshake, ...]
    protection: tuple[Protection, ...]
    problems: tuple[Problem, ...]
    sessions: tuple[Session, ...] = ()
    incomplete: tuple[Incomplete, ...] = ()
    damaged: tuple[Damaged, ...] = ()
    icmp: tuple[IcmpError, ...] = ()
    tls: tuple[Tls, ...] = ()
    unsent: tuple[Unsent, ...] = ()
    dropping: tuple[Dropping, ...] = ()
    moments: tuple[float, ...] = ()
    gone: Sent = field(default_factory=Sent)
    _known: dict[Callable[..., Any], Any] = field(default_factory=dict)

    def each(self, make: Callable[[Call], Value]) -> PerCall[Value]:
        """What `make` makes of each call, by its position; of each when it is asked for first."""
        try:
            found: PerCall[Value] = self._known[make]
        except KeyError:
            found = self._known[make] = PerCall(self.calls, make)
        return found

    def once(self, look: Callable[[Facts], Value]) -> Value:
        """What `look` makes of these facts, looked up once however many rules ask."""
        try:
            found: Value = self._known[look]
        except KeyError:
            found = self._known[look] = look(self)
        return found

    def of(self, call: Call) -> list[Stream]:
        """The streams of a call."""
        return [self.streams[position] for position in call.streams]

    def having(self, *traits: Trait) -> Sequence[tuple[int, Call]]:
        """The calls that have one of these traits at least, with their positions; see `traits`."""
        return self.once(_traits).having(traits)

    def numbers(self, *traits: Trait) -> Sequence[int]:
        """The positions of these calls, which need not be made; see `call_outlines`."""
        return self.once(_traits).numbers(traits)

    @property
    def present(self) -> frozenset[Trait]:
        """What there is to be looked at.

        That are the traits of the calls, the names of those fields of the facts and of striking streams that are not
        empty, as far as `index` has them, and the kinds and clocks of these streams.
        """
        return self.once(_present)

    @property
    def striking(self) -> Sequence[tuple[int, Stream]]:
        """The streams that may be worth a word by themselves, with their positions; see `plain`."""
        return self.once(_striking)

    @property
    def recognised(self) -> Sequence[Flow]:
        """The flows on whose 5-tuple, in either direction, a protocol was seen; perhaps others, too."""
        return recognised(self.flows)

    @property
    def pairs(self) -> set[tuple[str, str]]:
        """Which host sent something to which other, of all flows; nobody may change it."""
        return self.once(_pairs)

    @property
    def end(self) -> float:
        """When the capture ends, in seconds since the epoch."""
        return self.capture.last or 0.0

    def end_of(self, call: Call) -> float:
        """When a call ended, or the capture, in seconds since the epoch."""
        return self.end if call.ended is None else call.ended

    def moment(self, place: Place, call: int | None = None) -> float | None:
        """When a frame was captured, if a finding may show it: a message, a check, a handshake, or an end of a stream.

        That of a message of its own `call` is told without a look at all others.
        """
        if call is not None:
            for came, moment in _messages(call_outlines(self)[call]):
                if came == place:
                    return moment
        known = self.once(_moments).get(place)
        return self.once(_ends).get(place) if known is None else known

    def talks(self, *traits: Trait) -> Sequence[tuple[int, Call]]:
        """The calls that were answered, with their positions; with `traits` those alone that have one of these."""
        return [each for each in self.having(*traits) if is_talk(each[1])] if traits else self.once(_talks)


class Found(Struct, frozen=True):
    """What a rule found once: a sentence of particulars, the frames that show it, and whose it is.

    `time` is the moment at which it happened, in seconds since the epoch; where the first of the frames is a message,
    or an end of a stream, its time need not be said. `fix` is what to do beside what the rule advises.
    """

    what: str
    places: Iterable[Place] = ()
    call: int | None = None
    stream: int | None = None
    certainty: Certainty = "certain"
    severity: Severity | None = None
    time: float | None = None
    fix: str = ""


Look = Callable[[Facts], Iterable[Found]]

Absence = Literal["answer", "state", "loss", "burst", "moment"]
"""What did not come: an answer, something for as long as a state lasted, what a stream lost over all of its time or in
one burst, or anything at one moment."""


class Rule(Struct, frozen=True):
    """One finding: its id, how severe it is unless it says otherwise, its title, why it matters, what to do.

    `look` yields it as often as it is there. `scope` says whose it is, and so with what the rule is asked;
    `confirm_seconds` for how long it must hold, live, before it is told; `absence` what did not come, where it says so,
    which a capture that dropped frames cannot know.
    """

    id: str
    severity: Severity
    title: str
    why: str
    fix: str
    look: Look
    scope: Scope = "call"
    confirm_seconds: float = CONFIRM_SECONDS
    absence: Absence | None = None

    def findings(self, facts: Facts, most: int = MAX_ALIKE) -> Iterator[Finding]:
        """What the rule finds, as values of the report; what is found in the same words of a call is found once.

        So the hops of a proxy, a re-INVITE or a repetition add their frames and no further finding.
        """
        joined: dict[Hashable, tuple[Found, list[Place]]] = {}
        listed: Counter[Severity] = Counter()
        beyond: Counter[Severity] = Counter()
        for found in self.look(facts):
            severity = found.severity or self.severity
            fact = (found.what, found.call, found.stream, found.certainty, found.severity)
            if fact in joined:
                places = joined[fact][1]
                places.extend(found.places if len(places) < MAX_PLACES else ())
            elif listed[severity] < most:
                listed[severity] += 1
                joined[fact] = found, list(found.places)
            else:
                beyond[severity] += 1
        for found, places in joined.values():
            yield self._finding(found, places, facts)
        for severity, times in beyond.items():
            what = f"{self.title}: {times:,} more are not listed one by one"
            yield self._finding(Found(what, severity=severity), (), facts)

    def _finding(self, fact: Found, places: Iterable[Place], facts: Facts) -> Finding:
        shown = tuple(dict.fromkeys(places))[:MAX_PLACES]
        time = fact.time if fact.time is not None or not shown else facts.moment(shown[0], fact.call)
        return Finding(
            self.id, fact.severity or self.severity, fact.certainty, fact.what, self.why,
            f"{self.fix} {fact.fix}".rstrip() if fact.fix else self.fix, shown, fact.call, fact.stream, time,
        )


def _striking(facts: Facts) -> Sequence[tuple[int, Stream]]:
    streams = facts.streams
    return streams.striking if isinstance(streams, Streams) else [*enumerate(streams)]


def outlines(facts: Facts) -> Sequence[Outline | Stream]:
    """The streams, of those that are plain what is known without making them."""
    return outlined(facts.streams)


def call_outlines(facts: Facts) -> Sequence[CallOutline | Call]:
    """The calls, of those that are plain what is known without making them."""
    calls = facts.calls
    return calls.outlines if isinstance(calls, Calls) else calls


def _traits(facts: Facts) -> Traits:
    return Traits(facts.calls, call_outlines(facts), outlines(facts))


def _present(facts: Facts) -> frozenset[Trait]:
    found = {*facts.once(_traits).present, *[name for name in FIELDS if getattr(facts, name)]}
    left = [*STREAM_FIELDS]
    for _, stream in facts.striking:
        found |= {stream.kind or "", stream.clock or 0}
        given = [name for name in left if getattr(stream, name)]
        if given:
            found.update(given)
            left = [name for name in left if name not in given]
    return frozenset(found)


def _pairs(facts: Facts) -> set[tuple[str, str]]:
    return pairs(facts.flows)


def _talks(facts: Facts) -> list[tuple[int, Call]]:
    return [each for each in facts.having("call") if is_talk(each[1])]


def is_talk(call: Call) -> bool:
    """Whether a call was answered."""
    return call.kind == "call" and call.answered is not None


def _messages(call: CallOutline | Call) -> Iterator[tuple[Place, float]]:
    """When the messages of a call were captured."""
    if isinstance(call, CallOutline):
        return ((Place(entry.file, entry.frame), entry.time / 1e9) for entry in call.entries)
    return map(_came, call.messages)


def _moments(facts: Facts) -> dict[Place, float]:
    """When the frames were captured that findings show most."""
    found: dict[Place, float] = {}
    for call in call_outlines(facts):
        found.update(_messages(call))
    found.update(map(_began, facts.checks))
    found.update(map(_began, facts.handshakes))
    return found


def _ends(facts: Facts) -> dict[Place, float]:
    """When streams begin and end."""
    found: dict[Place, float] = {}
    for stream in outlines(facts):
        found[stream.first_place], found[stream.last_place] = stream.first, stream.last
    return found


def rule(
    id: str,
    severity: Severity,
    title: str,
    *,
    why: str,
    fix: str,
    scope: Scope = "call",
    confirm_seconds: float = CONFIRM_SECONDS,
    absence: Absence | None = None,
) -> Callable[[Look], Rule]:
    """Make a rule of the function that looks."""
    return lambda look: Rule(id, severity, title, why, fix, look, scope, confirm_seconds, absence)


def problem(
    id: str, severity: Severity, title: str, *, why: str, fix: str, confirm_seconds: float = CONFIRM_SECONDS
) -> Rule:
    """A rule that tells what reading and parsing ran into under its id; it is the capture's."""

    def look(facts: Facts) -> Iterator[Found]:
        for each in facts.problems:
            if each.id == id:
                times = f" ({each.count:,} times)" if each.count > 1 else ""
                yield Found(each.what + times, each.places, fix=each.fix)

    return Rule(id, severity, title, why, fix, look, "capture", confirm_seconds)


def counted(number: int, noun: str) -> str:
    """`1 packet`, `2 packets`, `1,020 packets`."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def name_of(stream: Outline | Stream) -> str:
    """A stream as the findings call it."""
    return f"SSRC 0x{stream.ssrc:08X}, {stream.src} to {stream.dst}"


def both_ends(stream: Stream) -> tuple[Place, Place]:
    """The first and the last frame of a stream."""
    return stream.first_place, stream.last_place


def of(message: Message) -> str:
    """A message as the findings call it: `INVITE`, or `200 OK to INVITE`."""
    return message.summary if message.status is None else f"{message.summary} to {message.method}"


def one_sided(facts: Facts) -> bool:
    """Whether of no two hosts both sent something to the other."""
    ends = facts.pairs
    return bool(ends) and not any((dst, src) in ends for src, dst in ends)
