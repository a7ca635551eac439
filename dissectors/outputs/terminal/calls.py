"""Calls for people: caller and callee, outcome, ladder, offer and answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from dissectors.outputs.terminal.call_table import OUTCOME_STYLES, call_table, worst_first
from dissectors.outputs.terminal.ladder import ladder
from dissectors.outputs.terminal.lines import (
    BLANK,
    Column,
    Heading,
    Line,
    Page,
    Span,
    beside,
    clip,
    count,
    flowing,
    hanging,
    line,
    listed,
    span,
    table,
    width_of,
)
from dissectors.outputs.terminal.moments import at, seconds
from dissectors.outputs.terminal.parties import party
from dissectors.outputs.terminal.steps import Beside, inflation, steps
from dissectors.outputs.terminal.summary import outcome
from dissectors.report import Body, Call, Description, Format, Legs, Media, Report
from dissectors.wire.datagram import endpoint
from dissectors.wire.values import replace

MAX_WHOLE_CALLS = 3
MAX_DESCRIPTIONS = 4
MAX_SDP_LINES = 60
BESIDE_CELLS = 76
CERTAINTY_STYLES = {"certain": "green", "high": "", "medium": "yellow", "low": "yellow", "unknown": "red"}


def calls(page: Page, report: Report, listed_before: bool = False) -> Iterator[Line]:
    """Every call; if there are many, only the worst in full, the others in a line each; then other transactions.

    `listed_before` says that the lines of the calls are on the page already.
    """
    numbers = [i for i, call in enumerate(report.calls) if call.kind == "call"]
    others = [i for i, call in enumerate(report.calls) if call.kind != "call"]
    whole = numbers if page.everything or len(numbers) <= MAX_WHOLE_CALLS else worst_first(report, numbers)[:1]
    if len(whole) < len(numbers) and not listed_before:
        yield from call_table(page, report, "Calls", worst_first(report, numbers), media=True)
    around, legs = Beside(report), {number: each for each in report.legs for number in each.calls}
    for i in _with_legs(whole, legs):
        title = f"Call {report.number_of(i)}" if report.numbered else "Call"
        yield from call_in_full(page, report.calls[i], around, title, _leg(report, i, legs))
    if others:
        yield from call_table(page, report, "Other SIP transactions" if numbers else "SIP transactions", others)


def _with_legs(whole: Sequence[int], legs: Mapping[int, Legs]) -> list[int]:
    """Calls to show, the legs of one behind each other; at most as many as are ever shown in full, but for those."""
    shown: dict[int, None] = {}
    for number in whole:
        group = legs[number].calls if number in legs else (number,)
        shown |= dict.fromkeys(group[:MAX_WHOLE_CALLS] if number not in shown else ())
        shown[number] = None
    return list(shown)


def _leg(report: Report, number: int, legs: Mapping[int, Legs]) -> str:
    """Which leg of which calls this one is; nothing where it is none."""
    if number not in legs:
        return ""
    group = legs[number]
    others = " and ".join(report.number_of(each) for each in group.calls if each != number)
    place = group.calls.index(number) + 1
    sure = "" if group.certainty == "certain" else f", certainty {group.certainty}"
    said = f"leg {place} of {len(group.calls)}, the other: call {others}; joined by {group.joined_by}{sure}"
    return "; ".join([said, *group.differ])


def call_in_full(page: Page, call: Call, around: Beside, title: str, leg: str = "") -> list[Line]:
    """One call: its parties, its outcome and times, its ladder, its offers and answers; `leg` says of which it is."""
    parties = f"{party(call.caller)} → {party(call.callee)}"
    lines = hanging(page, line(span(title, "bold"), "   "), parties)
    came_to = line(span(outcome(call), OUTCOME_STYLES.get(call.outcome, "")))
    lines += flowing(page, line("  "), [came_to, *(line(span(part, "dim")) for part in _times(page, call))], " · ", 4)
    agents = [f"user agents: {listed(call.user_agents, 4)}"] if call.user_agents else []
    names = [f"Call-ID: {call.call_id}"] if call.call_id else []
    for text in (*agents, *names, *([leg] if leg else [])):
        lines += hanging(page, line("  "), text, "dim")
    lines += [BLANK, *ladder(page, steps(around, call)), BLANK]
    return [*lines, *descriptions(page, call, around)]


def descriptions(page: Page, call: Call, around: Beside) -> list[Line]:
    """The first offers and answers, and all that explain a finding; one that a proxy forwarded is not repeated."""
    bodies = {message.place: message.body for message in call.messages if message.body}
    lines: list[Line] = []
    shown: dict[str, Description] = {}
    left_out = 0
    for description in call.descriptions:
        body = bodies.get(description.place)
        first = shown.setdefault(body.text, description) if body else description
        if first is not description:
            lines += [*_head(page, description, body, f"the same text as in frame {first.place.frame}"), BLANK]
        elif page.everything or len(shown) <= MAX_DESCRIPTIONS or description.place in around.cited:
            lines += [*_description(page, description, body), BLANK]
        else:
            left_out += 1
    if left_out:
        more = count(left_out, "more offer or answer", "more offers and answers")
        lines += [line(span(f"  … and {more} (--all)", "dim")), BLANK]
    return lines


def _head(page: Page, description: Description, body: Body | None, *more: str) -> list[Line]:
    first = line("  ", span(description.role.capitalize(), "bold"), "   ")
    parts = [line(span(part, "dim")) for part in (*_provenance(description, body), *more)]
    return flowing(page, first, parts, " · ", 4)


def _times(page: Page, call: Call) -> list[str]:
    """The start of a call, the times to ringing and to the answer, and who hung up."""
    parts = [f"began at {at(page, call.start)}"]
    if call.begun_before:
        parts = [f"first seen at {at(page, call.start)}", "its INVITE is not in the capture"]
    elif call.ringing is not None:
        parts.append(f"rang after {seconds(call.ringing - call.start)}")
    if call.answered is not None and not call.begun_before:
        parts.append(f"answered after {seconds(call.answered - call.start)}")
    if call.ended is not None and call.ended_by:
        parts.append(f"hung up by the {call.ended_by}")
    return parts


def _description(page: Page, description: Description, body: Body | None) -> list[Line]:
    """An offer or answer: the real lines, and each payload type explained; next to each other on a wide page."""
    head = _head(page, description, body)
    for deviation in (*(body.deviations if body else ()), *description.deviations):
        head += hanging(page, line("  ", span("▲ ", "yellow")), deviation, "yellow")
    text = _text(page, body)
    left = max(60, *map(width_of, text)) if text else 0
    if not page.plain and page.width - left >= BESIDE_CELLS:
        return [*head, *beside(text, _formats(replace(page, width=page.width - left), description.media), left)]
    formats = _formats(page, description.media)
    return [*head, *text, *([BLANK] if text and formats else []), *formats]


def _provenance(description: Description, body: Body | None) -> list[str]:
    """The place of a description, the decoding of its octets, and their label."""
    where = f"frame {description.place.frame}"
    if body is None:
        return [where]
    if body.status in ("identity", "unsupported"):
        return [where, f"{count(body.inflated_length, 'byte')}, not compressed"]
    return [where, inflation(body), f"labelled {body.label}" if body.label else "without a label"]


def _text(page: Page, body: Body | None) -> list[Line]:
    """The lines of the SDP as in the body."""
    if body is None:
        return []
    texts = body.text.replace("\r\n", "\n").rstrip("\n").split("\n")
    shown = texts if page.everything or page.plain else texts[:MAX_SDP_LINES]
    wide = page.width - 4
    lines = [line("    ", _sdp_line(text if page.plain or page.everything else clip(text, wide))) for text in shown]
    if len(shown) < len(texts):
        lines.append(line(span(f"    … and {len(texts) - len(shown):,} more lines (--all)", "dim")))
    return lines


def _sdp_line(text: str) -> Span:
    return span(text, "bold" if text.startswith("m=") else "")


def _formats(page: Page, media: tuple[Media, ...]) -> list[Line]:
    """A table of every payload type of every media line."""
    columns = (
        Column("type", "right"), Column("codec"), Column("clock", "right", 1), Column("how sure", "left", 2),
        Column("from", "left", 3, 12),
    )
    rows: list[Line | Heading] = []
    for one in media:
        rows += [Heading(part) for part in _medium(page, one)]
        rows += [_format(named) for named in one.formats]
    return table(page, columns, rows, indent=4)


def _medium(page: Page, media: Media) -> list[Line]:
    """`audio to 192.0.2.1:16402, RTP/AVP, sendrecv, RTCP on port 16403`, on as many lines as necessary."""
    where = endpoint(media.address, media.port) if media.address else f"port {media.port}"
    parts = [f"{media.kind} to {where}" if media.port else f"{media.kind} refused", media.profile, media.direction]
    if media.rtcp_mux:
        parts.append("rtcp-mux")
    elif media.rtcp_port is not None:
        parts.append("RTCP on the same port" if media.rtcp_port == media.port else f"RTCP on port {media.rtcp_port}")
    if media.encryption:
        parts.append(f"encrypted by {media.encryption}")
    if media.rtp_id is not None:
        parts.append(f"rtpID 0x{media.rtp_id:08X}")
    if media.candidates:
        parts.append(count(media.candidates, "candidate"))
    spans = [line(span(part, "bold" if number == 0 else "")) for number, part in enumerate(parts) if part]
    return flowing(replace(page, width=page.width - 4), BLANK, spans, ", ", 2)


def _format(named: Format) -> Line:
    codec = (named.codec or "unknown") + ("" if named.channels in (None, 1) else f", {named.channels} channels")
    clock = f"{named.clock:,} Hz" if named.clock else ""
    sure, source = named.certainty, named.source + (", secondary" if named.secondary else "")
    return (
        span(named.payload_type), span(codec, "dim" if named.codec is None else ""), span(clock),
        span(sure, CERTAINTY_STYLES.get(sure, "")), span(source, "dim"),
    )
