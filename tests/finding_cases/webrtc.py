"""Stories of answers that a browser does not take."""

from __future__ import annotations

from tests.finding_cases.plain import Case
from tests.made import Endpoint
from tests.stories import A, B, Story, description, dialled, request, response

ICE, MUX = ("a=ice-ufrag:fQ3s", "a=ice-pwd:k7Yb2fQ3sX9pLm4Rt6Vw8Zc1"), ("a=rtcp-mux",)
REFUSED = 'Reason: SIP;cause=488;text="Not Acceptable Here"'


def webrtc(end: Endpoint, *lines: str, setup: str = "actpass") -> bytes:
    """A description of DTLS-SRTP."""
    keys = ("a=fingerprint:sha-256 " + ":".join(["AB"] * 32), f"a=setup:{setup}")
    return description(*end, *keys, *lines, media="UDP/TLS/RTP/SAVPF 0")


OFFER = webrtc(A, *ICE, *MUX)


def refused(answer: bytes, *headers: str, after: float = 1060, offer: bytes = OFFER) -> Story:
    """A call of WebRTC that ends some time after this answer, which comes after a second."""
    bye = request(after, "BYE", *headers, number=2, tag="2")
    return [*dialled(offer, answer), bye, response(after + 20, 200, "OK", "BYE", number=2)]


CASES: dict[str, Case] = {
    "webrtc-answer-incomplete": (
        refused(webrtc(B, *MUX, setup="active"), REFUSED), refused(webrtc(B, *ICE, *MUX, setup="active"), REFUSED),
    ),
}
