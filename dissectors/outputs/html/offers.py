"""Offers and answers beside one another, fact by fact, with what differs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from dissectors.outputs.terminal.lines import Page
from dissectors.outputs.terminal.moments import moment
from dissectors.report import Call, Description, Format, Media
from dissectors.wire.datagram import endpoint

MAX_EXCHANGES = 24


class Codec(NamedTuple):
    """A payload type in an offer or answer; `shared` says that the other side has it, too."""

    text: str
    shared: bool
    guessed: str


class Fact(NamedTuple):
    """One line of the comparison; a side without a description, or without that fact, is empty."""

    name: str
    offer: str
    answer: str
    differs: bool


class Line(NamedTuple):
    """One media line of both."""

    kind: str
    facts: list[Fact]
    offered: list[Codec]
    answered: list[Codec]


class Exchange(NamedTuple):
    """An offer with its answer; texts under them say who made them, and when."""

    state: str
    offer: str
    answer: str
    lines: list[Line]
    odd: list[str]


def exchanges(page: Page, call: Call) -> tuple[list[Exchange], int]:
    """The offers of a call with what answered them, and how many are left out."""
    pairs = list(_pairs(call))
    shown = [_exchange(page, offer, answer) for offer, answer in pairs[:MAX_EXCHANGES]]
    return shown, max(0, len(pairs) - MAX_EXCHANGES)


def _pairs(call: Call) -> Iterator[tuple[Description | None, Description | None]]:
    """Each answer with its offer, and offers that have none; the same text on several hops or again counts once."""
    by_exchange: dict[int, list[Description]] = {}
    for each in call.descriptions:
        by_exchange.setdefault(each.exchange, []).append(each)
    for described in by_exchange.values():
        offers = [each for each in described if each.role == "offer"]
        answers = [each for each in described if each.role == "answer"]
        seen: list[tuple[Media, ...]] = []
        for answer in answers:
            if answer.media not in seen:
                seen.append(answer.media)
                before = [offer for offer in offers if offer.place == answer.answers]
                yield next(iter(before or offers), None), answer
        if not answers:
            yield offers[0], None


def _exchange(page: Page, offer: Description | None, answer: Description | None) -> Exchange:
    theirs, ours = (offer.media if offer else ()), (answer.media if answer else ())
    lines = [
        _line(theirs[i] if i < len(theirs) else None, ours[i] if i < len(ours) else None)
        for i in range(max(len(theirs), len(ours)))
    ]
    state = next((each.state for each in (answer, offer) if each), "open")
    odd = [text for each in (offer, answer) if each for text in each.deviations]
    return Exchange(state, _title(page, offer), _title(page, answer), lines, odd)


def _title(page: Page, described: Description | None) -> str:
    if described is None:
        return "not seen"
    who = f" by the {described.side}" if described.side else ""
    return f"{described.method}{who}, {moment(page, described.time)}, frame {described.place.frame}"


def _line(offer: Media | None, answer: Media | None) -> Line:
    facts = []
    theirs, ours = dict(_facts(offer)), dict(_facts(answer))
    for name in dict.fromkeys([*theirs, *ours]):
        one, two = theirs.get(name, ""), ours.get(name, "")
        if one or two:
            facts.append(Fact(name, one, two, bool(offer and answer) and not _fits(name, one, two)))
    kind = (offer or answer)
    return Line(kind.kind if kind else "", facts, _codecs(offer, answer), _codecs(answer, offer))


OWN = ("address", "candidates", "ICE fragment", "fingerprint", "SSRC")
"""Facts that each side has for itself, so a difference says nothing."""

ANSWERS = {
    "setup": {("actpass", "active"), ("actpass", "passive"), ("active", "passive"), ("passive", "active")},
    "direction": {("sendonly", "recvonly"), ("recvonly", "sendonly")},
}
"""Differences that answer one another."""

SAME_PORT = "on the same port"


def _fits(name: str, offer: str, answer: str) -> bool:
    if name == "RTCP":  # A port is each side's own; only whether both share one is agreed (RFC 5761 section 5.1.1).
        return SAME_PORT not in (offer, answer) or offer == answer
    if name == "packet time":  # Without a wish there is none that differs.
        return not offer or not answer or offer == answer
    return offer == answer or name in OWN or (offer, answer) in ANSWERS.get(name, ())


def _facts(media: Media | None) -> Iterator[tuple[str, str]]:
    if media is None:
        return
    address = endpoint(media.address, media.port) if media.address else f"port {media.port}"
    yield "address", address if media.port else "refused (port 0)"
    yield "profile", media.profile
    yield "direction", media.direction
    yield "encryption", media.encryption or ""
    yield "suites", ", ".join(media.suites)
    yield "setup", media.setup or ""
    yield "fingerprint", media.fingerprint or ""
    yield "packet time", f"{media.ptime:g} ms" if media.ptime else ""
    yield "RTCP", SAME_PORT if media.rtcp_mux else f"port {media.rtcp_port}" if media.rtcp_port else ""
    yield "ICE fragment", media.ufrag or ""
    yield "candidates", ", ".join(media.endpoints[:6]) or (str(media.candidates) if media.candidates else "")
    yield "SSRC", ", ".join(f"0x{ssrc:08X}" for ssrc in media.ssrcs[:6])


def _codecs(media: Media | None, other: Media | None) -> list[Codec]:
    if media is None:
        return []
    there = {_codec(each) for each in other.formats} if other else set()
    return [
        Codec(f"{each.payload_type} {_named(each)}", not other or _codec(each) in there,
              "" if each.certainty == "certain" else f"{each.certainty}: {each.source}")
        for each in media.formats
    ]


def _codec(format: Format) -> tuple[str, int | None]:
    return (format.codec or format.payload_type).upper(), format.clock


def _named(format: Format) -> str:
    return "/".join([format.codec or "unknown", *([str(format.clock)] if format.clock else [])])
