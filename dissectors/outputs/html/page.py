"""The page: what the other modules of this folder say, laid out by templates; the only door to their library.

Laws of this file:
1. Whatever a template prints is escaped: what a reader could not see (`escape.visible`), then what HTML would read.
2. The page has one style and one script, both ours and named by their hashes in its policy; nothing else loads or runs.
3. A page has a bound. The texts of the least interesting calls go first, then their ladders, then their rows.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from importlib.resources import files
from typing import Any, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from dissectors.outputs.escape import readable, visible
from dissectors.outputs.html import charts, overview, paths, security, sounds
from dissectors.outputs.html.ladder import Ladder, interesting, ladder, legs, named
from dissectors.outputs.html.offers import exchanges
from dissectors.outputs.html.table import Table, row, table
from dissectors.outputs.terminal.findings import looked_at
from dissectors.outputs.terminal.lines import Page
from dissectors.outputs.terminal.moments import day, moment, zone
from dissectors.outputs.terminal.steps import Beside, inflation, label
from dissectors.outputs.terminal.summary import headline
from dissectors.outputs.view import Sent, View
from dissectors.report import Call, Message, Place, Report, size
from dissectors.version import __version__
from dissectors.wire.datagram import endpoint

MAX_PAGE_OCTETS = 1_980_000
"""Octets of a page without its sound."""

MAX_OCTETS = 1_450_000
"""Octets of the table of calls and of all ladders with their messages, where the rest of the page leaves so many."""

MAX_CALLS_OCTETS = 1_000_000
"""Octets of all ladders with their messages, where the table leaves so many."""

MAX_CALLS = 400
MAX_LEGS_DRAWN = 4
"""Groups of legs whose ladder is drawn as one."""

MAX_TEXT_CHARACTERS = 12_000
"""Characters of one message."""

MAX_CALL_CHARACTERS = 400_000
"""Characters of the messages of one call."""

MAX_TITLE_CHARACTERS = 120


class Text(NamedTuple):
    """A message in the page: its facts, and its text unless there is no room; `missing` says why it has none."""

    name: str
    title: str
    facts: list[tuple[str, str]]
    remarks: list[str]
    head: str
    body: str
    octets: str
    packed: tuple[str, float] | None
    missing: str


class Joined(NamedTuple):
    """Legs of one call: their positions and numbers, what joins them, how sure that is, what differs, the drawing."""

    calls: list[tuple[int, str]]
    joined_by: str
    certainty: str
    differ: tuple[str, ...]
    ladder: Ladder | None


def write(report: Report, view: View) -> Iterator[str]:
    """The report as a format of `outputs.formats`."""
    templates = _environment()
    page = Page(clock=view.clock, zero=report.capture.first or 0.0)
    told = headline(report, view.nothing)
    pictures = charts.pictures(page, report)
    pictured = {picture.position for picture in pictures[0]}
    calls = _Calls(templates, page, report, view.sent or {}, pictured)
    heard = sounds.sounds(report, view)
    whole = partial(
        laid_out, "page.html", templates,
        title=_short(told[0].text), sentence=told[-1].text, when=_when(page, report),
        facts=overview.facts(report), tally=overview.tally(report), looked_at=looked_at(report),
        findings=overview.findings(page, report), lanes=overview.lanes(report),
        pictures=pictures, pictured=pictured, ticks=charts.ticks(page, report), lives=paths.lives(page, report),
        checks=paths.checks(page, report), handshakes=paths.handshakes(page, report), weights=paths.weights(report),
        failures=size.FAILURES, remarks=security.remarks(report), zero=report.capture.first or 0.0,
        duration=report.capture.duration, clock=view.clock, report=report, view=view,
        sounds=heard, media="data:" if view.heard else "",
    )
    yield _bounded(calls, whole, MAX_PAGE_OCTETS + sum(len(one.source) for one in heard))


def _bounded(calls: _Calls, whole: Callable[..., str], most: int) -> str:
    """The page, with so much of its calls that it has `most` octets."""
    room = MAX_OCTETS
    while True:
        fitting = calls.fitting(room)
        joined = list(_joined(calls.page, calls.report, calls.beside, fitting.drawn))
        text = whole(calls=fitting, joined=joined, noun="Calls" if calls.any else "Transactions")
        over = len(text.encode("utf-8", "surrogatepass")) - most
        if over <= 0 or room <= 0:
            return text
        room -= over


def laid_out(template: str, templates: Environment | None = None, media: str = "", **values: Any) -> str:
    """A page by its template, with our style and our script; its policy lets nothing else load or run.

    `media` says where sound may come from.
    """
    style, script = _own("page.css"), _own("page.js")
    return (templates or _environment()).get_template(template).render(
        style=Markup(style), script=Markup(script), policy=policy(style, script, media), version=__version__, **values
    )


def policy(style: str, script: str, media: str = "") -> str:
    """The Content-Security-Policy of a page with this style and this script, and nothing else."""
    sound = f" media-src {media};" if media else ""
    return (
        f"default-src 'none';{sound} style-src '{_hash(style)}'; script-src '{_hash(script)}'; base-uri 'none'; "
        "form-action 'none'"
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _own(name: str) -> str:
    return files("dissectors.outputs.html").joinpath("templates", name).read_text(encoding="utf-8")


def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("dissectors.outputs.html"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, keep_trailing_newline=True, finalize=_seen,
    )
    made.filters["readable"] = lambda text: Markup(escape(readable(text)))
    made.filters["grouped"] = lambda number: f"{number:,}"
    return made


def _seen(value: Any) -> Any:
    """What a template prints: text with everything visible that is there."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _short(text: str) -> str:
    return text if len(text) <= MAX_TITLE_CHARACTERS else text[: MAX_TITLE_CHARACTERS - 1] + "…"


