"""STUN transactions to checks: who asked whom, how often and how fast it was answered, what came back (RFC 8445)."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sized
from operator import attrgetter
from typing import TYPE_CHECKING

from dissectors.analysis.connectivity.asked import (
    ENTRY_OCTETS,
    MAX_ERRORS_PER_CHECK,
    MAX_PEERS_PER_CHECK,
    MAX_USERNAMES_PER_CHECK,
    MIN_OUTAGE_REQUESTS,
    SUCCESS,
    Asked,
    Granting,
    Named,
    Request,
    Run,
    Tally,
)
from dissectors.analysis.connectivity.said import Said, fingerprint_wrong
from dissectors.limits.budget import Bounds
from dissectors.limits.pending import Pending
from dissectors.limits.table import Table
from dissectors.limits.texts import MAX_TEXT_OCTETS, Texts
from dissectors.protocols import stun
from dissectors.report import Place
from dissectors.wire.datagram import Datagram, Flow

if TYPE_CHECKING:
    from dissectors.mux.entry import Entry

MAX_PENDING = 8192
MAX_ASKED_ELSEWHERE = 64
"""A host that asks more than so many is not looked at for answers that come from elsewhere."""

MAX_ERROR_LENGTH = 64
"""Characters of an error that are kept beside its entry."""

RELAYED = ("allocate", "refresh")
REQUEST_TIMEOUT_NS = 39_500_000_000
"""Nanoseconds after which a client gives up a request (RFC 8489 section 6.2.1, with its default values)."""


class Checks:
    """Pairs requests with responses by transaction; at most `limit` askers are kept, and of `texts` what finds room.

    What is given up is counted in `bounds`.
    """

    def __init__(self, limit: int, bounds: Bounds | None = None, texts: Texts | None = None) -> None:
        self._bounds = bounds or Bounds()
        self._texts = texts or Texts(MAX_TEXT_OCTETS, self._bounds)
        self.asked: Table[tuple[Flow, str], Asked] = Table(
            "checks", limit, self._bounds, used=attrgetter("used"), given_up=self._release, groups=_flow_and_host
        )
        self._messages = 0
        self.pending = Pending("STUN requests", MAX_PENDING, REQUEST_TIMEOUT_NS, self._bounds)

    def on(self, groups: Iterable[Flow | str]) -> list[Asked]:
        """What was asked on these flows, or by these hosts, in the order in which it began."""
        groups = groups if self.asked else ()
        found = [self.asked[key] for group in groups for key in self.asked.of(group)]
        return sorted(found, key=attrgetter("began"))

    def forget(self, flows: Iterable[Flow]) -> None:
        """Let go of what was asked on these flows."""
        for flow in flows if self.asked else ():
            for key in self.asked.of(flow):
                self._release(key, self.asked.pop(key))

    def feed(self, datagram: Datagram, message: stun.Message) -> None:
        """Take one STUN message."""
        place = Place(datagram.file, datagram.frame)
        asked = self._take(datagram.flow, datagram.time, place, message.transaction, Said(message))
        if asked is not None and asked.requests == 1:
            asked.fingerprint_wrong = message.fingerprint_ok is False

    def hold(self, entry: Entry, said: Said) -> None:
        """Take one of which a glance told what it says."""
        payload = entry.payload
        octets = payload
        asked = self._take(entry.flow.flow, entry.time, Place(entry.file, entry.frame), octets[8:20], said)
        if asked is not None and asked.requests == 1:
            asked.fingerprint_wrong = fingerprint_wrong(payload)

    def _take(self, flow: Flow, time: int, place: Place, transaction: bytes, said: Said) -> Asked | None:
        """Count one message; gives back who asks, where it is a request."""
        self._messages += 1
        if said.answers:
            self._response(flow, time, place, transaction, said)
            return None
        asked = self._asker(flow, said.kind, time, place)
        asked.used = self._messages
        asked.last = max(asked.last, time)
        request = said.request
        if request is None:
            asked.indications += 1
            return None
        new = self.pending.wait_new((flow, transaction), time, (asked, request))
        asked.requests += new
        if not asked.silent:
            asked.silent_since, asked.silent_place = time, place
        asked.silent += 1
        if request.username:
            self._named(asked, request.username, time, place, new)
        if said.role is not None and said.role != asked.role:
            asked.take_role(said.role)
        if said.nominates and asked.nominated is None:
            asked.nominated, asked.nominated_place = time, place
        if said.software and said.software != asked.software:
            asked.software = self._instead(asked.software, said.software)
        return asked

    def _named(self, asked: Asked, username: str, time: int, place: Place, new: bool) -> None:
        """Note under which user name was asked."""
        if username != asked.username:
            asked.username = self._instead(asked.username, username)
        named = asked.usernames.get(asked.username or "")
        if named is None:
            kept = self._room(asked.usernames, MAX_USERNAMES_PER_CHECK, "user names of checks", username)
            if not kept:
                return
            asked.usernames = asked.usernames or {}
            named = asked.usernames[kept] = Named(time, place)
        named.requests += new
        named.last, named.last_place = max(named.last, time), place

    def _room(self, entries: Sized, most: int, name: str, text: str) -> str | None:
        """The text of a new entry as it is kept; nothing where there is no room for one."""
        if len(entries) >= most:
            self._bounds.hit(name)
            return None
        if not self._texts.take(ENTRY_OCTETS):
            self._bounds.hit("texts")
            return None
        kept = self._texts.text(text)
        if not kept:
            self._texts.give_back(ENTRY_OCTETS)
        return kept

    def _asker(self, flow: Flow, kind: str, time: int, place: Place) -> Asked:
        key = (flow, kind)
        asked = self.asked.get(key)
        if asked is None:
            asked = self.asked[key] = Asked(flow, kind, time, place, self._messages)
        return asked

    def _response(self, flow: Flow, time: int, place: Place, transaction: bytes, said: Said) -> None:
        src, sport, dst, dport, inside, transport = flow
        found = self.pending.take(((dst, dport, src, sport, inside, transport), transaction))
        if found is None:
            if said.result == SUCCESS:
                self._answered_elsewhere(flow, transaction)
            return
        sent, waited, _ = found
        asked, request = waited
        result, succeeded = said.result, said.result == SUCCESS
        asked.answered += 1
        asked.used = self._messages
        if succeeded and (asked.silent > MIN_OUTAGE_REQUESTS or asked.run is not None):
            asked.recovers(time, place)
        asked.silent, asked.silent_since, asked.last_answer = 0, None, time
        asked.last = max(asked.last, time)
        round_trip = (time - sent) / 1e9
        asked.round_trips += round_trip
        asked.timed += 1
        asked.slowest = max(asked.slowest or 0.0, round_trip)
        # What a peer sees behind a relay is the relay.
        if not inside:
            asked.mapped = said.mapped or asked.mapped
        if succeeded:
            asked.run = None
        elif (result[:3] != "401" or request.credentials) and not _is_closing(asked, request):
            # Who asks without credentials first is told realm and nonce by that.
            asked.run = asked.run or Run()
            asked.run.add(result[:MAX_ERROR_LENGTH], time, place)
        self._outcome(asked, result, time, place, request.credentials)
        named = asked.usernames.get(request.username or "")
        if named is not None:
            named.succeeded += succeeded
            named.refused += not succeeded
        if not said.binding:
            self._allocated(asked, said, request, time)
            self._granted(asked, request, result, time, place)

    def _answered_elsewhere(self, flow: Flow, transaction: bytes) -> None:
        """Note a success for a request that asked another endpoint than the one that answers."""
        src, sport, dst, dport, inside, transport = flow
        # Who asks many is a server, and most such answers are copies of others.
        if self.asked.count_of(dst) > MAX_ASKED_ELSEWHERE:
            return
        for key in self.asked.of(dst):
            there = key[0]
            if (there.sport, there.inside, there.transport) == (dport, inside, transport):
                if self.pending.get((there, transaction)) is not None:
                    asked = self.asked[key]
                    asked.elsewhere, asked.answered_elsewhere = (src, sport), asked.answered_elsewhere + 1

    def _outcome(self, asked: Asked, result: str, time: int, place: Place, credentials: bool) -> None:
        tally = asked.outcomes.get(result)
        if tally is None:
            if result == SUCCESS:
                kept: str | None = SUCCESS
            else:
                kept = self._room(asked.errors, MAX_ERRORS_PER_CHECK, "errors of checks", result)
            if not kept:
                return
            asked.outcomes = asked.outcomes or {}
            tally = asked.outcomes.setdefault(kept, Tally(time, place))
        tally.add(time, place, credentials)

    def _granted(self, asked: Asked, request: Request, result: str, time: int, place: Place) -> None:
        """Note for which peers a relay granted a permission or a channel, or refused it."""
        for peer in request.peers:
            granting = asked.peers.get(peer)
            if granting is None:
                kept = self._room(asked.peers, MAX_PEERS_PER_CHECK, "peers of relays", peer)
                if not kept:
                    return
                asked.peers = asked.peers or {}
                granting = asked.peers[kept] = Granting()
            if result == SUCCESS:
                granting.granted, granting.grants, granting.refused, granting.by = time, granting.grants + 1, 0, None
                granting.place = place
            else:
                granting.place = granting.place if granting.refused else place
                granting.refused, granting.by = granting.refused + 1, result[:MAX_ERROR_LENGTH]

    def _instead(self, before: str | None, text: str) -> str | None:
        """A text as it is kept, instead of the one before."""
        self._texts.release((before,))
        return self._texts.text(text)

    def _release(self, _: tuple[Flow, str], asked: Asked) -> None:
        self._texts.release((asked.username, asked.software, *asked.errors, *asked.usernames, *asked.peers))
        self._texts.give_back(ENTRY_OCTETS * (len(asked.errors) + len(asked.usernames) + len(asked.peers)))

    def _allocated(self, asked: Asked, said: Said, request: Request, time: int) -> None:
        lifetime = said.lifetime
        asked.relayed = asked.relayed if said.relayed is None else str(said.relayed)
        asked.lifetime = asked.lifetime if lifetime is None else lifetime
        if said.result == SUCCESS and asked.kind in RELAYED:
            asked.closed = _is_closing(asked, request)
            asked.expires = time if asked.closed else None if lifetime is None else time + lifetime * 1_000_000_000


def _is_closing(asked: Asked, request: Request) -> bool:
    """Whether it gives a relay back, which may be gone by then (RFC 8656 section 7)."""
    return asked.kind == "refresh" and request.lifetime == 0


def _flow_and_host(key: tuple[Flow, str], _: Asked) -> tuple[Hashable, ...]:
    """What a check is found by: its flow, and the host that asks."""
    return key[0], key[0].src
