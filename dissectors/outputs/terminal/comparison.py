"""The comparison of two captures for people: ports, then the differences call by call, then the findings."""

from __future__ import annotations

from collections.abc import Iterator

from dissectors.outputs.escape import visible
from dissectors.queries.comparison import CallPair, Comparison, MessagePair

MAX_BODY_LINES = 40


def text(compared: Comparison, first: str, second: str, everything: bool = False) -> Iterator[str]:
    """The lines; `-` is the first capture and `+` the second."""
    yield visible(f"- {first}")
    yield visible(f"+ {second}")
    if compared.ports:
        yield ""
        yield "Ports"
        for port, ours, theirs in compared.ports:
            yield f"  {port:<6} - {ours}"
            yield f"  {'':<6} + {theirs}"
    different = [pair for pair in compared.calls if pair.facts or any(map(_differs, pair.messages))]
    for pair in different:
        yield ""
        yield from _call(pair, everything)
    if same := len(compared.calls) - len(different):
        yield ""
        yield f"{same:,} call{'s' * (same > 1)} without a difference"
    for mark, calls in (("-", compared.only_first), ("+", compared.only_second)):
        for name in calls:
            yield visible(f"{mark} only here: {name}")
    if compared.findings:
        yield ""
        yield "Findings (how often)"
        for id, before, after in compared.findings:
            yield f"  {id:<28} - {before:>4}   + {after:>4}"


def _call(pair: CallPair, everything: bool) -> Iterator[str]:
    yield visible(pair.first if pair.first == pair.second else f"{pair.first} / {pair.second}")
    for name, ours, theirs in pair.facts:
        yield visible(f"  {name}: {ours} → {theirs}")
    for message in pair.messages:
        if _differs(message):
            yield from _message(message, everything)


def _reasons(message: MessagePair) -> str:
    """The causes of a difference in size, largest first."""
    parts = [
        (message.compression, "compressed body"), (message.names, "compact header names"), (message.text, "text"),
    ]
    reasons = sorted((part for part in parts if part[0]), key=lambda part: -abs(part[0]))
    return ": " + ", ".join(f"{what} {octets:+,}" for octets, what in reasons) if reasons else ""


def _differs(message: MessagePair) -> bool:
    return message.first != message.second or bool(message.only_first or message.only_second or message.body)


def _message(message: MessagePair, everything: bool) -> Iterator[str]:
    sizes = " → ".join("not there" if size is None else f"{size:,}" for size in (message.first, message.second))
    change = ""
    if message.first is not None and message.second is not None:
        change = f" bytes ({message.second - message.first:+,}{_reasons(message)})"
    yield visible(f"  {message.name}: {sizes}{change}")
    for mark, names in (("-", message.only_first), ("+", message.only_second)):
        if names:
            yield visible(f"    {mark} headers {', '.join(names)}")
    shown = message.body if everything else message.body[:MAX_BODY_LINES]
    for line in shown:
        yield visible(f"    {line}")
    if len(shown) < len(message.body):
        yield f"    … and {len(message.body) - len(shown)} more lines (--all)"
