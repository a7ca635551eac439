"""Filters: which calls, streams and flows of a report are wanted, in words like `user==alice and status==4xx`.

    expression = term { ("or" | "||") term }
    term       = factor { ("and" | "&&") factor }
    factor     = ("not" | "!") factor | "(" expression ")" | field operator value
    operator   = "==" | "!=" | "~" (contains)

The fields are those of `FIELDS`; values compare without case, and may be put between double quotes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from dissectors.analysis.report import Call, Check, Finding, Flow, Handshake, Report, Stream

FIELDS = ("callid", "user", "addr", "port", "ssrc", "method", "status", "protocol", "finding", "severity")
LONGEST, DEEPEST = 4096, 64

TOKEN = re.compile(
    r'\s*(?:(?P<mark>\(|\)|==|!=|~|&&|\|\||!)|"(?P<quoted>[^"]*)"|(?P<word>[^\s()"=!~&|]+))', re.ASCII
)  # fmt: skip
CLASS = re.compile(r"[1-6]xx")
Values = dict[str, set[str]]
Wanted = Callable[[Values], bool]


class NoFilter(ValueError):
    """A filter that cannot be read: one line for people."""


@dataclass(frozen=True, slots=True)
class Window:
    """Seconds from the beginning of the capture; None is an open end."""

    begin: float | None = None
    end: float | None = None

    def overlaps(self, zero: float, first: float, last: float) -> bool:
        """Whether something that lasted from `first` to `last` was there within the window."""
        after = self.begin is None or last - zero >= self.begin
        return after and (self.end is None or first - zero <= self.end)


class Reader:
    """Takes the tokens of a filter one after the other."""

    def __init__(self, text: str) -> None:
        if len(text) > LONGEST:
            raise NoFilter(f"a filter of more than {LONGEST} characters")
        self.tokens = list(self._tokens(text))
        self.at = 0
        self.depth = 0

    def _tokens(self, text: str) -> Iterator[tuple[str, str]]:
        place, text = 0, text.rstrip()
        while place < len(text):
            found = TOKEN.match(text, place)
            if found is None:
                raise NoFilter(f"cannot read the filter from {text[place : place + 20]!r}")
            yield found.lastgroup or "", found[found.lastgroup or 0]
            place = found.end()

    def next_is(self, *words: str) -> bool:
        """Take the next token if it is one of these words or marks."""
        if self.at < len(self.tokens) and self.tokens[self.at][0] != "quoted":
            if self.tokens[self.at][1].lower() in words:
                self.at += 1
                return True
        return False

    def take(self, what: str) -> str:
        """The next token, a word or a quoted text."""
        if self.at >= len(self.tokens) or self.tokens[self.at][0] == "mark":
            raise NoFilter(f"{what} is missing in the filter")
        self.at += 1
        return self.tokens[self.at - 1][1]

    def expression(self) -> Wanted:
        """Terms, any of which is enough."""
        terms = [self.term()]
        while self.next_is("or", "||"):
            terms.append(self.term())
        return lambda values: any(term(values) for term in terms)

    def term(self) -> Wanted:
        """Factors, all of which must hold."""
        factors = [self.factor()]
        while self.next_is("and", "&&"):
            factors.append(self.factor())
        return lambda values: all(factor(values) for factor in factors)

    def factor(self) -> Wanted:
        """A negation, an expression in parentheses, or a comparison."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise NoFilter(f"a filter nested deeper than {DEEPEST}")
        if self.next_is("not", "!"):
            inner = self.factor()
            wanted: Wanted = lambda values: not inner(values)  # noqa: E731  (one of three forms of the same)
        elif self.next_is("("):
            wanted = self.expression()
            if not self.next_is(")"):
                raise NoFilter("a parenthesis is not closed")
        else:
            wanted = self.comparison()
        self.depth -= 1
        return wanted

    def comparison(self) -> Wanted:
        """`field operator value`."""
        field = self.take("a field").lower()
        if field not in FIELDS:
            raise NoFilter(f"no field {field!r}; there are {', '.join(FIELDS)}")
        operator = next((mark for mark in ("==", "!=", "~") if self.next_is(mark)), None)
        if operator is None:
            raise NoFilter(f"after {field} comes ==, != or ~")
        value = normal(field, self.take("a value").lower())
        if operator == "~":
            return lambda values: any(value in each for each in values.get(field, ()))
        if field == "status" and CLASS.fullmatch(value):
            same: Wanted = lambda values: any(each[0] == value[0] for each in values.get(field, ()))  # noqa: E731
        else:
            same = lambda values: value in values.get(field, ())  # noqa: E731
        return same if operator == "==" else lambda values: not same(values)


def normal(field: str, value: str) -> str:
    """A value as the report's are written: an SSRC in hexadecimal becomes a number, a user loses its scheme."""
    if field == "ssrc" and re.fullmatch(r"0x[0-9a-f]{1,8}", value):
        return str(int(value, 16))
    return re.sub(r"^sips?:", "", value) if field == "user" else value


def wanted(text: str) -> Wanted:
    """The filter that a text stands for; raises NoFilter with one line for people."""
    reader = Reader(text)
    found = reader.expression()
    if reader.at < len(reader.tokens):
        raise NoFilter(f"the filter goes on after its end: {reader.tokens[reader.at][1]!r}")
    return found


# What can be asked of each value of the report.


