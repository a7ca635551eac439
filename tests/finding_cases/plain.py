"""Stories that fire findings, and near misses, of what was told first: calls, media, paths, the capture."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from functools import partial

from dissectors.mux.scan import Bounds
from dissectors.wire.inflate import Limits
from tests.made import frame
from tests.made import stun as plain_stun
from tests.stories import (
    ANSWER,
    CONTROLLING,
    GOOD,
    INNER,
    NOMINATED,
    OFFER,
    OTHER_SERVER,
    SDP,
    SERVER,
    USER,
    A,
    B,
    C,
    Story,
    Told,
    agreed,
    asked,
    conversation,
    description,
    dialled,
    error,
    hello,
    hung_up,
    mapped,
    receiver_report,
    record,
    relayed,
    report,
    request,
    response,
    rtp,
    sender_report,
    srtcp,
    talk,
)

Case = tuple[Story | Callable[[], object], Story | Callable[[], object]]
NOTHING: Story = [(60_000, C, A, b"\xff" * 20)]
"""A datagram that only makes the capture a minute long."""

INVITE = request(0, "INVITE", body=OFFER)
RINGING = response(200, 180, "Ringing")
FAX = description(kind="image", media="udptl t38")
SOFTWARE = "User-Agent: Viceroy 1.5.0/GK"


def after_one_another(origin: int, ssrc: int) -> Story:
    """Two calls at the same ports; the caller of the second sends from this timestamp, as this source."""
    second = [
        request(20_000, "INVITE", body=OFFER, call="two"),
        response(21_000, 200, "OK", body=ANSWER, call="two"),
        request(21_010, "ACK", tag="2", call="two"),
        *talk(start=21_020, first=30_000, origin=origin, ssrc=ssrc),
        *talk(B, A, 90, start=21_020),
        request(31_000, "BYE", number=2, tag="2", call="two"),
        response(31_020, 200, "OK", "BYE", number=2, call="two"),
    ]
    return [*GOOD, *second]


def refused(status: int, reason: str = "No") -> Story:
    return [INVITE, response(300, status, reason), request(310, "ACK", tag="2")]


def packed(body: bytes, *headers: str, time: float = 0) -> Story:
    return [request(time, "INVITE", SDP, *headers, body=body)]


def answered(offer: bytes, answer: bytes) -> Story:
    return [*dialled(offer, answer), *hung_up()]


def signalled(caller: bytes, callee: bytes, *streams: Story) -> Story:
    return [*dialled(caller, callee), *(each for stream in streams for each in stream), *hung_up()]


def reinvited(offer: bytes, answer: bytes) -> Story:
    return [request(3000, "INVITE", number=2, tag="2", body=offer), response(3020, 200, "OK", number=2, body=answer)]


def again(told: Told, *times: float) -> Story:
    return [(time, *told[1:]) for time in times]


def lost_every(n: int) -> Callable[[int], bool]:
    return lambda number: number % n == 7


def within(first: int, last: int) -> Callable[[int], bool]:
    return lambda number: first <= number < last


def spread(milliseconds: float) -> Callable[[int], float]:
    return lambda number: milliseconds * (number * 7919 % 101) / 101


SDES = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz"
KEYED = (description(A[0], A[1], SDES), description(B[0], B[1], SDES))
HASHES = [":".join([f"{octet:02X}"] * 32) for octet in (0xAA, 0xBB)]
FINGERPRINTS = tuple(f"a=fingerprint:sha-256 {each}" for each in HASHES)


def certified(shown: bytes) -> bytes:
    from hashlib import sha256

    return f"a=fingerprint:sha-256 {sha256(shown).digest().hex(':').upper()}".encode()


def dtls_call(announced: str) -> Story:
    told = [description(*A, FINGERPRINTS[0]), description(*B, announced)]
    return [*dialled(*told), *agreed(shown=b"server"), *conversation(), *hung_up()]


def offloaded(*numbers: int) -> Story:
    """A stream of three packets in a datagram, in the order of these numbers."""
    return [
        (1020 + 60 * n, A, B, b"".join(rtp(3 * n + number, 77, payload=bytes(600)) for number in numbers))
        for n in range(20)
    ]


def fragment() -> bytes:
    octets = bytearray(frame(A, B, bytes(40)))
    octets[20] = 0x20
    return bytes(octets)


CASES: dict[str, Case] = {
    # Signalling
    "invite-no-response": ([INVITE, *again(INVITE, 500, 1500)], [INVITE, response(100, 100, "Trying"), *NOTHING]),
    "call-unauthorised": (
        refused(403, "Forbidden"),
        [*refused(401), request(400, "INVITE", body=OFFER, number=2), response(900, 200, "OK", body=ANSWER, number=2)],
    ),
    "call-not-found": (refused(404, "Not Found"), refused(486)),
    "call-unreachable": (refused(480, "Temporarily Unavailable"), refused(486)),
    "call-busy": (refused(486, "Busy Here"), refused(480)),
    "call-declined": (refused(603, "Decline"), refused(486)),
    "call-not-acceptable": (refused(488, "Not Acceptable Here"), refused(486)),
    "call-too-big": (refused(513, "Message Too Large"), refused(500)),
    "call-looped": (refused(483, "Too Many Hops"), refused(486)),
    "call-redirected": (refused(302, "Moved Temporarily"), refused(486)),
    "call-server-failed": (refused(503, "Service Unavailable"), refused(513)),
    "call-rejected": (refused(420, "Bad Extension"), refused(486)),
    "call-unanswered": ([INVITE, RINGING, *NOTHING], [INVITE, RINGING]),
    "call-cancelled": (
        [INVITE, RINGING, request(5000, "CANCEL"), response(5010, 487, "Request Terminated")],
        [*dialled(), *hung_up()],
    ),
    "call-setup-slow": (
        [INVITE, response(7000, 180, "Ringing"), response(8000, 200, "OK", body=ANSWER)],
        [INVITE, response(900, 180, "Ringing"), response(8000, 200, "OK", body=ANSWER)],
    ),
    "ack-missing": ([*dialled(ack=False), *talk()], GOOD),
    "answer-repeated": (
        [*dialled(ack=False), *again(dialled()[2], 1500, 2500), request(2600, "ACK", tag="2")],
        [*dialled(ack=False), *again(dialled()[2], 1500), request(1600, "ACK", tag="2")],
    ),
    "request-repeated": (
        [INVITE, *again(INVITE, 500, 1500), response(1600, 180, "Ringing")],
        [INVITE, *again(INVITE, 500), response(600, 180, "Ringing")],
    ),
    "bye-unanswered": (
        [*dialled(), *again(request(9000, "BYE", number=2, tag="2"), 9000, 9500, 10500)],
        [*dialled(), request(9000, "BYE", number=2, tag="2")],
    ),
    "request-unanswered": (
        [request(0, "OPTIONS"), *again(request(0, "OPTIONS"), 500, 1500)],
        [request(0, "OPTIONS"), response(20, 200, "OK", "OPTIONS")],
    ),
    "registration-refused": (
        [
            request(0, "REGISTER"),
            response(20, 401, "Unauthorized", "REGISTER"),
            request(40, "REGISTER", number=2),
            response(60, 401, "Unauthorized", "REGISTER", number=2),
        ],
        [
            request(0, "REGISTER"),
            response(20, 401, "Unauthorized", "REGISTER"),
            request(40, "REGISTER", number=2),
            response(60, 200, "OK", "REGISTER", number=2),
        ],
    ),
    "reinvite-glare": (
        [
            *dialled(),
            request(3000, "INVITE", number=2, tag="2", body=OFFER),
            response(3020, 491, "Request Pending", number=2),
        ],
        GOOD,
    ),
    "call-forked": (
        [INVITE, RINGING, response(210, 180, "Ringing", tag="3"), response(900, 200, "OK", body=ANSWER, tag="3")],
        [
            INVITE,
            response(100, 407, "Proxy Authentication Required", tag="9"),
            request(150, "INVITE", number=2, body=OFFER),
            response(300, 180, "Ringing", number=2),
        ],
    ),
    "bye-missing": ([*dialled(), *conversation(), *NOTHING], GOOD),
    "call-in-part": (hung_up(), GOOD),
    "content-length-wrong": (
        [(0, A, B, INVITE[3][:-10]), RINGING],
        [INVITE, RINGING],
    ),
    "header-missing": ([(0, A, B, INVITE[3].replace(b"Call-ID: one\r\n", b""))], [INVITE]),
    "header-broken": (
        [(0, A, B, INVITE[3].replace(b"CSeq: 1 INVITE", b"CSeq: one INVITE"))],
        [INVITE],
    ),
    # Offer and answer
    "answer-missing": (
        [request(0, "INVITE"), response(900, 200, "OK", body=ANSWER), request(910, "ACK", tag="2")],
        [request(0, "INVITE"), response(900, 200, "OK", body=ANSWER), request(910, "ACK", body=OFFER, tag="2")],
    ),
    "codec-not-common": (
        answered(description(*A, media="RTP/AVP 0"), description(*B, media="RTP/AVP 8")),
        answered(description(*A, media="RTP/AVP 0 8"), description(*B, media="RTP/AVP 8 101")),
    ),
    "direction-wrong": (
        answered(description(*A, "a=sendonly"), description(*B, "a=sendrecv")),
        answered(description(*A, "a=sendonly"), description(*B, "a=recvonly")),
    ),
    "media-lines-differ": (
        answered(OFFER + b"m=video 5004 RTP/AVP 34\r\n", ANSWER),
        answered(OFFER + b"m=video 5004 RTP/AVP 34\r\n", ANSWER + b"m=video 0 RTP/AVP 34\r\n"),
    ),
    "media-refused": (
        answered(OFFER + b"m=video 5004 RTP/AVP 34\r\n", ANSWER + b"m=video 0 RTP/AVP 34\r\n"),
        answered(OFFER + b"m=video 5004 RTP/AVP 34\r\n", ANSWER + b"m=video 5004 RTP/AVP 34\r\n"),
    ),
    "call-held": (
        [
            *dialled(),
            request(3000, "INVITE", number=2, tag="2", body=description(*A, "a=sendonly")),
            response(3020, 200, "OK", number=2, body=description(*B, "a=recvonly")),
        ],
        [
            *dialled(),
            request(3000, "INVITE", number=2, tag="2", body=OFFER + b"a=x\r\n"),
            response(3020, 200, "OK", number=2, body=ANSWER + b"a=x\r\n"),
        ],
    ),
    "rtpmap-missing": (
        answered(description(media="RTP/AVP 104 0"), ANSWER),
        answered(description(*A, "a=rtpmap:104 opus/48000/2", media="RTP/AVP 104 0"), ANSWER),
    ),
    "sdp-odd": (answered(OFFER.replace(b"s=-", b"strange"), ANSWER), answered(OFFER, ANSWER)),
    # Media
    "media-missing": (
        [*dialled(), *hung_up(), *talk(C, OTHER_SERVER, 5)],
        [
            request(0, "INVITE", body=OFFER),
            response(900, 200, "OK", body=ANSWER),
            *hung_up(1400),
            *talk(C, OTHER_SERVER, 5),
        ],
    ),
    "media-one-way": ([*dialled(), *talk(), *hung_up()], [*dialled(), *talk(), *talk(B, A, 78, seconds=1), *hung_up()]),
    "media-late": (
        [*dialled(), *talk(start=4000, seconds=7), *talk(B, A, 78), *hung_up()],
        [*dialled(), *talk(start=2500, seconds=8), *talk(B, A, 78), *hung_up()],
    ),
    "media-ended-early": (
        [*dialled(), *talk(seconds=4), *talk(B, A, 78), *hung_up()],
        [
            *dialled(),
            *talk(seconds=2),
            *talk(B, A, 78, seconds=2),
            *reinvited(FAX, description(*B, kind="image", media="udptl t38")),
            *hung_up(20_000),
        ],
    ),
    "media-after-bye": (
        [*dialled(), *talk(seconds=12), *talk(B, A, 78), *hung_up()],
        [*dialled(), *talk(seconds=10.5), *talk(B, A, 78), *hung_up()],
    ),
    "early-media": (
        [*dialled(), *talk(B, A, 78, start=300), *talk(), *hung_up()],
        GOOD,
    ),
    "media-elsewhere": (
        [*dialled(), *talk(A, (B[0], 40_000)), *talk(B, A, 78), *hung_up()],
        GOOD,
    ),
    "media-address-differs": (
        [*dialled(description(*INNER), ANSWER), *conversation(), *hung_up()],
        [
            *dialled(),
            *talk(seconds=2),
            *talk(B, A, 78, seconds=2),
            *reinvited(description(*C), ANSWER),
            *talk(C, B, start=3100, seconds=7, first=300),
            *talk(B, C, 78, start=3100, seconds=7, first=300),
            *hung_up(),
        ],
    ),
    "media-gap": (
        [*dialled(), *talk(lost=within(100, 200)), *talk(B, A, 78), *hung_up()],
        [*dialled(), *talk(lost=within(100, 140)), *talk(B, A, 78), *hung_up()],
    ),
    "stream-unsignalled": ([*GOOD, *talk(C, OTHER_SERVER, 5)], talk(C, OTHER_SERVER, 5)),
    "ssrc-changed": (
        [*dialled(), *talk(seconds=5), *talk(ssrc=79, start=6030, seconds=4.9), *talk(B, A, 78), *hung_up()],
        [*dialled(), *talk(), *talk(B, A, 78), *hung_up()],
    ),
    "sources-at-once": ([*GOOD, *talk(ssrc=79, start=4020, seconds=4)], [*GOOD, *talk(ssrc=79, start=9520, seconds=3)]),
    "stream-spans-calls": (after_one_another(2_000_000_000, 77), after_one_another(2_000_000_000, 79)),
    "ssrc-shared": (
        [*dialled(), *talk(), *talk(B, A, 77), *hung_up()],
        [
            *dialled(),
            *talk(seconds=2),
            *talk(B, A, 78, seconds=2),
            *reinvited(description(A[0], 4000), ANSWER),
            *talk((A[0], 4000), B, start=3100, seconds=7, first=300),
            *talk(B, (A[0], 4000), 78, start=3100, seconds=7, first=300),
            *hung_up(),
        ],
    ),
    # Codecs and payload types
    "payload-type-changed": (
        [
            *dialled(description(media="RTP/AVP 0 8"), description(*B, media="RTP/AVP 0 8")),
            *talk(seconds=5),
            *talk(start=6020, seconds=4.9, first=350, origin=250 * 160, payload_type=8),
            *talk(B, A, 78),
            *hung_up(),
        ],
        [
            *dialled(description(media="RTP/AVP 0 13"), description(*B, media="RTP/AVP 0 13")),
            *talk(seconds=5),
            *talk(start=6020, seconds=4.9, first=350, origin=250 * 160, payload_type=13, size=1),
            *talk(B, A, 78),
            *hung_up(),
        ],
    ),
    "payload-type-collides": (talk(payload_type=80), talk(payload_type=97)),
    "codec-guessed": (
        [
            *dialled(description(media="RTP/AVP 104"), description(*B, media="RTP/AVP 104"), SOFTWARE),
            *conversation(payload_type=104, step=480),
            *hung_up(),
        ],
        GOOD,
    ),
    "clock-differs": (
        [
            *dialled(*(description(*end, "a=rtpmap:97 x/8000", media="RTP/AVP 97") for end in (A, B))),
            *conversation(payload_type=97, step=320),
            *hung_up(),
        ],
        [
            *dialled(*(description(*end, "a=rtpmap:97 x/16000", media="RTP/AVP 97") for end in (A, B))),
            *conversation(payload_type=97, step=320),
            *hung_up(),
        ],
    ),
    "time-not-real": (talk(every=5), talk()),
    "silence-suppressed": (
        [t for n in range(10) for t in talk(seconds=1, start=1020 + n * 2000, first=100 + n * 50, origin=n * 16_000)],
        talk(lost=within(100, 150)),
    ),
    "digits-sent": (
        [
            *talk(seconds=2),
            *[
                (
                    3020 + n * 20,
                    A,
                    B,
                    rtp(200 + n, 77, 101, 16_000, bytes([5, 0x80 * (n > 5), n >> 1, 128]), marker=n == 0),
                )
                for n in range(1, 9)
            ],
            *talk(start=3220, first=209, origin=17_600, seconds=2),
        ],
        talk(size=4, payload_type=101),
    ),
    "redundancy-sent": (
        [
            *dialled(*(description(*end, "a=rtpmap:121 red/8000", media="RTP/AVP 121 0") for end in (A, B))),
            *conversation(payload_type=121),
            *hung_up(),
        ],
        GOOD,
    ),
    # Delivery and quality
    "quality-poor": (talk(lost=lost_every(10)), talk(lost=lost_every(100))),
    "stream-loss": (talk(lost=lost_every(50)), talk(lost=lambda n: n == 250)),
    "loss-bursts": (talk(lost=within(200, 206)), talk(lost=lambda n: n in (200, 202, 204, 206, 208, 210))),
    "loss-before-capture": (
        [*talk(lost=lost_every(20)), *(receiver_report(t, 77, lost=count) for t, count in ((6000, 12), (10_900, 25)))],
        [*talk(), *(receiver_report(t, 77, lost=0) for t in (6000, 10_900))],
    ),
    "loss-behind-capture": (
        [*talk(), *(receiver_report(t, 77, lost=count) for t, count in ((6000, 12), (10_900, 25)))],
        [*talk(), *(receiver_report(t, 77, lost=count) for t, count in ((6000, 1), (10_900, 4)))],
    ),
    "loss-in-capture": (
        [*talk(lost=lost_every(20)), *(receiver_report(t, 77, lost=0) for t in (6000, 10_900))],
        [*talk(lost=lost_every(20)), *(receiver_report(t, 77, lost=count) for t, count in ((6000, 12), (10_900, 25)))],
    ),
    "stream-jitter": (talk(delay=spread(150)), talk(delay=spread(60))),
    "round-trip-long": (
        [*talk(), sender_report(5000), receiver_report(5800, 77, lsr=0x10000, dlsr=0.4)],
        [*talk(), sender_report(5000), receiver_report(5600, 77, lsr=0x10000, dlsr=0.4)],
    ),
    "stream-reordered": (talk(delay=lambda n: 30.0 * (n % 50 == 3)), talk()),
    "stream-duplicates": ([*talk(), *talk(lost=lambda n: n % 20 != 0, delay=lambda n: 3.0)], [*talk(), talk()[50]]),
    "clock-drift": (talk(fast=400, seconds=30), talk(fast=50, seconds=30)),
    "timestamp-jump": (
        [*talk(seconds=4), *talk(start=5020, first=300, origin=2_000_000_000, seconds=4)],
        [*talk(seconds=4), *talk(start=5020, first=300, origin=200 * 160, seconds=4)],
    ),
    "sequence-restart": ([*talk(seconds=4), *talk(start=5020, first=30_000, seconds=4)], talk()),
    "rtcp-missing": (talk(seconds=25), [*talk(seconds=25), receiver_report(9000, 77)]),
    # NAT, ICE and TURN
    "ice-failed": (
        [t for n in range(4) for t in asked(n * 500, USER)],
        [t for n in range(4) for t in asked(n * 500, USER, answer=(0x0101, mapped(*A)) if n == 3 else None)],
    ),
    "ice-one-way": (
        [
            t
            for n in range(4)
            for t in (*asked(n * 500, USER), *asked(n * 500 + 7, USER, src=B, dst=A, answer=(0x0101, mapped(*B))))
        ],
        [
            t
            for n in range(4)
            for t in (
                *asked(n * 500, USER, answer=(0x0101, mapped(*A))),
                *asked(n * 500 + 7, USER, src=B, dst=A, answer=(0x0101, mapped(*B))),
            )
        ],
    ),
    "ice-role-conflict": (asked(0, USER, answer=(0x0111, error(487))), asked(0, USER, answer=(0x0111, error(400)))),
    "ice-refused": (
        asked(0, USER, answer=(0x0111, error(401))),
        [*asked(0, USER, answer=(0x0111, error(401))), *asked(100, USER, answer=(0x0101, mapped(*A)))],
    ),
    "ice-not-nominated": (
        [t for n in range(9) for t in asked(n * 1000, USER, CONTROLLING, answer=(0x0101, mapped(*A)))],
        [t for n in range(9) for t in asked(n * 1000, USER, CONTROLLING, NOMINATED, answer=(0x0101, mapped(*A)))],
    ),
    "consent-lost": (
        [
            *asked(0, USER, NOMINATED, answer=(0x0101, mapped(*A))),
            *(t for n in range(1, 9) for t in asked(n * 5000, USER)),
        ],
        [
            *asked(0, USER, NOMINATED, answer=(0x0101, mapped(*A))),
            *(t for n in range(1, 5) for t in asked(n * 5000, USER)),
        ],
    ),
    "stun-unanswered": (
        [t for n in range(3) for t in asked(n * 500, dst=SERVER)],
        [t for n in range(3) for t in asked(n * 500, dst=SERVER, answer=(0x0101, mapped(*A)) if n else None)],
    ),
    "stun-error": (
        asked(0, dst=SERVER, answer=(0x0111, error(420))),
        asked(0, dst=SERVER, answer=(0x0111, error(401))),
    ),
    "turn-allocation-failed": (
        [
            *asked(0, kind=3, dst=SERVER, answer=(0x0113, error(401))),
            *asked(100, kind=3, dst=SERVER, answer=(0x0113, error(486))),
        ],
        [
            *asked(0, kind=3, dst=SERVER, answer=(0x0113, error(401))),
            *asked(100, kind=3, dst=SERVER, answer=(0x0103, relayed(*OTHER_SERVER))),
        ],
    ),
    "turn-refused": (
        asked(0, kind=8, dst=SERVER, answer=(0x0118, error(403))),
        asked(0, kind=8, dst=SERVER, answer=(0x0118, error(438))),
    ),
    "nat-found": (
        asked(0, src=INNER, dst=SERVER, answer=(0x0101, mapped(*A))),
        asked(0, dst=SERVER, answer=(0x0101, mapped(*A))),
    ),
    "nat-symmetric": (
        [
            *asked(0, src=INNER, dst=SERVER, answer=(0x0101, mapped(*A))),
            *asked(9, src=INNER, dst=OTHER_SERVER, answer=(0x0101, mapped(A[0], 7777))),
        ],
        [
            *asked(0, src=INNER, dst=SERVER, answer=(0x0101, mapped(*A))),
            *asked(9, src=INNER, dst=OTHER_SERVER, answer=(0x0101, mapped(*A))),
        ],
    ),
    "mapped-not-announced": (
        [
            *asked(0, src=INNER, dst=SERVER, answer=(0x0101, mapped(*A))),
            *[(100 + t, *rest) for t, *rest in dialled(description(*INNER), ANSWER)],
        ],
        [
            *asked(0, src=INNER, dst=SERVER, answer=(0x0101, mapped(*A))),
            *[
                (100 + t, *rest)
                for t, *rest in dialled(description(*INNER, f"a=candidate:1 1 udp 1 {A[0]} {A[1]} typ srflx"), ANSWER)
            ],
        ],
    ),
    # Keys and secrets
    "dtls-failed": (
        [(0, A, B, hello()), (10, B, A, record(21, b"\x02\x28"))],
        [(0, A, B, hello()), (10, B, A, record(21, b"\x01\x00"))],
    ),
    "dtls-unanswered": ([(n * 1000, A, B, hello()) for n in range(3)], agreed()),
    "dtls-unfinished": ([*agreed(finished=False), *NOTHING], agreed(finished=False)),
    "dtls-repeated": (agreed(hellos=5), agreed(hellos=2)),
    "dtls-old": (agreed(version=0xFEFF), agreed()),
    "dtls-without-srtp": ([*agreed(srtp=False), *talk()], agreed(srtp=False)),
    "fingerprint-mismatch": (dtls_call(FINGERPRINTS[1]), dtls_call(certified(b"server").decode())),
    "sdes-in-clear": (dialled(*KEYED), dialled()),
    "srtp-not-used": (
        signalled(*KEYED, conversation()),
        signalled(*KEYED, talk(size=170), talk(B, A, 78, size=170)),
    ),
    "srtp-not-announced": (signalled(OFFER, ANSWER, conversation(size=170)), GOOD),
    "rtcp-in-clear": (
        [*talk(), srtcp(3000), srtcp(4000), sender_report(5000)],
        [*talk(), srtcp(3000), srtcp(4000)],
    ),
    "private-address-leaked": (dialled(description(*INNER), ANSWER), dialled()),
    # Compressed bodies
    "body-truncated": (packed(zlib.compress(OFFER)[:-20], "e: deflate"), packed(zlib.compress(OFFER), "e: deflate")),
    "body-corrupt": (
        packed(zlib.compress(OFFER)[:2] + b"\x07" * 40, "e: deflate"),
        packed(zlib.compress(OFFER), "e: deflate"),
    ),
    "body-over-limit": (
        lambda: report(packed(zlib.compress(bytes(100_000)), "e: deflate"), limits=Limits(octets=20_000)),
        lambda: report(packed(zlib.compress(bytes(10_000)), "e: deflate"), limits=Limits(octets=20_000)),
    ),
    "body-label-wrong": (packed(zlib.compress(OFFER), "e: gzip"), packed(zlib.compress(OFFER), "e: x-deflate")),
    "body-unlabelled": (packed(zlib.compress(OFFER)), packed(zlib.compress(OFFER), "e: deflate")),
    "body-compressed": (packed(zlib.compress(OFFER), "e: deflate"), packed(OFFER)),
    "headers-compact": (packed(OFFER, "s: hello"), packed(OFFER, "Subject: hello")),
    # Size on the path
    "message-large": (packed(OFFER, "X: " + "x" * 1000), packed(OFFER, "X: " + "x" * 600)),
    "message-fragmented": (packed(OFFER, "X: " + "x" * 1200), packed(OFFER, "X: " + "x" * 900)),
    "message-kept-small": (
        packed(zlib.compress(OFFER * 15), "e: deflate"),
        packed(zlib.compress(OFFER), "e: deflate"),
    ),
    # One port for everything
    "port-shared": (GOOD, [*dialled(), *talk((A[0], 4000), (B[0], 4000))]),
    "rtcp-mux-not-announced": (
        [*GOOD, sender_report(5000)],
        [
            *dialled(OFFER + b"a=rtcp-mux\r\n", ANSWER + b"a=rtcp-mux\r\n"),
            *conversation(),
            sender_report(5000),
            *hung_up(),
        ],
    ),
    "rtp-id-is-ssrc": (signalled(OFFER + b"a=rtpID:77\r\n", ANSWER, conversation()), GOOD),
    "rtp-id-is-not-ssrc": (
        signalled(OFFER + b"a=rtpID:99\r\n", ANSWER, conversation()),
        signalled(OFFER + b"a=rtpID:77\r\n", ANSWER, conversation()),
    ),
    # The capture itself
    "capture-doubled": ([each for t in talk() for each in (t, (t[0] + 0.1, *t[1:]))], talk()),
    "capture-one-direction": (
        [*dialled()[:1], *dialled()[3:], *talk()],
        [*dialled(), *talk()],
    ),
    "fragments-incomplete": (lambda: report(GOOD, raw=[fragment()]), lambda: report(GOOD)),
    "offload-joined": (offloaded(0, 1, 2), offloaded(0, 2, 1)),
    "link-type-unknown": (lambda: report(GOOD[:4], link=250), lambda: report(GOOD[:4])),
    "bound-hit": (lambda: report(GOOD, bounds=Bounds(flows=1)), lambda: report(GOOD, bounds=Bounds(flows=2))),
    "message-malformed": ([(0, A, B, plain_stun(attributes=b"\x00\x06\xff\xff"))], [(0, A, B, plain_stun())]),
    "capture-snaplen": (partial(report, GOOD, keep=200), partial(report, GOOD)),
    "plausible-only": ([(0, A, B, rtp(1, 77))], talk()),
    "unknown-share": (NOTHING, GOOD),
    "not-analysed-tcp": (
        lambda: report(GOOD, raw=[tcp(b"\x16\x03\x01\0\x40\1\0\0\x3c\3\3" + bytes(60))]),
        lambda: report(GOOD, raw=[tcp(b"INVITE sip:b@x SIP/2.0\r\nVia: SIP/2.0/TCP a\r\n\r\n")]),
    ),
}


def tcp(payload: bytes) -> bytes:
    """An Ethernet frame with one TCP segment to port 5060."""
    segment = struct.pack("!HHIIBBHHH", 40_000, 5060, 1, 1, 0x50, 0x18, 1024, 0, 0) + payload
    octets = bytearray(frame(A, B, b""))[:34]
    octets[16:18] = struct.pack("!H", 20 + len(segment))
    octets[23] = 6
    return bytes(octets) + segment


IN_FILES = {
    "capture-cut", "capture-corrupt", "capture-drops", "kept-in-part", "payload-in-clear",
    "audio-clipped", "audio-silent", "audio-quiet", "audio-echo", "keystream-reused",
}
"""Findings about the file itself, or what a session kept, whose tests need one."""
