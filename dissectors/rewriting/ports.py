"""One port for each protocol where several share one: who moves where, by rules that a user can set."""

from __future__ import annotations

from collections.abc import Mapping

from dissectors.report import Report
from dissectors.wire.datagram import Endpoint

RULES = {"SIP": 5060, "STUN": 3478, "DTLS": 4433, "QUIC": 443}
"""Where a protocol goes that shares a port with others; media stay or take the next even port, RTCP the odd one."""

RTP = "RTP"
"""Where media begin, if that is asked for: the first even port from there on that is free, with the next one."""

MEDIA, RTCP, UNKNOWN = "media", "RTCP", "unknown"
KINDS = {"SIP": "SIP", "STUN": "STUN", "TURN": "STUN", "DTLS": "DTLS", "QUIC": "QUIC", "RTCP": RTCP, "UNKNOWN": UNKNOWN}
"""Protocols by what they are here; all others are media. What is unknown shares no port, and goes with the media."""

FIRST_FREE, LAST_FREE = 16_384, 65_534


def twice(rules: Mapping[str, int]) -> tuple[str, str, int] | None:
    """Two protocols that would go to one port, with that port; None where each has its own."""
    owners: dict[int, str] = {}
    for name, port in {**RULES, **rules}.items():
        for each in (port + port % 2, port + port % 2 + 1) if name == RTP else (port,):
            if each in owners:
                return owners[each], name, each
            owners[each] = name
    return None


class Ports:
    """The new ports of every endpoint at which several protocols meet."""

    def __init__(self, report: Report, rules: Mapping[str, int] | None = None) -> None:
        self._rules = {**RULES, **(rules or {})}
        kinds: dict[Endpoint, set[str]] = {}
        for flow in report.flows:
            if flow.transport == "udp":
                seen = {kind_of(each.name) for each in flow.protocols} if not flow.inside else {"STUN"}
                for end in ((flow.src, flow.sport), (flow.dst, flow.dport)):
                    kinds.setdefault(end, set()).update(seen)
        self._taken = set(kinds)
        self.ends: dict[Endpoint, dict[str, int]] = {}
        for end in sorted(kinds):
            if len(kinds[end] - {UNKNOWN}) > 1:
                self.ends[end] = self._moved(end, kinds[end])
        self.apart = tuple(each for each in ("STUN", "DTLS") if any(each in kinds[end] for end in self.ends))
        """Protocols that set media up and have ports of their own now."""
        self._by_port: dict[int, set[tuple[int, int]]] = {}
        for (_, port), to in self.ends.items():
            self._by_port.setdefault(port, set()).add((to[MEDIA], to[RTCP]))

    def _moved(self, end: Endpoint, kinds: set[str]) -> dict[str, int]:
        """Where each kind goes from an endpoint."""
        address, port = end
        media, begin = port, self._rules.get(RTP, port)
        if RTP in self._rules or port % 2 or (address, port + 1) in self._taken:
            media = next(
                (even for even in (*range(begin + 1 & ~1, LAST_FREE, 2), *range(FIRST_FREE, begin & ~1, 2))
                 if (address, even) not in self._taken and (address, even + 1) not in self._taken),
                port,
            )
        self._taken |= {(address, media), (address, media + 1)}
        return {**self._rules, MEDIA: media, UNKNOWN: media, RTCP: media + 1 if media < 0xFFFF else media}

    def of(self, end: Endpoint, protocol: str) -> int:
        """The port of a datagram of this protocol at an endpoint."""
        moved = self.ends.get(end)
        return end[1] if moved is None else moved[kind_of(protocol)]

    def of_seen(self, address: str, port: int, protocol: str) -> int | None:
        """Where a protocol went from an endpoint; None where nothing moved."""
        moved = self.ends.get((address, port))
        return None if moved is None else moved[kind_of(protocol)]

    def of_named(self, address: str, port: int, protocol: str) -> int | None:
        """The same of a protocol that has a rule; an endpoint behind NAT is known by its port alone."""
        return None if self.of_media(address, port) is None else self._rules[protocol]

    def of_media(self, address: str, port: int) -> tuple[int, int] | None:
        """Where media and RTCP of an endpoint went; one behind NAT is known by its port alone."""
        moved = self.ends.get((address, port))
        if moved is not None:
            return moved[MEDIA], moved[RTCP]
        alike = self._by_port.get(port, set())
        return next(iter(alike)) if len(alike) == 1 and (address, port) not in self._taken else None


def kind_of(protocol: str) -> str:
    """What a protocol is here."""
    return KINDS.get(protocol, MEDIA)
