"""The rule about answers that no browser takes: WebRTC needs ICE and one port for RTP and RTCP (RFC 8835, RFC 8834)."""

from __future__ import annotations

from collections.abc import Iterator

from dissectors.findings.agreements import Agreement, agreements
from dissectors.findings.rule import AT_ONCE, Facts, Found, rule
from dissectors.findings.security.keys import on_one_hop
from dissectors.protocols.sip_reason import reasons
from dissectors.report import Call, Message

AT_ONCE_SECONDS = 5.0
"""Who ends a call so soon after the answer did not take it."""

SIP_FAILURE = 400
PROFILE = "UDP/TLS/RTP/SAVPF"


@rule(
    "webrtc-answer-incomplete", "error", "The answer lacks what WebRTC needs",
    confirm_seconds=AT_ONCE,
    why="A browser takes no answer without ICE, and none without a=rtcp-mux where it wants RTP and RTCP on one port: "
    "it ends the call before any media.",
    fix="Switch on ICE and rtcp-mux for this endpoint on the answering side. If it cannot do WebRTC, put a gateway "
    "that can before it. Look for a proxy that removes lines from the SDP.",
)
def webrtc_answer_incomplete(facts: Facts) -> Iterator[Found]:
    for number, call in facts.having("Reason"):
        for agreed in agreements(facts)[number]:
            lacking, bye = dict.fromkeys(_lacking(agreed)), _refusing(call, agreed)
            if lacking and bye is not None and not call.streams and on_one_hop(call, agreed):
                seconds = bye.time - agreed.answer.time
                what = (
                    f"the offer has {' and '.join(lacking)}, the answer has not; the {agreed.offer.side} ends the call "
                    f"{seconds:.2f} s after it, {bye.meaning('Reason')}"
                )
                places = (agreed.offer.place, agreed.answer.place, bye.place)
                yield Found(what, places, number, certainty="high", time=bye.time)


def _lacking(agreed: Agreement) -> Iterator[str]:
    """What of WebRTC the lines of an offer have, and none of those that share the answer's transport."""
    for ours, theirs in agreed.lines(agreed.offer.side):
        if ours.profile.upper() == PROFILE and ours.fingerprint:
            here = [line for line in agreed.answer.media if line.port == theirs.port]
            if ours.ufrag and not any(line.ufrag for line in here):
                yield "a=ice-ufrag"
            if ours.rtcp_mux and not any(line.rtcp_mux for line in here):
                yield "a=rtcp-mux"


def _refusing(call: Call, agreed: Agreement) -> Message | None:
    """The BYE by which who offered refuses the answer at once."""
    for message in call.messages:
        if message.method == "BYE" and message.status is None and message.side == agreed.offer.side:
            if not 0 <= message.time - agreed.answer.time <= AT_ONCE_SECONDS:
                return None
            said = reasons(message.header("Reason") or "")
            causes = [each.cause or 0 for each in said if each.protocol == "SIP"]
            return message if max(causes, default=0) >= SIP_FAILURE else None
    return None


RULES = (webrtc_answer_incomplete,)
