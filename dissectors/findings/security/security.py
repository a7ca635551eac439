"""Rules about keys and secrets: certificates, SDES, SRTP agreed against what is on the wire, addresses that leak."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from dissectors.analysis.streams.protection import FRAMES, TAG_OCTETS, spare_octets
from dissectors.findings.hosts import private
from dissectors.findings.media_traits import INTRICATE
from dissectors.findings.rule import AT_ONCE, Facts, Found, both_ends, name_of, rule
from dissectors.findings.security.dtls_roles import between
from dissectors.findings.traits import DESCRIBED, LEAKING
from dissectors.report import Call, Description, Handshake, Stream
from dissectors.wire.datagram import TLS, WSS, endpoint, host_of

MIN_RTP_PACKETS = 50
MAX_CALLS_TOLD_APART = 64
"""Where more calls with certificates meet at one host, nobody knows of which of them a foreign handshake is."""


@rule(
    "fingerprint-mismatch", "error", "A certificate is not the one that the SDP announced",
    confirm_seconds=AT_ONCE,
    why="The peer must end the handshake: somebody else answered, or the SDP was changed on its way.",
    fix="Look for a media server between the two, or an answer of another branch.",
)
def fingerprint_mismatch(facts: Facts) -> Iterator[Found]:
    if not facts.handshakes:
        return
    calls, at = _fingerprints(facts)
    foreign: dict[int, list[Handshake]] = {}
    for each in facts.handshakes:
        known = [calls.get(one, set()) for one in _shown(each)]
        # Many calls meet at one server: a handshake of another call is no fault of this one.
        if known and known[0].isdisjoint(known[-1]):
            for number in _few(at, each.src) | _few(at, each.dst):
                if facts.calls[number].start <= each.last:
                    foreign.setdefault(number, []).append(each)
    for number in sorted(foreign):
        for each in foreign[number]:
            announced = at[each.src if number in at.get(each.src, {}) else each.dst][number]
            wrong = ", ".join(sorted(f"{one[:23]}…" for one in _shown(each) - announced))
            yield Found(f"{between(each)} shows sha-256 {wrong}", (each.place,), number)


def _shown(handshake: Handshake) -> set[str]:
    """The fingerprints of the certificates in a handshake."""
    return {one for one in (handshake.client_fingerprint, handshake.server_fingerprint) if one}


def _few(at: Mapping[str | None, Mapping[int, object]], host: str) -> set[int]:
    """The calls at a host, if there are no more than can be told apart."""
    there = at.get(host, {})
    return set(there) if len(there) <= MAX_CALLS_TOLD_APART else set()


def _fingerprints(facts: Facts) -> tuple[dict[str, set[int]], dict[str | None, dict[int, set[str]]]]:
    """The calls that announced each fingerprint; and by host those of both sides of the calls that announced it."""
    calls: dict[str, set[int]] = {}
    at: dict[str | None, dict[int, set[str]]] = {}
    for number, call in facts.having(INTRICATE):
        lines = [line for described in call.descriptions for line in described.media]
        announced = {line.fingerprint for line in lines if line.fingerprint}
        for one in announced:
            calls.setdefault(one, set()).add(number)
        if len(announced) > 1:
            for host in {line.address for line in lines} | {host_of(each) for line in lines for each in line.endpoints}:
                at.setdefault(host, {})[number] = announced
    return calls, at


@rule(
    "sdes-in-clear", "warning", "SRTP keys can be read in the signalling",
    why="Whoever sees these messages can decrypt the call (RFC 4568 demands that signalling be protected).",
    fix="Signal over TLS, or agree on keys by DTLS-SRTP.",
)
def sdes_in_clear(facts: Facts) -> Iterator[Found]:
    for number, call in facts.having(INTRICATE):
        keyed = [described for described in call.descriptions if any([line.suites for line in described.media])]
        if keyed and _is_in_use(call, keyed):
            hidden = {message.place for message in call.messages if message.transport in (TLS, WSS)}
            keyed = [described for described in keyed if described.place not in hidden]
        if keyed and _is_in_use(call, keyed):
            suites = dict.fromkeys(suite for d in keyed for line in d.media for suite in line.suites)
            yield Found(f"a=crypto with {', '.join(suites)}", [described.place for described in keyed], number)


def _is_in_use(call: Call, keyed: Sequence[Description]) -> bool:
    """Whether keys may protect something: they were answered, or nobody knows; plain RTP was taken in place of them."""
    answers = [described for described in call.descriptions if described.role == "answer"]
    return not answers or any(described in keyed for described in answers)


def agreed(call: Call) -> bool:
    """Whether both sides announced keys for SRTP."""
    return {d.side for d in call.descriptions if any(line.encryption for line in d.media)} == {"caller", "callee"}


def tag_of(stream: Stream) -> int | None:
    """How many octets a payload has beyond its codec's frames; None where that is unclear."""
    main = stream.payloads[0] if stream.payloads else None
    step = stream.timing.frame if stream.timing else None
    if main is None or main.packets < MIN_RTP_PACKETS:
        return None
    return spare_octets(stream.codec, step, main.packets, main.smallest, main.largest)


