"""The calls of two captures compared: headers, descriptions, sizes, and protocols by port."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from dissectors.protocols.sip_headers import canonical
from dissectors.queries.alignment import aligned
from dissectors.report import Call, Message, Report, Sizes
from dissectors.wire.values import Struct

MAX_CALLS = 1000
MAX_BODY_LINES = 2000


class MessagePair(Struct, frozen=True):
    """One step of both calls: octets as sent, and headers (by their long names) and lines missing on one side.

    For a message in only one capture, the octets of the other are None. `compression`, `names` and `text` are the parts
    of the difference in octets: by the compressed body, by compact header names, and by the text itself.
    """

    name: str
    first: int | None
    second: int | None
    only_first: tuple[str, ...]
    only_second: tuple[str, ...]
    body: tuple[str, ...]
    compression: int = 0
    names: int = 0
    text: int = 0


class CallPair(Struct, frozen=True):
    """A call of the first capture with its counterpart; `facts` are pairs that differ, by name."""

    first: str
    second: str
    facts: tuple[tuple[str, str, str], ...]
    messages: tuple[MessagePair, ...]


class Comparison(Struct, frozen=True):
    """The differences of two captures. `ports` are (port, its protocols in the first, its protocols in the second)."""

    ports: tuple[tuple[int, str, str], ...]
    calls: tuple[CallPair, ...]
    only_first: tuple[str, ...]
    only_second: tuple[str, ...]
    findings: tuple[tuple[str, int, int], ...]


def compare(first: Report, second: Report) -> Comparison:
    """Compare two reports: calls with the same Call-ID, and the others in the order of the captures."""
    pairs, left, right = _paired(first, second)
    kinds: dict[str, list[int]] = {}
    for side, report in enumerate((first, second)):
        for finding in report.findings:
            kinds.setdefault(finding.id, [0, 0])[side] += 1
    return Comparison(
        ports=tuple(_ports(first, second)),
        calls=tuple(_calls(first, one, second, two) for one, two in pairs),
        only_first=tuple(_named(call) for call in left),
        only_second=tuple(_named(call) for call in right),
        findings=tuple((id, ours, theirs) for id, (ours, theirs) in kinds.items() if ours != theirs),
    )


def _paired(first: Report, second: Report) -> tuple[list[tuple[Call, Call]], list[Call], list[Call]]:
    ours, theirs = list(first.calls[:MAX_CALLS]), list(second.calls[:MAX_CALLS])
    by_id = {call.call_id: call for call in theirs}
    pairs = [(call, by_id[call.call_id]) for call in ours if call.call_id in by_id]
    taken = {id(call) for pair in pairs for call in pair}
    ours = [call for call in ours if id(call) not in taken]
    theirs = [call for call in theirs if id(call) not in taken]
    of_kind: dict[str, deque[Call]] = {}
    for call in theirs:
        of_kind.setdefault(call.kind, deque()).append(call)
    left: list[Call] = []
    for call in ours:
        if others := of_kind.get(call.kind):
            pairs.append((call, others.popleft()))
        else:
            left.append(call)
    unpaired = {id(call) for others in of_kind.values() for call in others}
    return pairs, left, [call for call in theirs if id(call) in unpaired]


def _named(call: Call) -> str:
    parties = f"{call.caller or 'somebody'} to {call.callee or 'somebody'}"
    return parties if call.kind == "call" else f"{call.kind}, {parties}"


def _ports(first: Report, second: Report) -> Iterator[tuple[int, str, str]]:
    """The ports with different protocols: the lower port of each 5-tuple, as it is the known one."""
    used: dict[int, tuple[set[str], set[str]]] = {}
    for side, report in enumerate((first, second)):
        for flow in report.flows:
            names = {seen.name for seen in flow.protocols} - {"UNKNOWN"}
            used.setdefault(min(flow.sport, flow.dport), (set(), set()))[side].update(names)
    for port, (ours, theirs) in sorted(used.items()):
        if ours != theirs:
            yield port, " ".join(sorted(ours)) or "–", " ".join(sorted(theirs)) or "–"


def _calls(first: Report, one: Call, second: Report, two: Call) -> CallPair:
    facts = [
        (name, ours, theirs)
        for (name, ours), (_, theirs) in zip(_facts(first, one), _facts(second, two), strict=True)
        if ours != theirs
    ]
    return CallPair(_named(one), _named(two), tuple(facts), tuple(_messages(one, two)))


def _facts(report: Report, call: Call) -> list[tuple[str, str]]:
    streams = [report.streams[position] for position in call.streams]
    expected = sum(stream.packets + stream.lost for stream in streams)
    compressed = [m for m in call.messages if m.body is not None and m.body.status == "complete"]
    return [
        ("outcome", call.outcome),
        ("user agents", ", ".join(call.user_agents) or "–"),
        ("messages", str(len(call.messages))),
        ("bytes of SIP", f"{sum(message.length for message in call.messages):,}"),
        ("compressed bodies", str(len(compressed))),
        ("compact headers", "yes" if any(message.compact for message in call.messages) else "no"),
        ("largest message", _largest(call)),
        ("streams", ", ".join(sorted(f"{s.codec or s.payload_types[0].payload_type}" for s in streams)) or "–"),
        ("lost", f"{sum(s.lost for s in streams):,} of {expected:,}" if expected else "–"),
        ("encrypted", "yes" if any(stream.encrypted for stream in streams) else "no"),
    ]


def _largest(call: Call) -> str:
    largest = max(call.messages, key=lambda message: message.length, default=None)
    return f"{_step(largest)}, {largest.length:,} bytes" if largest else "–"


def _messages(one: Call, two: Call) -> Iterator[MessagePair]:
    """The steps of both calls in order, without retransmissions."""
    ours = [message for message in one.messages if not message.retransmission]
    theirs = [message for message in two.messages if not message.retransmission]
    for run in aligned([_step(m) for m in ours], [_step(m) for m in theirs]):
        one_side, other_side = ours[run.first : run.last], theirs[run.begin : run.end]
        if run.alike:
            yield from (_pair(a, b) for a, b in zip(one_side, other_side, strict=True))
        else:
            yield from (MessagePair(_step(m), m.length, None, (), (), ()) for m in one_side)
            yield from (MessagePair(_step(m), None, m.length, (), (), ()) for m in other_side)


def _step(message: Message) -> str:
    return message.method if message.status is None else f"{message.status} to {message.method}"


def _pair(one: Message, two: Message) -> MessagePair:
    ours, theirs = _text(one), _text(two)
    changed = []
    for run in aligned(ours, theirs):
        if not run.alike:
            changed += [f"- {line}" for line in ours[run.first : run.last]]
            changed += [f"+ {line}" for line in theirs[run.begin : run.end]]
    left, right = (dict.fromkeys(map(canonical, message.headers)) for message in (one, two))
    return MessagePair(
        _step(one),
        one.length,
        two.length,
        tuple(name for name in left if name not in right),
        tuple(name for name in right if name not in left),
        tuple(changed),
        *_parts(one.sizes, two.sizes),
    )


def _parts(one: Sizes | None, two: Sizes | None) -> tuple[int, int, int]:
    """The parts of compression, compact names and text in a difference in size; their sum is the difference."""
    if one is None or two is None:
        return 0, 0, 0
    compression = (two.sent - two.inflated) - (one.sent - one.inflated)
    names = (two.inflated - two.long) - (one.inflated - one.long)
    return compression, names, two.long - one.long


def _text(message: Message) -> list[str]:
    return message.body.text.splitlines()[:MAX_BODY_LINES] if message.body else []
