"""How the two sides reached each other: STUN, DTLS, and the protection of RTCP."""

from __future__ import annotations

from typing import Literal

from dissectors.report.place import Place
from dissectors.wire.values import Struct


class Outcome(Struct, frozen=True):
    """One outcome of the requests of a `Check`: `result` is `success` or the error, with its first and last answer.

    `with_credentials` counts those answers whose request had a USERNAME.
    """

    result: str
    count: int
    with_credentials: int
    first: float
    last: float
    place: Place
    last_place: Place


class Username(Struct, frozen=True):
    """What was asked under one USERNAME; in ICE it is the receiver's fragment, a colon, the sender's."""

    username: str
    requests: int
    succeeded: int
    refused: int
    first: float
    last: float
    place: Place
    last_place: Place


class Grant(Struct, frozen=True):
    """A peer for which a TURN client asked a permission or a channel.

    `granted` is the time of the last grant (null if there was none), `grants` how many there were; `refused` counts
    refusals since, `error` is the last of them and `place` the answer that decides: the first refusal, else the last
    grant.
    """

    peer: str
    granted: float | None
    grants: int
    refused: int
    error: str | None
    place: Place


class Outage(Struct, frozen=True):
    """A time in which the requests of a `Check` that had succeeded were refused or not answered, until one was again.

    `requests` counts those without success, with retransmissions; `error` is null where they got no answer. `since` and
    `place` are those of the first request without an answer, or of the first refusal; `until` and `until_place` are of
    the success that ended it.
    """

    since: float
    until: float
    requests: int
    error: str | None
    place: Place
    until_place: Place


class Check(Struct, frozen=True):
    """STUN between two endpoints: connectivity checks, keep-alives or a server asked, in one direction.

    `src` sent the requests. Round-trip times are those of answered requests. `relayed` is the address that a TURN
    server allocated, `lifetime` for how many seconds. `requests` does not count retransmissions; `silent` counts all
    requests after the last answer, with retransmissions.

    `inside` names the carrier as in `Flow`. `refused_in_a_row` counts the latest answers that refused with one error,
    after the last success. `silent_since` is the first request after the last answer, `nominated_at` the first that
    nominates. `expires` is when the granted relay ends; `closed` says that the client gave it back. `role_changes`
    counts how often a check came in the other role than the one before. `outages` are the first times without success
    that ended again. `answered_elsewhere` counts successes that came from another endpoint than was asked, the last of
    them from `elsewhere`; nobody takes them (RFC 8445 section 7.2.5.2.1). `fingerprint_wrong` says that the first
    request has a FINGERPRINT that is not that of its octets, as who gets it drops (RFC 8489 section 6.3).
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
    inside: str = ""
    outcomes: tuple[Outcome, ...] = ()
    refused_in_a_row: int = 0
    refused_since: float | None = None
    refused_until: float | None = None
    refused_with: str | None = None
    refused_place: Place | None = None
    usernames: tuple[Username, ...] = ()
    peers: tuple[Grant, ...] = ()
    nominated_at: float | None = None
    nominated_place: Place | None = None
    expires: float | None = None
    closed: bool = False
    silent_since: float | None = None
    role_changes: int = 0
    outages: tuple[Outage, ...] = ()
    answered_elsewhere: int = 0
    elsewhere: str | None = None
    fingerprint_wrong: bool = False

    @property
    def succeeded(self) -> Outcome | None:
        """Its successes, if it had any."""
        for each in self.outcomes:
            if each.result == "success":
                return each
        return None


class Missing(Struct, frozen=True):
    """Octets `begin` to `end` of a handshake message of `length`, which never came; `place` is its latest fragment."""

    message: str
    sender: Literal["client", "server"]
    begin: int
    end: int
    length: int
    place: Place


class Handshake(Struct, frozen=True):
    """A DTLS handshake (RFC 6347, RFC 9147) as far as it is in the clear; `src` is the client.

    `outcome` is `complete` (both sides continued encrypted, or SRTP flows), `failed` (a fatal alert), `unanswered` (no
    ServerHello) or `unfinished`. Fingerprints are SHA-256 as `a=fingerprint` writes them; DTLS 1.3 hides them. `hellos`
    counts ClientHellos: a handshake needs one or, with a cookie, two.

    `inside` names the carrier as in `Flow`. `server_hellos` counts ClientHellos of the other side: both wanted to be
    the client. `encrypted_ends` is how many sides continued encrypted, `completed` when both had. `closed` is the first
    alert after that, or a close_notify. `missing` is what never came of messages in fragments; `reflected` counts
    ClientHellos of the client that came back from the other side;
    `hello_octets` is the size of the last ClientHello, `hello_parts` in how many fragments it was sent on average.
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
    inside: str = ""
    server_hellos: int = 0
    encrypted_ends: int = 0
    completed: float | None = None
    closed: float | None = None
    closed_by: Literal["client", "server"] | None = None
    closed_place: Place | None = None
    missing: tuple[Missing, ...] = ()
    hello_octets: int | None = None
    hello_parts: int = 0
    reflected: int = 0


class DataChannel(Struct, frozen=True):
    """A data channel (RFC 8831) in DTLS that its keys opened; `src` is the client of DTLS.

    `label`, `protocol`, `ordered` and `reliability` are those of the message that opened it, null where that was not
    seen: `reliable`, or `retransmissions` or `milliseconds`, of which `limit` says how many at most.
    """

    src: str
    sport: int
    dst: str
    dport: int
    inside: str
    stream: int
    label: str | None
    protocol: str | None
    ordered: bool | None
    reliability: str | None
    limit: int | None
    opened: float | None
    opened_by: Literal["client", "server"] | None
    acknowledged: bool
    client_messages: int
    server_messages: int
    client_octets: int
    server_octets: int
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
