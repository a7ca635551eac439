"""Calls that are held unread: the report is the one of an engine that reads everything at once."""

from __future__ import annotations

import gc
import random
import re
import tracemalloc
import zlib
from collections import Counter
from itertools import product

import pytest

from dissectors.analysis.calls import offers, table
from dissectors.analysis.calls import talk as talks
from dissectors.analysis.calls.begun import Waiting
from dissectors.analysis.calls.call import CallState
from dissectors.analysis.calls.messages import DECIDING
from dissectors.engine import retirement
from dissectors.engine.talks import OF_ITS_OWN
from dissectors.engine.trackers import Capacity
from dissectors.findings.signalling import endings
from dissectors.findings.traits import ORDINARY
from dissectors.protocols import sdp, sip, sip_reason
from dissectors.protocols.sip_message import identity
from tests.stories import (
    A,
    B,
    C,
    Story,
    Told,
    asked,
    challenged,
    description,
    dialled,
    hello,
    hung_up,
    mapped,
    receiver_report,
    request,
    response,
    rtp,
    sender_report,
    talk,
)
from tests.unread import fed, opened, told

__all__ = ["opened"]

sip_usual = pytest.importorskip("dissectors.protocols.sip_usual", reason="no compiled modules were built here")

PCMU = "a=rtpmap:0 PCMU/8000"
OFFER, ANSWER = description(*A, PCMU), description(*B, PCMU)
SECONDS, END = 2.0, 3040.0
MOST_BESIDE = 2816
"""Octets that an open call takes beside those of its messages, with its flows."""


def media(**changes: object) -> Story:
    """Two seconds of both sides; changes are those of the caller's stream."""
    return [*talk(seconds=SECONDS, **changes), *talk(B, A, 78, seconds=SECONDS)]  # type: ignore[arg-type]


def called(*, offer: bytes = OFFER, answer: bytes = ANSWER, sound: Story | None = None) -> Story:
    """A call at which nothing is odd, but for what is said otherwise; times are milliseconds."""
    return [*dialled(offer, answer), *(media() if sound is None else sound), *hung_up(END)]


def without(story: Story, *starts: bytes) -> Story:
    return [each for each in story if not each[3].startswith(starts)]


def rewritten(story: Story, before: bytes, after: bytes, *starts: bytes) -> Story:
    """The same with other words, in the messages that begin so."""
    return [
        (time, src, dst, octets.replace(before, after) if octets.startswith(starts or (b"",)) else octets)
        for time, src, dst, octets in story
    ]


def packed(story: Story) -> Story:
    """The same with bodies that are compressed and labelled so, and with compact names."""
    made = []
    for time, src, dst, octets in story:
        head, gap, body = octets.partition(b"\r\n\r\n")
        if gap and b"SIP/2.0" in head:
            lines = [line for line in head.split(b"\r\n") if not line.startswith(b"Content-Length")]
            short = {b"Via": b"v", b"From": b"f", b"To": b"t", b"Call-ID": b"i", b"Content-Type": b"c"}
            parts = [line.partition(b": ") for line in lines[1:]]
            said = [lines[0], *(short.get(name, name) + b": " + value for name, _, value in parts)]
            if body:
                body = zlib.compress(body)
                said.append(b"e: deflate")
            octets = b"\r\n".join([*said, b"l: %d" % len(body)]) + gap + body
        made.append((time, src, dst, octets))
    return made


def with_sources(one: int = 77, other: int = 78) -> Story:
    offer, answer = description(*A, PCMU, f"a=ssrc:{one} cname:a"), description(*B, PCMU, f"a=ssrc:{other} cname:b")
    return called(offer=offer, answer=answer)


def hung_up_by_the_callee() -> Story:
    bye = [request(END, "BYE", number=2, tag="2", back=True)]
    return [*dialled(OFFER, ANSWER), *media(), *bye, response(END + 20, 200, "OK", "BYE", number=2, back=True)]


def refused_with(status: int) -> Story:
    return [request(0, "INVITE", body=OFFER), response(500, status, "No"), request(510, "ACK", tag="2")]


def invited_again() -> Story:
    again = [
        request(1500, "INVITE", body=OFFER.replace(b"1 1", b"1 2"), number=3, tag="2"),
        response(1510, 200, "OK", body=ANSWER.replace(b"1 1", b"1 2"), number=3),
        request(1520, "ACK", number=3, tag="2"),
    ]
    return [*dialled(OFFER, ANSWER), *media(), *again, *rewritten(hung_up(END), b"CSeq: 2", b"CSeq: 4")]


def beside(*others: tuple[float, tuple[str, int], tuple[str, int], bytes]) -> Story:
    return [*called(), *others]