def _when(page: Page, report: Report) -> str:
    first = report.capture.first
    return "" if first is None else f"{day(page, first)[:19]} {zone(page, first)}"


def _joined(page: Page, report: Report, beside: Beside, drawn: set[int]) -> Iterator[Joined]:
    """Legs of one call, the first of them drawn beside one another."""
    for number, each in enumerate(report.legs[:MAX_CALLS]):
        numbers = {i: report.number_of(i) for i in each.calls}
        calls = {i: report.calls[i] for i in each.calls}
        ladder = legs(page, beside, calls, numbers, drawn) if number < MAX_LEGS_DRAWN else None
        yield Joined([*numbers.items()], each.joined_by, each.certainty, each.differ, ladder)


class Fitting(NamedTuple):
    """What there is room for: the table, ladders as HTML, and what was left out of them."""

    table: Table
    details: list[Markup]
    drawn: set[int]
    rows_left_out: int
    details_left_out: int
    without_texts: list[str]
    uncounted: int


class _Calls:
    """The calls of a report, as many and as full as there is room for."""

    def __init__(
        self, templates: Environment, page: Page, report: Report, sent: Mapping[Place, Sequence[Sent]],
        pictured: set[int],
    ) -> None:
        self.page, self.report, self.sent, self.pictured = page, report, sent, pictured
        self.detail = templates.get_template("call.html")
        self.beside = Beside(report)
        self.any = any(call.kind == "call" for call in report.calls)
        self.found: dict[int, dict[str, int]] = {}
        for call, found in report.found_by_call().items():
            counts = self.found[call] = dict[str, int]()
            for finding in found:
                counts[finding.severity] = counts.get(finding.severity, 0) + 1

    def fitting(self, room: int) -> Fitting:
        """The table and the ladders in so many octets, of the most interesting calls where not all have room."""
        order = interesting(self.report, range(len(self.report.calls)))
        rows = table(self.page, self.report, order, self.found, room)
        details, bare = self._details(order, min(MAX_CALLS_OCTETS, room - rows.octets))
        totals = self.report.totals
        return Fitting(
            rows, [details[i] for i in order if i in details], {*details}, len(order) - rows.listed,
            len(order) - len(details), [self.report.number_of(i) for i in sorted(bare)],
            0 if totals is None else totals.calls_left_out,
        )

    def _details(self, order: Sequence[int], room: int) -> tuple[dict[int, Markup], set[int]]:
        """The ladders by call, in so many octets, and those that have no room for the texts of their messages.

        Ladders alone take half of the room at most, so that the calls of most interest have their texts in any case.
        """
        half = room // 2
        details: dict[int, Markup] = {}
        for i in order[:MAX_CALLS]:
            made = Markup(self._detail(i, False, first=not details))
            if (octets := len(made.encode())) > room - half:
                break
            details[i] = made
            room -= octets
        bare = set()
        for number, i in enumerate(details):
            whole = Markup(self._detail(i, True, first=number == 0))
            more = len(whole.encode()) - len(details[i].encode())
            if more <= room:
                details[i] = whole
                room -= more
            else:
                bare.add(i)
        return details, bare

    def _detail(self, position: int, texts: bool, first: bool) -> str:
        call = self.report.calls[position]
        drawn = ladder(self.page, self.beside, call, position)
        shown = {row.message for row in drawn.rows if row.message}
        offers, more = exchanges(self.page, call)
        return self.detail.render(
            row=row(self.page, self.report, position, self.found), call=call, ladder=drawn, first=first,
            exchanges=offers, more_exchanges=more,
            messages=[text for text in self._messages(call, position, texts) if text.name in shown],
            streams=[i for i in call.streams if i in self.pictured],
        )

    def _messages(self, call: Call, position: int, texts: bool) -> Iterator[Text]:
        room = MAX_CALL_CHARACTERS if texts else 0
        told: dict[Place, int] = {}
        for name, message in named(call, position):
            number = told[message.place] = told.get(message.place, -1) + 1
            head, body, octets = self._text(message, number)
            long = len(head) + len(body) + len(octets)
            missing = ""
            if long > room:
                head, body, octets, missing = "", "", "", "Its text has no room in this page."
            else:
                room -= long
            remarks = [each.text for each in message.deviations]
            facts, packed = list(self._facts(message)), _packed(message)
            yield Text(name, label(message), facts, remarks, head, body, octets, packed, missing)

    def _text(self, message: Message, number: int) -> tuple[str, str, str]:
        """Start line and headers, body and octets of a message, each cut where it is very long."""
        there = self.sent.get(message.place, ())
        if number < len(there):
            return _cut(there[number].head), _cut(there[number].body), _cut(there[number].octets)
        return "", _cut(message.body.text if message.body is not None else ""), ""

    def _facts(self, message: Message) -> Iterator[tuple[str, str]]:
        yield "time", moment(self.page, message.time)
        several = len(self.report.capture.files) > 1
        where = f" of {self.report.capture.files[message.place.file].name}" if several else ""
        yield "frame", f"{message.place.frame}{where}"
        ends = f"{endpoint(message.src, message.sport)} → {endpoint(message.dst, message.dport)}"
        yield "path", f"{ends}, {message.transport.upper()}"
        yield "size", f"{message.length:,} bytes"
        if message.retransmission:
            yield "sent", "again"


def _packed(message: Message) -> tuple[str, float] | None:
    """What compression made of a body, in words and as a share; None without compression."""
    body = message.body
    if body is None or body.status in ("identity", "unsupported") or not body.inflated_length:
        return None
    return inflation(body), round(min(100.0, 100 * body.compressed_length / body.inflated_length), 1)


def _cut(text: str) -> str:
    more = len(text) - MAX_TEXT_CHARACTERS
    return text if more <= 0 else f"{text[:MAX_TEXT_CHARACTERS]}\n… and {more:,} characters more"
