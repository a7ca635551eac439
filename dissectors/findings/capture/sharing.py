"""Rules about one port for everything: what shares it, and what was said of that (RFC 5761, RFC 7983)."""

from __future__ import annotations

from collections.abc import Iterator

from dissectors.findings.kinds import spoken
from dissectors.findings.media_traits import INTRICATE
from dissectors.findings.rule import Facts, Found, rule
from dissectors.findings.traits import DESCRIBED
from dissectors.report import Call

MEDIA = {"RTP", "RTCP"}
MAX_PORTS = 8


@rule(
    "port-shared", "note", "Signalling and media share a port",
    scope="capture",
    why="Tools that decide by port numbers see at most one of the protocols.",
    fix="In Wireshark use a plugin for this port, or Decode As for one protocol at a time.",
)
def port_shared(facts: Facts) -> Iterator[Found]:
    ports: dict[int, set[str]] = {}
    for _, flow, seen in spoken(facts):
        if "SIP" in seen and seen & MEDIA:
            ports.setdefault(min(flow.sport, flow.dport), set()).update(seen - {"UNKNOWN", "KEEPALIVE"})
    for port, names in sorted(ports.items())[:MAX_PORTS]:
        yield Found(f"port {port} carries {', '.join(sorted(names))}")


@rule(
    "rtcp-mux-not-announced", "note", "RTP and RTCP share a port and nobody announced it",
    why="Peers and tools that follow RFC 5761 look for RTCP on another port unless a=rtcp-mux says otherwise.",
    fix="Add a=rtcp-mux to offer and answer, if the sender can be changed.",
)
def rtcp_mux_not_announced(facts: Facts) -> Iterator[Found]:
    # What TURN carried is counted on its flows alone.
    heard = facts.capture.inside or MEDIA <= {seen.name for seen in facts.capture.protocols}
    both = {position for position, _, seen in (spoken(facts) if heard else ()) if MEDIA <= seen}
    for number, call in facts.having(DESCRIBED) if both else ():
        lines = [line for described in call.descriptions for line in described.media]
        shared = any(position in both for stream in facts.of(call) for position in stream.flows)
        if lines and shared and not any(line.rtcp_mux for line in lines):
            places = [described.place for described in call.descriptions[:2]]
            yield Found("RTP and RTCP share a port and a=rtcp-mux is not announced", places, number)


def announced(call: Call) -> set[int]:
    """The SSRCs that FaceTime's a=rtpID names."""
    return {
        line.rtp_id for described in call.descriptions for line in described.media if line.rtp_id is not None
    }


@rule(
    "rtp-id-is-ssrc", "note", "FaceTime's a=rtpID is the SSRC",
    why="FaceTime's a=rtpID announces the SSRC, so each stream is known before its first packet.",
    fix="Nothing.",
)
def rtp_id_is_ssrc(facts: Facts) -> Iterator[Found]:
    for number, call in facts.having(INTRICATE):
        named = facts.each(announced)[number]
        agreeing = named and named & {stream.ssrc for stream in facts.of(call)}
        if agreeing:
            names = ", ".join(map(str, sorted(agreeing)))
            places = [described.place for described in call.descriptions]
            yield Found(f"a=rtpID names the SSRC of a stream: {names}", places, number)


@rule(
    "rtp-id-is-not-ssrc", "warning", "FaceTime's a=rtpID is the SSRC of no stream",
    why="FaceTime's a=rtpID usually is the SSRC of the side that announces it; here no stream carries it.",
    fix="See whether the stream of that side is missing from the capture.",
)
def rtp_id_is_not_ssrc(facts: Facts) -> Iterator[Found]:
    for number, call in facts.having(INTRICATE):
        named = facts.each(announced)[number]
        streams = facts.of(call) if named else ()
        for missing in sorted(named - {stream.ssrc for stream in streams}) if streams else ():
            places = [described.place for described in call.descriptions]
            yield Found(f"no stream has the SSRC {missing} of a=rtpID", places, number)


RULES = (rtp_id_is_not_ssrc, port_shared, rtcp_mux_not_announced, rtp_id_is_ssrc)
