"""Is a call state of the art? Each link by itself, and the worst one of a call in a sentence."""

from __future__ import annotations

import pytest

from dissectors import offline
from dissectors.engine.assessed import of_srtp, of_tls
from dissectors.report import Security
from tests.command_line import ROOT
from tests.protected import master
from tests.sounds import call, tone
from tests.stories import A, B, Story, description, dialled, report, talk

DATA = ROOT / "tests" / "data" / "tls"
KEYS = master("AES_CM_128_HMAC_SHA1_32", 1), master("AES_CM_128_HMAC_SHA1_32", 2)


def judged(source: str | Story) -> tuple[Security, ...]:
    return (offline.analyze([source]) if isinstance(source, str) else report(source)).security


@pytest.mark.parametrize(
    ("version", "suite", "grade", "forward"),
    [
        ("TLS 1.3", "TLS_AES_128_GCM_SHA256", "state of the art", True), ("DTLS 1.3", None, "state of the art", True),
        ("TLS 1.2", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "state of the art", True),
        ("TLS 1.2", "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "state of the art", True),
        ("TLS 1.2", "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256", "sound", True),
        ("TLS 1.2", "TLS_RSA_WITH_AES_128_GCM_SHA256", "weak", False),
        ("TLS 1.0", "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "weak", True), ("DTLS 1.0", None, "weak", False),
        ("TLS 1.2", None, "unknown", None), (None, None, "unknown", None),
    ],
)
def test_tls_is_judged_by_version_and_suite(
    version: str | None, suite: str | None, grade: str, forward: bool | None
) -> None:
    part = of_tls(version, suite)
    assert (part.grade, part.forward) == (grade, forward) and bool(part.short_of) == (grade != "state of the art")


def test_a_weak_certificate_makes_tls_weak() -> None:
    part = of_tls("TLS 1.3", "TLS_AES_128_GCM_SHA256", ("a key of RSA with 1,024 bits",))
    assert part.grade == "weak" and part.short_of.endswith("has a key of RSA with 1,024 bits")
    assert of_tls("TLS 1.0", None, ("a signature with SHA-1",)) == of_tls("TLS 1.0", None)


@pytest.mark.parametrize(
    ("suite", "grade"),
    [
        ("AEAD_AES_128_GCM", "state of the art"), ("SRTP_AEAD_AES_256_GCM", "state of the art"),
        ("AES_CM_128_HMAC_SHA1_80", "sound"), ("SRTP_AES128_CM_SHA1_80", "sound"), ("AES_256_CM_HMAC_SHA1_80", "sound"),
        ("AES_CM_128_HMAC_SHA1_32", "weak"), ("SRTP_NULL_HMAC_SHA1_80", "open"), (None, "unknown"),
    ],
)
def test_srtp_is_judged_by_its_suite(suite: str | None, grade: str) -> None:
    assert of_srtp(suite).grade == grade


def test_keys_in_clear_signalling_open_a_call() -> None:
    (found,) = judged(call(KEYS))
    assert (found.verdict, found.call, found.session) == ("open", 0, None)
    assert (found.signalling, found.media, found.keys) == ("in the clear", KEYS[0].suite.name, "SDES in the clear")
    assert found.forward_secrecy is False and found.sentence.startswith(
        "Not state of the art, open to who listens on the path: signalling in the clear; media under "
        "AES_CM_128_HMAC_SHA1_32; keys by SDES in the clear, without forward secrecy. The keys of SRTP stand in SDP"
    )
    assert any("32 bits" in each for each in found.short_of)


def test_a_session_of_webrtc_is_state_of_the_art() -> None:
    (found,) = judged(str(DATA / "dtls_srtp_gcm.pcap"))
    assert (found.verdict, found.session, found.forward_secrecy, found.short_of) == ("state of the art", 0, True, ())
    assert found.media == "AEAD_AES_256_GCM" and found.sentence.endswith("with forward secrecy.")
    (other,) = judged(str(DATA / "dtls_srtp_cm.pcap"))
    assert other.verdict == "sound" and "no AEAD such as AES-GCM" in other.sentence


def test_what_is_not_in_the_capture_is_not_judged() -> None:
    (found,) = judged(str(DATA / "dtls13_firefox.pcap"))
    assert found.verdict == "unknown" and found.forward_secrecy and "The suite of SRTP is not in" in found.sentence


def test_a_call_that_nobody_meant_to_protect_is_not_judged() -> None:
    assert judged([*dialled(), *talk()]) == () == judged(call())


def test_one_side_in_the_clear_opens_a_call() -> None:
    story = call(KEYS)
    clear = [one for one in call() if len(one[3]) == 172 and one[3][:1] == b"\x80" and one[1][0] == "203.0.113.2"]
    mixed = [one for one in story if not (len(one[3]) == 176 and one[1][0] == "203.0.113.2")] + clear
    (found,) = judged(sorted(mixed, key=lambda one: one[0]))
    assert found.verdict == "open"


def test_dtls_under_signalling_in_the_clear_is_weak() -> None:
    lines = "a=fingerprint:sha-256 " + ":".join(["AB"] * 32), "a=setup:actpass"
    offer, answer = (description(*side, *lines, media="UDP/TLS/RTP/SAVP 0") for side in (A, B))
    (found,) = judged([*dialled(offer, answer), *tone(key=KEYS[0])])
    assert found.verdict == "weak" and "put himself between" in found.short_of[0]
    assert any("exchange of the keys is not in the capture" in each for each in found.short_of)
    assert found.keys is None and "keys by" not in found.sentence


def test_a_few_datagrams_decide_nothing() -> None:
    (found,) = judged([one for one in call(KEYS) if len(one[3]) != 176 or one[0] < 1100])
    assert found.media is None and found.keys is None
    assert any("too little of the media" in each for each in found.short_of)
