"""An explanation as text: the message first, then why it is one, then every row that was tried, then the octets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from dissectors.mux.explain import FORCED, Step, Trial, explain, read, reason
from dissectors.mux.scan import Row
from dissectors.mux.table import PROTOCOLS, TABLE, UNKNOWN_ROW
from dissectors.outputs.escape import visible
from dissectors.outputs.rows import SIGNALLING, epoch, hiding, said
from dissectors.outputs.terminal.fields import Hide, dump, listing
from dissectors.wire.datagram import UDP
from dissectors.wire.errors import Malformed
from dissectors.wire.masking import masked_text

MAX_DUMPED_OCTETS = 256
MAX_TRIALS = 8
MAX_BODY_LINES = 256
SIP = "SIP"


def explained(row: Row, company: Counter[str], when: str = "", secrets: bool = False) -> Iterator[str]:
    """The lines for one datagram; `company` counts the datagrams of its 5-tuple in both directions, by protocol.

    `when` is its time in words, else it is told in seconds since the epoch. With `secrets` they have passwords and keys
    as they were sent.
    """
    lines = _explained(row, company, when, hiding(row, secrets))
    return lines if secrets or row.protocol not in SIGNALLING else map(masked_text, lines)


def _explained(row: Row, company: Counter[str], when: str, hide: Hide) -> Iterator[str]:
    datagram, payload = row.datagram, row.datagram.payload
    said = explain(payload, datagram.length, row.row if datagram.flow.transport != UDP else None)
    layer = f", layer {datagram.layer}" if datagram.layer else ""
    yield f"Frame {datagram.frame}{layer}: {PROTOCOLS[row.protocol]}{f', {row.strength}' if row.strength else ''}"
    yield f"  {visible(str(datagram.flow))}, {datagram.length:,} bytes, at {when or epoch(datagram.time)}"
    if datagram.cut:
        yield f"  the capture kept {len(payload):,} of them"
    yield ""
    yield from _message_lines(row, payload, hide)
    yield ""
    yield "Why"
    yield from _verdict(row, said.winner, said.runner_up, company)
    yield ""
    yield "Every row of the table, in order (* matches first, + matches too)"
    for trial in said.trials:
        yield from _trial(trial, trial is said.winner)
    yield ""
    yield f"Bytes{'' if len(payload) <= MAX_DUMPED_OCTETS else f' (the first {MAX_DUMPED_OCTETS})'}"
    yield from (f"  {line}" for line in dump(hide(payload)[:MAX_DUMPED_OCTETS]))


def _verdict(row: Row, winner: Trial | None, runner_up: Trial | None, company: Counter[str]) -> Iterator[str]:
    counts = ", ".join(f"{name} {number:,}" for name, number in company.most_common())
    if row.evidence == FORCED:
        yield f"  because    -d takes every datagram of this port for {PROTOCOLS[row.protocol]}"
        yield f"  the table  says {_named(winner) if winner else 'nothing: no row matches'}"
        yield f"  its flow   {counts}, both ways together"
        return
    yield f"  because    {reason(row)}"
    if winner is None:
        yield "  winner     none: no row matches"
    else:
        yield f"  winner     {_named(winner)}"
    if runner_up is None:
        yield "  runner-up  none: nothing else comes near"
    elif runner_up.matched:
        yield f"  runner-up  {_named(runner_up)}, which matches too but comes later"
    else:
        yield f"  runner-up  {_named(runner_up)}, but {_failure(runner_up.steps[-1])}"
    yield f"  its flow   {counts}, both ways together"


def _named(trial: Trial) -> str:
    return f"{trial.protocol} by {trial.reason} ({trial.strength})"


def _failure(step: Step) -> str:
    return f"{visible(step.found)} where {step.wanted} is wanted"


def _trial(trial: Trial, won: bool) -> Iterator[str]:
    mark = "*" if won else "+" if trial.matched else " "
    yield f"{mark} {trial.protocol}: {trial.reason} ({trial.strength})"
    for step in trial.steps:
        octets = f"  [{step.octets[1][:MAX_TRIALS].hex(' ')}]" if step.octets[1] else ""
        yield f"    {'yes' if step.holds else 'no '}  {step.wanted}: {visible(step.found)}{octets}"


def message_lines(row: Row, secrets: bool = False) -> Iterator[str]:
    """The datagram as its protocol reads it, also if nothing confirmed the row."""
    lines = _message_lines(row, row.datagram.payload, hiding(row, secrets))
    return lines if secrets or row.protocol not in SIGNALLING else map(masked_text, lines)


def _message_lines(row: Row, payload: bytes, hide: Hide) -> Iterator[str]:
    protocol = PROTOCOLS[row.protocol]
    name = protocol
    if row.protocol >= len(TABLE) and row.row != UNKNOWN_ROW:
        protocol = explain(payload, row.datagram.length).trials[row.row].protocol
        name = f"{protocol}, if it were"
    message: Any = read(protocol, payload)
    if message is None:
        yield "Nothing reads it"
    elif isinstance(message, Malformed):
        yield f"{name}: cannot be read, byte {message.offset}: {visible(message.reason)}"
    else:
        yield f"{name}: {visible(said(message, payload))}"
        yield from _as_sent(message, hide) if protocol == SIP else listing(message, 2, hide)


def _as_sent(message: Any, hide: Hide) -> Iterator[str]:
    """A SIP message as it was sent, with its body inflated; then what is odd about it, and the parts of its body."""
    body = message.body
    yield f"  | {visible(message.start_line)}"
    yield from (f"  | {visible(f'{each.written}: {each.value}')}" for each in message.headers if not each.recovered)
    if body.octets:
        yield "  |"
        text = body.octets.decode("utf-8", "surrogateescape").replace("\r\n", "\n").rstrip("\n")
        yield from (f"  | {visible(line)}" for line in text.split("\n")[:MAX_BODY_LINES])
    if body.compressed:
        label = f"labelled {visible(body.label)}" if body.label else "without a label"
        yield f"  body: {body.encoding}, {label}, {body.compressed_length:,} bytes, {body.inflated_length:,} inflated"
        yield f"  status: {body.status}"
    recovered = [each for each in message.headers if each.recovered]
    yield from (f"  header found in the body: {visible(f'{each.written}: {each.value}')}" for each in recovered)
    for name, value in (("parts", message.parts), ("trailing", message.trailing), ("deviations", message.deviations)):
        if value:
            yield f"  {name}:"
            yield from listing(value, 4, hide)
    yield from (f"  odd: {visible(each)}" for each in body.deviations)
