"""`--encryption`: payloads of captures are read once more, and what is announced as SRTP is held to them."""

from __future__ import annotations

from pathlib import Path
from random import Random

from dissectors import offline
from dissectors.report import Report
from tests import captures
from tests.stories import A, B, Story, description, dialled, hung_up, rtp

TLS = Path(__file__).resolve().parents[1] / "data" / "tls"
KEY = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz"


def call(clear: bool) -> Story:
    """A call with keys in its SDP, of a codec whose frames have any length."""
    random, lines = Random(6), (KEY, "a=rtpmap:111 opus/48000/2")
    sides = [description(*end, *lines, media="RTP/SAVP 111") for end in (A, B)]
    told = dialled(*sides)
    for ssrc, src, dst in ((1, A, B), (2, B, A)):
        for n in range(200):
            begins = b"\x78" if clear and ssrc == 1 else random.randbytes(1)
            payload = begins + random.randbytes(random.randrange(70, 90))
            told.append((1020 + 20 * n, src, dst, rtp(n, ssrc, 111, 960 * n, payload)))
    return [*told, *hung_up(6000)]


def judged(tmp_path: Path, story: Story) -> Report:
    return offline.analyze([captures.story(tmp_path / "in.pcap", story)], encryption=True)


def test_a_stream_that_is_announced_as_encrypted_and_is_not_is_an_error(tmp_path: Path) -> None:
    report = judged(tmp_path, call(clear=True))
    assert all(stream.encrypted for stream in report.streams), "what sizes and SDP say"
    told = {stream.ssrc: stream.randomness and stream.randomness.verdict for stream in report.streams}
    assert told == {1: "not encrypted", 2: "compatible with encryption"}
    (found,) = (each for each in report.findings if each.id == "payload-in-clear")
    assert found.severity == "error" and found.stream is not None and report.streams[found.stream].ssrc == 1
    stream = report.streams[0]
    assert found.places == (stream.first_place, stream.last_place)


def test_what_is_encrypted_raises_nothing(tmp_path: Path) -> None:
    report = judged(tmp_path, call(clear=False))
    assert {stream.randomness and stream.randomness.verdict for stream in report.streams} == {
        "compatible with encryption"
    }
    assert "payload-in-clear" not in {each.id for each in report.findings}
    for name in ("dtls_srtp_cm", "dtls_srtp_gcm"):
        for stream in offline.analyze([str(TLS / f"{name}.pcap")], encryption=True).streams:
            assert stream.randomness is not None and stream.randomness.verdict != "not encrypted"


def test_nobody_reads_payloads_unasked(tmp_path: Path) -> None:
    report = offline.analyze([captures.story(tmp_path / "in.pcap", call(clear=True))])
    assert {stream.randomness for stream in report.streams} == {None}
