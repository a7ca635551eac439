"""SDP as programs usually write it: both short ways say the same, which is what the long one does."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissectors.protocols import sdp, sdp_sections, sdp_usual
from tests.fuzz import mutants
from tests.twins import source

PLAIN = source(sdp_usual)
MOST_DIGITS = 20
"""So many a number may have (`sdp_attributes.number`)."""


def in_brief(octets: bytes, description: sdp.Description | None) -> None:
    """Both say the same in brief, and what it says is what the description does."""
    said = PLAIN.brief(octets)
    assert said == sdp_usual.brief(octets) and repr(said) == repr(sdp_usual.brief(octets)), octets
    if said is None:
        # Origins of more words, or with other blanks, are not read in brief.
        assert description is None or len(description.lines[1][1].split(" ")) != 6
        return
    owner, username, address, name, connected, media = said
    parts = [sdp_sections.read_media(rest) for _, _, rest, _, _ in media]
    usual = [part for part in parts if part is not None and "ssrc" not in part[5]]
    if len(usual) < len(media):
        return
    assert description is not None and description.origin is not None and description.connection is not None
    assert description.lines[1] == ("o", owner) and description.name == name
    assert (description.origin.username, description.origin.address) == (username, address)
    assert description.connection.address == connected
    for (kind, port, _, sources, count), line, part in zip(media, description.media, usual, strict=True):
        assert (kind, port, sources) == (line.kind, line.port, tuple(line.ssrcs))
        assert (line.profile, line.formats) == part[:2] and line.rtpmaps == part[6]
        assert len(line.attributes) == len(part[4]) + count and not line.inherited
        assert line.connection == (part[2] or description.connection)


def read(text: str | bytes) -> sdp.Description | None:
    """What both make of a description, which is the same, also when it is asked for again, and that of the long way."""
    octets = text.encode() if isinstance(text, str) else text
    plain: sdp.Description | None = PLAIN.usual(octets)
    in_brief(octets, plain)
    for _ in range(2):
        short = sdp_usual.usual(octets)
        assert short == plain, octets
    if plain is not None and short is not None:
        assert short == sdp._whole(octets.decode()) == sdp.parse(octets) == sdp.parse(octets.decode())
        assert repr(short) == repr(plain)
    return plain


HEAD_LINES = (
    "v=0", "v=0 ", "o=- 1 1 IN IP4 192.0.2.1", "o=a b 1 1 IN IP4 192.0.2.1", "o=-", "s=-", "s=", "c=IN IP4 192.0.2.1",
    "c=IN IP6 2001:db8::1", "c=x", "t=0 0", "t=x", "b=AS:64", "a=sendonly", "",
)
"""Lines that may stand before those of media."""

MEDIA_LINES = (
    "m=audio 4000 RTP/AVP 0 8", "m=audio 4000/2 RTP/AVP 0", "m=audio 70000 RTP/AVP 0", "m=audio  4000 RTP/AVP 0",
    "m=audio 4000  RTP/AVP 0 ", "m=audio 4000 RTP/AVP", "m=audio 4000 ", "m=audio", "m=", "m=video 0 X/Y 96",
    "m=au\tdio 4000 RTP/AVP 0", "a=rtpmap:0 PCMU/8000", "a=fmtp:96 x=1", "a=ptime:20", "c=IN IP4 192.0.2.9", "c=x",
    "a=ssrc:7 cname:x", "a=ssrc:7 msid:x y", "a=ssrc:8", "a=ssrc:", "a=ssrc:9 x ", "a=ssrc:\t1", "a=ssrc", "a=ssrc;1",
    "a=ssrc:1\na=ssrc:2", "a=ssrc-group:FID 1 2", "b=AS:64", "k=x", "z9", "y=1",
    "a=x\rm=audio 1 RTP/AVP 0", "a=y\nm=audio 2 RTP/AVP 0", "\r", "\0", "a=z\r", "",
)
HEAD = ("v=0", "o=- 1 1 IN IP4 192.0.2.1", "s=-", "c=IN IP4 192.0.2.1", "t=0 0")


@given(
    st.just(HEAD) | st.lists(st.sampled_from(HEAD_LINES), max_size=6),
    st.lists(st.sampled_from(MEDIA_LINES), max_size=8), st.sampled_from(["", "\r\n", "\r\n\r\n", "\n", "\r", "\r\n\0"]),
)
def test_the_short_way_reads_what_the_long_way_does(head: Sequence[str], media: list[str], end: str) -> None:
    read("\r\n".join(["v=0", *head[1:], *media]) + end)


@given(
    st.lists(st.sampled_from([line for line in MEDIA_LINES if "ssrc" in line]), min_size=1, max_size=6),
    st.sampled_from(["", "\r\n", "\r\n\r\n", "\n", "\r\n\0", "\r\nm=video 6 RTP/AVP 97", "\r\na=ptime:20\r\n"]),
)
def test_sources_are_read_in_the_short_way_as_in_the_long_one(sources: list[str], end: str) -> None:
    text = "\r\n".join([*HEAD, "m=audio 4000 RTP/AVP 0", "a=rtpmap:0 PCMU/8000", *sources]) + end
    short = read(text)
    usual = end in ("", "\r\n", "\r\n\r\n", "\r\na=ptime:20\r\n")
    if usual and sources[0] == "a=ssrc:7 cname:x" == sources[-1] and len(sources) < 3:
        assert short is not None and [*short.media[0].ssrcs.items()] == [(7, "x")]


HEAD_TEXT = "\r\n".join((*HEAD, ""))
AUDIO = "m=audio 4000 RTP/AVP 0\r\n"


def test_both_have_the_same_limits() -> None:
    assert (sdp_usual.MAX_OCTETS, sdp_usual.MAX_MEDIA) == (PLAIN.MAX_OCTETS, PLAIN.MAX_MEDIA)
    for digits, usual in ((MOST_DIGITS, True), (MOST_DIGITS + 1, False)):
        assert (read(HEAD_TEXT + AUDIO.replace("4000", "4000".zfill(digits))) is not None) is usual


@pytest.mark.parametrize(
    "text",
    [
        HEAD_TEXT + AUDIO, HEAD_TEXT + AUDIO[:-2], HEAD_TEXT + AUDIO.replace("4000", "00004000"),
        HEAD_TEXT.replace("s=-", "s=") + AUDIO, HEAD_TEXT.replace("v=0", "v= 0 ") + AUDIO,
        HEAD_TEXT.replace("o=-", "o=a b") + AUDIO, HEAD_TEXT.replace("- 1 1", "-  1 1 ") + AUDIO,
        HEAD_TEXT.replace("0 0", "x") + AUDIO, HEAD_TEXT.replace("192.0.2.1\r\nt", "192.0.2.1/2/3\r\nt") + AUDIO,
        HEAD_TEXT.replace("IP4 192.0.2.1\r\nt", "IP4  192.0.2.1\r\nt") + AUDIO, HEAD_TEXT + AUDIO + AUDIO,
        HEAD_TEXT + "m=z 1 y x\r\n" * sdp_usual.MAX_MEDIA, HEAD_TEXT + AUDIO + "a=ssrc:1 x\r\na=x:\u007e\r\n",
        HEAD_TEXT + AUDIO + "a=x:" + "y" * 1000 + "\r\n", HEAD_TEXT + AUDIO + "a=ssrc:1 \r\n",
    ],
)
def test_what_is_usual(text: str) -> None:
    assert read(text) is not None


@pytest.mark.parametrize(
    "text",
    [
        "", "v=0", HEAD_TEXT, HEAD_TEXT[:-2], HEAD_TEXT + "a=x\r\n" + AUDIO, "\r\n" + HEAD_TEXT + AUDIO,
        HEAD_TEXT.replace("v", "V", 1) + AUDIO, HEAD_TEXT.replace("s=-\r\n", "") + AUDIO,
        HEAD_TEXT.replace("s=-", "s") + AUDIO, HEAD_TEXT.replace("s=-", "s:-") + AUDIO,
        HEAD_TEXT.replace("o=-", "o=") + AUDIO, HEAD_TEXT.replace("c=IN ", "c=") + AUDIO,
        HEAD_TEXT.replace("s=-", "s=-\ro=x") + AUDIO, HEAD_TEXT.replace("s=-", "s=-\no=x") + AUDIO,
        HEAD_TEXT.replace("s=-", "s=\t") + AUDIO, HEAD_TEXT.replace("s=-", "s=\u00e9") + AUDIO,
        HEAD_TEXT.replace("s=-", "s=\x7f") + AUDIO, HEAD_TEXT + AUDIO + "\n", HEAD_TEXT + AUDIO + "\r",
        HEAD_TEXT + AUDIO + "\0", HEAD_TEXT + AUDIO[:-1], HEAD_TEXT + AUDIO.replace("\r\n", "\n"),
        HEAD_TEXT + AUDIO.replace("4000", "65536"), HEAD_TEXT + AUDIO.replace("4000", "4000/2"),
        HEAD_TEXT + AUDIO.replace("4000", ""), HEAD_TEXT + AUDIO.replace("4000", "4" * 21),
        HEAD_TEXT + AUDIO.replace("4000", "0" * 20 + "4"), HEAD_TEXT + AUDIO.replace("4000", "18446744073709551617"),
        HEAD_TEXT + AUDIO.replace("audio", ""), HEAD_TEXT + AUDIO.replace("audio", "a1"), HEAD_TEXT + "m=audio 4000",
        HEAD_TEXT + "m=audio 4000\r\n", HEAD_TEXT + "m=audio 4000 RTP/AVP\r\n", HEAD_TEXT + "m=", HEAD_TEXT + "m=audio",
        HEAD_TEXT + AUDIO + "z9\r\n", HEAD_TEXT + AUDIO + "y=1\r\n", HEAD_TEXT + AUDIO + "c=x\r\n",
        HEAD_TEXT + AUDIO + "a=x:" + "y" * sdp_usual.MAX_OCTETS + "\r\n",
        HEAD_TEXT + "m=z 1 y x\r\n" * (sdp_usual.MAX_MEDIA + 1),
    ],
)
def test_what_may_be_odd_is_left_to_the_long_way(text: str) -> None:
    assert read(text) is None


def test_usual_descriptions_share_what_is_the_same() -> None:
    texts = [
        f"v=0\r\no=- {n} 1 IN IP4 192.0.2.{n}\r\ns=-\r\nc=IN IP4 192.0.2.{n}\r\nt=0 0\r\nm=audio {n} RTP/AVP 0 96\r\n"
        f"a=rtpmap:96 opus/48000/2\r\nm=video {n + 2} RTP/AVP 97\r\na=rtpmap:97 VP8/90000\r\n" for n in (1, 2)
    ]
    for usual in (sdp_usual.usual, PLAIN.usual):
        one, other = (usual(text.encode()) for text in texts)
        assert (one, other) == (read(texts[0]), read(texts[1]))
        assert [line.port for line in (*one.media, *other.media)] == [1, 3, 2, 4]
        assert all(first.attributes is second.attributes for first, second in zip(one.media, other.media, strict=True))


def test_what_was_said_is_forgotten_and_read_again() -> None:
    for number in [*range(2000), *range(2000)]:
        text = f"{HEAD_TEXT.replace('192.0.2.1', f'192.0.{number // 256}.{number % 256}')}{AUDIO}a=x:{number}\r\n"
        found = sdp_usual.usual(text.encode())
        assert found is not None and found.connection is not None and found.origin is not None
        assert found.media[0].get("x") == str(number)
        assert found.connection.address == found.origin.address == f"192.0.{number // 256}.{number % 256}"


PIECES = (
    b"\r\n", b"\n", b"\r", b" ", b"  ", b"\t", b"\0", b"\x7f", b"\xc3\xa9", b"\xff", b"=", b":", b"/", b"m=",
    b"a=ssrc:1 ", b"\r\na=ssrc:2 x", b"\r\nm=audio 4 RTP/AVP 8", b"\r\nm=", b"0", b"9", b"",
)


def test_both_say_the_same_of_damaged_descriptions() -> None:
    chance, usual, others = random.Random(19), 0, 0
    samples = [octets for octets in mutants.Corpus().samples["SDP"] if len(octets) <= sdp_usual.MAX_OCTETS]
    samples += [octets for octets in samples if sdp_usual.usual(octets)] * 4
    for number in range(20_000):
        octets = bytearray(samples[number % len(samples)])
        for _ in range(chance.randrange(3) if octets and number >= len(samples) else 0):
            at = chance.randrange(len(octets))
            octets[at : at + chance.randrange(3)] = chance.choice(PIECES)
        if read(bytes(octets)) is None:
            others += 1
        else:
            usual += 1
    assert usual > 2000 and others > 2000