def through_a_b2bua() -> Story:
    """Where the first leg goes, a second one comes from."""
    second = rewritten(called(), b"Call-ID: one", b"Call-ID: two")
    ends = {A: B, B: C}
    second = rewritten(rewritten(second, B[0].encode(), C[0].encode()), A[0].encode(), B[0].encode())
    return [*called(), *[(time + 5, ends[src], ends[dst], octets) for time, src, dst, octets in second]]


def with_header(line: bytes, *starts: bytes) -> Story:
    return rewritten(called(), b"\r\nCSeq", b"\r\n" + line + b"\r\nCSeq", *(starts or (b"INVITE",)))


def went_on(*before: Told, offer: bytes = OFFER, answer: bytes = ANSWER, sound: Story | None = None) -> Story:
    """A call of which this is said before it is answered."""
    return [*without(called(offer=offer, answer=answer, sound=sound), RANG), *before]


def progress(time: float, answer: bytes = ANSWER, tag: str = "2") -> Told:
    return response(time, 183, "Session Progress", body=answer, tag=tag)


OKAY, RANG, INVITE, ACK, BYE = b"SIP/2.0 200", b"SIP/2.0 180", b"INVITE", b"ACK", b"BYE"

GO_WELL: dict[str, Story] = {
    "plain": called(),
    "packed": packed(called()),
    "sources": with_sources(),
    "packed sources": packed(with_sources()),
    "in pace": called(offer=description(*A, PCMU, "a=ptime:20"), answer=description(*B, PCMU, "a=maxptime:20")),
    "the callee hangs up": hung_up_by_the_callee(),
    "tried": [*called(), response(5, 100, "Trying")],
    "silent until the answer": without(called(), RANG),
    "goes on": went_on(progress(200, b"")),
    "goes on with its answer": went_on(progress(200)),
    "rings with its answer": went_on(response(200, 180, "Ringing", body=ANSWER)),
    "goes on with its answer and rings": went_on(progress(200), response(300, 180, "Ringing")),
    "rings and goes on with its answer": went_on(response(200, 180, "Ringing"), progress(300)),
    "says its answer in each": went_on(progress(200), response(300, 180, "Ringing", body=ANSWER)),
    "goes on with its answer, packed": packed(went_on(progress(200))),
    "goes on with its answer and sources": went_on(
        progress(200, description(*B, PCMU, "a=ssrc:78 cname:b")), offer=description(*A, PCMU, "a=ssrc:77 cname:a"),
        answer=description(*B, PCMU, "a=ssrc:78 cname:b"),
    ),
    "challenged, and goes on with its answer": challenged(went_on(progress(200)), OFFER),
    "early": called(sound=media(start=900)),
    "early media": went_on(progress(200), sound=media(start=300)),
    "a little before the answer": called(sound=media(start=980)),
    "challenged": challenged(called(), OFFER),
    "challenged and offered at another time": challenged(called(), OFFER.replace(b"t=0 0", b"t=0 1")),
    "challenged by the callee": challenged(called(), OFFER, status=401),
    "challenged and tried": [
        *challenged(called(), OFFER), response(-990, 100, "Trying"), response(5, 100, "Trying", number=2)
    ],
    "challenged, packed": packed(challenged(with_sources(), with_sources()[0][3].partition(b"\r\n\r\n")[2])),
    "challenged, and the callee hangs up": challenged(hung_up_by_the_callee(), OFFER),
    "many headers": with_header(b"Supported: a\r\nAllow: b\r\nUser-Agent: c\r\nContact: <sip:a@x>", INVITE, OKAY),
    "asserted": with_header(b"P-Asserted-Identity: <sip:a@x>\r\nPrivacy: id\r\nRemote-Party-ID: <sip:a@x>", INVITE),
    "session timer": with_header(b"Require: timer\r\nSession-Expires: 1800;refresher=uac\r\nMin-SE: 90", INVITE, OKAY),
    "short session timer": with_header(b"x: 90", INVITE, OKAY),
    "a reason": with_header(b'Reason: Q.850;cause=16;text="NORMAL_CLEARING"\r\nP-RTP-Stat: PS=99', BYE),
    "extensions": with_header(b"X-Asterisk-HangupCause: 0\r\nx-cidr: 1\r\nX-CI: 2", INVITE, OKAY, BYE),
    "one of several codecs": called(
        offer=description(
            *A, "a=rtpmap:111 opus/48000/2", "a=fmtp:111 useinbandfec=1", "a=rtpmap:0 PCMU/8000",
            "a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-16", media="RTP/AVP 111 0 101",
        ),
        answer=description(
            *B, "a=rtpmap:0 PCMU/8000", "a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-15", media="RTP/AVP 0 101"
        ),
    ),
    "opus": called(
        offer=description(*A, "a=rtpmap:111 opus/48000/2", "a=maxptime:60", media="RTP/AVP 111"),
        answer=description(*B, "a=rtpmap:111 opus/48000/2", "a=ptime:20", media="RTP/AVP 111"),
        sound=[
            *talk(seconds=SECONDS, payload_type=111, step=960, size=90),
            *talk(B, A, 78, seconds=SECONDS, payload_type=111, step=960, size=90),
        ],
    ),
    "G.729": called(
        offer=description(*A, "a=rtpmap:18 G729/8000", "a=fmtp:18 annexb=no", media="RTP/AVP 18"),
        answer=description(*B, "a=rtpmap:18 G729/8000", "a=fmtp:18 annexb=no", media="RTP/AVP 18"),
        sound=[
            *talk(seconds=SECONDS, payload_type=18, size=20), *talk(B, A, 78, seconds=SECONDS, payload_type=18, size=20)
        ],
    ),
    "RTCP beside": called(
        offer=description(*A, PCMU, f"a=rtcp:{A[1] + 1} IN IP4 {A[0]}", "a=ssrc:77 cname:a", "a=sendrecv"),
        answer=description(*B, f"a=rtcp:{B[1]}", "a=rtcp-mux", PCMU),
    ),
    "lines of their own": called(
        offer=description(*A, f"c=IN IP4 {A[0]}", "b=AS:80", PCMU, head=("b=AS:84", "a=sendrecv", "i=x")),
        answer=re.sub(rb"c=[^\r]*\r\n", b"", ANSWER) + b"c=IN IP4 " + B[0].encode() + b"\r\n",
    ),
    "an origin elsewhere": called(offer=OFFER.replace(b"1 1 IN IP4 " + A[0].encode(), b"1 1 IN IP4 pbx.example.org")),
    "rather large": with_header(b"Allow: " + b"x" * 700, INVITE, OKAY),
}
"""Calls that stay unread."""

