"""SIP and SDP under other names: what the protocol means stays, and nothing else."""

from __future__ import annotations

from urllib.parse import unquote

import pytest

from dissectors.rewriting.anonymous import texts
from dissectors.rewriting.anonymous.pseudonyms import Pseudonyms
from dissectors.rewriting.anonymous.texts import Names

LEARNT: dict[str, str] = {}
KEY = Pseudonyms(b"one key")
NAMES = Names(KEY, lambda octets: bytes(len(octets)), False, LEARNT.__setitem__)
w = KEY.word


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('"Alice B" <sip:alice@10.0.0.5:5070;transport=tcp>;tag=abc1;expires=60',
         f'"{w("Alice")} {w("B")}" <sip:{w("alice")}@{KEY.written_address("10.0.0.5")}:5070;transport=tcp>'
         f';tag={w("abc1")};expires=60'),
        ("SIP/2.0/UDP 10.0.0.5;branch=z9hG4bKabc;rport", f"SIP/2.0/UDP {KEY.written_address('10.0.0.5')}"
         f";branch=z9hG4bK{w('abc')};rport"),
        ("<tel:+4930123456;phone-context=x.example>", f"<tel:+{KEY.number('4930123456')};phone-context="
         f"{w('x')}.{w('example')}>"),
        ('Digest username="alice",realm="home",nonce="12ab",uri="sip:b@c",algorithm=MD5,qop=auth,nc=00000001',
         f'Digest username="{w("alice")}",realm="{w("home")}",nonce="{w("12ab")}",uri="sip:{w("b")}@{w("c")}",'
         "algorithm=MD5,qop=auth,nc=00000001"),
        ("<sip:x>;reason=alice;cause=302;user=phone", f"<sip:{w('x')}>;reason={w('alice')};cause=302;user=phone"),
        ("<sip:[2001:db8::1]:5060>;secret", f"<sip:[{KEY.written_address('2001:db8::1')}]:5060>;{w('secret')}"),
    ],
)
def test_names_change_and_the_words_of_the_protocol_stay(before: str, after: str) -> None:
    assert texts.strict(before, NAMES) == after


@pytest.mark.parametrize(
    ("name", "value", "stays"),
    [
        ("CSeq", " 42 INVITE", True), ("Allow", " INVITE, ACK", True), ("Supported", " 100rel, alice", False),
        ("User-Agent", " Phone of Bob/1.0", True), ("Subject", " dinner", False), ("X-Anything", " dinner", False),
        ("Content-Type", " application/sdp", True), ("Session-Expires", " 1800;refresher=uas", True),
    ],
)
def test_a_header_keeps_what_is_the_protocols(name: str, value: str, stays: bool) -> None:
    assert (texts.header(name, value, NAMES) == value) is stays
    assert texts.header("User-Agent", " Bob/1", NAMES._replace(agents=True)) != " Bob/1"


def test_start_lines_keep_method_status_and_usual_reasons() -> None:
    assert texts.start_line("SIP/2.0 404 Not Found", NAMES) == "SIP/2.0 404 Not Found"
    assert texts.start_line("SIP/2.0 603 Ask Bob", NAMES) == f"SIP/2.0 603 {w('Ask')} {w('Bob')}"
    assert texts.start_line("INVITE sip:bob@10.0.0.5 SIP/2.0", NAMES) == (
        f"INVITE sip:{w('bob')}@{KEY.written_address('10.0.0.5')} SIP/2.0")


SDP = """v=0\r
o=alice 3801234567 3801234568 IN IP4 10.0.0.5\r
s=Call of Alice\r
c=IN IP4 10.0.0.5\r
t=0 0\r
a=ice-ufrag:Ab1+\r
a=ice-pwd:secretsecret/secret\r
m=audio 5000 RTP/AVP 0 101\r
a=rtpmap:101 telephone-event/8000\r
a=candidate:1 1 UDP 2130706431 10.0.0.5 5000 typ srflx raddr 192.168.1.7 rport 6000 ufrag Ab1+\r
a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5\r
a=fingerprint:sha-256 AA:BB:CC\r
a=ssrc:1234 cname:alice@host\r
a=rtcp:5001 IN IP4 10.0.0.5\r
a=source-filter: incl IN IP4 * 10.0.0.5\r
a=secret:alice\r
"""


def test_a_description_keeps_its_form() -> None:
    new = texts.sdp(SDP, NAMES)
    lines = new.splitlines()
    host, inner = KEY.written_address("10.0.0.5"), KEY.written_address("192.168.1.7")
    assert lines[3:5] == [f"c=IN IP4 {host}", "t=0 0"] and lines[7:9] == SDP.splitlines()[7:9]
    assert lines[9] == (f"a=candidate:{w('1')} 1 UDP 2130706431 {host} 5000 typ srflx raddr {inner} rport 6000 ufrag "
                        f"{w('Ab1')}+")
    assert lines[11] == "a=fingerprint:sha-256 00:00:00" and lines[13] == f"a=rtcp:5001 IN IP4 {host}"
    assert lines[12] == f"a=ssrc:1234 cname:{w('alice')}@{w('host')}"
    assert "MDEy" not in new and len(lines[10]) == len(SDP.splitlines()[10])
    for name in ("alice", "Alice", "10.0.0.5", "192.168.1.7", "Ab1+", "secret", "3801234567"):
        assert name not in new
    assert LEARNT[f"{w('Ab1')}+"] == f"{w('secretsecret')}/{w('secret')}"


