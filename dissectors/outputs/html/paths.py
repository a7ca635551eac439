"""The path to connectivity (ICE, TURN, DTLS), and the sizes of messages against the limits of paths."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import itemgetter
from typing import NamedTuple

from dissectors.outputs.terminal.lines import Page, count
from dissectors.outputs.terminal.moments import milliseconds, moment
from dissectors.report import Check, Message, Pair, Place, Report, size
from dissectors.wire.datagram import endpoint

MAX_RELAYS, MAX_PAIRS, MAX_CHECKS, MAX_MESSAGES = 20, 60, 80, 80
LIMITS = ((size.LARGEST_REQUEST, "1300: larger requests belong on TCP"), (size.ETHERNET, "1500: an Ethernet frame"))
WIDEST = 2000
"""Octets at the end of the scale of sizes."""


class Stage(NamedTuple):
    """A part of a pair's life, from 0 to 1000 of the capture."""

    name: str
    begin: float
    width: float


class Life(NamedTuple):
    """A pair of candidates, or a relay: its ends, how far it came, its moments (style, name, time), its stages."""

    ends: str
    state: str
    asked: str
    times: list[tuple[str, str, str]]
    stages: list[Stage]
    frame: int


class Weight(NamedTuple):
    """The size of a message: as sent and inflated, in per cent of the scale, and what it crosses."""

    frame: int
    name: str
    sent: int
    inflated: int
    bar: float
    ghost: float
    failing: str
    crossed: str
    saving: str


def lives(page: Page, report: Report) -> tuple[list[Life], int]:
    """Relays, and the pairs of all sessions, those that were lost or never used first; how many are left out."""
    pairs = [pair for session in report.sessions for pair in session.pairs]
    if len(pairs) > MAX_PAIRS:
        pairs.sort(key=lambda pair: pair.state == "used")
    relays = [check for check in report.checks if check.relayed and check.expires is not None]
    made = [_relay(page, report, check) for check in relays[:MAX_RELAYS]]
    made += [_life(page, report, pair) for pair in pairs[:MAX_PAIRS]]
    return made, len(pairs) + len(relays) - len(made)


def _relay(page: Page, report: Report, check: Check) -> Life:
    """A relay from its grant to its end, and what is left of the capture then."""
    granted = check.first if check.succeeded is None else check.succeeded.first
    ends, last = check.expires or check.last, report.capture.last or check.last
    state = "given back" if check.closed else "expired" if ends < last else "held"
    steps = [("relay", "granted", granted), *([("expired", state, ends)] if ends < last else [])]
    one, two = endpoint(check.src, check.sport), endpoint(check.dst, check.dport)
    asked = f"{check.answered:,} of {count(check.requests, 'request')} answered"
    return _lived(page, report, f"{one} ⇄ {two}, relay {check.relayed}", state, asked, steps, last, check.place)


def _life(page: Page, report: Report, pair: Pair) -> Life:
    one, two = endpoint(pair.src, pair.sport), endpoint(pair.dst, pair.dport)
    one += f" ({pair.src_kind})" if pair.src_kind else ""
    two += f" ({pair.dst_kind})" if pair.dst_kind else ""
    inside = f", {pair.inside}" if pair.inside else ""
    named = (("checked", pair.checked), ("nominated", pair.nominated), ("used", pair.used), ("lost", pair.lost))
    reached = sorted(((name, time) for name, time in named if time is not None), key=itemgetter(1))
    steps = [("waiting", "first", pair.first), *((name, name, time) for name, time in reached)]
    asked = f"{pair.answered:,} of {count(pair.requests, 'check')} answered"
    return _lived(page, report, f"{one} ⇄ {two}{inside}", pair.state, asked, steps, pair.last, pair.place)


def _lived(
    page: Page, report: Report, ends: str, state: str, asked: str, steps: Sequence[tuple[str, str, float]], last: float,
    place: Place,
) -> Life:
    times = [(style, name, moment(page, time)) for style, name, time in steps]
    return Life(ends, state, asked, times, list(_stages(report, steps, last)), place.frame)


def _stages(report: Report, steps: Sequence[tuple[str, str, float]], last: float) -> Iterator[Stage]:
    zero, whole = report.capture.first or 0.0, report.capture.duration or 1.0
    for (style, _, begin), (_, _, end) in zip(steps, [*steps[1:], ("", "", last)], strict=True):
        x = 1000 * (begin - zero) / whole
        yield Stage(style, round(min(x, 997.0), 1), round(max(3.0, 1000 * (end - begin) / whole), 1))


def checks(page: Page, report: Report) -> tuple[list[list[str]], int]:
    """STUN and TURN between two endpoints, a row each."""
    rows = []
    for check in report.checks[:MAX_CHECKS]:
        said = [f"mapped to {check.mapped}" if check.mapped else "", f"relay {check.relayed}" if check.relayed else ""]
        said += [check.role or "", "nominated" if check.nominated else "", check.software or "", *check.errors]
        rows.append([
            endpoint(check.src, check.sport), endpoint(check.dst, check.dport), check.kind,
            f"{check.answered:,} of {check.requests:,}" if check.requests else "", milliseconds(check.round_trip_ms),
            ", ".join(filter(None, said)), moment(page, check.first),
        ])
    return rows, max(0, len(report.checks) - MAX_CHECKS)


def handshakes(page: Page, report: Report) -> tuple[list[list[str]], int]:
    """Handshakes of DTLS, a row each."""
    rows = []
    for one in report.handshakes[:MAX_CHECKS]:
        took = "" if one.completed is None else milliseconds(1000 * (one.completed - one.first))
        rows.append([
            endpoint(one.src, one.sport), endpoint(one.dst, one.dport), one.version or "", one.outcome, took,
            ", ".join(filter(None, (one.srtp_profile, one.cipher_suite, one.alert and f"alert {one.alert}"))),
            moment(page, one.first),
        ])
    return rows, max(0, len(report.handshakes) - MAX_CHECKS)


def weights(report: Report) -> tuple[list[Weight], int]:
    """The messages, the largest first, and how many are left out."""
    found = [m for call in report.calls for m in call.messages if m.sizes is not None and not m.retransmission]
    found.sort(key=lambda message: -message.length)
    return [_weight(message) for message in found[:MAX_MESSAGES]], max(0, len(found) - MAX_MESSAGES)


def _weight(message: Message) -> Weight:
    sizes, less = message.sizes, size.saving(message)
    assert sizes is not None
    name = message.summary if message.status is None else f"{message.summary} to {message.method}"
    crossed = ""
    if message.transport == "udp":
        over = size.fragmented(message)
        crossed = "fragmented" if over else "over 1300" if message.length > size.LARGEST_REQUEST else ""
    packed = less.body + less.names
    return Weight(
        message.place.frame, name, sizes.sent, sizes.inflated, round(min(100, 100 * sizes.sent / WIDEST), 2),
        round(min(100, 100 * sizes.inflated / WIDEST), 2), f"{size.failing(sizes.sent):g} %", crossed,
        f"−{packed:,}" if packed else "",
    )
