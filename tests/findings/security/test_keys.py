"""Keys: what an answer takes must stand in the offer, and be a key."""

from __future__ import annotations

import pytest

from tests.finding_cases.keys import AES, AES_32, crypto, offered, taken
from tests.finding_cases.plain import FINGERPRINTS, answered
from tests.found import found, frames
from tests.stories import B, C, Story, description, dialled, hung_up, message, response

ID = "crypto-mismatch"
DTLS, AVP = "UDP/TLS/RTP/SAVPF 0", "RTP/AVP 0"
ACTIVE, PASSIVE, EITHER = (f"a=setup:{role}" for role in ("active", "passive", "actpass"))


def said(offer: bytes, answer: bytes) -> list[str]:
    return [each.what for each in found(answered(offer, answer), ID)]


@pytest.mark.parametrize(
    ("offer", "answer", "told"),
    [
        (offered(crypto(1)), taken(crypto(2)), f"takes a=crypto 2 {AES}, the offer has 1 {AES}"),
        (offered(crypto(1)), taken(crypto(1, AES_32)), f"takes a=crypto 1 {AES_32}, tag 1 of the offer is {AES}"),
        (offered(crypto(1)), taken(crypto(1, octets=16)), f"1 in the answer has 16 bytes, {AES} needs 30"),
        (offered(crypto(1, octets=46)), taken(crypto(1)), f"1 in the offer has 46 bytes, {AES} needs 30"),
        (offered(crypto(1)), taken(), "RTP/SAVP was answered without a=crypto"),
        (offered(crypto(1)), taken(profile=AVP), "RTP/SAVP was offered, RTP/AVP was answered"),
        (offered(profile=AVP), taken(crypto(1)), "RTP/AVP was offered, RTP/SAVP was answered"),
        (offered(profile=AVP), taken(crypto(1), profile=AVP), f"has a=crypto 1 {AES}, and the offer has none"),
        (
            offered(FINGERPRINTS[0], EITHER, profile=DTLS), taken(ACTIVE, profile=DTLS),
            "UDP/TLS/RTP/SAVPF was answered without a=fingerprint",
        ),
        (
            offered(FINGERPRINTS[0], EITHER), taken(crypto(1)),
            f"a=fingerprint (DTLS) was offered, and a=crypto 1 {AES} answered",
        ),
        (
            offered(crypto(1)), taken(FINGERPRINTS[0], ACTIVE),
            f"a=crypto 1 {AES} was offered, and a=fingerprint (DTLS) answered",
        ),
        *[
            (
                offered(FINGERPRINTS[0], ours, profile=DTLS), taken(FINGERPRINTS[1], theirs, profile=DTLS),
                f"a=setup:{theirs[8:]}",
            )
            for ours, theirs in ((ACTIVE, ACTIVE), (PASSIVE, PASSIVE), (EITHER, EITHER))
        ],
    ],
)
def test_keys_that_do_not_fit_are_told(offer: bytes, answer: bytes, told: str) -> None:
    (what,) = said(offer, answer)
    assert told in what and what.startswith("audio: ")


@pytest.mark.parametrize(
    ("offer", "answer"),
    [
        (offered(crypto(1, "AES_CM_256_HMAC_SHA1_80", 46)), taken(crypto(1, "AES_256_CM_HMAC_SHA1_80", 46))),
        (offered(crypto(1), crypto(2, octets=9)), taken(crypto(1), crypto(7))),
        (offered(crypto(1)), taken(crypto(1).replace("inline:", "inline:<removed>"))),
        (offered(crypto(1)), description(B[0], 0, media="RTP/SAVP 0")),
        (offered(crypto(1), profile=AVP), taken(profile=AVP)),
        (offered(crypto(1), FINGERPRINTS[0], EITHER), taken(crypto(1))),
        (offered(crypto(1), FINGERPRINTS[0], EITHER), taken(FINGERPRINTS[1], ACTIVE)),
        (offered(crypto(1), profile=AVP), taken(crypto(1))),
        (offered(profile=AVP), taken("a=acfg:1 t=1", crypto(1))),
        (offered("a=key-mgmt:mikey AQ"), taken("a=key-mgmt:mikey AQ")),
        (offered(crypto(1), FINGERPRINTS[0], EITHER), taken(FINGERPRINTS[1], ACTIVE)),
        (offered(FINGERPRINTS[0], EITHER, profile=DTLS), taken(FINGERPRINTS[1], PASSIVE, profile=DTLS)),
        (offered(FINGERPRINTS[0], profile=AVP), taken(profile=AVP)),
    ],
)
def test_keys_that_fit_or_were_not_taken_are_not_told(offer: bytes, answer: bytes) -> None:
    assert said(offer, answer) == []


def test_lines_that_share_a_port_share_its_keys() -> None:
    video = f"m=video {B[1]} {DTLS[:-1]}96\r\n".encode()
    offer = offered(FINGERPRINTS[0], EITHER, profile=DTLS) + video + f"{FINGERPRINTS[0]}\r\n".encode()
    answer = taken(FINGERPRINTS[1], ACTIVE, profile=DTLS)
    assert said(offer, answer + video) == []
    assert said(offer, answer + video.replace(b"16402", b"16404")) != []


def test_the_finding_cites_offer_and_answer_and_has_the_time_of_the_answer() -> None:
    (told,) = found(answered(offered(crypto(1)), taken()), ID)
    assert frames(told) == [1, 3] and told.time == 1.0


def refused() -> Story:
    progress = response(900, 183, "Progress", body=taken())
    return [*dialled(offered(crypto(1)))[:1], progress, response(1000, 488, "Not Acceptable Here")]


def test_an_answer_that_was_refused_and_another_hop_are_no_mismatch() -> None:
    assert not found(refused(), ID)
    gateway = ("192.0.2.9", 5060)
    answer = message("SIP/2.0 200 OK", 1, "INVITE", "Content-Type: application/sdp", body=taken(profile=AVP), tag="2")
    assert not found([*dialled(offered(crypto(1)))[:1], (1000, C, gateway, answer), *hung_up()], ID)