OTHERS: dict[str, Story] = {
    "rings late": [(time + 3000 * (time > 100), *rest) for time, *rest in called()],  # type: ignore[misc]
    "goes on twice": went_on(progress(200), progress(300)),
    "goes on late": [
        (time + 3000 * (time > 100), *rest) for time, *rest in went_on(progress(200))  # type: ignore[misc]
    ],
    "goes on with another answer": went_on(progress(200, ANSWER.replace(b"1 1", b"1 2"))),
    "goes on with another port": went_on(progress(200, description(B[0], 4000, PCMU))),
    "goes on with its answer, packed only then": [*packed([progress(200)]), *without(called(), RANG)],
    "says its answer only before": rewritten(
        rewritten(went_on(progress(200)), ANSWER, b"", OKAY), b"Content-Length: %d" % len(ANSWER),
        b"Content-Length: 0", OKAY,
    ),
    "another one goes on with its answer": went_on(progress(200, tag="3")),
    "goes on with its answer, reliably": rewritten(
        went_on(progress(200)), b"\r\nCSeq", b"\r\nRequire: 100rel\r\nRSeq: 1\r\nCSeq", b"SIP/2.0 183"
    ),
    "goes on with its answer, and is silent": went_on(progress(200), sound=[]),
    "goes on with its offer": went_on(progress(200, OFFER)),
    "goes on behind the answer": went_on(progress(1005)),
    "media before it began": called(sound=media(start=-50)),
    "no media then": went_on(progress(200, description(B[0], 0, PCMU))),
    "rings twice": [*called(), response(700, 180, "Ringing")],
    "forked": [*called(), response(300, 180, "Ringing", tag="3")],
    "answered by another": rewritten(called(), b"tag=2", b"tag=3", RANG),
    "no tag": rewritten(called(), b";tag=2", b"", RANG, OKAY),
    "one tag for both": rewritten(called(), b"tag=2", b"tag=1"),
    "INVITE again": [*called(), request(500, "INVITE", body=OFFER)],
    "copied": [*called(), *[(time + 0.5, *rest) for time, *rest in dialled(OFFER, ANSWER)]],  # type: ignore[misc]
    "200 again": [*called(), response(1005, 200, "OK", body=ANSWER)],
    "no ACK": without(called(), ACK),
    "another ACK": rewritten(called(), b"CSeq: 1", b"CSeq: 7", ACK),
    "ACK to another": rewritten(called(), b"tag=2", b"tag=9", ACK),
    "BYE of another": rewritten(called(), b"tag=2", b"tag=9", BYE),
    "an old BYE": rewritten(called(), b"CSeq: 2", b"CSeq: 1", BYE, OKAY),
    "BYE on the branch of the INVITE": rewritten(called(), b"z9hG4bKBYE2", b"z9hG4bKINVITE1"),
    "no answer to BYE": called()[:-1],
    "481": rewritten(called(), b"200 OK", b"481 Gone", OKAY),
    "no BYE": called()[:-2],
    "BYE again": [*called(), request(END + 10, "BYE", number=2, tag="2")],
    "BYE later again": [*called(), request(END + 900, "BYE", number=2, tag="2")],
    "invited again": invited_again(),
    "INFO": [*called(), request(2000, "INFO", number=3, tag="2"), response(2010, 200, "OK", "INFO", number=3)],
    "refused": refused_with(486),
    "unavailable": refused_with(480),
    "challenged with the same number": [
        *refused_with(407), *[(time + 600, *rest) for time, *rest in called()]  # type: ignore[misc]
    ],
    "challenged and not acknowledged": challenged(called(), OFFER, acknowledged=False),
    "challenged and asked without credentials": challenged(called(), OFFER, credentials=False),
    "challenged and something else offered": challenged(called(), description(*A, PCMU, "a=ptime:20")),
    "challenged and offered elsewhere": challenged(called(), description(*C, PCMU)),
    "challenged twice": challenged(challenged(called(), OFFER), OFFER),
    "challenged and given up": challenged(called(), OFFER)[:3],
    "challenged, and silent": challenged(called(sound=[]), OFFER),
    "challenged, and no ACK": challenged(without(called(), ACK), OFFER),
    "challenged, and the ACK goes elsewhere": rewritten(challenged(called(), OFFER), b"tag=9", b"tag=8", ACK),
    "challenged, and another branch of its ACK": rewritten(
        challenged(called(), OFFER), b"INVITE1", b"ACK1", ACK
    ),
    "challenged, and the BYE on the branch of the INVITE": rewritten(
        challenged(called(), OFFER), b"z9hG4bKBYE3", b"z9hG4bKINVITE1"
    ),
    "challenged, and rings late": [
        (time - 1500 * (time < 0), *rest) for time, *rest in challenged(called(), OFFER)  # type: ignore[misc]
    ],
    "challenged, and lost": challenged(called(sound=media(lost=lambda n: n % 7 == 3)), OFFER),
    "another status": challenged(called(), OFFER, status=488),
    "unanswered": [request(500.0 * 2**n, "INVITE", body=OFFER) for n in range(4)],
    "given up": [request(0, "INVITE", body=OFFER), response(200, 180, "Ringing")],
    "in part": called()[1:],
    "at the same time": [(1000.0 if o.startswith((RANG, OKAY)) else t, a, b, o) for t, a, b, o in called()],
    "another port": called(offer=description(A[0], 4000, PCMU)),
    "another address": called(answer=description(C[0], B[1], PCMU)),
    "sendonly": called(offer=description(*A, PCMU, "a=sendonly"), answer=description(*B, PCMU, "a=recvonly")),
    "video besides": called(offer=OFFER + b"m=video 16402 RTP/AVP 96\r\n"),
    "keys": called(offer=description(*A, PCMU, "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" + "A" * 40)),
    "unnamed": called(offer=description(*A, media="RTP/AVP 0 97"), answer=description(*B, media="RTP/AVP 0 97")),
    "paced": called(offer=description(*A, PCMU, "a=ptime:30"), answer=description(*B, PCMU, "a=ptime:30")),
    "slower than agreed": called(offer=description(*A, PCMU, "a=maxptime:10")),
    "another codec": called(answer=description(*B, "a=rtpmap:8 PCMA/8000", media="RTP/AVP 8")),
    "another source": with_sources(other=99),
    "sources the wrong way round": with_sources(78, 77),
    "one who wrote both": called(answer=ANSWER.replace(b"IN IP4 203.0.113.2\r\ns", b"IN IP4 198.51.100.1\r\ns")),
    "an address in words": called(offer=OFFER.replace(A[0].encode(), b"host.example.org")),
    "two addresses": called(offer=description(*A, PCMU, f"c=IN IP4 {C[0]}")),
    "RTCP elsewhere": called(offer=description(*A, PCMU, "a=rtcp:9")),
    "RTCP at another address": called(offer=description(*A, PCMU, f"a=rtcp:{A[1]} IN IP4 {C[0]}")),
    "two sources": called(offer=description(*A, PCMU, "a=ssrc:77 cname:a", "a=ssrc:79 cname:a")),
    "a source in other words": called(offer=description(*A, PCMU, "a=ssrc;79 cname:a")),
    "a source behind a blank": called(offer=description(*A, PCMU, "a= ssrc:79 cname:a")),
    "nothing said of times": called(offer=OFFER.replace(b"t=0 0\r\n", b"")),
    "longer than asked for": called(answer=description(*B, PCMU, "a=maxptime:10")),
    "ends in the middle of a line": called(offer=OFFER[:-2]),
    "no offer": [request(0, "INVITE"), *called()[1:]],
    "an offer that is missing": rewritten(called(), OFFER, b"", INVITE),
    "no description": [request(0, "INVITE", body=b"garbage\r\n")],
    "a broken answer": rewritten(called(), b"v=0", b"x=0", OKAY),
    "corrupt": [(t, a, b, o[:-12] + bytes(12) if o.startswith(INVITE) else o) for t, a, b, o in packed(called())],
    "cut": [(t, a, b, o[:-9] if o.startswith(OKAY) else o) for t, a, b, o in packed(called())],
    "mislabelled": rewritten(packed(called()), b"deflate", b"gzip"),
    "unlabelled": rewritten(packed(called()), b"\r\ne: deflate", b""),
    "octets behind": [(t, a, b, o + b"xx" if o.startswith(OKAY) else o) for t, a, b, o in called()],
    "no media": called(sound=[]),
    "one way": called(sound=talk(seconds=SECONDS)),
    "little": called(sound=[*talk(seconds=0.08), *talk(B, A, 78, seconds=SECONDS)]),
    "late": called(sound=[*talk(start=2500, seconds=0.5), *talk(B, A, 78, seconds=SECONDS)]),
    "stops early": called(sound=[*talk(seconds=0.5), *talk(B, A, 78, seconds=SECONDS)]),
    "goes on": called(sound=[*talk(seconds=4), *talk(B, A, 78, seconds=SECONDS)]),
    "lost": called(sound=media(lost=lambda n: n % 7 == 3)),
    "a hole": called(sound=media(lost=lambda n: 20 < n < 60)),
    "holes": called(sound=[
        *talk(seconds=SECONDS, lost=lambda n: 20 < n < 60), *talk(B, A, 78, seconds=SECONDS, lost=lambda n: 20 < n < 60)
    ]),
    "jitter": called(sound=media(delay=lambda n: 60.0 * (n % 3))),
    "not listed": called(sound=media(payload_type=9)),
    "encrypted": called(sound=media(size=170)),
    "fast": called(sound=media(step=320)),
    "two of a side": beside(*talk(seconds=SECONDS, ssrc=90)),
    "from elsewhere": beside(*talk(C, B, 91, seconds=SECONDS)),
    "to elsewhere": beside(*talk(A, C, 92, seconds=SECONDS)),
    "the same SSRC twice": beside(*talk(C, (C[0], 9), 77, seconds=SECONDS)),
    "the SSRC of both": called(sound=[*talk(seconds=SECONDS), *talk(B, A, 77, seconds=SECONDS)]),
    "reports": beside(receiver_report(2000, 77, fraction=0.5, lost=20), sender_report(1900)),
    "reports of another flow": beside((2000, C, A, receiver_report(2000, 77, fraction=0.5, lost=20)[3])),
    "a check": beside(*asked(1015, mapped(*A), answer=(0x101, mapped(*A)))),
    "a check elsewhere": beside(*asked(1015, answer=(0x101, mapped(A[0], 9)), src=A, dst=(C[0], 3478))),
    "DTLS": beside((1012, A, B, hello())),
    "unknown": beside(*[(1500.0 + n, A, B, b"\x05 foreign") for n in range(3)]),
    "unknown from elsewhere": beside(*[(1500.0 + n, C, B, b"\x05 foreign") for n in range(3)]),
    "one lone datagram": beside((2000.0, A, B, rtp(7, 0x1234))),
    "keep-alive": beside((2000.0, A, B, b"\r\n\r\n")),
    "a B2BUA": through_a_b2bua(),
    "Session-ID": with_header(b"Session-ID: " + b"a" * 32),
    "Session-Expires": with_header(b"Session-Expires: 10;refresher=uac", INVITE, OKAY),
    "a session timer that expired": rewritten(
        [*dialled(OFFER, ANSWER), *hung_up(90_000.0)], b"\r\nCSeq: 1", b"\r\nSession-Expires: 90\r\nCSeq: 1"
    ),
    "Session-Expires in words": with_header(b"Session-Expires: soon", INVITE, OKAY),
    "a reason for a failure": with_header(b"Reason: Q.850;cause=38", BYE),
    "two reasons": with_header(b'Reason: Q.850;cause=16, SIP;cause=503;text="ACK"', BYE),
    "another call": with_header(b"x-Cid: two", INVITE),
    "charging": with_header(b"P-Charging-Vector: icid-value=1", INVITE),
    "a long name": with_header(b"X-" + b"x" * 63 + b": 1", INVITE),
    "a long line": with_header(b"Contact: <sip:" + b"x" * 1020 + b">", BYE),
    "an odd name": with_header(b"X-\xe9: 1\r\nX (y): 1", INVITE),
    "two CSeq": with_header(b"CSeq: 1 INVITE"),
    "two types": with_header(b"Content-Type: application/sdp"),
    "two encodings": rewritten(packed(called()), b"\r\ne: deflate", b"\r\ne: deflate\r\ne: deflate"),
    "another encoding before": rewritten(
        packed(called()), b"\r\ne: deflate", b"\r\nContent-Encoding: gzip\r\ne: deflate"
    ),
    "a BYE that was large": with_header(b"\r\n".join([b"k: a,b,c,d"] * 45), BYE),
    "an ACK that was large": with_header(b"\r\n".join([b"k: a,b,c,d"] * 45), ACK),
    "an answer to BYE that was large": [*called()[:-1], *rewritten(
        called()[-1:], b"\r\nCSeq", b"\r\n" + b"\r\n".join([b"k: a,b,c,d"] * 45) + b"\r\nCSeq"
    )],
    "FaceTime": with_header(b"User-Agent: Viceroy 1.5"),
    "large": with_header(b"Allow: " + b"x" * 900 + b"\r\nAllow: " + b"x" * 100),
    "long names": rewritten(called(), b"Call-ID: one", b"Call-ID: " + b"one" * 100),
    "of another origin": called(offer=OFFER.replace(b"o=-", b"o=GKVoiceChatService")),
}
"""Calls that are read in the end, for one reason or another, or may be."""


