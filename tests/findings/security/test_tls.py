"""What is said of TLS: by name, in plain English, and of nothing that is nobody's concern."""

from __future__ import annotations

import ssl

import pytest

from dissectors.report import Report, Tls
from dissectors.wire.tcp import ACK, FIN
from tests.finding_cases.tls import MADE, NOW, OLDER, TLS_1_2, demanding, strangers, told, too_old
from tests.mux.test_framings import OPTIONS
from tests.secured import Made, contexts, identity, secured, suite
from tests.tcp_frames import FIRST, A, B, segment

TLS_1_3 = ssl.TLSVersion.TLSv1_3


def said(report: Report) -> list[str]:
    return [f"{each.id}: {each.what}" for each in report.findings if each.id.startswith("tls-")]


def only(report: Report) -> Tls:
    (found,) = report.tls
    return found


def test_a_handshake_tells_what_is_in_the_clear() -> None:
    found = only(told(secured([(True, OPTIONS)], suite("ECDHE-ECDSA-AES128-GCM-SHA256"), protocols=("sip",))))
    assert (found.src, found.sport, found.dst, found.dport) == ("192.0.2.1", 40_000, "192.0.2.2", 5060)
    assert (found.offered_version, found.version) == ("TLS 1.2", "TLS 1.2")
    assert found.cipher_suite == "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"
    assert (found.server_name, found.offered_protocols, found.protocol) == ("sip.example.com", ("sip",), "sip")
    assert found.certificate is not None and found.certificate.subject == "sip.example.com"
    assert (found.outcome, found.keys, found.signalling, found.carries) == ("complete", "none", True, None)
    assert found.place.frame == 3 and found.first >= NOW and found.completed is not None


def test_tls_1_3_hides_what_keys_show() -> None:
    hidden, shown = only(told(MADE)), only(told(MADE, keys=MADE.keys))
    assert (hidden.version, hidden.outcome, hidden.certificate, hidden.keys) == ("TLS 1.3", "complete", None, "none")
    assert shown.certificate is not None and shown.certificate.subject == "sip.example.com"
    assert (shown.keys, shown.carries, shown.opened) == ("found", "SIP", shown.records)


def test_a_client_that_does_not_trust_says_so() -> None:
    report = told(secured([], suite("", TLS_1_2), both=strangers()))
    assert said(report) == [
        "tls-untrusted: 192.0.2.1 to 192.0.2.2:5060 (sip.example.com): the client ends the handshake with unknown_ca: "
        "it does not know who issued the certificate (it is of sip.example.com, issued by itself)"
    ]
    assert report.findings[0].severity == "error"


def test_an_alert_of_tls_1_3_that_is_encrypted_is_known_by_its_size() -> None:
    refused = Made([*MADE.sent[:2], (A, b"\x14\3\3\0\1\1\x17\3\3\0\x13" + bytes(19))], b"", None)
    assert said(told(refused)) == [
        "tls-refused: 192.0.2.1 to 192.0.2.2:5060 (sip.example.com): the client answers with nothing but an alert, "
        "which is encrypted"
    ]
    finished = Made([*MADE.sent[:2], (A, b"\x14\3\3\0\1\1\x17\3\3\0\x35" + bytes(0x35))], b"", None)
    assert not said(told(finished))


@pytest.mark.parametrize("version", [TLS_1_2, TLS_1_3])
def test_a_client_that_shows_no_certificate_where_one_is_asked_for_is_told(version: ssl.TLSVersion) -> None:
    made = demanding(version)
    (found,) = said(told(made, keys=made.keys))
    assert found.startswith("tls-client-certificate: ") and "the client shows no certificate" in found


def test_a_certificate_of_the_client_that_the_server_does_not_know_is_told() -> None:
    client, server = contexts()
    server.verify_mode = ssl.CERT_REQUIRED
    server.load_verify_locations(identity("rsa")[0])
    client.load_cert_chain(*identity())
    (found,) = said(told(secured([], suite("", TLS_1_2), both=(client, server))))
    assert found.startswith("tls-client-certificate: ") and "the client shows a certificate (it is of" in found
    assert found.endswith("the server ends the handshake with unknown_ca")


def test_a_version_that_the_server_refuses_is_told() -> None:
    (found,) = said(told(secured([], too_old)))
    assert found == (
        "tls-refused: 192.0.2.1 to 192.0.2.2:5060 (sip.example.com): the server ends the handshake with "
        "protocol_version: it does not speak this version of TLS (the client offers TLS 1.2)"
    )


def test_a_good_connection_has_no_finding() -> None:
    for made in (MADE, OLDER):
        assert not said(told(made)) and not said(told(made, keys=made.keys))


def test_no_certificate_is_judged_by_a_clock_that_was_not_set() -> None:
    assert said(told(OLDER, time=4_100_000_000)) and not said(told(OLDER, time=1000))


def test_tls_of_another_service_has_no_finding() -> None:
    made, web = secured([], too_old, name="www.example.com"), (B[0], 443)
    moved = Made([(end if end == A else web, octets) for end, octets in made.sent], b"", None)
    assert said(told(made)) and not said(told(moved, ends=(A, web)))


def test_a_resumed_session_says_so() -> None:
    both = contexts()
    suite("", TLS_1_2)(*both)
    first = secured([(True, OPTIONS)], both=both)
    again = secured([(True, OPTIONS)], both=both, session=first.session)
    assert not only(told(first)).resumed and only(told(again)).resumed


def test_whose_answer_the_capture_cut_did_not_end_a_connection_without_one() -> None:
    hello, answer = OLDER.sent[0], OLDER.sent[1][1]
    assert (hello[0], OLDER.sent[1][0]) == (A, B)
    end = segment(B, A, FIRST + 78 + len(answer), flags=FIN | ACK)
    cut = segment(B, A, FIRST + 78, answer, cut=len(answer) - 6)
    assert not said(told(Made([hello], b"", None), cut, end))
    # Of a hello that is not there nothing is said either.
    begun = segment(A, B, FIRST + 1, b"EHLO of another protocol\r\n")
    assert not said(told(Made([], b"", None), begun, cut, end))
