"""What one end asks of another by STUN, and how it came out: each outcome, user name and peer, with its times."""

from __future__ import annotations

from typing import Any

from dissectors.protocols.stun_attributes import Address
from dissectors.report import Check, Grant, Outage, Outcome, Place, Username
from dissectors.wire.datagram import Endpoint, Flow, endpoint
from dissectors.wire.values import Struct

SUCCESS = "success"
NOWHERE = Place(0, 0)
NOTHING: dict[str, Any] = {}
"""Stands for outcomes, user names and peers as long as there are none, as many may be open. Nobody writes to it."""

ENTRY_OCTETS = 256
"""What it takes to keep one outcome, user name or peer beside its text."""

MAX_ERRORS_PER_CHECK, MAX_USERNAMES_PER_CHECK, MAX_PEERS_PER_CHECK, MAX_OUTAGES_PER_CHECK = 8, 8, 32, 4

MIN_OUTAGE_REQUESTS, OUTAGE_NS = 3, 5_000_000_000
"""So many requests without a success, for so many nanoseconds, are an outage if one succeeds again."""


class Tally:
    """One outcome of an asker's requests: how often, of those with credentials, when and where; nanoseconds."""

    __slots__ = ("count", "first", "last", "last_place", "place", "with_credentials")

    def __init__(self, first: int, place: Place) -> None:
        self.first, self.last, self.place, self.last_place = first, 0, place, NOWHERE
        self.count = self.with_credentials = 0

    def add(self, time: int, place: Place, credentials: bool) -> None:
        """Count one."""
        self.count += 1
        self.with_credentials += credentials
        self.last, self.last_place = max(self.last, time), place

    def to_report(self, result: str) -> Outcome:
        """The report's value."""
        return Outcome(
            result=result, count=self.count, with_credentials=self.with_credentials, first=self.first / 1e9,
            last=self.last / 1e9, place=self.place, last_place=self.last_place,
        )


class Run(Struct):
    """Refusals in a row: the latest answers, none of which was a success."""

    count: int = 0
    by: str = ""
    first: int = 0
    last: int = 0
    place: Place = NOWHERE

    def add(self, error: str, time: int, place: Place) -> None:
        """Count one; a run of one code names the code, and begins anew with another."""
        if not self.count or error != self.by:
            self.count, self.by, self.first, self.place = 0, error, time, place
        self.count += 1
        self.last = time


class Named:
    """What was asked under one user name; nanoseconds."""

    __slots__ = ("first", "last", "last_place", "place", "refused", "requests", "succeeded")

    def __init__(self, first: int, place: Place) -> None:
        self.first, self.last, self.place, self.last_place = first, 0, place, NOWHERE
        self.requests = self.succeeded = self.refused = 0

    def to_report(self, username: str) -> Username:
        """The report's value."""
        return Username(
            username=username, requests=self.requests, succeeded=self.succeeded, refused=self.refused,
            first=self.first / 1e9, last=self.last / 1e9, place=self.place, last_place=self.last_place,
        )


class Granting(Struct):
    """What a relay granted to one peer, or refused since; nanoseconds."""

    granted: int | None = None
    grants: int = 0
    refused: int = 0
    by: str | None = None
    place: Place = NOWHERE

    def to_report(self, peer: str) -> Grant:
        """The report's value."""
        return Grant(
            peer=peer, granted=None if self.granted is None else self.granted / 1e9, grants=self.grants,
            refused=self.refused, error=self.by, place=self.place,
        )


class Request(Struct, frozen=True):
    """What is known of a request when its answer comes."""

    credentials: bool
    username: str | None
    peers: tuple[str, ...]
    lifetime: int | None


