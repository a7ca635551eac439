"""Rules about keys and secrets: DTLS, SDES, SRTP agreed against what is on the wire, addresses that leak."""

from __future__ import annotations

from collections.abc import Iterator
from operator import itemgetter

from dissectors.analysis.streams.protection import TAG_OCTETS, spare_octets
from dissectors.findings.addresses import private
from dissectors.findings.rule import AT_ONCE, Facts, Found, both_ends, counted, name_of, rule
from dissectors.report import Call, Handshake, Stream
from dissectors.wire.datagram import endpoint, host_of

MIN_RTP_PACKETS, MIN_WAIT_SECONDS, MAX_HELLOS = 50, 2.0, 4
OLD_VERSIONS = ("DTLS 1.0",)


def between(handshake: Handshake) -> str:
    """The two ends of a handshake, the client first."""
    return f"{endpoint(handshake.src, handshake.sport)} to {endpoint(handshake.dst, handshake.dport)}"


@rule(
    "dtls-failed", "error", "The DTLS handshake failed",
    scope="path",
    why="Without it there are no keys, so no media and no data channel.",
    fix="The alert says why: handshake_failure is nothing in common, bad_certificate a fingerprint that does not fit.",
)
def dtls_failed(facts: Facts) -> Iterator[Found]:
    for each in facts.handshakes:
        if each.outcome == "failed":
            yield Found(f"{between(each)}: {each.alert}", (each.place,))


@rule(
    "dtls-unanswered", "error", "Nothing answered the DTLS handshake",
    scope="path",
    why="The client repeats its hello and gives up: no keys, no media.",
    fix="See whether both sides wait for the other (a=setup passive on both), or a firewall stops larger datagrams.",
)
def dtls_unanswered(facts: Facts) -> Iterator[Found]:
    for each in facts.handshakes:
        if each.outcome == "unanswered" and each.hellos > 1:
            yield Found(f"{between(each)}: {counted(each.hellos, 'ClientHello')}", (each.place,))
        elif each.outcome == "unanswered" and facts.end - each.first >= MIN_WAIT_SECONDS:
            # A client that waits for an answer says hello again after a second (RFC 6347 section 4.2.4.1).
            what = f"{between(each)}: one ClientHello, which was not sent again"
            yield Found(what, (each.place,), severity="warning", certainty="low")


@rule(
    "dtls-unfinished", "warning", "The DTLS handshake does not come to its end",
    scope="path",
    why="Both sides spoke and did not agree on keys while the capture lasted.",
    fix="Certificates make the largest datagrams of a call: see whether these are lost or fragmented.",
)
def dtls_unfinished(facts: Facts) -> Iterator[Found]:
    for each in facts.handshakes:
        if each.outcome == "unfinished" and facts.end - each.last >= MIN_WAIT_SECONDS:
            yield Found(f"{between(each)}: {facts.end - each.last:.0f} s without going on", (each.place,))


@rule(
    "dtls-repeated", "note", "The DTLS handshake needed several attempts",
    scope="path",
    why="Each repeat costs a second or more before media can flow.",
    fix="Look for loss at the beginning of the call, or a peer that is not ready yet.",
)
def dtls_repeated(facts: Facts) -> Iterator[Found]:
    for each in facts.handshakes:
        if each.hellos >= MAX_HELLOS and each.outcome != "unanswered":
            yield Found(f"{between(each)}: {counted(each.hellos, 'ClientHello')}", (each.place,))


@rule(
    "dtls-old", "note", "DTLS 1.0 was agreed",
    scope="path",
    why="DTLS 1.0 is deprecated (RFC 8996).",
    fix="Update the side that cannot do DTLS 1.2.",
)
def dtls_old(facts: Facts) -> Iterator[Found]:
    for each in facts.handshakes:
        if each.version in OLD_VERSIONS:
            yield Found(f"{between(each)}: {each.version}", (each.place,))


@rule(
    "dtls-without-srtp", "error", "DTLS agreed on no SRTP profile, and media follows",
    scope="path",
    why="use_srtp (RFC 5764) is missing from the ServerHello: both sides have no keys for the media.",
    fix="Compare the profiles that the client offers with what the server supports.",
)
def dtls_without_srtp(facts: Facts) -> Iterator[Found]:
    media = {frozenset(((s.src, s.sport), (s.dst, s.dport))): s for s in facts.streams}
    for each in facts.handshakes:
        stream = media.get(frozenset(((each.src, each.sport), (each.dst, each.dport))))
        if stream and each.outcome == "complete" and each.version == "DTLS 1.2" and each.srtp_profile is None:
            yield Found(f"{between(each)}: RTP follows", (each.place, stream.first_place))


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
    found: list[tuple[int, Found]] = []
    for each in facts.handshakes:
        shown = {one for one in (each.client_fingerprint, each.server_fingerprint) if one}
        # Many calls meet at one server: a handshake of another call is no fault of this one.
        if not shown or set.intersection(*(calls.get(one, set()) for one in shown)):
            continue
        for number, announced in (at.get(each.src, {}) | at.get(each.dst, {})).items():
            if facts.calls[number].start <= each.last:
                wrong = ", ".join(sorted(f"{one[:23]}…" for one in shown - announced))
                found.append((number, Found(f"{between(each)} shows sha-256 {wrong}", (each.place,), number)))
    yield from (one for _, one in sorted(found, key=itemgetter(0)))


