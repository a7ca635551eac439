"""Datagrams, one per line: for people, and as JSON objects for other programs."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from functools import lru_cache
from json.encoder import encode_basestring_ascii
from typing import Any, NamedTuple

from dissectors.mux.explain import read, why
from dissectors.mux.scan import Row
from dissectors.mux.table import PROTOCOLS, ROWS, TABLE, UNKNOWN_ROW
from dissectors.outputs.escape import scalar, visible
from dissectors.outputs.terminal.lines import Page, clip
from dissectors.outputs.terminal.moments import day
from dissectors.wire.datagram import UDP, Flow, endpoint
from dissectors.wire.errors import Malformed
from dissectors.wire.masking import concealed, masked_text

SHORT = {"UNKNOWN": "?", **{spec.name: spec.short or spec.name for spec in TABLE}}
MEDIA = frozenset(spec.name for spec in TABLE if spec.role == "media")
MAX_SUMMARY_LENGTH = 240

MAX_FLOWS, MAX_VERDICTS = 16_384, 1024
"""Flows and verdicts that are remembered as they are written: the next line is often of the same ones."""

SIGNALLING = tuple(number for number, spec in enumerate(TABLE) if spec.role == "signalling")
"""The protocols whose messages hold secrets in their texts."""


class Layout(NamedTuple):
    """The width of each column of a listing; 0 omits it. The summary gets the rest of the terminal.

    `file` is the width of a file's name if there are several; `short` shortens the destination of a flow to its
    difference from the source.
    """

    file: int
    frame: int
    time: int
    decimals: int
    flow: int
    short: bool
    protocol: int
    strength: int
    gap: str


FULL = Layout(255, 7, 12, 6, 43, False, 9, 9, "  ")
LAYOUTS = (
    (130, Layout(24, *FULL[1:])),
    (96, Layout(16, 6, 8, 3, 32, True, 6, 0, "  ")),
    (72, Layout(10, 5, 7, 3, 28, True, 4, 0, " ")),
    (0, Layout(6, 5, 0, 0, 0, True, 4, 0, " ")),
)
"""For terminals of that many columns or more."""


class Listing:
    """Datagrams as lines for people: `width` is the terminal's, 0 without one; `names` are those of the files.

    `clock` is `relative`, `local` or `utc`; relative times count from `zero`, else from the first line. With `secrets`
    lines have passwords and keys as they were sent.
    """

    def __init__(
        self, width: int = 0, names: Sequence[str] = (), clock: str = "relative", secrets: bool = False
    ) -> None:
        self.width, self.secrets, self._page = width, secrets, Page(clock=clock)
        self.layout = next(layout for least, layout in LAYOUTS if width >= least) if width else FULL
        shown = [visible(os.path.splitext(name)[0] if self.layout.short else name) for name in names]
        files = [tail(name, self.layout.file) for name in shown] if len(names) > 1 else []
        self._files = [name.ljust(max(map(len, files))) for name in files]
        self._seconds = f">{self.layout.time}.{self.layout.decimals}f"
        self.zero: int | None = None

    @property
    def dropped(self) -> list[str]:
        """The columns for which the terminal has no room."""
        there = {"time": self.layout.time, "flow": self.layout.flow, "certainty": self.layout.strength}
        return [name for name, width in there.items() if not width]

    def line(self, row: Row) -> str:
        """File if there are several, frame, time, flow, protocol, strength, summary."""
        layout, datagram = self.layout, row.datagram
        if self.zero is None:
            self.zero = datagram.time
        frame = f"{datagram.frame}" if not datagram.layer else f"{datagram.frame}.{datagram.layer}"
        columns = [self._files[datagram.file]] if self._files else []
        columns.append(frame.rjust(layout.frame))
        if layout.time and self._page.clock == "relative":
            columns.append(format((datagram.time - self.zero) / 1e9, self._seconds))
        elif layout.time:
            when = day(self._page, datagram.time / 1e9)
            columns.append(when[11:] if layout.short else when)
        if layout.flow:
            columns.append(_flow_column(datagram.flow, layout.flow, layout.short))
        name = PROTOCOLS[row.protocol]
        columns.append((SHORT[name] if layout.short else name).ljust(layout.protocol))
        if layout.strength:
            columns.append((row.strength or "–").ljust(layout.strength))
        says = summary(row, self.secrets)
        columns.append(without_name(says, name) if layout.short else says)
        text = layout.gap.join(columns)
        return clip(text, self.width) if self.width else text


@lru_cache(MAX_FLOWS)
def _flow_column(flow: Flow, width: int, short: bool) -> str:
    return (shortened(flow, width) if short else visible(str(flow))).ljust(width)


def without_name(says: str, name: str) -> str:
    """A summary without the protocol's name at its start, as the line has it already; a version needs the name."""
    rest = says.removeprefix(f"{name} ")
    return says if rest[:1].isdigit() else rest