class Asked:
    """What one end asked of another with one method; times are nanoseconds.

    `began` and `used` number its first and its last message. `outcomes` are by error, or under `success`; `usernames`
    and `peers` by their texts; `elsewhere` is who else answered last, and `answered_elsewhere` how often; `expires` is
    when the relay ends that it was granted, `closed` that it was given up; `fingerprint_wrong` is of the first request.
    """

    __slots__ = (
        "answered", "answered_elsewhere", "began", "closed", "elsewhere", "expires", "fingerprint_wrong", "first",
        "flow", "indications", "kind", "last", "last_answer", "lifetime", "mapped", "nominated", "nominated_place",
        "outages", "outcomes", "peers", "place", "relayed", "requests", "role", "role_changes", "round_trips", "run",
        "silent", "silent_place", "silent_since", "slowest", "software", "timed", "used", "username", "usernames",
    )

    def __init__(self, flow: Flow, kind: str, time: int, place: Place, began: int) -> None:
        self.flow, self.kind, self.place, self.began, self.used = flow, kind, place, began, 0
        self.first, self.last = time, time
        self.requests = self.answered = self.indications = self.timed = self.silent = self.role_changes = 0
        self.round_trips = 0.0
        self.slowest: float | None = None
        self.outcomes: dict[str, Tally] = NOTHING
        self.usernames: dict[str, Named] = NOTHING
        self.peers: dict[str, Granting] = NOTHING
        self.run: Run | None = None
        self.mapped: Address | None = None
        self.username: str | None = None
        self.role: str | None = None
        self.nominated: int | None = None
        self.nominated_place: Place | None = None
        self.silent_place = NOWHERE
        self.outages: tuple[Outage, ...] = ()
        self.answered_elsewhere = 0
        self.elsewhere: Endpoint | None = None
        self.software: str | None = None
        self.relayed: str | None = None
        self.lifetime: int | None = None
        self.expires: int | None = None
        self.closed = self.fingerprint_wrong = False
        self.silent_since: int | None = None
        self.last_answer: int | None = None

    def recovers(self, time: int, place: Place) -> None:
        """Note that a request succeeds: after others were refused or not answered for long, that is an outage's end."""
        run, since = self.run, self.silent_since
        if len(self.outages) >= MAX_OUTAGES_PER_CHECK or SUCCESS not in self.outcomes:
            return
        if run is not None and run.count >= MIN_OUTAGE_REQUESTS and run.last - run.first >= OUTAGE_NS:
            self.outages += (Outage(run.first / 1e9, time / 1e9, run.count, run.by, run.place, place),)
        elif since is not None and self.silent > MIN_OUTAGE_REQUESTS and time - since >= OUTAGE_NS:
            # The last of them is the one that is answered.
            self.outages += (Outage(since / 1e9, time / 1e9, self.silent - 1, None, self.silent_place, place),)

    def take_role(self, role: str) -> None:
        """Note the role that the asker has in ICE."""
        self.role_changes += self.role is not None and self.role != role
        self.role = role

    @property
    def errors(self) -> tuple[str, ...]:
        """The errors that came back, in the order of the first of each."""
        return tuple([result for result in self.outcomes if result != SUCCESS])

    def to_report(self) -> Check:
        """The report's value."""
        first, since = self.first / 1e9, self.silent_since
        return Check(
            src=self.flow.src,
            sport=self.flow.sport,
            dst=self.flow.dst,
            dport=self.flow.dport,
            kind=self.kind,
            requests=self.requests,
            answered=self.answered,
            errors=self.errors,
            indications=self.indications,
            first=first,
            last=first if self.last == self.first else self.last / 1e9,
            round_trip_ms=1000 * self.round_trips / self.timed if self.timed else None,
            maximum_round_trip_ms=None if self.slowest is None else 1000 * self.slowest,
            mapped=None if self.mapped is None else str(self.mapped),
            username=self.username,
            role=self.role,
            nominated=self.nominated is not None,
            software=self.software,
            relayed=self.relayed,
            lifetime=self.lifetime,
            silent=self.silent,
            silent_since=first if since == self.first else None if since is None else since / 1e9,
            last_answer=None if self.last_answer is None else self.last_answer / 1e9,
            place=self.place,
            inside=self.flow.inside,
            outcomes=tuple([tally.to_report(result) for result, tally in self.outcomes.items()]),
            refused_in_a_row=self.run.count if self.run else 0,
            refused_since=self.run.first / 1e9 if self.run else None,
            refused_until=self.run.last / 1e9 if self.run else None,
            refused_with=self.run.by if self.run else None,
            refused_place=self.run.place if self.run else None,
            usernames=tuple([named.to_report(name) for name, named in self.usernames.items()]),
            peers=tuple([granting.to_report(peer) for peer, granting in self.peers.items()]),
            nominated_at=None if self.nominated is None else self.nominated / 1e9,
            nominated_place=self.nominated_place,
            expires=None if self.expires is None else self.expires / 1e9,
            closed=self.closed,
            role_changes=self.role_changes,
            outages=self.outages,
            fingerprint_wrong=self.fingerprint_wrong,
            answered_elsewhere=self.answered_elsewhere,
            elsewhere=None if self.elsewhere is None else endpoint(*self.elsewhere),
        )
