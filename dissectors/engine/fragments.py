"""Whose datagrams did not become whole: told from their first fragments."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from dissectors.findings.rule import MAX_PLACES, Incomplete
from dissectors.mux.classify import classify
from dissectors.protocols import dtls
from dissectors.report import Place
from dissectors.wire.addresses import written_address
from dissectors.wire.link.fragments import Fragments, Lost
from dissectors.wire.link.internet import UDP

UDP_HEADER = 8
MIN_MEDIA_PORT = 1024
MAX_MESSAGES = 6

Key = tuple[str, int, str, int, str]
NOBODY: Key = ("", 0, "", 0, "")
"""What stands for datagrams of which nobody can say what they were."""


class Alike:
    """Datagrams of one protocol from one endpoint to another."""

    def __init__(self, lost: Lost | None) -> None:
        self.first = None if lost is None else lost.time
        self.count = 0
        self.messages: dict[str, None] = {}
        self.places: list[Place] = []

    def add(self, lost: Lost, messages: Iterable[str]) -> None:
        """Count one."""
        self.count += 1
        self.messages.update(dict.fromkeys(messages))
        if len(self.places) < MAX_PLACES:
            self.places.append(Place(*lost.place))


def incomplete(fragments: Fragments) -> tuple[Incomplete, ...]:
    """What did not become whole, by its ends and what it was, in the order in which the first of each began."""
    found: dict[Key, Alike] = {}
    for lost in sorted(fragments.lost(), key=lambda each: each.time):
        key, messages = _told(lost)
        found.setdefault(key, Alike(lost)).add(lost, messages)
    left = fragments.incomplete - sum(alike.count for alike in found.values())
    if left > 0:
        found.setdefault(NOBODY, Alike(None)).count += left
    return tuple(
        Incomplete(
            *key, alike.count, tuple(alike.messages)[:MAX_MESSAGES],
            None if alike.first is None else alike.first / 1e9, tuple(alike.places),
        )
        for key, alike in found.items()
    )


def _told(lost: Lost) -> tuple[Key, list[str]]:
    """Both ends and the protocol of a datagram, and the names of the messages that it began with."""
    head = lost.head
    if lost.protocol != UDP:
        return NOBODY, []
    key: Any = lost.key
    src, dst = written_address(key[0]), written_address(key[1])
    if len(head) < UDP_HEADER:
        return (src, 0, dst, 0, ""), []
    sport, dport, length = (int.from_bytes(head[at:at + 2], "big") for at in (0, 2, 4))
    payload = head[UDP_HEADER:]
    verdict = classify(payload, max(len(payload), length - UDP_HEADER))
    # What is plausible alone, nothing confirms; but media is never more than that.
    if verdict.strength != "certain" and not (verdict.protocol == "RTP" and min(sport, dport) >= MIN_MEDIA_PORT):
        return NOBODY, []
    names = dtls.names(payload) if verdict.protocol == "DTLS" else []
    return (src, sport, dst, dport, verdict.protocol), names
