"""A capture that any tool can read: bodies inflated, a port a protocol, rtpmap lines, media in the clear where that is
asked for; and the other way round.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from functools import partial
from typing import NamedTuple

from dissectors import offline
from dissectors.crypto.secrets import Secrets
from dissectors.mux.classify import looks_like
from dissectors.mux.flows import FlowKey, written_out
from dissectors.mux.scan import Row
from dissectors.mux.table import PROTOCOLS
from dissectors.protocols import sip
from dissectors.rewriting import decrypting, descriptions, messages, named, packets, segments
from dissectors.rewriting.copying import TOO_HARD, Change, Made, Maker, Tally, copy, on_datagrams
from dissectors.rewriting.courses import Courses, look
from dissectors.rewriting.messages import Edit, Edits
from dissectors.rewriting.pieces import sieve_for
from dissectors.rewriting.ports import Ports
from dissectors.rewriting.verdicts import Verdicts
from dissectors.wire.captures.records import Record
from dissectors.wire.errors import Malformed
from dissectors.wire.inflate import LIMITS, Limits
from dissectors.wire.link.headers import Udp
from dissectors.wire.values import Struct

CUT, UNREADABLE, DAMAGED = "cut in the capture", "whose message cannot be read", "whose body is damaged"
TOO_LARGE = "whose body is larger than --max-inflated and --max-ratio allow"
"""Why a message with a compressed body stays as it is."""

SIP, STUN = "SIP", "STUN"
FOLLOWS = "sequence numbers follow"


class Wanted(Struct, frozen=True):
    """What is asked for: `compress` instead of inflating, `compact` or `long` names, `rtpmap` lines, one port each.

    `rules` say where a protocol goes under `split_ports`. `forced` are ports whose protocol the user knows. `decrypt`
    are the keys with which media are written in the clear.
    """

    compress: bool = False
    compact: bool = False
    long: bool = False
    rtpmap: bool = False
    split_ports: bool = False
    rules: Mapping[str, int] = {}
    limits: Limits = LIMITS
    forced: Mapping[int, str] = {}
    decrypt: Secrets | None = None


def normalise(path: str, output: str, wanted: Wanted, *, force: bool = False, source: str = "") -> Tally:
    """Copy a capture with its messages and ports as wanted; raises CaptureError."""
    edits, ports = _edits(path, wanted)
    opened = None if wanted.decrypt is None else decrypting.look(path, wanted.decrypt, dict(wanted.forced))
    if opened is not None:
        # Bodies are inflated before it, and deflated after it.
        edits.insert(not wanted.compress, decrypting.clear_descriptions(opened.kinds))
    of_heads = None if ports is None else named.in_sip(partial(ports.of_named, protocol=SIP))
    change = messages.in_turn(*edits, of_heads=of_heads)
    courses = look(path, _Author(change, wanted.limits))

    def maker() -> Maker:
        verdicts = Verdicts(path, wanted.forced) if ports is not None else None
        clear = None if opened is None else decrypting.Decrypting(opened)
        datagrams = on_datagrams(lambda record, number, udp, tally: _change(
            udp, tally, change, wanted.limits,
            None if ports is None or verdicts is None else
            _moved(ports, udp, _protocol(verdicts.of(record.frame, number))),
            None if clear is None else clear.payload(record, udp, tally),
        ))

        return with_segments(courses, datagrams)

    with closing(courses):
        comment = decrypting.COMMENT if opened else ""
        # Where ports or keys decide, every datagram is looked at.
        sieve = sieve_for((SIP,), courses.ways) if ports is None and opened is None else None
        tally = copy(path, output, maker, force=force, source=source, comment=comment, walk=sieve)
    tally.left += courses.left
    tally.apart = () if ports is None else ports.apart
    return tally


def with_segments(courses: Courses, datagrams: Maker) -> Maker:
    """A maker that also lets segments of TCP follow."""
    if not courses:
        return datagrams
    courses.begin()

    def make(record: Record, udps: Sequence[Udp], fragments: bool, tally: Tally) -> Made:
        one = None if udps else segments.found(*packets.walked(record)[:2])
        new = None if one is None else courses.of(one.segment)
        if one is None or new is None:
            return datagrams(record, udps, fragments, tally)
        made = segments.rewritten(record, one, new, courses)
        if made is None:
            tally.left[TOO_HARD] += 1
            made = segments.rewritten(record, one, new._replace(payload=one.segment.payload), courses)
        if made is None or made.octets == record.octets:
            return Made()
        return Made(made, new.what or (FOLLOWS,))

    return make


class _Author:
    """Messages over TCP and WebSocket, with the same changes as datagrams."""

    plainly = False

    def __init__(self, change: Edits, limits: Limits) -> None:
        self._change, self._limits = change, limits

    def message(self, octets: bytes, left: Counter[str]) -> tuple[bytes, str] | None:
        """A message with its changes; None where there are none."""
        payload, what = _message(octets, len(octets), left, self._change, self._limits)
        return None if payload is None else (payload, "; ".join(what))

    def upgrade(self, octets: bytes) -> None:
        """What comes before WebSocket stays."""

    def control(self, octets: bytes) -> None:
        """So do control frames."""

    def secured(self, octets: bytes, direction: object) -> list[bytes]:
        """So do records of TLS."""
        return []


def _edits(path: str, wanted: Wanted) -> tuple[list[Edit], Ports | None]:
    """What is done to each message, and where ports go."""
    edits: list[Edit] = [] if wanted.compress else [messages.inflate(wanted.limits)]
    ports = None
    if wanted.rtpmap or wanted.split_ports:
        report = offline.analyze(
            [path], limits=wanted.limits, forced=dict(wanted.forced), everything=True, judged=False
        )
        if wanted.rtpmap:
            edits.append(descriptions.with_rtpmaps(descriptions.inferred(report)))
        if wanted.split_ports:
            ports = Ports(report, wanted.rules)
            edits.append(descriptions.with_ports(ports.of_media))
    if wanted.compact or wanted.long:
        edits.append(messages.rename(wanted.compact))
    if wanted.compress:
        edits.append(messages.compress)
    return edits, ports


def _change(
    udp: Udp, tally: Tally, change: Edits, limits: Limits, moved: _Moved | None,
    clear: tuple[bytes, str] | None = None,
) -> Change | None:
    """What becomes of a datagram; `clear` is what it is without its encryption, and what was done for that."""
    what: list[str] = []
    payload: bytes | None = None
    ports = None if moved is None else moved.ports
    if moved is not None and moved.payload != udp.payload:
        payload, what = moved.payload, ["addresses of STUN moved"]
    elif clear is not None:
        payload, what = clear[0], [clear[1]]
    elif looks_like(udp.payload, udp.length) == SIP:
        payload, what = _message(udp.payload, udp.length, tally.left, change, limits)
    if ports is not None:
        what.append(f"ports {udp.sport} → {udp.dport} moved to {ports[0]} → {ports[1]}")
    return Change(payload, ports, tuple(what)) if what else None


def _message(
    octets: bytes, length: int, left: Counter[str], change: Edits, limits: Limits
) -> tuple[bytes | None, list[str]]:
    """A message of SIP, or several, with their changes; None where there are none."""
    try:
        whole = sip.parse_all(octets, limits)
        payload, what = change(octets, whole, limits) if len(octets) == length else (octets, [])
    except Malformed:
        left[UNREADABLE] += 1
        return None, []
    stays = [each.body for each in whole if each.body.compressed]
    if stays and not what:
        states = {body.status for body in stays} - {"complete"}
        if len(octets) < length:
            left[CUT] += 1
        elif states:
            left[TOO_LARGE if states == {"over limit"} else DAMAGED] += 1
    return (payload, what) if what and payload != octets else (None, [])


def _protocol(row: Row | None) -> str:
    return PROTOCOLS[row.protocol] if row else ""


class _Moved(NamedTuple):
    """A datagram with its `ports` moved, None where they stay, and the addresses in its payload."""

    ports: tuple[int, int] | None
    payload: bytes


def _moved(ports: Ports, udp: Udp, protocol: str) -> _Moved:
    flow = written_out(FlowKey(udp.src, udp.sport, udp.dst, udp.dport))
    new = ports.of((flow.src, flow.sport), protocol), ports.of((flow.dst, flow.dport), protocol)
    is_stun = protocol == STUN and len(udp.payload) == udp.length
    payload = named.in_stun(udp.payload, partial(ports.of_seen, protocol=STUN)) if is_stun else udp.payload
    return _Moved(None if new == (udp.sport, udp.dport) else new, payload)
