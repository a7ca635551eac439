"""Datagrams one a line: for people, and as JSON objects for other programs."""

from __future__ import annotations

import json
from typing import Any

from dissectors.mux.explain import read
from dissectors.mux.scan import Row
from dissectors.mux.table import PROTOCOLS, ROWS, UNKNOWN_ROW
from dissectors.outputs.escape import scalar, visible
from dissectors.outputs.lines import clip
from dissectors.wire.datagram import Malformed

MEDIA = ("RTP", "RTCP")
FLOW_WIDTH = 43
MOST = 240


def human(row: Row, zero: int) -> str:
    """Frame, seconds since `zero` (nanoseconds), flow, protocol, strength and summary, in columns."""
    datagram = row.datagram
    frame = f"{datagram.frame}" if not datagram.layer else f"{datagram.frame}.{datagram.layer}"
    time = f"{(datagram.time - zero) / 1e9:.6f}"
    flow, protocol, strength = visible(str(datagram.flow)), PROTOCOLS[row.protocol], row.strength or "–"
    return f"{frame:>7}  {time:>12}  {flow:<{FLOW_WIDTH}}  {protocol:<9}  {strength:<9}  {summary(row)}"


def ndjson(row: Row, file: str) -> str:
    """One JSON object on one line: `file` (its name), `frame`, `layer`, `time` (seconds since the epoch with nine
    decimals), `src`, `sport`, `dst`, `dport`, `length`, `protocol`, `strength`, `reason`, `summary`; `encrypted` for
    media, `inside` where TURN carried something.
    """
    datagram, protocol = row.datagram, PROTOCOLS[row.protocol]
    members = {
        "src": datagram.flow.src,
        "sport": datagram.flow.sport,
        "dst": datagram.flow.dst,
        "dport": datagram.flow.dport,
        "length": datagram.length,
        "protocol": protocol,
        "strength": row.strength,
        "reason": reason(row),
        "summary": summary(row),
    }
    if protocol in MEDIA:
        members["encrypted"] = row.encrypted
    if row.inside:
        members["inside"] = row.inside
    place = f'"file": {json.dumps(scalar(file))}, "frame": {datagram.frame}, "layer": {datagram.layer}'
    # A float has no room for nanoseconds since the epoch.
    return f'{{{place}, "time": {epoch(datagram.time)}, {json.dumps(members)[1:]}'


def reason(row: Row) -> str:
    """Why the verdict is what it is: the row of the table, and what confirmed it or did not."""
    if row.row == UNKNOWN_ROW:
        return row.evidence or "no row of the table matches"
    matched = ROWS[row.row][1].reason
    return f"{matched}; {row.evidence}" if row.evidence else matched


def summary(row: Row) -> str:
    """What the datagram says, on one escaped line; what looks like a protocol and is unconfirmed says so."""
    if row.protocol >= len(PROTOCOLS) - 1:
        looks = f", looks like {PROTOCOLS[ROWS[row.row][0]]}" if row.row != UNKNOWN_ROW else ""
        return f"{row.datagram.length:,} octets{looks}"
    message = read(PROTOCOLS[row.protocol], row.datagram.payload)
    if isinstance(message, Malformed):
        return f"malformed at octet {message.offset}: {visible(message.reason)}"
    return clip(visible(said(message, row.datagram.payload)), MOST)


def said(message: Any, payload: bytes) -> str:
    """What a message says of itself; of one that says nothing, its first line."""
    own: str | None = getattr(message, "summary", None)
    return own or payload.lstrip(b"\r\n")[:MOST].splitlines()[0].decode("utf-8", "surrogateescape")


def epoch(time: int) -> str:
    """Nanoseconds since the epoch as seconds with nine decimals."""
    whole, rest = divmod(abs(time), 10**9)
    return f"{'-' if time < 0 else ''}{whole}.{rest:09d}"
