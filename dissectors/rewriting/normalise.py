"""A capture that any tool can read: bodies inflated, a port a protocol, rtpmap lines, media in the clear where that is
asked for; and the other way round.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from dissectors import offline
from dissectors.crypto.secrets import Secrets
from dissectors.mux.classify import match
from dissectors.mux.flows import FlowKey, written_out
from dissectors.mux.scan import Row
from dissectors.mux.table import PROTOCOLS, ROWS, UNKNOWN_ROW
from dissectors.protocols import sip
from dissectors.rewriting import decrypting, descriptions, messages
from dissectors.rewriting.copying import Change, Maker, Tally, copy, on_datagrams
from dissectors.rewriting.messages import Edit
from dissectors.rewriting.ports import Ports
from dissectors.rewriting.verdicts import Verdicts
from dissectors.wire.errors import Malformed
from dissectors.wire.inflate import LIMITS, Limits
from dissectors.wire.link.headers import Udp
from dissectors.wire.values import Struct

CUT, UNREADABLE, DAMAGED = "cut in the capture", "whose message cannot be read", "whose body is damaged"
"""Why a message with a compressed body stays as it is."""


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
    change = messages.in_turn(*edits)

    def maker() -> Maker:
        verdicts = Verdicts(path, wanted.forced) if ports is not None else None
        clear = None if opened is None else decrypting.Decrypting(opened)
        return on_datagrams(lambda record, number, udp, tally: _change(
            udp, tally, change, wanted.limits,
            None if ports is None or verdicts is None else
            _ports(ports, udp, _protocol(verdicts.of(record.frame, number))),
            None if clear is None else clear.payload(record, udp, tally),
        ))

    return copy(path, output, maker, force=force, source=source, comment=decrypting.COMMENT if opened else "")


def _edits(path: str, wanted: Wanted) -> tuple[list[Edit], Ports | None]:
    """What is done to each message, and where ports go."""
    edits: list[Edit] = [] if wanted.compress else [messages.inflate(wanted.limits)]
    ports = None
    if wanted.rtpmap or wanted.split_ports:
        report = offline.analyze([path], limits=wanted.limits, forced=dict(wanted.forced), everything=True)
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
    udp: Udp, tally: Tally, change: Callable[[bytes, Limits], tuple[bytes, list[str]]], limits: Limits,
    ports: tuple[int, int] | None, clear: tuple[bytes, str] | None = None,
) -> Change | None:
    """What becomes of a datagram; `clear` is what it is without its encryption, and what was done for that."""
    what: list[str] = []
    payload: bytes | None = None
    if clear is not None:
        payload, what = clear[0], [clear[1]]
    elif is_sip(udp.payload, udp.length):
        payload, what = _message(udp, tally, change, limits)
    if ports is not None:
        what.append(f"ports {udp.sport} → {udp.dport} moved to {ports[0]} → {ports[1]}")
    return Change(payload, ports, tuple(what)) if what else None


def is_sip(payload: bytes, length: int) -> bool:
    """Whether a datagram begins as SIP does."""
    row = match(payload, length)
    return row != UNKNOWN_ROW and PROTOCOLS[ROWS[row][0]] == "SIP"


def _message(
    udp: Udp, tally: Tally, change: Callable[[bytes, Limits], tuple[bytes, list[str]]], limits: Limits
) -> tuple[bytes | None, list[str]]:
    """A datagram of SIP with its changes; None where there are none."""
    try:
        whole = sip.parse_all(udp.payload, limits)
        payload, what = change(udp.payload, limits) if len(udp.payload) == udp.length else (udp.payload, [])
    except Malformed:
        tally.left[UNREADABLE] += 1
        return None, []
    stays = [each.body for each in whole if each.body.compressed]
    if stays and not what:
        tally.left[CUT if len(udp.payload) < udp.length else DAMAGED] += any(
            len(udp.payload) < udp.length or body.status != "complete" for body in stays
        )
    return (payload, what) if what and payload != udp.payload else (None, [])


def _protocol(row: Row | None) -> str:
    return PROTOCOLS[row.protocol] if row else ""


def _ports(ports: Ports, udp: Udp, protocol: str) -> tuple[int, int] | None:
    """The new ports of a datagram, None where they stay."""
    flow = written_out(FlowKey(udp.src, udp.sport, udp.dst, udp.dport))
    new = ports.of((flow.src, flow.sport), protocol), ports.of((flow.dst, flow.dport), protocol)
    return None if new == (udp.sport, udp.dport) else new
