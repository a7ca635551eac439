"""Keys, certificates and addresses that should not be seen."""

from __future__ import annotations

from dissectors.findings.security.security import MAX_CALLS_TOLD_APART
from tests.finding_cases.plain import FINGERPRINTS, certified, dtls_call
from tests.found import found, ids
from tests.stories import INNER, A, B, C, description, dialled, report, request, response, talk


def test_the_same_of_two_calls_is_told_of_each() -> None:
    story = [*dialled(description(*INNER)), request(5000, "INVITE", body=description(*INNER), call="two")]
    assert [each.call for each in found(story, "private-address-leaked")] == [0, 1]


def test_the_handshake_of_another_call_at_the_same_server_is_no_fault_of_a_call() -> None:
    offer, answer = description(*C, FINGERPRINTS[0]), description(*B, FINGERPRINTS[1])
    second = [request(500, "INVITE", body=offer, call="two"), response(900, 200, "OK", body=answer, call="two")]
    assert "fingerprint-mismatch" not in ids(report([*dtls_call(certified(b"server").decode()), *second]))
    assert "fingerprint-mismatch" in ids(report([*dtls_call(FINGERPRINTS[1]), *second]))


def test_of_many_calls_at_one_server_none_is_blamed_for_a_foreign_handshake() -> None:
    offer, answer = description(*C, FINGERPRINTS[0]), description(*B, FINGERPRINTS[1])
    others = [
        each for number in range(MAX_CALLS_TOLD_APART)
        for each in (
            request(500, "INVITE", body=offer, call=str(number)),
            response(900, 200, "OK", body=answer, call=str(number)),
        )
    ]
    told = found([*dtls_call(FINGERPRINTS[1]), *others[2:]], "fingerprint-mismatch")
    assert {each.call for each in told} == set(range(MAX_CALLS_TOLD_APART))
    told = found([*dtls_call(FINGERPRINTS[1]), *others], "fingerprint-mismatch")
    assert len(told) == 1  # The caller of that call is in no other one.


def test_keys_that_the_answer_did_not_take_protect_nothing() -> None:
    offer, plain = description(*B, "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" + "A" * 40), description(*C)
    assert "sdes-in-clear" not in ids(report(dialled(offer, plain)))
    assert "sdes-in-clear" in ids(report(dialled(offer, offer)))
    assert "sdes-in-clear" in ids(report([request(0, "INVITE", body=offer)]))


def test_more_frames_than_timestamps_count_are_no_tag() -> None:
    """Two frames of G.729 more are as long as a tag of GCM with its MKI; one is as long as a tag of 80 bits."""
    ends = [description(*end, media="RTP/AVP 18") for end in (A, B)]
    story = [*dialled(*ends), *talk(payload_type=18, every=10, step=80, size=30, seconds=4)]
    assert "srtp-not-announced" not in ids(report(story))
    story = [*dialled(*ends), *talk(payload_type=18, every=20, step=160, size=30, seconds=4)]
    assert "srtp-not-announced" in ids(report(story))