def of_call(report: Report, number: int, call: Call, found: dict[int, list[Finding]]) -> Values:
    """The values of a call with its streams."""
    streams = [report.streams[position] for position in call.streams]
    ends = [(m.src, m.sport) for m in call.messages] + [(m.dst, m.dport) for m in call.messages]
    ends += [end for s in streams for end in ((s.src, s.sport), (s.dst, s.dport))]
    names = {normal("user", (who or "").lower()) for who in (call.caller, call.callee)}
    flows = {position for stream in streams for position in stream.flows}
    return {
        "callid": {call.call_id.lower()},
        "user": names | {name.partition("@")[0] for name in names},
        "addr": {address for address, _ in ends},
        "port": {str(port) for _, port in ends},
        "ssrc": {str(stream.ssrc) for stream in streams},
        "method": {message.method.lower() for message in call.messages},
        "status": {str(message.status) for message in call.messages if message.status},
        "protocol": {"sip"} | {seen.name.lower() for each in flows for seen in report.flows[each].protocols},
        "finding": {each.id for each in found.get(number, ())},
        "severity": {each.severity for each in found.get(number, ())},
    }


def of_ends(one: Stream | Flow | Check | Handshake, protocols: set[str], found: list[Finding]) -> Values:
    """The values of what goes from one endpoint to another."""
    values: Values = {
        "addr": {one.src, one.dst},
        "port": {str(one.sport), str(one.dport)},
        "protocol": protocols,
        "finding": {each.id for each in found},
        "severity": {each.severity for each in found},
    }
    return values | ({"ssrc": {str(one.ssrc)}} if isinstance(one, Stream) else {})


def select(report: Report, keep: Wanted | None = None, window: Window | None = None) -> Report:
    """The report on what is wanted: calls with their streams, streams without a call, flows, checks, findings.

    The totals of the capture stay as they are. What belongs to a call that is kept is kept with it.
    """
    chosen = _Choice(report, keep or (lambda values: True), window or Window())
    calls = [number for number, call in enumerate(report.calls) if chosen.call(number, call)]
    owned = {position for number in calls for position in report.calls[number].streams}
    alone = {n for n, stream in enumerate(report.streams) if stream.call is None and chosen.stream(n, stream)}
    streams = sorted(owned | alone)
    with_streams = {position for number in streams for position in report.streams[number].flows}
    hops = {(m.src, m.sport, m.dst, m.dport) for number in calls for m in report.calls[number].messages}
    flows = [
        n for n, flow in enumerate(report.flows)
        if n in with_streams or (flow.src, flow.sport, flow.dst, flow.dport) in hops or chosen.flow(flow)
    ]  # fmt: skip
    call_at, stream_at, flow_at = ({old: new for new, old in enumerate(kept)} for kept in (calls, streams, flows))
    return replace(
        report,
        flows=tuple(report.flows[n] for n in flows),
        calls=tuple(
            replace(report.calls[n], streams=tuple(stream_at[s] for s in report.calls[n].streams)) for n in calls
        ),
        streams=tuple(
            replace(
                report.streams[n],
                flows=tuple(flow_at[f] for f in report.streams[n].flows),
                call=None if (of := report.streams[n].call) is None else call_at[of],
            )
            for n in streams
        ),
        checks=tuple(check for check in report.checks if chosen.ends(check, {"stun"})),
        handshakes=tuple(each for each in report.handshakes if chosen.ends(each, {"dtls"})),
        findings=tuple(_found(report, chosen, call_at, stream_at)),
    )


def _found(report: Report, chosen: _Choice, call_at: dict[int, int], stream_at: dict[int, int]) -> Iterator[Finding]:
    for each in report.findings:
        if each.call is None and each.stream is None:
            if chosen.keep({"finding": {each.id}, "severity": {each.severity}}):
                yield each
        elif each.call in call_at or each.stream in stream_at:
            call = None if each.call is None else call_at.get(each.call)
            stream = None if each.stream is None else stream_at.get(each.stream)
            yield replace(each, call=call, stream=stream)


class _Choice:
    """Whether one part of a report is wanted."""

    def __init__(self, report: Report, keep: Wanted, window: Window) -> None:
        self.report, self.keep, self.window = report, keep, window
        self.zero = report.capture.first or 0.0
        self.of_calls: dict[int, list[Finding]] = {}
        self.of_streams: dict[int, list[Finding]] = {}
        for finding in report.findings:
            if finding.call is not None:
                self.of_calls.setdefault(finding.call, []).append(finding)
            if finding.stream is not None:
                self.of_streams.setdefault(finding.stream, []).append(finding)

    def call(self, number: int, call: Call) -> bool:
        last = max([call.start, *(message.time for message in call.messages[-1:])])
        last = max([last, *(self.report.streams[position].last for position in call.streams)])
        there = self.window.overlaps(self.zero, call.start, last)
        return there and self.keep(of_call(self.report, number, call, self.of_calls))

    def stream(self, number: int, stream: Stream) -> bool:
        values = of_ends(stream, {"rtp"}, self.of_streams.get(number, []))
        return self.window.overlaps(self.zero, stream.first, stream.last) and self.keep(values)

    def flow(self, flow: Flow) -> bool:
        return self.ends(flow, {seen.name.lower() for seen in flow.protocols})

    def ends(self, one: Flow | Check | Handshake, protocols: set[str]) -> bool:
        return self.window.overlaps(self.zero, one.first, one.last) and self.keep(of_ends(one, protocols, []))