def test_the_version_of_a_description_goes_up_as_it_did() -> None:
    again = SDP.replace("3801234568", "3801234569")
    versions = [int(texts.sdp(text, NAMES).split()[3]) for text in (SDP, again)]
    assert versions[1] == versions[0] + 1 and str(versions[0]) not in SDP


ATTRIBUTES = """
    cat keywds tool ptime maxptime orient type charset sdplang lang framerate quality fmtp curr des conf mid group rtcp
    rtcp-fb rtcp-mux rtcp-rsize rtcp-xr candidate ice-lite ice-ufrag ice-pwd ice-mismatch ice-options ice-pacing
    remote-candidates setup connection fingerprint tls-id crypto key-mgmt zrtp-hash ssrc ssrc-group msid msid-semantic
    extmap extmap-allow-mixed rid simulcast imageattr sctp-port sctpmap max-message-size dcmap dcsa content label
    floorctrl confid userid floorid path accept-types accept-wrapped-types max-size T38FaxVersion T38FaxUdpEC sqn cdsc
    cpar pcfg acfg csup acap tcap rtpmap maxprate source-filter ts-refclk mediaclk altc bundle-only end-of-candidates
    rtcp-unicast range control framesize 3gpp_sync_info 3GPP-Adaptation-Support anbr visited-realm secondary-realm
    file-selector file-transfer-id chatroom msrp-cema phone-context X-nat x-google-flag
"""


@pytest.mark.parametrize("name", ATTRIBUTES.split())
def test_an_attribute_that_is_registered_keeps_its_name(name: str) -> None:
    assert texts.sdp(f"a={name}:alice\r\n", NAMES).startswith(f"a={name}:")
    assert texts.sdp(f"a={name}\r\n", NAMES) == f"a={name}\r\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("ice-ufrag:Ab1+", f"ice-ufrag:{w('Ab1')}+"), ("msid:alice bob1", f"msid:{w('alice')} {w('bob1')}"),
        ("msid-semantic: WMS alice", f"msid-semantic: WMS {w('alice')}"), ("mid:alice", f"mid:{w('alice')}"),
        ("group:BUNDLE 0 audio alice", f"group:BUNDLE 0 audio {w('alice')}"), ("label:12", "label:12"),
        ("label:alice", f"label:{w('alice')}"), ("tool:alice 1", f"tool:{w('alice')} {w('1')}"),
        ("altc:1 IP4 10.0.0.5 4000", f"altc:1 IP4 {KEY.written_address('10.0.0.5')} 4000"),
        ("path:msrp://10.0.0.5:2855/abc;tcp", f"path:msrp://{KEY.written_address('10.0.0.5')}:2855/{w('abc')};tcp"),
        ("ts-refclk:ptp=IEEE1588-2008:traceable", "ts-refclk:ptp=IEEE1588-2008:traceable"),
        ("ts-refclk:ptp=IEEE802.1AS-2011:39-A7-94-FF-FE-07-CB-D0", "ts-refclk:ptp=IEEE802.1AS-2011:"
         + KEY.octets("clock", bytes.fromhex("39A794FFFE07CBD0"), 8).hex("-").upper()),
        ("ts-refclk:localmac=39-a7-94-07-cb-d0", "ts-refclk:localmac="
         + KEY.station(bytes.fromhex("39a79407cbd0")).hex("-")),
        ("ts-refclk:ntp=alice", f"ts-refclk:ntp={w('alice')}"),
        ("mediaclk:direct=963214424", "mediaclk:direct=963214424"),
        ("mediaclk:sender", "mediaclk:sender"),
        ("accept-types:message/cpim text/plain", "accept-types:message/cpim text/plain"),
        ("zrtp-hash:1.10 fe30efd02423cb054e50efd0248742ac", f"zrtp-hash:1.10 {w('fe30efd02423cb054e50efd0248742ac')}"),
        ("candidate:1 1 UDP 1 0a1b.local 5 typ host", f"candidate:{w('1')} 1 UDP 1 {w('0a1b')}.local 5 typ host"),
        ("acap:1 crypto:1 AES_CM_128_HMAC_SHA1_80 inline:QUFBQUFBQUFB|2^20", None),
    ],
)
def test_an_attribute_keeps_its_grammar_and_names_nobody(before: str, after: str | None) -> None:
    new = texts.sdp(f"a={before}\r\n", NAMES)
    if after is None:
        begin, _, key = before.partition("inline:")
        assert new.startswith(f"a={begin}inline:") and key[:8] not in new and new.endswith("|2^20\r\n")
    else:
        assert new == f"a={after}\r\n"


