"""The head of a report: one sentence on the capture, the problems, and the traffic."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Sequence

from dissectors.mux.table import TABLE
from dissectors.outputs.terminal.lines import (
    BLANK,
    Line,
    Page,
    Span,
    cells,
    count,
    flowing,
    hanging,
    line,
    listed,
    span,
    width_of,
)
from dissectors.outputs.terminal.moments import day, seconds, zone
from dissectors.report import Call, Capture, Finding, Flow, KeySource, NotRead, Place, Report, Seen
from dissectors.wire.datagram import TCP, TLS, WS, WSS, endpoint

MARKS = {"error": "✖", "warning": "▲", "note": "●"}
STYLES = {"error": "bold red", "warning": "yellow", "note": "blue"}
SEVERITIES = tuple(MARKS)
PROTOCOL_STYLES = {"UNKNOWN": "red", **{spec.name: spec.colour for spec in TABLE}}
OUTCOMES = {"established": "still open", "ringing": "not answered yet", "fragment": "in part"}
STATUS_OUTCOMES = ("rejected", "unreachable", "refused")
"""Outcomes that a status explains."""

KINDS = {"options": "OPTIONS request", "other": "other SIP transaction"}
NUMBERS = re.compile(r"0x[0-9A-F]+|\d+")
BAR_CELLS = 30
MAX_PAIRS = MAX_UNREAD = 6
SIGNALLING_ELSEWHERE = ("Diameter", "S1AP", "X2AP", "NGAP")
"""Signalling of networks, which signals no calls itself."""


CARRIED = {TCP: " over TCP", WS: " over WebSocket", TLS: " over TLS", WSS: " over secure WebSocket"}
"""What is said of a transport, other than UDP."""


def headline(report: Report, story: str = "") -> Line:
    """The first line: the capture, what happened in it (or else `story`), the amount, the port."""
    return _opening(report, f"{story or _story(report)}; {_traffic(report)}")


def opening(page: Page, report: Report, story: str = "") -> list[Line]:
    """The headline in lines of the page; on a screen without the amount where that saves one."""
    said = headline(report, story)
    if _amount_below(page, report, story):
        said = _opening(report, story or _story(report))
    name, colon, sentence = said
    if not page.plain and width_of((name, colon)) > page.width // 2:
        return [(name, colon), *hanging(page, line("  "), sentence.text)]
    return hanging(page, (name, colon), sentence.text, indent=2)


def on_the_wire(page: Page, report: Report) -> list[Line]:
    """The time, the link layers, and a line for each pair of endpoints with its protocols."""
    lines = _heading(page, report)
    pairs = _pairs(report.flows)
    shown = pairs if page.everything else pairs[:MAX_PAIRS]
    names = [name for name, _, _ in shown]
    width = max(map(cells, names), default=0)
    most = max((datagrams for _, datagrams, _ in shown), default=0)
    for name, datagrams, protocols in shown:
        bar = _bar(protocols, datagrams, most) if page.colour else ()
        padding = " " * (width - cells(name))
        first = line("  ", name, padding, f"  {datagrams:>7,}  ")
        if not page.plain and width_of(first) - 2 > page.width:
            lines += hanging(page, line("  "), name, indent=4)
            first = line(f"    {datagrams:,}  ")
        lines += _pair(page, first, bar, protocols)
    if len(shown) < len(pairs):
        lines.append(line(span(f"  … and {count(len(pairs) - len(shown), 'more pair')} of endpoints (--all)", "dim")))
    for label, text in _remarks(report, page.everything):
        lines += hanging(page, line(span(f"  {label}: ", "dim")), text, "dim")
    return lines


def by_kind(findings: Iterable[Finding], apart: bool = False) -> list[list[Finding]]:
    """Findings of the same id and severity together, the worst first, else in the order of the report.

    With `apart`, findings without a call and a stream are joined only if they differ only in numbers: one of them then
    represents all.
    """
    groups: dict[tuple[str, str, str], list[Finding]] = {}
    for finding in findings:
        general = finding.call is None and finding.stream is None
        subject = NUMBERS.sub("", finding.what) if apart and general else ""
        groups.setdefault((finding.id, finding.severity, subject), []).append(finding)
    return sorted(groups.values(), key=lambda group: SEVERITIES.index(group[0].severity))


def places(where: tuple[Place, ...], capture: Capture, most: int = 8) -> str:
    """`frames 5, 9 and 12 more`; with the file's name if there are several files; empty before the first frame."""
    where = tuple(place for place in where if place.frame)
    if not where:
        return ""
    if len(capture.files) < 2:
        return f"{'frame' if len(where) == 1 else 'frames'} {listed((f'{place.frame}' for place in where), most)}"
    named = (f"frame {place.frame} of {os.path.basename(capture.files[place.file].name)}" for place in where)
    return listed(named, most)