STILL_PLAIN = {
    "FaceTime", "goes on with its answer, and is silent", "no media", "of another origin", "reports of another flow",
}
"""Of these nothing needs to be read after all."""


def placed(story: Story, number: int, start: float, at: int | None = None) -> Story:
    """The same under a Call-ID and with sources of its own, between ends of its own, or those with another number."""
    at = number if at is None else at
    hosts = {A[0]: f"198.51.{at >> 7}.{1 + (at & 127)}", B[0]: f"203.0.{at >> 7}.{1 + (at & 127)}"}
    made = []
    for time, src, dst, octets in story:
        if octets[:1] == b"\x80":
            octets = octets[:8] + bytes((number >> 8, number & 0xFF)) + octets[10:]
        head, gap, body = octets.partition(b"\r\n\r\n")
        if b"SIP/2.0" in head:
            label = b"e: deflate" in head
            try:
                text = zlib.decompress(body) if label else body
            except zlib.error:
                text, label = body, False
            for before, after in [(one.encode(), other.encode()) for one, other in hosts.items()]:
                head, text = head.replace(before, after), text.replace(before, after)
            text = re.sub(rb"ssrc:(\d+)", lambda said: b"ssrc:%d" % (number << 16 | int(said[1])), text)
            for call in (b"one", b"two"):
                head = head.replace(b"Call-ID: " + call, b"Call-ID: %s%d" % (call, number))
                head = head.replace(b"i: " + call, b"i: %s%d" % (call, number))
            was, body = len(body), zlib.compress(text) if label else text
            for name in (b"Content-Length: ", b"l: "):
                head = head.replace(name + b"%d" % was, name + b"%d" % len(body))
            octets = head + gap + body
        ends = [(hosts.get(host, host), port) for host, port in (src, dst)]
        # Some begin before the call does that they are made of.
        made.append((time + start + 3000, *ends, octets))
    return made  # type: ignore[return-value]


