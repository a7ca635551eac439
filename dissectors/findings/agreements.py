"""What was in force, for whom and when: offers with their answers, dialog by dialog (RFC 3264, RFC 6337).

A judgement about media asks here what a side had announced at a moment, and not what anybody has ever announced.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from dissectors.analysis.calls.media_lines import RECEIVING, SENDING, UNSPECIFIED_ADDRESSES, is_nowhere
from dissectors.findings.rule import Facts, PerCall
from dissectors.report import Call, Description, Media
from dissectors.wire.values import Struct

FOREVER = float("inf")
MAX_REMEMBERED_PROFILES = 64
"""Of so many kinds and profiles of media lines it is remembered what they ask for: all calls have the same few."""

Dialog = frozenset[str | None]
"""The two tags of a dialog, whoever asks."""


class Agreement(Struct, frozen=True):
    """An offer with its answer, on one hop of one dialog.

    It is in force from `begin`, when the answer came, until `end`: the next one of that dialog replaces it, or another
    fork was accepted. Times are seconds since the epoch. Who offers has to listen as of the offer's own time.
    """

    dialog: Dialog
    offer: Description
    answer: Description
    begin: float
    end: float

    def of(self, side: str) -> Description:
        """What a side said."""
        return self.offer if self.offer.side == side else self.answer

    def lines(self, side: str) -> Iterator[tuple[Media, Media]]:
        """The media lines that were accepted: a side's own, and the other side's of each."""
        for offered, answered in zip(self.offer.media, self.answer.media, strict=False):
            if offered.port and answered.port:
                yield (offered, answered) if self.offer.side == side else (answered, offered)

    def during(self, first: float, last: float) -> bool:
        """Whether it was in force at some time between two moments."""
        return self.begin <= last and first < self.end


def agreements(facts: Facts) -> PerCall[list[Agreement]]:
    """Of each call, what was agreed, in order of time."""
    return facts.each(_of)


def _of(call: Call) -> list[Agreement]:
    """What was agreed in a call; an answer that was replaced, or belonged to a fork that lost, ends there."""
    offers = {described.place: described for described in call.descriptions if described.role == "offer"}
    pairs = [
        (offers[described.answers], described)
        for described in call.descriptions
        if described.answers in offers and described.state == "agreed"
    ]
    if not pairs:
        return []
    begins: dict[Dialog, list[tuple[float, int]]] = {}
    for _, answer in pairs:
        begun = begins.setdefault(dialog_of(answer), [])
        if not begun or begun[-1][1] != answer.exchange:
            begun.append((answer.time, answer.exchange))
    accepted = _accepted(call) if call.answered is not None else ()
    found = []
    for offer, answer in pairs:
        dialog = dialog_of(answer)
        begun = begins[dialog]
        later = [time for time, exchange in begun if exchange > answer.exchange and time >= answer.time]
        end = min(later) if later else FOREVER
        # A fork shares a tag with the one that was accepted; a hop with tags of its own is a fork of nobody.
        if call.answered is not None and dialog not in accepted and any(dialog & each for each in accepted):
            end = min(end, call.answered)
        found.append(Agreement(dialog, offer, answer, answer.time, max(end, answer.time)))
    return sorted(found, key=lambda each: each.begin)


def dialog_of(described: Description) -> Dialog:
    """The dialog of an answer."""
    return frozenset((described.from_tag, described.to_tag))


def _accepted(call: Call) -> set[Dialog]:
    """The dialogs whose INVITE was accepted."""
    return {
        frozenset((message.from_tag, message.to_tag))
        for message in call.messages
        if message.status is not None and 200 <= message.status < 300 and message.method == "INVITE"
    }


def in_force(agreed: Sequence[Agreement], time: float) -> list[Agreement]:
    """What was in force at a moment: one for each hop of each dialog."""
    return [each for each in agreed if each.begin <= time < each.end]


Span = tuple[float, float]
"""From one moment to another."""

ANYWHERE = UNSPECIFIED_ADDRESSES


def may_send(own: Media, theirs: Media) -> bool:
    """Whether a side may send by its own line and its peer's; the address 0.0.0.0 is how RFC 2543 held a call."""
    return own.direction in SENDING and theirs.direction in RECEIVING and not is_nowhere(theirs)


def is_fax(line: Media) -> bool:
    """Whether a media line is a fax (T.38): an image, or anything over UDPTL."""
    return _is_fax(line.kind, line.profile)


def wants_rtp(line: Media) -> bool:
    """Whether a media line asks for RTP: not a fax, whatever profile it names."""
    return bool(line.port) and _is_rtp(line.kind, line.profile)


def rtp_lines(described: Description) -> list[Media]:
    """The media lines of a description that ask for RTP."""
    return [line for line in described.media if line.port and _is_rtp(line.kind, line.profile)]


@lru_cache(MAX_REMEMBERED_PROFILES)
def _is_fax(kind: str, profile: str) -> bool:
    return kind == "image" or "UDPTL" in profile.upper()


@lru_cache(MAX_REMEMBERED_PROFILES)
def _is_rtp(kind: str, profile: str) -> bool:
    return "RTP" in profile.upper() and not _is_fax(kind, profile)


def to_send(agreed: Sequence[Agreement], side: str, kind: str) -> list[Span]:
    """When a side was to send this kind of media (`audio`, `video`), each media line judged by itself.

    Who holds a call (sendonly, where it was not so from the beginning) may play music and need not.
    """
    first = agreed[0].answer.exchange if agreed else 0
    return _merged([(each.begin, each.end) for each in agreed if _is_to_send(each, side, kind, first)])


def _is_to_send(agreement: Agreement, side: str, kind: str, first: int) -> bool:
    for own, theirs in agreement.lines(side):
        holds = own.direction == "sendonly" and agreement.answer.exchange != first
        if own.kind == kind and wants_rtp(theirs) and may_send(own, theirs) and not holds:
            return True
    return False


def _merged(spans: Iterable[Span]) -> list[Span]:
    """The same time in spans that do not touch, in order."""
    merged: list[Span] = []
    for begin, end in sorted(spans):
        if merged and begin <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(merged[-1][1], end)
        elif begin < end:
            merged.append((begin, end))
    return merged


def within(spans: Iterable[Span], first: float, last: float) -> list[Span]:
    """What of some spans lies between two moments."""
    return [(max(begin, first), min(end, last)) for begin, end in spans if begin < last and end > first]


def length(spans: Iterable[Span]) -> float:
    """How long spans last together, in seconds."""
    return sum(end - begin for begin, end in spans)
