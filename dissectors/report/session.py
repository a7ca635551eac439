"""Sessions: what two sides do with ICE, DTLS and media, joined without any signalling."""

from __future__ import annotations

from typing import Literal

from dissectors.report.place import Place
from dissectors.wire.values import Struct


class Side(Struct, frozen=True):
    """One side of a session: its ICE user name fragments in the order of their use, its endpoints, its last role."""

    fragments: tuple[str, ...]
    endpoints: tuple[str, ...]
    role: str | None


class Pair(Struct, frozen=True):
    """The life of a pair of candidates, that is of a 5-tuple in both directions.

    `src` is the endpoint of the first side. `first` is the first check or datagram, `checked` the first check that
    succeeded, `nominated` the first that nominates, `used` the first handshake or media, `lost` the last success before
    checks failed for good, `last` the end of what was seen. `state` is how far it came. `src_kind` and `dst_kind` are
    the kinds of the candidates (host, srflx, relay), where SDP or a STUN server said them.
    """

    src: str
    sport: int
    dst: str
    dport: int
    inside: str
    state: Literal["waiting", "checked", "nominated", "used", "lost"]
    requests: int
    answered: int
    first: float
    checked: float | None
    nominated: float | None
    used: float | None
    lost: float | None
    last: float
    place: Place
    src_kind: str | None = None
    dst_kind: str | None = None


class Session(Struct, frozen=True):
    """Flows that ICE credentials, 5-tuples, DTLS and shared SSRCs join; `sides` are two, the first one began.

    `checks`, `handshakes`, `streams` and `call` are positions in the report's lists. `ended` is when it was closed on
    purpose (an alert of DTLS, a BYE of SIP or of all sources), None where that was not seen. `closed_by` is the
    endpoint that closed DTLS first, with the frame in which it did, where the handshake itself was not captured.
    """

    sides: tuple[Side, ...]
    pairs: tuple[Pair, ...]
    checks: tuple[int, ...]
    handshakes: tuple[int, ...]
    streams: tuple[int, ...]
    call: int | None
    first: float
    last: float
    ended: float | None
    closed_by: str | None = None
    closed_place: Place | None = None