def all_of(stories: list[Story], apart: float = 700.0) -> Story:
    return [each for number, story in enumerate(stories, 1) for each in placed(story, number, number * apart)]


@pytest.mark.parametrize("way", [*GO_WELL, *OTHERS])
def test_each_way_is_told_as_if_it_had_been_read(way: str, opened: Counter[str]) -> None:
    ways = GO_WELL | OTHERS
    # Each has others beside it that go well, and all of these are beside some.
    first, well = [*ways].index(way), [*GO_WELL.values()]
    two, three, four = [well[(3 * first + more) % len(well)] for more in range(3)]
    one = ways[way]
    story = all_of([one, two, one, three, four, one])
    most, size = ((0, 1), (3, 16))[first % 2]
    assert told(story, True, most, size) == told(story, False, most, size)


@pytest.mark.parametrize("way", GO_WELL)
def test_what_goes_well_is_never_read(way: str, opened: Counter[str]) -> None:
    made = told(all_of([GO_WELL[way]] * 12), True, 0)
    assert opened == {"unread": 12} and not made.calls and not made.streams
    assert made.totals is not None and made.totals.calls == 12 and made.totals.streams_left_out == 24


@pytest.mark.parametrize("way", OTHERS)
def test_what_goes_another_way_is_read_in_the_end(way: str, opened: Counter[str]) -> None:
    story = all_of([OTHERS[way]] * 3, 8000.0)
    assert told(story, True, 0) == told(story, False, 0)
    assert not opened["unread"] or way in STILL_PLAIN


