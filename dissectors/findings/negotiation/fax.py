"""Rules about fax: T.38 over UDPTL (RFC 3362), where a call went over to it, how it was agreed, and who sends it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping

from dissectors.analysis.calls.media_lines import OTHER_SIDE
from dissectors.findings.agreements import Agreement, agreements, is_fax, rtp_lines, wants_rtp
from dissectors.findings.media_traits import INTRICATE
from dissectors.findings.negotiation.negotiation import answers, pairs
from dissectors.findings.rule import Facts, Found, counted, rule
from dissectors.report import Call, Description, Media
from dissectors.report.flows import with_ports
from dissectors.wire.datagram import endpoint
from dissectors.wire.values import Struct

MIN_DATAGRAMS, MAX_STRAY = 50, 10
"""Who sends fewer than these few has sent no fax: to say what a machine can do takes more."""

MIN_FAX_SECONDS = 5.0
"""A fax begins within this time."""

MAX_FLOWS_TOLD_APART = 64
"""Where more flows of UDPTL have one end, nothing is said of what does not flow."""

End = tuple[str | None, int]


class Way(Struct, frozen=True):
    """One flow: who sends to whom."""

    src: End
    dst: End


def by_udptl(line: Media) -> bool:
    """Whether a media line is of UDPTL."""
    return "UDPTL" in line.profile.upper()


def faxed(call: Call) -> list[Description]:
    """The answers that took a fax, and nothing else, where the call had been sound."""
    fax = [answer for offer, answer in pairs(call) if _takes_fax(offer, answer)]
    return fax if any(map(rtp_lines, call.descriptions)) else []


def _carried(facts: Facts) -> set[End]:
    """The ends of flows with UDPTL, or with datagrams that may be it."""
    lines = [line for call in facts.calls for each in call.descriptions for line in each.media if is_fax(line)]
    near = with_ports(facts.flows, {line.port for line in lines})
    flows = [flow for flow in near if any(seen.name in ("UDPTL", "UNKNOWN") for seen in flow.protocols)]
    return {end for flow in flows for end in ((flow.src, flow.sport), (flow.dst, flow.dport))}


def _places(call: Call) -> set[End]:
    """Where both sides want to receive a fax, by what they said and by where they signal from."""
    lines = [line for described in call.descriptions for line in described.media if is_fax(line)]
    hosts = {message.src for message in call.messages}
    return {(host, line.port) for line in lines for host in {line.address, *hosts}}


def _takes_fax(offer: Description, answer: Description) -> bool:
    taken = [theirs for ours, theirs in zip(offer.media, answer.media, strict=False) if ours.port and theirs.port]
    return any(map(is_fax, taken)) and not any(map(wants_rtp, answer.media))


@rule(
    "call-became-fax", "note", "The call went over to fax",
    why="A re-INVITE replaced the sound by T.38 (an image over UDPTL): from there on no RTP is expected.",
    fix="Nothing. If the fax fails, see whether UDPTL flows both ways and whether both sides agree on redundancy.",
)
def call_became_fax(facts: Facts) -> Iterator[Found]:
    taken = [offer for _, offer, answer in answers(facts) if _takes_fax(offer, answer)]
    for number, call in facts.talks(INTRICATE) if taken else ():
        for answer in faxed(call)[:1]:
            what = f"an answer took T.38 {answer.time - call.start:.1f} s after the call began"
            end = facts.end if call.ended is None else call.ended
            if facts.of(call) and end - answer.time >= MIN_FAX_SECONDS and not facts.once(_carried) & _places(call):
                what += f", and no UDPTL came in the {end - answer.time:.0f} s that followed"
            yield Found(what, (answer.place,), number)


@rule(
    "fax-profile-wrong", "error", "A fax was agreed with the profile of another medium",
    why="T.38 is m=image with udptl (RFC 3362), and sound is RTP. Some devices accept a mix of the two, but none "
    "sends it: the fax does not begin, and both sides wait until one hangs up.",
    fix="Let the side that offers write m=image PORT udptl t38, or stay with sound (G.711). The other side should "
    "answer 488 to what it cannot do.",
)
def fax_profile_wrong(facts: Facts) -> Iterator[Found]:
    for number, _ in facts.having(INTRICATE):
        for each in agreements(facts)[number]:
            for lines in zip(each.offer.media, each.answer.media, strict=False):
                wrong = next((line for line in lines if _mixed(line)), None)
                if wrong is not None and all(line.port for line in lines):
                    formats = " ".join(one.payload_type for one in wrong.formats[:4])
                    what = f"m={wrong.kind} {wrong.profile} {formats} was offered and accepted"
                    if not _mixed(lines[0]):
                        what = f"{lines[0].profile} was offered for {lines[0].kind}, and {wrong.profile} was answered"
                    yield Found(what, (each.offer.place, each.answer.place), number, time=each.answer.time)


@rule(
    "fax-parameters-differ", "warning", "Offer and answer disagree about T.38",
    why="Both gateways must test the line in the same way (T38FaxRateManagement), and the answer may have the "
    "version of the offer or an older one. If they differ, training fails, and the fax breaks off.",
    fix="Set both gateways to transferredTCF, as UDPTL needs it, and to version 0 if one of them knows no other.",
)
def fax_parameters_differ(facts: Facts) -> Iterator[Found]:
    for number, _ in facts.having(INTRICATE):
        for each in agreements(facts)[number]:
            for offered, answered in zip(each.offer.media, each.answer.media, strict=False):
                said = _differing(offered, answered) if offered.port and answered.port else []
                if said:
                    places = (each.offer.place, each.answer.place)
                    yield Found("; ".join(said), places, number, time=each.answer.time)


def _differing(offered: Media, answered: Media) -> list[str]:
    """In what an answer does not fit the offer of a fax; what one of them does not say is no difference."""
    ours, theirs = offered.fax, answered.fax
    if ours is None or theirs is None:
        return []
    found = []
    managed = ours.rate_management, theirs.rate_management
    if all(managed) and managed[0].lower() != managed[1].lower():
        found.append(f"T38FaxRateManagement:{managed[0]} was offered, {managed[1]} was answered")
    if ours.version is not None and theirs.version is not None and theirs.version > ours.version:
        found.append(f"T38FaxVersion:{ours.version} was offered, {theirs.version} was answered")
    return found


def _mixed(line: Media) -> bool:
    """Whether a line has the medium of the one and the profile of the other."""
    return by_udptl(line) if line.kind != "image" else "RTP" in line.profile.upper()


@rule(
    "fax-one-way", "warning", "A fax flows in one direction only",
    absence="state",
    why="Both machines must hear each other: the one that sends waits for the other's answer after each page, and "
    "gives up without it.",
    fix="Look at NAT and firewall in front of the silent side: its UDPTL may go to another port than its sound did. "
    "See whether its gateway changed to T.38 at all.",
)
def fax_one_way(facts: Facts) -> Iterator[Found]:
    if not any(seen.name == "UDPTL" for seen in facts.capture.protocols):
        return
    sent = Counter({
        Way((flow.src, flow.sport), (flow.dst, flow.dport)): seen.count
        for flow in facts.recognised for seen in flow.protocols if seen.name == "UDPTL"
    })
    at = _by_end(sent)
    seen = facts.pairs
    for number, _ in facts.having(INTRICATE):
        for each in agreements(facts)[number]:
            call = facts.calls[number]
            for way, count, port in _astray(call, each, sent, at):
                what = f"T.38 was agreed: {counted(count, 'UDPTL datagram')} from {endpoint(*_named(way.src))} go to "
                what += f"{endpoint(*_named(way.dst))}, which was given up; they are wanted at port {port}"
                yield Found(what, (each.answer.place,), number, certainty="high", time=each.answer.time)
            if (told := _one_way(call, each, sent, at)) is not None:
                way, strong, weak = told
                what = f"T.38 was agreed: {counted(strong, 'UDPTL datagram')} from {endpoint(*_named(way.src))} to "
                what += f"{endpoint(*_named(way.dst))}, {weak} the other way"
                places, moment = (each.answer.place,), each.answer.time
                if weak or (way.dst[0], way.src[0]) in seen:
                    yield Found(what, places, number, certainty="high", time=moment)
                else:
                    yield Found(what, places, number, certainty="low", severity="note", time=moment)


def _named(end: End) -> tuple[str, int]:
    return end[0] or "", end[1]


def _by_end(sent: Mapping[Way, int]) -> dict[End, list[Way]]:
    """The flows with UDPTL by each of their ends."""
    found: dict[End, list[Way]] = {}
    for way in sent:
        for end in {way.src, way.dst}:
            found.setdefault(end, []).append(way)
    return found


def _one_way(
    call: Call, agreed: Agreement, sent: Mapping[Way, int], at: Mapping[End, list[Way]]
) -> tuple[Way, int, int] | None:
    """The flow on which nearly all of a fax goes, how much, and how much goes the other way."""
    ends = {side: _ends(call, agreed, side) for side in OTHER_SIDE}
    if any(len(at.get(end, ())) > MAX_FLOWS_TOLD_APART for found in ends.values() for end in found):
        return None
    ways: dict[str, dict[Way, int]] = {}
    for side, peer in OTHER_SIDE.items():
        own = [way for end in ends[side] for way in at.get(end, ()) if way.src == end]
        own += [way for end in ends[peer] for way in at.get(end, ()) if way.dst == end]
        ways[side] = {way: sent[way] for way in own}
    totals = {side: sum(found.values()) for side, found in ways.items()}
    strong = max(totals, key=lambda side: totals[side])
    weak = totals[OTHER_SIDE[strong]]
    if totals[strong] < MIN_DATAGRAMS or weak > MAX_STRAY:
        return None
    return max(ways[strong], key=lambda way: sent[way]), totals[strong], weak


def _astray(
    call: Call, agreed: Agreement, sent: Mapping[Way, int], at: Mapping[End, list[Way]]
) -> Iterator[tuple[Way, int, int]]:
    """The flow of a side whose fax goes to a port that its peer had for its sound alone, how much, and the right port.

    Where anything goes to the right port, or comes from where the fax goes, the peer may hear it.
    """
    for side, peer in OTHER_SIDE.items():
        ports = {own.port for own, theirs in agreed.lines(peer) if by_udptl(own) and by_udptl(theirs)}
        old = {line.port for each in call.descriptions if each.side == peer for line in rtp_lines(each)} - ports
        if not ports or not old:
            continue
        ends = _ends(call, agreed, side)
        ways = [way for end in ends for way in at.get(end, ())[:MAX_FLOWS_TOLD_APART]]
        back = {way.src[1] for way in ways if way.src not in ends}
        own = [way for way in ways if way.src in ends]
        if any(way.dst[1] in ports for way in own):
            continue
        for way in own:
            if way.dst[1] in old and way.dst[1] not in back and sent[way] >= MIN_DATAGRAMS:
                yield way, sent[way], min(ports)


def _ends(call: Call, agreed: Agreement, side: str) -> Collection[End]:
    """Where a side is to receive UDPTL: as it said, or behind NAT at that port of a host that it signals from."""
    lines = [own for own, theirs in agreed.lines(side) if by_udptl(own) and by_udptl(theirs)]
    if not lines:
        return ()
    hosts = dict.fromkeys(message.src for message in call.messages if message.side == side)
    return dict.fromkeys((host, line.port) for line in lines for host in (line.address, *hosts))


RULES = (fax_profile_wrong, fax_parameters_differ, fax_one_way, call_became_fax)