def _story(report: Report) -> str:
    """What happened, in few words."""
    calls = [call for call in report.calls if call.kind == "call"]
    if len(calls) == 1:
        return f"one call, {outcome(calls[0])}"
    if calls:
        outcomes = outcomes_of(report, calls)
        words = (f"{number:,} {OUTCOMES.get(name, name)}" for name, number in outcomes.most_common())
        if len(report.legs) == 1 and len(report.legs[0].calls) == len(calls):
            return f"one call in {len(calls)} legs ({listed(words)})"
        return f"{outcomes.total():,} calls ({listed(words)})"
    if report.calls:
        kinds = _kinds(report)
        return "no call, but " + listed(count(number, KINDS.get(kind, kind)) for kind, number in kinds.most_common())
    named = [each for each in report.capture.not_read if each.signalling or each.name in SIGNALLING_ELSEWHERE]
    unread = listed(map(_named, named), 3)
    unread = f"signalling seen and not read: {unread}" if unread else ""
    if report.streams:
        return f"{unread or 'no signalling'}, {count(len(report.distinct_streams), 'RTP stream')}"
    if unread:
        return unread
    if any(seen.name != "UNKNOWN" for seen in report.capture.protocols):
        return "no call and no media"
    if report.capture.datagrams or report.capture.messages:
        return "nothing of a call"
    fragments = any(finding.id == "fragments-incomplete" for finding in report.findings)
    return "no whole UDP datagram, only fragments" if fragments else "no UDP at all"


def _named(each: NotRead) -> str:
    """What is not read, and where it goes; what has no port is said without one."""
    where = endpoint(each.address, each.port) if each.port else each.address
    return f"{each.name} to {where}" + (f" ({each.detail})" if each.detail else "")


def _kinds(report: Report) -> Counter[str]:
    """The number of transactions of each kind, also of those that are not listed."""
    if report.totals is None:
        return Counter(call.kind for call in report.calls)
    kinds: Counter[str] = Counter()
    for seen in report.totals.outcomes:
        kinds[seen.name.split(", ")[0]] += seen.count
    return kinds


def outcomes_of(report: Report, calls: list[Call]) -> Counter[str]:
    """The outcomes of the calls, also of those that are not listed."""
    if report.totals is None or not report.totals.calls_left_out:
        return Counter(call.outcome for call in calls)
    counted = {seen.name.removeprefix("call, "): seen.count for seen in report.totals.outcomes}
    return Counter({name: number for name, number in counted.items() if ", " not in name})


def outcome(call: Call) -> str:
    """The outcome of a call, with its talking time or the reason of its failure."""
    if call.outcome == "ended" and (talked := call.talked(call.ended)) is not None:
        return f"talked {seconds(talked)}"
    if call.outcome == "established":
        return "answered, open at the end"
    if call.outcome in STATUS_OUTCOMES and call.status:
        return f"{call.outcome} with {call.status}"
    if call.outcome == "ringing":
        return "ringing at the end" if call.ringing is not None else "calling at the end"
    return "only part of it captured" if call.outcome == "fragment" else call.outcome


def _traffic(report: Report) -> str:
    capture = report.capture
    if not capture.datagrams and not capture.messages:
        return f"{count(capture.frames, 'frame')}"
    # A filter leaves some of the flows, and the amounts are those of the whole capture.
    every = sum(flow.datagrams for flow in report.flows) >= capture.datagrams + capture.messages
    ports = set.intersection(*({flow.sport, flow.dport} for flow in report.flows)) if report.flows and every else set()
    where = f", all on port {min(ports)}" if ports else ""
    amounts = [count(capture.datagrams, "datagram")] if capture.datagrams else []
    amounts += [f"{count(capture.messages, 'message')} over TCP"] if capture.messages else []
    return f"{' and '.join(amounts)} in {seconds(capture.duration)}{where}"


def _opening(report: Report, sentence: str) -> Line:
    name = listed((os.path.basename(file.name) or file.name for file in report.capture.files), 3)
    return line(span(name, "bold"), ": ", span(sentence))


def _amount_below(page: Page, report: Report, story: str = "") -> bool:
    """Whether the headline takes more than a line of a screen and the amount stands with what is on the wire."""
    return page.height > 0 and width_of(headline(report, story)) > page.width


def _heading(page: Page, report: Report) -> list[Line]:
    title, capture = span("On the wire", "bold"), report.capture
    if capture.first is None:
        return [line(title, "   ", span("nothing", "dim"))]
    amount = _traffic(report) if _amount_below(page, report) else seconds(capture.duration)
    when = f"{day(page, capture.first)} {zone(page, capture.first)}, {amount}"
    return hanging(page, line(title, "   "), when, "dim", indent=4)