UNIQUE = "ab30317f-1a78-4dc4-8ff8-24d0d3715d86"


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("Session-ID", f"{UNIQUE.replace('-', '')};remote={'0' * 32}",
         f"{w(UNIQUE.replace('-', ''))};remote={'0' * 32}"),
        ("Warning", '399 host "to alice"', f'399 {w("host")} "{w("to")} {w("alice")}"'),
        ("Date", "Sun, 29 Nov 2026 19:00:00 GMT", "Sun, 29 Nov 2026 19:00:00 GMT"),
        ("Date", "dinner at 8", f"{w('dinner')} {w('at')} {w('8')}"),
        ("Accept-Contact", '*;+g.3gpp.icsi-ref="urn%3Aurn-7%3A3gpp-service.ims.icsi.mmtel"',
         '*;+g.3gpp.icsi-ref="urn%3Aurn-7%3A3gpp-service.ims.icsi.mmtel"'),
        ("Refer-To", "<sip:carol@h?Replaces=second-call%40host%3Bto-tag%3Dab%3Bfrom-tag%3Dcd>",
         f"<sip:{w('carol')}@{w('h')}?Replaces={w('second')}-{w('call')}%40{w('host')}%3Bto-tag%3D{w('ab')}"
         f"%3Bfrom-tag%3D{w('cd')}>"),
        ("Replaces", "second-call@host;to-tag=ab;from-tag=cd;early-only",
         f"{w('second')}-{w('call')}@{w('host')};to-tag={w('ab')};from-tag={w('cd')};early-only"),
        ("Security-Verify", "ipsec-3gpp; alg=hmac-sha-1-96; spi-c=12; port-c=8642",
         f"ipsec-3gpp; alg=hmac-sha-1-96; spi-c={w('12')}; port-c=8642"),
        ("P-Access-Network-Info", "3GPP-E-UTRAN-FDD; utran-cell-id-3gpp=26ab; network-provided",
         f"3GPP-E-UTRAN-FDD; utran-cell-id-3gpp={w('26ab')}; network-provided"),
        ("Identity", "ab.cd;info=<https://h/x>;alg=ES256;ppt=shaken",
         f"{w('ab')}.{w('cd')};info=<https://{w('h')}/{w('x')}>;alg=ES256;ppt=shaken"),
        ("User-to-User", "7a71;encoding=hex;purpose=isdn-uui", f"{w('7a71')};encoding=hex;purpose=isdn-uui"),
        ("Resource-Priority", "ets.0, alice.1", f"ets.0, {w('alice')}.1"),
        ("To", "<sip:%C3%BC%41b@h>", None),
        ("Call-ID", "[2001:db8::1]-abc", f"[{KEY.written_address('2001:db8::1')}]-{w('abc')}"),
    ],
)
def test_a_header_keeps_its_grammar_and_names_nobody(name: str, before: str, after: str | None) -> None:
    new = texts.header(name, before, NAMES)
    if after is None:
        first, second, last = w("üAb")
        after = f"<sip:{''.join(f'%{octet:02X}' for octet in first.encode())}%{ord(second):02X}{last}@{w('h')}>"
    assert new == after


def test_a_call_is_named_alike_in_its_messages_and_in_what_replaces_it() -> None:
    for call in ("a-b.c@10.0.0.5", "x%y@h", "[2001:db8::1]", "f81d4fae7dec11d0a76500a0c91e6bf6@h", UNIQUE):
        one = texts.header("Call-ID", call, NAMES)
        escaped = "".join(each if each.isalnum() else f"%{ord(each):02X}" for each in call)
        other = texts.header("Refer-To", f"<sip:b@c?Replaces={escaped}%3Bto-tag%3D1>", NAMES)
        assert texts.header("Replaces", f"{call};to-tag=1", NAMES).startswith(one + ";")
        told = other.partition("Replaces=")[2].partition("%3Bto-tag")[0]
        assert unquote(told) == one


@pytest.mark.parametrize("text", ["%" + "25" * 9000 + "41", "?to=" * 9000, "?to=%3Fto%3D" * 3000, "a." * 30_000 + "%"])
def test_a_text_that_means_ill_is_changed_at_once(text: str) -> None:
    new = texts.header("To", text, NAMES)
    assert len(new) == len(text) and new.count("%") == text.count("%")


def test_what_was_bare_beside_escaped_octets_stays_so() -> None:
    new = texts.header("To", "<sip:üa%40b@h>", NAMES)
    assert new == f"<sip:{w('üa')}%40{w('b')}@{w('h')}>"


def test_addresses_within_addresses_are_changed_a_few_times() -> None:
    text = "<sip:a@b?To=%3Csip%3Aalice@h%3FTo%3D%253Csip%253Aalice@h%253E%3E>"
    new = texts.header("To", text, NAMES)
    assert "alice" not in new and new.count(w("alice")) == 2 and new.count("To") == 2
