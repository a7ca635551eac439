"""SDP under other names: what the protocol means stays, and nothing else."""

from __future__ import annotations

import pytest

from dissectors.rewriting.anonymous import descriptions
from dissectors.rewriting.anonymous.pseudonyms import Pseudonyms
from dissectors.rewriting.anonymous.texts import Names

LEARNT: dict[str, str] = {}
KEY = Pseudonyms(b"one key")
NAMES = Names(KEY, lambda octets: bytes(len(octets)), False, LEARNT.__setitem__)
w = KEY.word

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
    new = descriptions.sdp(SDP, NAMES)
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
    versions = [int(descriptions.sdp(text, NAMES).split()[3]) for text in (SDP, again)]
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
    assert descriptions.sdp(f"a={name}:alice\r\n", NAMES).startswith(f"a={name}:")
    assert descriptions.sdp(f"a={name}\r\n", NAMES) == f"a={name}\r\n"


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
    new = descriptions.sdp(f"a={before}\r\n", NAMES)
    if after is None:
        begin, _, key = before.partition("inline:")
        assert new.startswith(f"a={begin}inline:") and key[:8] not in new and new.endswith("|2^20\r\n")
    else:
        assert new == f"a={after}\r\n"