def _pairs(flows: Sequence[Flow]) -> list[tuple[str, int, Counter[str]]]:
    """Both directions of a 5-tuple as one: its name, its datagrams, in all and by protocol; the busiest first."""
    pairs: dict[tuple[str, int, str, int, str, str], list[Flow]] = {}
    for flow in flows:
        back = (flow.dst, flow.dport, flow.src, flow.sport, flow.inside, flow.transport)
        ahead = (flow.src, flow.sport, flow.dst, flow.dport, flow.inside, flow.transport)
        key = back if back in pairs else ahead
        pairs.setdefault(key, []).append(flow)
    rows = []
    for (src, sport, dst, dport, inside, transport), both in pairs.items():
        arrow = "⇄" if len(both) > 1 else "→"
        name = f"{endpoint(src, sport)} {arrow} {endpoint(dst, dport)}"
        name += CARRIED.get(transport, "")
        name += f" ({inside})" if inside else ""
        protocols: Counter[str] = Counter()
        for flow in both:
            protocols.update({seen.name: seen.count for seen in flow.protocols})
        rows.append((name, sum(flow.datagrams for flow in both), protocols))
    return sorted(rows, key=lambda row: -row[1])


def _bar(protocols: Counter[str], datagrams: int, most: int) -> Line:
    """As many cells of `BAR_CELLS` as a pair has of the datagrams of the busiest one, shared by its protocols."""
    room = max(1, round(BAR_CELLS * datagrams / max(most, 1)))
    bar: list[Span] = []
    for name, number in protocols.most_common():
        share = min(room, max(1, round(BAR_CELLS * number / max(most, 1))))
        bar += [Span("━" * share, _style(name))] if share else []
        room -= share
    return tuple(bar)


def _pair(page: Page, first: Line, bar: Line, protocols: Counter[str]) -> list[Line]:
    """A pair on one line, with its bar if that has room; or with its protocols under it on a narrow page."""
    named = [
        line(span(f"{'unknown' if name == 'UNKNOWN' else name} {number:,}", _style(name)))
        for name, number in protocols.most_common()
    ]
    for drawn in (((*bar, Span(" " * (BAR_CELLS - width_of(bar) + 2))) if bar else BLANK), BLANK):
        one = flowing(page, (*first, *drawn), named, "  ", 4)
        if len(one) == 1 and (page.plain or width_of(one[0]) <= page.width):
            return one
    return [first, *flowing(page, line("    "), named, "  ", 4)]


def _remarks(report: Report, everything: bool) -> Iterable[tuple[str, str]]:
    """Notes on the files, as pairs of a word and a sentence."""
    capture = report.capture
    damaged = {place.file for one in report.findings if one.id == "capture-corrupt" for place in one.places}
    if capture.inside:
        yield "inside TURN", count(capture.inside, "datagram")
    if capture.agents:
        yield "seen by", _seen(capture.agents, "message")
    if capture.encapsulations:
        yield "carried by", _seen(capture.encapsulations, "header")
    if capture.not_analysed:
        yield "not analysed", _seen(capture.not_analysed, "segment")
    unread = capture.not_read if everything else capture.not_read[:MAX_UNREAD]
    yield from (("not read", f"{_named(each)}: {_amount(each)}") for each in unread)
    if len(unread) < len(capture.not_read):
        yield "not read", f"{len(capture.not_read) - len(unread):,} more (--all)"
    if capture.keys:
        yield "keys", listed((_source(each) for each in capture.keys), 6)
    if report.totals is not None and report.totals.calls_left_out:
        gone, streams = report.totals.calls_left_out, report.totals.streams_left_out
        over = count(gone, "call or transaction that is over", "calls and transactions that are over")
        yield "only counted", f"{over}, {count(streams, 'stream')} (analyze --all lists them)"
    for number, file in enumerate(capture.files):
        if file.cut:
            how = "damaged; what came before was read" if number in damaged else "it ends in the middle of a frame"
            yield os.path.basename(file.name), how
        if file.dropped:
            yield os.path.basename(file.name), f"{count(file.dropped, 'frame')} dropped while capturing"
        for comment in file.comments[:3]:
            yield "comment", comment


def _source(each: KeySource) -> str:
    """Where keys came from, and how many they are."""
    origin = "the capture itself" if each.origin == "capture" else each.name
    named = f"{each.origin}, " if each.origin not in ("file", "capture") else ""
    return f"{origin} ({named}{count(each.keys, 'key')})"


def _amount(each: NotRead) -> str:
    noun = {"tcp": "connection", "sctp": "packet", "esp": "packet"}.get(each.transport, "datagram")
    return count(each.count, noun) + (f", {each.octets:,} B" if each.octets is not None else "")


def _seen(seen: tuple[Seen, ...], noun: str) -> str:
    return listed((f"{one.name} ({count(one.count, noun)})" for one in seen), 6)


def _style(protocol: str) -> str:
    return PROTOCOL_STYLES.get(protocol, "")
