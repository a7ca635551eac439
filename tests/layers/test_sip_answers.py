"""Replies to requests, and requests again with credentials."""

from __future__ import annotations

import pytest

from dissectors.layers import SDP, SIP, NameAddr
from tests.layered import INVITE, OFFER, rebuilt

REQUEST = SIP(
    uri="sip:bob@192.0.2.2",
    headers={
        "v": ["SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKa", "SIP/2.0/TCP [2001:db8::1]"],
        "Max-Forwards": 70,
        "f": '"Alice" <sip:alice@192.0.2.1>;tag=1',
        "t": "<sip:bob@192.0.2.2>",
        "i": "call",
        "CSeq": "1 INVITE",
        "Record-Route": "<sip:proxy;lr>",
        "Timestamp": "54",
    },
)


def test_a_reply_has_what_a_response_takes_from_its_request() -> None:
    ok = REQUEST.reply(200, body=OFFER, headers={"Contact": "<sip:bob@192.0.2.2>"})
    assert (ok.status, ok.reason) == (200, "OK") and ok.answers(REQUEST) and ok[SDP].media
    assert list(ok.headers) == ["Via", "From", "To", "Call-ID", "CSeq", "Record-Route", "Contact"]
    assert ok.headers.all("Via") == REQUEST.headers.all("Via") and b"\r\nv: SIP/2.0/TCP" in bytes(ok)
    assert rebuilt(ok).message.deviations == () and rebuilt(ok).body == OFFER
    assert ok.headers["To"].startswith("<sip:bob@192.0.2.2>;tag=")
    assert SIP(INVITE).reply(486).headers["Call-ID"] == SIP(INVITE).headers["Call-ID"]


def test_all_replies_to_a_request_share_a_tag_and_trying_has_none() -> None:
    assert REQUEST.reply(180).headers["To"] == REQUEST.reply(404).headers["To"] != REQUEST.headers["To"]
    assert REQUEST.reply(100).headers["To"] == REQUEST.headers["To"]
    assert REQUEST.reply(200, tag="mine").headers["To"] == "<sip:bob@192.0.2.2>;tag=mine"
    again = REQUEST.copy()
    again.headers["To"] = "<sip:bob@192.0.2.2>;tag=there"
    assert again.reply(200).headers["To"] == "<sip:bob@192.0.2.2>;tag=there"
    assert "Timestamp" in REQUEST.reply(100).headers and "Record-Route" not in REQUEST.reply(486).headers


def test_a_reason_is_the_registered_one_or_yours() -> None:
    replies = REQUEST.reply(486), REQUEST.reply(299), REQUEST.reply(200, "Fine")
    assert [reply.reason for reply in replies] == ["Busy Here", "", "Fine"]


def test_only_a_request_is_replied_to() -> None:
    for message in (REQUEST.reply(200), SIP(b"nothing that is SIP")):
        with pytest.raises(ValueError, match="only a request"):
            message.reply(200)


def challenged(name: str, *challenges: str) -> SIP:
    return REQUEST.reply(401 if name.startswith("W") else 407, headers={name: list(challenges)})


def test_the_examples_of_the_rfcs_are_answered() -> None:
    asked = SIP(method="GET", uri="/dir/index.html", headers={"CSeq": "1 GET"})
    old = 'Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"'
    said = asked.authorized(old, "Mufasa", "Circle Of Life", cnonce="0a4f113b").headers["Authorization"]
    assert 'response="6629fae49393a05397450978507c4ef1"' in said and "nc=00000001" in said
    new = (
        'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=SHA-256, '
        'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
    )
    cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
    said = asked.authorized(new, "Mufasa", "Circle of Life", cnonce=cnonce).headers["Authorization"]
    assert 'response="753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"' in said
    assert 'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"' in said


def test_the_request_goes_again_as_a_new_transaction_with_credentials() -> None:
    challenge = challenged("Proxy-Authenticate", 'Digest realm="r", nonce="n"')
    again = REQUEST.authorized(challenge, "alice", 'se"cret')
    assert again.headers["CSeq"] == "2 INVITE" and again.headers["Call-ID"] == "call"
    assert again.headers.vias[0].branch not in (None, "z9hG4bKa") and again.headers.vias[1] == REQUEST.headers.vias[1]
    assert again.headers["Proxy-Authorization"].startswith('Digest username="alice", realm="r", nonce="n", uri="sip:')
    assert "Proxy-Authorization" not in REQUEST.headers and REQUEST.headers["CSeq"] == "1 INVITE"
    third = again.authorized(challenged("Proxy-Authenticate", 'Digest realm="r", nonce="new"'), "alice", "secret")
    assert len(third.headers.all("Proxy-Authorization")) == 1 and 'nonce="new"' in third.headers["Proxy-Authorization"]
    other = again.authorized(challenged("Proxy-Authenticate", 'Digest realm="other", nonce="n"'), "alice", "secret")
    assert len(other.headers.all("Proxy-Authorization")) == 2


def test_of_several_challenges_the_strongest_that_is_known_is_answered() -> None:
    weak, strong = 'Digest realm="r", nonce="n"', 'Digest realm="r", nonce="n", algorithm=SHA-256'
    unknown = 'Digest realm="r", nonce="n", algorithm=SHA-999'
    again = REQUEST.authorized(challenged("WWW-Authenticate", unknown, weak, strong), "a", "b")
    assert "algorithm=SHA-256" in again.headers["Authorization"]
    for without in (challenged("WWW-Authenticate", unknown), challenged("WWW-Authenticate", "Basic x"), REQUEST):
        with pytest.raises(ValueError, match="no digest challenge"):
            REQUEST.authorized(without, "a", "b")


def test_a_session_and_the_body_count_where_the_challenge_says_so() -> None:
    plain = 'Digest realm="r", nonce="n", qop="auth-int"'
    first, second = (
        SIP(method="INFO", uri="sip:b", headers={"CSeq": "1 INFO"}, body=body).authorized(plain, "a", "b", cnonce="c")
        for body in (b"one", b"two")
    )
    assert first.headers["Authorization"] != second.headers["Authorization"]
    session = REQUEST.authorized('Digest realm="r", nonce="n", algorithm=MD5-sess', "a", "b", cnonce="c")
    assert 'response="' in session.headers["Authorization"] and "algorithm=MD5-sess" in session.headers["Authorization"]


def test_addresses_and_hops_have_parts_and_are_assigned_with_them() -> None:
    headers = REQUEST.copy().headers
    sender = headers.address("From")
    assert sender is not None and (sender.display, sender.uri, sender.tag) == ("Alice", "sip:alice@192.0.2.1", "1")
    assert [(hop.host, hop.port, hop.branch) for hop in headers.vias] == [
        ("192.0.2.1", 5060, "z9hG4bKa"),
        ("2001:db8::1", None, None),
    ]
    before = list(headers.items())
    headers["Via"] = headers.vias
    headers["To"] = headers.address("To")
    assert list(headers.items()) == before
    headers["From"] = NameAddr('Al "x"', "sip:a@b", (("tag", "2"), ("lr", None), ("note", "a b")))
    assert headers["f"] == '"Al \\"x\\"" <sip:a@b>;tag=2;lr;note="a b"'
    assert headers.address("f") == NameAddr('Al "x"', "sip:a@b", (("tag", "2"), ("lr", None), ("note", "a b")))
    headers["Contact"] = "<sip:a>, <sip:b>"
    assert [each.uri for each in headers.addresses("m")] == ["sip:a", "sip:b"] and headers.address("Route") is None
