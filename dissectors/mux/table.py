"""The one table: which protocols share a port, in the order in which they are tried.

SIP comes first because its letters lie in the ranges of TURN and QUIC (RFC 7983 section 7 does not know of it); STUN's
and ZRTP's cookies decide before weaker rows are asked. Each protocol owns its rows and says in its `Spec`
what it is to the other floors; this file owns their order, and nothing else names them all.
"""

from __future__ import annotations

from collections.abc import Container

from dissectors.protocols import dtls, jsep, keepalive, msrp, quic, rtcp, rtp, sip, stun, turn, udptl, verto, zrtp
from dissectors.wire.spec import Row, Spec

TABLE: tuple[Spec, ...] = (
    sip.SPEC,
    msrp.SPEC,
    keepalive.SPEC,
    stun.SPEC,
    zrtp.SPEC,
    dtls.SPEC,
    turn.SPEC,
    rtcp.SPEC,
    rtp.SPEC,
    quic.SPEC,
    udptl.SPEC,
    verto.SPEC,
    jsep.SPEC,
)

PROTOCOLS: tuple[str, ...] = (*(spec.name for spec in TABLE), "UNKNOWN")
"""The names a verdict can carry, by protocol number."""

ROWS: tuple[tuple[int, Row], ...] = tuple((number, row) for number, spec in enumerate(TABLE) for row in spec.match)
"""Every row with the number of its protocol; a row's place in this tuple is its number."""

SPECS: dict[str, Spec] = {spec.name: spec for spec in TABLE}
"""The protocols by name."""

UNKNOWN_ROW = len(ROWS)
UNKNOWN = len(TABLE)


def rows_of(protocols: Container[str]) -> list[int]:
    """The numbers of the rows of these protocols."""
    return [row for row, (protocol, _) in enumerate(ROWS) if PROTOCOLS[protocol] in protocols]
