"""Connections of TLS: what their handshakes say, with keys or without."""

from __future__ import annotations

from typing import Literal

from dissectors.report.place import Place
from dissectors.wire.values import Struct

Side = Literal["client", "server"]


class KeySource(Struct, frozen=True):
    """Where keys came from: `origin` is `file`, `capture` or the variable of the environment that named the file."""

    name: str
    origin: str
    keys: int


class Certificate(Struct, frozen=True):
    """A certificate: names of its subject and issuer, all names of its subject, and from when to when it is valid.

    `own` says that its subject is its issuer. `weak` says what of it can be forged or guessed, each as a phrase.
    """

    subject: str
    issuer: str
    names: tuple[str, ...]
    begins: float
    ends: float
    own: bool
    weak: tuple[str, ...] = ()


class TlsAlert(Struct, frozen=True):
    """One alert of TLS; one that is encrypted is known by its name only with keys, else `name` is null."""

    sender: Side
    level: str | None
    name: str | None
    encrypted: bool
    time: float
    place: Place


class Tls(Struct, frozen=True):
    """A connection of TLS (RFC 5246, RFC 8446); `src` is the client.

    `outcome` is `complete` (both sides went on encrypted), `failed` (a fatal alert, or a client of TLS 1.3 that
    answers with nothing but an alert), `closed` (the connection ended before), `unanswered` (nothing of a server) or
    `unfinished`. `offered_version` is the highest that the client can, `version` the one that was chosen. TLS 1.3
    hides `protocol` and the certificates; they are there with keys.

    `early_data` is `sent`, `accepted` or `rejected`. `keys` says whether there are keys for it: `found`, `missing`
    (others were given), or `none`. `records` counts those that are encrypted, `opened` those that keys opened.
    `carries` is how the messages in it follow one another, once they are read. `closed_by` says who ended the
    connection, and `closed` when.
    """

    src: str
    sport: int
    dst: str
    dport: int
    offered_version: str | None
    version: str | None
    cipher_suite: str | None
    server_name: str | None
    offered_protocols: tuple[str, ...]
    protocol: str | None
    certificate: Certificate | None
    client_certificate: Certificate | None
    client_certificate_wanted: bool
    resumed: bool
    early_data: Literal["sent", "accepted", "rejected"] | None
    outcome: Literal["complete", "failed", "closed", "unanswered", "unfinished"]
    alerts: tuple[TlsAlert, ...]
    keys: Literal["found", "missing", "none"]
    records: int
    opened: int
    carries: str | None
    first: float
    last: float
    completed: float | None
    closed: float | None
    closed_by: Side | None
    place: Place
    last_place: Place
    signalling: bool
