"""A datagram of each protocol, and octets that are like one."""

from __future__ import annotations

from tests.made import channel_data, rtcp, rtp, sip, srtcp, stun

SAMPLES = {
    "SIP": sip("OPTIONS sip:a SIP/2.0"),
    "KEEPALIVE": b"\r\n\r\n",
    "STUN": stun(),
    "TURN": channel_data(rtp(1)),
    "RTCP": rtcp(),
    "RTP": rtp(7),
    "DTLS": bytes.fromhex("16fefd 0000 000000000000 0004 01020304"),
}
CONTINUED = {"RTCP": rtcp() * 3, "srtcp": srtcp(), "DTLS": SAMPLES["DTLS"] * 3, "sip": b"\r\n" + SAMPLES["SIP"]}
SEEDS = [*SAMPLES.values(), *CONTINUED.values()]