def shortened(flow: Flow, width: int) -> str:
    """A flow in `width` characters: the destination's difference from the source, the end of long addresses.

    `192.168.1.10:16402 → .20`; an equal port is not repeated.
    """
    source, target = endpoint(flow.src, flow.sport), endpoint(flow.dst, flow.dport)
    shared = os.path.commonprefix((flow.src, flow.dst)).rfind(":" if ":" in flow.dst else ".")
    port = "" if flow.sport == flow.dport else f":{flow.dport}"
    target = target if port else flow.dst
    if flow.src == flow.dst:
        target = f":{flow.dport}"
    elif shared > 0:
        target = (f"[…{flow.dst[shared:]}]" if ":" in flow.dst else flow.dst[shared:]) + port
    room = width - len(" → ")
    half = room // 2
    kept = room - min(len(target), max(half, room - len(source)))
    return f"{tail(source, kept)} → {tail(target, room - min(len(source), kept))}"


def hiding(row: Row, secrets: bool = False) -> Callable[[bytes], bytes]:
    """What hides passwords and keys in octets of a datagram: nothing where it has none, or `secrets` asks for them."""
    return bytes if secrets or row.protocol not in SIGNALLING else concealed


def shown(row: Row, secrets: bool = False) -> bytes:
    """The octets of a datagram as they may be shown."""
    return hiding(row, secrets)(row.datagram.payload)


def tail(text: str, width: int) -> str:
    """The end of a text, after … if it is longer than `width` characters."""
    return text if len(text) <= width else "…" + text[len(text) - width + 1 :]


def ndjson(row: Row, file: str, secrets: bool = False) -> str:
    """One JSON object on one line: `file` (its name), `frame`, `layer`, `time` (seconds since the epoch with nine
    decimals), `src`, `sport`, `dst`, `dport`, `length`, `protocol`, `strength`, `reason`, `summary`; `encrypted` for
    media, `inside` with a TURN payload, `transport` where it is not UDP.
    """
    datagram, protocol = row.datagram, PROTOCOLS[row.protocol]
    flow = datagram.flow
    more = f', "encrypted": {"true" if row.encrypted else "false"}' if protocol in MEDIA else ""
    if flow.transport != UDP:
        more += f', "transport": {json.dumps(flow.transport)}'
    if row.inside:
        more += f', "inside": {json.dumps(row.inside)}'
    # A float has no room for nanoseconds since the epoch.
    return (
        f'{{"file": {_text(file)}, "frame": {datagram.frame}, "layer": {datagram.layer}, '
        f'"time": {epoch(datagram.time)}, {_flow_members(flow)}, "length": {datagram.length}, '
        f'{_verdict_members(row.protocol, row.row, row.strength, row.evidence)}, '
        f'"summary": {encode_basestring_ascii(summary(row, secrets))}{more}}}'
    )


@lru_cache(MAX_FLOWS)
def _flow_members(flow: Flow) -> str:
    return json.dumps({"src": flow.src, "sport": flow.sport, "dst": flow.dst, "dport": flow.dport})[1:-1]


@lru_cache(MAX_VERDICTS)
def _verdict_members(protocol: int, row: int, strength: str | None, evidence: str) -> str:
    members = {"protocol": PROTOCOLS[protocol], "strength": strength, "reason": why(row, evidence)}
    return json.dumps(members)[1:-1]


@lru_cache(MAX_VERDICTS)
def _text(file: str) -> str:
    return json.dumps(scalar(file))


def summary(row: Row, secrets: bool = False) -> str:
    """A summary of the datagram, on one escaped line; it marks a protocol that is not confirmed."""
    if row.protocol >= len(PROTOCOLS) - 1:
        looks = f", looks like {PROTOCOLS[ROWS[row.row][0]]}" if row.row != UNKNOWN_ROW else ""
        return f"{row.datagram.length:,} bytes{looks}"
    summarise = TABLE[row.protocol].summarise
    short = summarise(row.datagram.payload) if summarise else None
    if short is not None:
        return short
    message = read(PROTOCOLS[row.protocol], row.datagram.payload)
    if isinstance(message, Malformed):
        return f"malformed at byte {message.offset}: {visible(message.reason)}"
    text = said(message, row.datagram.payload)
    return clip(visible(text if secrets or row.protocol not in SIGNALLING else masked_text(text)), MAX_SUMMARY_LENGTH)


def said(message: Any, payload: bytes) -> str:
    """A message's own summary; its first line if it has none."""
    own: str | None = getattr(message, "summary", None)
    return own or payload.lstrip(b"\r\n")[:MAX_SUMMARY_LENGTH].splitlines()[0].decode("utf-8", "surrogateescape")


def epoch(time: int) -> str:
    """Nanoseconds since the epoch as seconds with nine decimals."""
    whole, rest = divmod(abs(time), 10**9)
    return f"{'-' if time < 0 else ''}{whole}.{rest:09d}"
