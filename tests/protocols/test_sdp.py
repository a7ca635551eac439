"""SDP is read in order and leniently, FaceTime's words included."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissectors.protocols import sdp
from dissectors.protocols.sdp_sections import MAX_DEVIATIONS, MAX_FORMATS, MAX_LINES
from dissectors.wire.errors import Malformed

DATA = Path(__file__).resolve().parents[1] / "data" / "sdp"
OFFER = (DATA / "facetime_invite.sdp").read_bytes()
ANSWER = (DATA / "facetime_answer.sdp").read_bytes()
WEBRTC = (
    "v=0\r\no=- 4962303333179871722 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n"
    "a=ice-ufrag:sess\r\na=ice-pwd:asd88fgpdd777uzjYhagZg\r\na=setup:actpass\r\n"
    "a=fingerprint:SHA-256 12:df:3e:5d:49:6b:19:e5\r\na=recvonly\r\n"
    "m=audio 54400/2 UDP/TLS/RTP/SAVPF 111 0 126\r\nc=IN IP6 2001:db8::1\r\nb=TIAS:64000\r\n"
    "a=rtcp:9 IN IP4 0.0.0.0\r\na=rtcp-mux\r\na=ice-ufrag:own\r\na=sendonly\r\n"
    "a=rtpmap:111 opus/48000/2\r\na=rtpmap:126 telephone-event/8000\r\na=fmtp:111 minptime=10;useinbandfec=1\r\n"
    "a=ptime:20\r\na=ssrc:3570614608 cname:4TOk42mSjXCkVIa6\r\na=ssrc:3570614608 msid:x y\r\na=ssrc:9 foo\r\n"
    "a=candidate:1 1 UDP 2130706431 192.0.2.1 8998 typ host generation 0\r\n"
    "a=candidate:2 2 tcp 1694498815 198.51.100.1 45664 typ srflx raddr 192.0.2.1 rport 8998 tcptype passive\r\n"
    "a=candidate:broken 1 UDP\r\n"
    "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz|2^20|1:4;inline:second UNENCRYPTED_SRTCP\r\n"  # noqa: E501  one line on the wire
    "m=video 0 UDP/TLS/RTP/SAVPF 96\r\na=rtpmap:96 VP8/90000\r\n"
)


def test_the_facetime_offer_is_read_whole() -> None:
    found = sdp.parse(OFFER)
    assert (found.version, found.name, found.deviations) == ("0", "mobile", ())
    assert found.origin == sdp.Origin("GKVoiceChatService", "0", "0", "IN", "IP4", "192.168.231.118")
    assert found.connection == sdp.Connection("IN", "IP4", "192.168.231.118")
    assert (found.bandwidths, found.times) == ((sdp.Bandwidth("AS", "AS:2000", (2000,)),), (sdp.Timing(0, 0),))
    assert [attribute.name for attribute in found.attributes] == ["FLS", "DMBR", "CAP"]
    assert (found.get("FLS") or "").startswith("VRA:0;MVRA:0;") and found.get("CAP") == "" and found.get("x") is None
    (audio,) = found.media
    assert (audio.kind, audio.port, audio.count, audio.profile) == ("audio", 16402, 1, "RTP/AVP")
    assert audio.formats == ("104", "105", "106", "9", "0", "124", "122", "121")
    assert (audio.connection, audio.rtcp, audio.rtcp_mux) == (found.connection, sdp.Rtcp(16402, None), False)
    assert (audio.rtp_id, audio.secondary, audio.direction) == (3189937293, {106, 121, 122}, "sendrecv")
    assert (audio.fmtp(104), audio.fmtp("AAC"), audio.fmtp(9)) == ("sbr;block 480", "SamplesPerBlock 480", None)
    assert (audio.rtpmaps, audio.crypto, audio.candidates, audio.fingerprint) == ({}, (), (), None)


def test_both_numbers_of_facetimes_bandwidth_are_kept() -> None:
    found = sdp.parse(ANSWER)
    assert found.bandwidths == (sdp.Bandwidth("AS", "AS:2000:2000", (2000, 2000)),)
    assert (found.media[0].rtp_id, found.media[0].secondary, found.deviations) == (3770747611, {106, 121, 122}, ())


@pytest.mark.parametrize("text", [OFFER, ANSWER, WEBRTC.encode()])
def test_the_lines_stand_in_order_and_none_is_lost(text: bytes) -> None:
    assert "".join(f"{kind}={value}\r\n" for kind, value in sdp.parse(text).lines).encode() == text


def test_a_webrtc_offer_is_read_whole() -> None:
    found = sdp.parse(WEBRTC)
    audio, video = found.media
    assert found.deviations == ()
    assert (audio.port, audio.count, video.port, video.profile) == (54400, 2, 0, "UDP/TLS/RTP/SAVPF")
    assert audio.connection == sdp.Connection("IN", "IP6", "2001:db8::1")
    assert audio.rtpmaps == {111: sdp.RtpMap("opus", 48000, 2), 126: sdp.RtpMap("telephone-event", 8000, 1)}
    assert (audio.fmtp(111), audio.ptime) == ("minptime=10;useinbandfec=1", 20.0)
    assert (audio.rtcp, audio.rtcp_mux, video.rtcp_mux) == (sdp.Rtcp(9, "0.0.0.0"), True, False)
    assert audio.ssrcs == {3570614608: "4TOk42mSjXCkVIa6", 9: None}
    assert audio.candidates == (
        sdp.Candidate("1", 1, "UDP", 2130706431, "192.0.2.1", 8998, "host", None, None, (("generation", "0"),)),
        sdp.Candidate(
            "2", 2, "tcp", 1694498815, "198.51.100.1", 45664, "srflx", "192.0.2.1", 8998, (("tcptype", "passive"),)
        ),
    )
    (crypto,) = audio.crypto
    assert (crypto.tag, crypto.suite, crypto.parameters) == (1, "AES_CM_128_HMAC_SHA1_80", ("UNENCRYPTED_SRTCP",))
    assert crypto.keys == ("inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz|2^20|1:4", "inline:second")
    assert crypto.key_octets == 30


def test_what_the_description_says_holds_where_the_media_is_silent() -> None:
    audio, video = sdp.parse(WEBRTC).media
    assert (audio.direction, video.direction) == ("sendonly", "recvonly")
    assert (audio.ice_ufrag, video.ice_ufrag, video.ice_pwd) == ("own", "sess", "asd88fgpdd777uzjYhagZg")
    assert audio.fingerprint == video.fingerprint == sdp.Fingerprint("sha-256", "12:DF:3E:5D:49:6B:19:E5")
    assert (audio.setup, video.setup) == ("actpass", "actpass")


@pytest.mark.parametrize(
    ("line", "address", "ttl", "count"),
    [
        ("IN IP4 192.0.2.1", "192.0.2.1", None, None),
        ("IN IP4 233.252.0.1/127", "233.252.0.1", 127, None),
        ("IN IP4 233.252.0.1/127/3", "233.252.0.1", 127, 3),
        ("IN IP6 ff00::db8:0:101/3", "ff00::db8:0:101", None, 3),
    ],
)
def test_multicast_addresses_carry_their_ttl_and_count(
    line: str, address: str, ttl: int | None, count: int | None
) -> None:
    found = sdp.parse(f"v=0\r\nc={line}\r\n").connection
    assert found is not None
    assert (found.address, found.ttl, found.count) == (address, ttl, count)


PLAIN = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"
ODD = {
    "blank lines come before v=": "\r\n" + PLAIN,
    "unknown line type q": PLAIN + "q=1\r\n",
    "not a line of SDP: 'hello'": PLAIN + "hello\r\n",
    "no o= line": PLAIN.replace("o=- 1 1 IN IP4 192.0.2.1\r\n", ""),
    "no c= line": PLAIN.replace("c=IN IP4 192.0.2.1\r\n", ""),
    "cannot be read: 'o=- 1 1 IN IP4'": PLAIN.replace("o=- 1 1 IN IP4 192.0.2.1", "o=- 1 1 IN IP4"),
    "cannot be read: 'c= 192.0.2.1'": PLAIN.replace("c=IN IP4", "c="),
    "not a media line: 'm=audio 3000E RTP/AVP 0'": PLAIN.replace("4000", "3000E"),
    "not a media line: 'm=audio 70000 RTP/AVP 0'": PLAIN.replace("4000", "70000"),
    "not a media line: 'm=audio 4000 RTP/AVP'": PLAIN.replace("RTP/AVP 0", "RTP/AVP"),
}


@pytest.mark.parametrize("phrase", ODD)
def test_what_is_odd_is_read_and_said(phrase: str) -> None:
    found = sdp.parse(ODD[phrase])
    assert phrase in found.deviations
    assert (phrase in found.broken) == phrase.startswith(("not a", "cannot be read"))
    assert len(found.media) == 1 and found.media[0].kind == "audio"


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
def test_each_line_end_is_accepted(end: str) -> None:
    found = sdp.parse(PLAIN.replace("\r\n", end))
    assert (found.deviations, found.media[0].port) == ((), 4000)


def test_a_plain_description_has_no_deviations() -> None:
    assert sdp.parse(PLAIN).deviations == ()
    assert sdp.parse(PLAIN.encode() + b"\0\r\n\r\n").deviations == ()


@pytest.mark.parametrize("text", ["", "\r\n", "o=- 1 1 IN IP4 h\r\n", "hello", b"\xff\xfe", "<xml/>", "v 0", " v=0"])
def test_what_does_not_begin_with_a_version_is_malformed(text: str | bytes) -> None:
    with pytest.raises(Malformed) as caught:
        sdp.parse(text)
    assert (caught.value.protocol, caught.value.reason) == ("SDP", "the first line is no v= line")


@pytest.mark.parametrize(
    "attribute",
    [
        "rtpmap:96", "rtpmap:96 opus", "rtpmap:x opus/48000", "rtpmap:128 opus/48000", "rtpmap:96 opus/9" + "9" * 5000,
        "rtcp:", "rtcp:70000", "ptime:", "ptime:1e9", "ssrc:4294967296 cname:x", "rtpID:4294967296", "rtpID:-1",
        "crypto:x y z", "crypto:1 suite", "fingerprint:sha-1", "candidate:1 1 UDP x 192.0.2.1 1 typ host",
        "candidate:1 1 UDP 1 192.0.2.1 65536 typ host", "candidate:1 1 UDP 1 192.0.2.1 1 kind host", "fmtp:", "fmtp:x",
        "rtpmap:٩٦ opus/48000", "ptime:٢٠", "",
    ],
)
def test_a_broken_attribute_says_nothing_and_breaks_nothing(attribute: str) -> None:
    (media,) = sdp.parse(f"{PLAIN}a={attribute}\r\n").media
    assert (media.rtpmaps, media.rtcp, media.ptime, media.rtp_id) == ({}, None, None, None)
    assert (media.ssrcs, media.crypto, media.candidates, media.fingerprint) == ({}, (), (), None)
    assert (media.secondary, media.direction) == (frozenset(), "sendrecv")


def test_sec_is_a_word_and_not_a_part_of_one() -> None:
    (media,) = sdp.parse(f"{PLAIN}a=fmtp:96 secret;x\r\na=fmtp:97 a;sec\r\na=fmtp:AAC sec\r\n").media
    assert media.secondary == {97}


def test_the_first_of_two_rtpmaps_counts() -> None:
    (media,) = sdp.parse(f"{PLAIN}a=rtpmap:96 one/8000\r\na=rtpmap:96 two/8000\r\n").media
    assert media.rtpmaps[96].encoding == "one"


@pytest.mark.parametrize(("text", "value"), [
    ("0", 0), ("4294967295", 4294967295), ("4294967296", None), ("-1", None), ("\u0661", None), ("", None),
])
def test_a_number_has_32_bits(text: str, value: int | None) -> None:
    assert sdp.number(text) == value


def test_hostile_numbers_of_lines_media_and_formats_are_bounded() -> None:
    lines = sdp.parse(PLAIN + "a=x\r\n" * 100_000)
    assert (len(lines.lines), lines.deviations) == (MAX_LINES, ("more than 4096 lines, the rest is not read",))
    media = sdp.parse(PLAIN + "m=audio 4000 RTP/AVP 0\r\n" * 1000)
    assert len(media.media) == sdp.MAX_MEDIA
    assert media.deviations == ("more than 128 media lines, the rest is not read",)
    formats = sdp.parse(PLAIN.replace("AVP 0", "AVP" + " 0" * 30_000))
    assert len(formats.media[0].formats) == MAX_FORMATS
    junk = sdp.parse(PLAIN + "".join(f"junk {number}\r\n" for number in range(1000)))
    assert len(junk.deviations) == MAX_DEVIATIONS


@pytest.mark.parametrize("text", [OFFER, ANSWER, WEBRTC.encode()])
def test_every_prefix_gives_what_is_whole(text: bytes) -> None:
    whole = sdp.parse(text)
    for end in range(2, len(text)):
        found = sdp.parse(text[:end])
        assert found.lines[:-1] == whole.lines[: len(found.lines) - 1]


def everything(found: sdp.Description) -> list[object]:
    """Every view of every media, so that reading them is part of the property."""
    views = ("rtpmaps", "secondary", "direction", "rtcp", "rtcp_mux", "ptime", "rtp_id", "ssrcs", "crypto",
             "fingerprint", "setup", "ice_ufrag", "ice_pwd", "candidates")
    return [getattr(media, view) for media in found.media for view in views]


@given(st.binary(max_size=300))
def test_any_octets_parse_or_are_malformed(octets: bytes) -> None:
    for text in (octets, b"v=0\r\nm=" + octets, PLAIN.encode() + b"a=" + octets):
        try:
            found = sdp.parse(text)
        except Malformed as error:
            assert error.protocol == "SDP" and not text.startswith(b"v=")
        else:
            assert len(everything(found)) == 14 * len(found.media)


NAMES = st.sampled_from(["rtpmap", "fmtp", "rtcp", "ssrc", "crypto", "candidate", "fingerprint", "rtpID", "ptime"])


@given(st.lists(st.tuples(NAMES, st.text(max_size=40)), max_size=8))
def test_any_attribute_values_parse(attributes: list[tuple[str, str]]) -> None:
    found = sdp.parse(PLAIN + "".join(f"a={name}:{value}\r\n" for name, value in attributes))
    assert len(everything(found)) == 14 * len(found.media)