def test_all_ways_together_are_told_as_if_they_had_been_read(opened: Counter[str]) -> None:
    well, others = [*GO_WELL.values()], [*OTHERS.values()]
    for seed in range(25):
        chance = random.Random(seed)
        stories = chance.choices(well, k=20) + chance.choices(others, k=chance.choice((0, 1, 3, 10)))
        chance.shuffle(stories)
        story = all_of(stories, chance.choice((50.0, 700.0, 9000.0)))
        most, size, over_tcp = chance.choice((0, 1, 8)), chance.choice((1, 16, 4096)), seed % 4 == 1
        lazily, at_once = (told(story, each, most, size, over_tcp=over_tcp) for each in (True, False))
        assert lazily == at_once, seed
    assert opened["unread"] > 200


@pytest.mark.parametrize("name", sip_usual.NAMES)
def test_a_header_that_may_stand_once_is_not_looked_at_twice(name: bytes) -> None:
    """Whatever it says: what is looked at is read without anything odd."""
    values = (b"1", b"application/sdp", b"deflate", b"gzip", b"<sip:a@x>;tag=1", b"1 INVITE", b"", b'"')
    messages = [each[3] for way in ("plain", "packed") for each in GO_WELL[way] if b"SIP/2.0" in each[3][:40]]
    for octets, value in product(messages, values):
        more = octets.replace(b"\r\nCSeq", b"\r\n" + name + b": " + value + b"\r\nCSeq")
        assert sip_usual.glance(more) is None or not sip.parse(more).deviations, (name, value)


