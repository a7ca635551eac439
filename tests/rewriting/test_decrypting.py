"""Media in the clear: what keys open is written as it was, the SDP follows, and what they do not open stays."""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from dissectors import offline
from dissectors.wire.link.offload import step
from tests import captures
from tests.command_line import ROOT, run
from tests.protected import inline, master
from tests.sounds import call, tone
from tests.stories import A, B, Story, description, dialled, hung_up

KEYS = master("AES_CM_128_HMAC_SHA1_80", 1), master("AES_CM_128_HMAC_SHA1_80", 2)
GCM = master("AEAD_AES_128_GCM", 1), master("AEAD_AES_128_GCM", 2)


def clear(tmp_path: Path, story: Story, *words: str) -> tuple[str, str]:
    """The capture that the command makes of a story, and what it says."""
    path, out = captures.story(tmp_path / "in.pcap", story), str(tmp_path / "out.pcapng")
    done = run("normalise", "--decrypt", *words, path, out)
    assert done.returncode == 0 and done.stdout == b"", done.stderr
    return out, done.stderr.decode()


@pytest.mark.parametrize(
    ("keys", "packed"), [(KEYS, bytes), (GCM, bytes), (KEYS, zlib.compress)], ids=["CM", "GCM", "compressed"]
)
def test_media_and_sdp_are_those_of_a_call_in_the_clear(
    tmp_path: Path, keys: tuple, packed: Callable[[bytes], bytes]  # type: ignore[type-arg]  # two keys
) -> None:
    out, said = clear(tmp_path, call(keys, packed))
    assert "no key opens" not in said
    plain = [octets for _, _, _, octets in sorted(call(), key=lambda one: one[0])]
    frames = [frame[-len(octets):] for frame, octets in zip(captures.frames(out), plain, strict=True)]
    assert [frame for frame in frames if frame[:1] == b"\x80"] == [octets for octets in plain if octets[:1] == b"\x80"]
    report = offline.analyze([out])
    assert not any(stream.encrypted for stream in report.streams) and not report.security
    assert {line.profile for each in report.calls[0].descriptions for line in each.media} == {"RTP/AVP"}
    octets = Path(out).read_bytes()
    assert b"a=crypto" not in octets and b"RTP/SAVP" not in octets
    assert report.capture.files[0].comments[0].startswith("The media of this capture were encrypted (SRTP)")


def test_what_is_heard_is_the_same_without_any_key(tmp_path: Path) -> None:
    out, _ = clear(tmp_path, call(KEYS))
    for number, path in enumerate((str(tmp_path / "in.pcap"), out)):
        assert run("media", path, str(tmp_path / f"{number}.wav")).returncode == 0
    assert (tmp_path / "0.wav").read_bytes() == (tmp_path / "1.wav").read_bytes()


def test_keys_alone_write_nothing_in_the_clear(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text(inline(KEYS[0]))
    path, out = captures.story(tmp_path / "in.pcap", call(KEYS)), tmp_path / "out.pcap"
    assert run("normalise", "--keys", str(tmp_path / "keys"), path, str(out)).returncode == 0
    assert out.read_bytes() == Path(path).read_bytes()


def test_a_datagram_that_was_changed_stays_and_is_counted(tmp_path: Path) -> None:
    story = call(KEYS)
    place = [number for number, one in enumerate(story) if len(one[3]) == 182][5]
    time, src, dst, octets = story[place]
    story[place] = time, src, dst, octets[:-9] + b"\0" + octets[-8:]
    out, said = clear(tmp_path, story)
    assert "left as they are: 1 datagrams of SRTP that no key opens" in said
    assert captures.frames(out)[place].endswith(story[place][3])


def test_the_sdp_stays_where_a_stream_stays_encrypted(tmp_path: Path) -> None:
    lines = [f"a=crypto:1 {inline(key)}" for key in KEYS]
    offer, answer = (description(*side, line, media="RTP/SAVP 0") for side, line in zip((A, B), lines, strict=True))
    story = [*dialled(offer, answer), *tone(key=KEYS[0]), *tone(B, A, 78, key=master(first=99)), *hung_up(3500)]
    out, said = clear(tmp_path, story)
    assert "100 datagrams of SRTP that no key opens" not in said  # nothing of that stream is tried
    assert b"RTP/SAVP" in Path(out).read_bytes() and lines[1].encode() in Path(out).read_bytes()


def test_nothing_is_written_where_no_key_fits(tmp_path: Path) -> None:
    for number, story in enumerate((call(), tone(key=KEYS[0]))):
        path = captures.story(tmp_path / f"{number}.pcap", story)
        done = run("normalise", "--decrypt", path, str(tmp_path / "out"))
        assert done.returncode == 2 and b"no key opens any SRTP in it" in done.stderr
    assert sorted(os.listdir(tmp_path)) == ["0.pcap", "1.pcap"]


def test_a_session_of_webrtc_is_opened_with_its_control(tmp_path: Path) -> None:
    capture, out = ROOT / "tests" / "data" / "tls" / "dtls_srtp_gcm.pcap", str(tmp_path / "out.pcapng")
    done = run("normalise", "--decrypt", "--keys", str(capture.with_suffix(".keys")), str(capture), out)
    assert done.returncode == 0
    report = offline.analyze([out])
    assert not any(stream.encrypted for stream in report.streams)
    assert sum(each.clear for each in report.protection) and not sum(each.encrypted for each in report.protection)


def test_a_capture_of_pcapng_gets_the_comment_in_its_section(tmp_path: Path) -> None:
    path, out = captures.pcapng(tmp_path / "in.pcapng", call(KEYS)), str(tmp_path / "out.pcapng")
    assert run("normalise", "--decrypt", path, out).returncode == 0
    assert offline.analyze([out]).capture.files[0].comments[0].startswith("The media of this capture")


def test_packets_that_offload_holds_together_are_all_written_in_the_clear(tmp_path: Path) -> None:
    frames: dict[str, list[bytes]] = {}
    for name, keys in (("clear", None), ("sealed", KEYS)):
        story = sorted(call(keys) if keys else call(), key=lambda one: one[0])
        media = [one for one in story if one[3][:1] == b"\x80" and one[1] == A]
        first, rest = media[0], media[1:]
        size = 1 + 1480 // len(first[3])
        joined = [
            (each[0], each[1], each[2], b"".join(part[3] for part in rest[at : at + size]))
            for at, each in enumerate(rest) if at % size == 0
        ]
        told = [one for one in story if one not in rest] + joined
        path = captures.story(tmp_path / f"{name}.pcap", told)
        frames[name] = captures.frames(path)
    out = str(tmp_path / "out.pcapng")
    done = run("normalise", "--decrypt", str(tmp_path / "sealed.pcap"), out)
    assert done.returncode == 0
    # Numbers that do not follow one another, and what fits into a frame of Ethernet, are nothing that offload made.
    places = [number for number, each in enumerate(frames["sealed"]) if len(each) > 1522 and step(each[42:])]
    after = captures.frames(out)
    assert len(places) > 2 and [after[place][42:] for place in places] == [
        frames["clear"][place][42:] for place in places]
