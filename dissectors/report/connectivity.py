"""How the two sides reached each other: STUN, DTLS, and the protection of RTCP."""

from __future__ import annotations

from dissectors.report.place import Place
from dissectors.wire.values import Struct


class Check(Struct, frozen=True):
    """STUN between two endpoints: connectivity checks, keep-alives or a server asked, in one direction.

    `src` sent the requests. Round-trip times are those of answered requests. `relayed` is the address that a TURN
    server allocated, `lifetime` for how many seconds. `requests` does not count retransmissions; `silent` counts all
    requests after the last answer, with retransmissions.
    """

    src: str
    sport: int
    dst: str
    dport: int
    kind: str
    requests: int
    answered: int
    errors: tuple[str, ...]
    indications: int
    first: float
    last: float
    round_trip_ms: float | None
    maximum_round_trip_ms: float | None
    mapped: str | None
    username: str | None
    role: str | None
    nominated: bool
    software: str | None
    relayed: str | None = None
    lifetime: int | None = None
    silent: int = 0
    last_answer: float | None = None
    place: Place = Place(0, 0)


class Handshake(Struct, frozen=True):
    """A DTLS handshake (RFC 6347, RFC 9147) as far as it is in the clear; `src` is the client.

    `outcome` is `complete` (both sides continued encrypted), `failed` (a fatal alert), `unanswered` (no ServerHello) or
    `unfinished`. Fingerprints are SHA-256 as `a=fingerprint` writes them; DTLS 1.3 hides them. `hellos` counts
    ClientHellos: a handshake needs one or, with a cookie, two.
    """

    src: str
    sport: int
    dst: str
    dport: int
    version: str | None
    cipher_suite: str | None
    srtp_profile: str | None
    offered_profiles: tuple[str, ...]
    client_fingerprint: str | None
    server_fingerprint: str | None
    outcome: str
    alert: str | None
    hellos: int
    first: float
    last: float
    place: Place


class Protection(Struct, frozen=True):
    """How much RTCP of a 5-tuple, both directions together, is encrypted and how much is in the clear."""

    src: str
    sport: int
    dst: str
    dport: int
    encrypted: int
    clear: int
    place: Place