def test_calls_between_the_same_ends_are_told_as_if_they_had_been_read(opened: Counter[str]) -> None:
    """At once, soon after one another or much later."""
    well, others = [*GO_WELL.values()], [*OTHERS.values()]
    for seed in range(30):
        chance = random.Random(seed)
        stories = chance.choices(well + chance.choice(([], others)), k=chance.choice((6, 14)))
        gap, ends = chance.choice((300.0, 4000.0, 20_000.0, 70_000.0)), chance.choice((1, 3))
        story = [
            each for number, one in enumerate(stories, 1)
            for each in placed(one, number, gap * (number + chance.random()), chance.randrange(ends))
        ]
        most, size = chance.choice((0, 1, 3)), chance.choice((1, 16, 4096))
        capacity = Capacity(calls=chance.choice((3, 1000)))
        assert told(story, True, most, size, capacity) == told(story, False, most, size, capacity), seed
    assert opened["unread"] > 50


def test_what_finds_no_room_when_it_is_read_is_counted(monkeypatch: pytest.MonkeyPatch, opened: Counter[str]) -> None:
    monkeypatch.setattr(table, "MAX_DESCRIPTION_OCTETS", 20_000)
    story = all_of([dialled(OFFER, ANSWER)] * 12)
    unread, read = (told(story, lazily, 0).findings for lazily in (True, False))
    made = [[each.what for each in found if each.id == "bound-hit"] for found in (unread, read)]
    assert made[0] == made[1] and made[0]


def test_unusual_descriptions_take_no_place_of_usual_ones(
    monkeypatch: pytest.MonkeyPatch, opened: Counter[str]
) -> None:
    monkeypatch.setattr(offers, "MAX_SHAPES", 3)
    named = [called(offer=OFFER.replace(b"s=-", b"s=%d" % n)) for n in range(12)]
    story = all_of([*named, *[called()] * 8])
    assert told(story, True, 0) == told(story, False, 0) and opened["unread"] >= 20


def test_methods_are_those_of_what_looks_at_messages() -> None:
    assert (talks.INVITE, talks.ACK, talks.BYE) == (sip_usual.INVITE, sip_usual.ACK, sip_usual.BYE)


@pytest.mark.parametrize("name", [each.decode() for each in sip_usual.NAMES[7:]])
def test_no_rule_looks_at_the_headers_of_a_call_that_goes_well(name: str, opened: Counter[str]) -> None:
    """Otherwise the rule would find nothing in what is not read: its header has to go from NAMES."""
    values = (b"0", b"sip:a@x", b"x;y=0", b"4294967296", b'"', b"", b"Q.850;cause=16", b"1800")
    lines = [name.encode() + b": " + value for value in values]
    story = all_of([with_header(line, INVITE, ACK, BYE, OKAY, RANG) for line in lines], 50.0)
    assert told(story, True, 0) == told(story, False, 0)
    assert opened["unread"] or name in ("Content-Type", "Content-Encoding")  # which belong to bodies


def test_a_description_is_read_once_though_its_name_and_its_times_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retirement, "MIN_FINISHED", 1)
    read = []

    class Calls(table.Calls):
        def read_apart(self, unread: Waiting) -> CallState:
            read.append(unread)
            return super().read_apart(unread)

    monkeypatch.setattr("dissectors.engine.trackers.Calls", Calls)
    stories = []
    for number in range(12):
        offer = re.sub(rb"s=[^\r]*", b"s=call %d" % number, OFFER.replace(b"t=0 0", b"t=%d 0" % (3900000000 + number)))
        assert offer.count(b"call") == 1 and b"t=39" in offer
        stories.append(called(offer=offer))
    story = all_of(stories)
    assert told(story, True, 0) == told(story, False, 0) and len(read) == 1


def test_what_a_message_of_a_call_may_have_is_ordinary_or_looked_at_when_it_comes() -> None:
    """Of calls with the same descriptions one alone is asked what it has."""
    # A challenge makes a call another one.
    allowed = {each.decode() for each in sip_usual.NAMES if not each.endswith(b"-Authenticate")} & {*DECIDING}
    assert "Contact" in allowed and allowed <= ORDINARY | {*OF_ITS_OWN}