def _has_more_frames(stream: Stream) -> bool:
    """Whether what a payload has beyond its timestamps is several frames more, and no tag."""
    spare, frames = tag_of(stream) or 0, FRAMES.get((stream.codec or "").lower(), ())
    return any(octets > 1 and spare > octets and spare % octets == 0 for octets, _ in frames)


@rule(
    "srtp-not-used", "error", "SRTP was agreed and RTP is sent",
    scope="stream",
    why="Others can listen to the call although both sides believe that it is protected. A strict receiver plays "
    "nothing.",
    fix="Look at the side that sends it, and at gateways between the two.",
)
def srtp_not_used(facts: Facts) -> Iterator[Found]:
    for number, call in facts.having(INTRICATE):
        for position in call.streams if agreed(call) else ():
            stream = facts.streams[position]
            if tag_of(stream) == 0:
                what = f"{name_of(stream)}: payloads of {stream.codec} have no room for an authentication tag"
                yield Found(what, both_ends(stream), number, position, certainty="high")


@rule(
    "srtp-not-announced", "warning", "RTP was agreed and something like SRTP is sent",
    scope="stream",
    why="The receiver plays it as sound: loud noise.",
    fix="See whether one side encrypts without negotiating it, or an ALG removed a=crypto.",
)
def srtp_not_announced(facts: Facts) -> Iterator[Found]:
    secured = {(each.src, each.dst) for each in facts.handshakes}
    longer = {
        number for number, stream in facts.striking if tag_of(stream) in TAG_OCTETS and not _has_more_frames(stream)
    }
    for number, call in facts.having(DESCRIBED) if longer else ():
        tagged = [each for each in call.streams if each in longer]
        keyed = tagged and any(line.encryption for described in call.descriptions for line in described.media)
        for position in tagged if not keyed else ():
            stream = facts.streams[position]
            if not {(stream.src, stream.dst), (stream.dst, stream.src)} & secured:
                what = f"{name_of(stream)}: every payload of {stream.codec} is {tag_of(stream)} bytes too long"
                yield Found(what, both_ends(stream), number, position, certainty="medium")


@rule(
    "rtcp-in-clear", "warning", "RTCP in the clear beside encrypted RTCP",
    scope="path",
    why="Unencrypted reports reveal names, hosts and times, and a receiver that insists on SRTCP drops them.",
    fix="Look for a sender that reports before it has its keys, or says goodbye after it has thrown them away.",
)
def rtcp_in_clear(facts: Facts) -> Iterator[Found]:
    for each in facts.protection:
        if each.encrypted and each.clear:
            here = f"{endpoint(each.src, each.sport)} and {endpoint(each.dst, each.dport)}"
            yield Found(f"{here}: {each.clear} in the clear, {each.encrypted} encrypted", (each.place,))


def _left(call: Call, described: Description) -> bool:
    """Whether a description went from a public address to a public one, with no other message in its frame."""
    here = [message for message in call.messages if message.place == described.place]
    return bool(here) and not any([private(message.src) or private(message.dst) for message in here])


@rule(
    "private-address-leaked", "note", "A private address is announced to the outside",
    why="It reveals the inner network, and a peer on the other side cannot send to it.",
    fix="Let the endpoint announce its public address (STUN, TURN) or hide it (mDNS candidates).",
)
def private_address_leaked(facts: Facts) -> Iterator[Found]:
    for number, call in facts.having(LEAKING):
        for described in call.descriptions:
            inner = {line.address for line in described.media if private(line.address)}
            if inner and _left(call, described):
                what = f"the {described.side}'s {described.role} announces {', '.join(sorted(map(str, inner)))}"
                yield Found(what, (described.place,), number)


RULES = (
    fingerprint_mismatch, srtp_not_used, srtp_not_announced, sdes_in_clear, rtcp_in_clear, private_address_leaked,
)