def _fingerprints(facts: Facts) -> tuple[dict[str, set[int]], dict[str | None, dict[int, set[str]]]]:
    """The calls that announced each fingerprint; and by host those of both sides of the calls that announced it."""
    calls: dict[str, set[int]] = {}
    at: dict[str | None, dict[int, set[str]]] = {}
    for number, call in enumerate(facts.calls):
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
    for number, call in enumerate(facts.calls):
        keyed = [d for d in call.descriptions if any(line.suites for line in d.media)]
        if keyed:
            suites = dict.fromkeys(suite for d in keyed for line in d.media for suite in line.suites)
            yield Found(f"a=crypto with {', '.join(suites)}", [described.place for described in keyed], number)


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


@rule(
    "srtp-not-used", "error", "SRTP was agreed and RTP is sent",
    scope="stream",
    why="The call can be listened to although both sides believe it protected; a strict receiver plays nothing.",
    fix="Look at the side that sends it, and at gateways between the two.",
)
def srtp_not_used(facts: Facts) -> Iterator[Found]:
    for number, call in enumerate(facts.calls):
        for position in call.streams if agreed(call) else ():
            stream = facts.streams[position]
            if tag_of(stream) == 0:
                what = f"{name_of(stream)}: payloads of {stream.codec} have no room for an authentication tag"
                yield Found(what, both_ends(stream), number, position, certainty="high")


@rule(
    "srtp-not-announced", "warning", "RTP was agreed and something like SRTP is sent",
    scope="stream",
    why="The receiver plays it as sound: loud noise.",
    fix="Look whether one side was set to encrypt without negotiating, or an ALG removed a=crypto.",
)
def srtp_not_announced(facts: Facts) -> Iterator[Found]:
    secured = {(each.src, each.dst) for each in facts.handshakes}
    for number, call in enumerate(facts.calls):
        keyed = any(line.encryption for described in call.descriptions for line in described.media)
        for position in call.streams if call.descriptions and not keyed else ():
            stream = facts.streams[position]
            dtls = {(stream.src, stream.dst), (stream.dst, stream.src)} & secured
            if tag_of(stream) in TAG_OCTETS and not dtls:
                what = f"{name_of(stream)}: every payload of {stream.codec} is {tag_of(stream)} octets too long"
                yield Found(what, both_ends(stream), number, position, certainty="medium")


@rule(
    "rtcp-in-clear", "warning", "RTCP in the clear beside encrypted RTCP",
    scope="path",
    why="Reports in the clear reveal names, hosts and times, and a receiver that insists on SRTCP drops them.",
    fix="Look for a sender that reports before its keys are there, or says goodbye after it has thrown them away.",
)
def rtcp_in_clear(facts: Facts) -> Iterator[Found]:
    for each in facts.protection:
        if each.encrypted and each.clear:
            here = f"{endpoint(each.src, each.sport)} and {endpoint(each.dst, each.dport)}"
            yield Found(f"{here}: {each.clear} in the clear, {each.encrypted} encrypted", (each.place,))


@rule(
    "private-address-leaked", "note", "A private address is announced to the outside",
    why="It reveals the inner network, and a peer on the other side cannot send to it.",
    fix="Let the endpoint announce its public address (STUN, TURN) or hide it (mDNS candidates).",
)
def private_address_leaked(facts: Facts) -> Iterator[Found]:
    for number, call in enumerate(facts.calls):
        inside = {m.place for m in call.messages if private(m.src) or private(m.dst)}
        outside = {m.place for m in call.messages} - inside if len(inside) < len(call.messages) else ()
        for described in call.descriptions:
            if described.place not in outside:
                continue
            if inner := {line.address for line in described.media if private(line.address)}:
                what = f"the {described.side}'s {described.role} announces {', '.join(sorted(map(str, inner)))}"
                yield Found(what, (described.place,), number)


RULES = (
    dtls_failed, dtls_unanswered, fingerprint_mismatch, dtls_without_srtp, srtp_not_used, srtp_not_announced,
    sdes_in_clear, rtcp_in_clear, dtls_unfinished, dtls_repeated, dtls_old, private_address_leaked,
)