def test_values_that_are_looked_at_say_nothing_of_a_call_that_goes_well() -> None:
    for words in sip_usual.NORMAL_REASONS:
        (reason,) = sip_reason.reasons(words.decode())
        assert reason.protocol == "Q.850" and not reason.failure and "ack" not in words.decode().lower()
        assert not endings.SESSION_WORDS().search(words.decode())
    early = min(endings.MAX_EARLY_SECONDS, sip_usual.LEAST_EXPIRES / endings.EARLY_PART) + endings.MARGIN_SECONDS
    assert talks.MAX_TIMED_NS / 1e9 + early < sip_usual.LEAST_EXPIRES


def damaged(octets: bytes, chance: random.Random) -> bytes:
    """With an octet changed, left out or put in."""
    at, new = chance.randrange(len(octets)), bytes([chance.choice(b" \t\r\n:;=<>/.0123456789abIN\x00\xff")])
    return octets[:at] + chance.choice((new, b"", new + octets[at : at + 1])) + octets[at + 1 :]


def test_what_is_looked_at_is_what_is_read() -> None:
    """Of a damaged message, too."""
    chance, looked = random.Random(7), 0
    messages = [each[3] for way in GO_WELL.values() for each in way if b"SIP/2.0" in each[3][:40]]
    for octets in messages * 60:
        usual = sip_usual.glance(changed := damaged(octets, chance))
        if usual is None:
            continue
        looked += 1
        (read,) = sip.parse_all(changed)
        told_so = identity(read.first, read.method)
        assert not read.deviations and read.raw_body == usual.body and (read.status or 0) == usual.status
        assert (told_so.call_id, told_so.sequence) == (usual.call_id, usual.sequence)
        assert (told_so.from_tag, told_so.to_tag or "", told_so.branch) == (usual.from_tag, usual.to_tag, usual.branch)
        assert ("zlib" in read.body.encoding) <= usual.packed
    assert looked > 1000


def _is_beside(line: sdp.Media) -> bool:
    """Whether RTCP goes to the next port or to the same one, at the same address."""
    if line.rtcp is None:
        return True
    assert line.connection is not None
    return line.rtcp.port - line.port in (0, 1) and line.rtcp.address in (None, line.connection.address)


def test_what_is_described_is_what_is_read() -> None:
    """Nothing is odd but what is kept as it stands."""
    chance, looked = random.Random(8), 0
    made = [
        OFFER, ANSWER, description("2001:db8::1", 9, PCMU, "a=ssrc:77 cname:a"),
        description(*A, f"c=IN IP4 {A[0]}", f"a=rtcp:{A[1] + 1} IN IP4 {A[0]}", "a=ssrc:77 cname:a", PCMU),
    ]
    rests = {sip_usual.described(octets).rest for octets in made}
    for octets in made * 4000:
        found = sip_usual.described(changed := damaged(octets, chance))
        if found is None or found.rest not in rests:
            continue
        looked += 1
        read = sdp.parse(changed)
        (line,) = read.media
        assert not read.deviations and read.connection is not None and read.origin is not None
        assert (found.address, found.port) == (read.connection.address, line.port)
        assert found.owner.decode() == " ".join(read.origin) and line.kind == "audio"
        assert found.is_facetime == (read.origin.username == "GKVoiceChatService")
        assert line.connection == read.connection and _is_beside(line)
        sources = [value.partition(" ")[0] for value in line.named.get("ssrc", ())]
        assert sources == ([] if found.ssrc is None else [str(found.ssrc)])
    assert looked > 300


def open_calls(count: int) -> Story:
    """So many calls that go on, each between two hosts of its own."""
    said: Story = []
    for number in range(count):
        ends = {A: (f"10.1.{number >> 8}.{number & 0xFF}", A[1]), B: (f"10.2.{number >> 8}.{number & 0xFF}", B[1])}
        told = rewritten(dialled(OFFER, ANSWER), b"Call-ID: one", b"Call-ID: %d" % number)
        said += [(time + number, ends[src], ends[dst], octets) for time, src, dst, octets in told]
    return said


def held(story: Story) -> int:
    """How many octets there are once a story was told."""
    gc.collect()
    tracemalloc.start()
    try:
        kept = fed(story, True, 10)
        gc.collect()
        octets, _ = tracemalloc.get_traced_memory()
        del kept
        return octets
    finally:
        tracemalloc.stop()


def test_an_open_call_takes_little_more_than_its_messages() -> None:
    few, many = open_calls(20), open_calls(420)
    held(few)
    sent = sum(len(octets) for _, _, _, octets in many[len(few) :])
    assert held(many) - held(few) - sent < MOST_BESIDE * 400
