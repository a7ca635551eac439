"""`muxshark media`: the sound of a call, in the clear and under SRTP, sample by sample."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from dissectors.media import aac, decoders, latm
from tests import captures
from tests.clips import PACKERS, clip, codec
from tests.command_line import CALL, ROOT, run
from tests.protected import inline, master
from tests.rewriting.test_split import TWO
from tests.sounds import call, channels, encoded, samples, tone, tones
from tests.stories import A, B, C, Story, description, dialled, hung_up, rtp, talk

PYAV = pytest.mark.skipif(not decoders.available(), reason="PyAV is an extra")
KEYS = master("AES_CM_128_HMAC_SHA1_32", 1), master("AES_CM_128_HMAC_SHA1_32", 2)
GCM = master("AEAD_AES_256_GCM", 1), master("AEAD_AES_256_GCM", 2)
CALLER = [*samples(0, 30 * 160), *[0] * 1600, *samples(40 * 160, 60 * 160)]
CALLEE = [*[0] * 4000, *samples(0, 75 * 160)]


def written(tmp_path: Path, story: Story, *words: str) -> tuple[str, str, int]:
    """The file that the command makes of a story, what it says, and its exit status."""
    path, out = captures.story(tmp_path / "in.pcap", story), str(tmp_path / "out.wav")
    done = run("media", *words, path, out)
    assert done.stdout == b""
    return out, done.stderr.decode(), done.returncode


@pytest.mark.parametrize(
    ("keys", "packed"), [(None, bytes), (KEYS, bytes), (GCM, zlib.compress)], ids=["clear", "SDES", "compressed SDES"]
)
def test_both_directions_of_a_call_are_heard_where_they_were(
    tmp_path: Path, keys: tuple | None, packed: Callable[[bytes], bytes]  # type: ignore[type-arg]  # two keys
) -> None:
    out, said, status = written(tmp_path, call(keys, packed))
    assert status == 0 and said.startswith(f"muxshark: {out}: 2.00 s of caller and callee, 8,000 samples a second\n")
    assert channels(out) == (8000, [CALLER, CALLEE])
    if keys:
        assert said.count("datagrams verified and decrypted with a key of " + keys[0].suite.name) == 2
        assert "0x0000004D from 198.51.100.1:16402: 90 datagrams verified" in said


def test_one_source_is_one_channel(tmp_path: Path) -> None:
    for words in (("--ssrc", "78"), ("--ssrc", "0x4e", "--call", "1")):
        out, _, status = written(tmp_path, call(), *words, "--force")
        assert status == 0 and channels(out) == (8000, [CALLEE[4000:]])


def test_a_datagram_that_was_changed_is_silence_and_is_counted(tmp_path: Path) -> None:
    story = call(KEYS)
    place = [number for number, one in enumerate(story) if len(one[3]) == 176][5]
    time, src, dst, octets = story[place]
    story[place] = time, src, dst, octets[:-9] + b"\0" + octets[-8:]
    out, said, status = written(tmp_path, story)
    assert status == 0 and "1 datagrams fit no key: silence" in said
    _, (caller, _) = channels(out)
    assert caller[:800] == CALLER[:800] and caller[800:960] == [0] * 160 and caller[960:] == CALLER[960:]


@pytest.mark.parametrize(
    "form",
    [
        lambda key: json.dumps({key.suite.name: {"key_hex": (key.key + key.salt).hex()}}),
        lambda key: f"a=crypto:1 {inline(key)}\n",
        lambda key: f'"0x0000004d","{key.suite.name}","{key.key.hex()}","{key.salt.hex()}"\n',
    ],
    ids=["JSON", "inline", "rows"],
)
def test_keys_come_from_a_file_also_where_nobody_signals(tmp_path: Path, form: Callable[[object], str]) -> None:
    (tmp_path / "wrong").write_text(f"a=crypto:1 {inline(master(first=99))}\n")
    (tmp_path / "right").write_text(form(KEYS[0]))
    named = ["--keys", str(tmp_path / "wrong"), "--keys", str(tmp_path / "right")]
    out, said, status = written(tmp_path, tone(key=KEYS[0], payload_type=96), "--rtpmap", "96=PCMU/8000", *named)
    assert status == 0 and "100 datagrams verified" in said and channels(out)[1] == [samples(0, 16000)]


def test_nothing_is_written_where_no_key_fits_or_there_is_none(tmp_path: Path) -> None:
    (tmp_path / "wrong").write_text(inline(KEYS[1]))
    story = tone(key=KEYS[0])
    _, said, status = written(tmp_path, story, "--keys", str(tmp_path / "wrong"))
    assert status == 2 and "100 datagrams fit no key" in said
    _, said, status = written(tmp_path, story)
    assert status == 2 and "is encrypted, and there is no key: name a file with --keys" in said
    assert sorted(os.listdir(tmp_path)) == ["in.pcap", "wrong"]


def test_streams_of_one_side_at_once_are_not_mixed(tmp_path: Path) -> None:
    out, said, status = written(tmp_path, [*call(), *tone(ssrc=79, start=1030, count=60, first=9)])
    assert status == 0 and channels(out)[1] == [CALLER, CALLEE]
    assert "0x0000004F from 198.51.100.1:16402 is left out: it is sent at the same time as 0x0000004D" in said


def linear(rate: int) -> Story:
    """A call of one second whose caller sends L16 at this rate."""
    announced = description(*A, f"a=rtpmap:96 L16/{rate}", media="RTP/AVP 96")
    answered = description(*B, f"a=rtpmap:96 L16/{rate}", media="RTP/AVP 96")
    return [*dialled(announced, answered), *talk(payload_type=96, seconds=1, step=320, size=640)]


def test_linear_samples_have_the_rate_that_sdp_says(tmp_path: Path) -> None:
    out, _, status = written(tmp_path, linear(16000))
    assert status == 0 and channels(out) == (16000, [[0] * 16000] * 2)


def test_what_is_not_decoded_is_named(tmp_path: Path) -> None:
    def said(story: Story) -> str:
        _, text, status = written(tmp_path, story)
        assert status == 2
        return text

    assert "G728: only PCMU, PCMA, L16, OPUS, G722, GSM, G729, G723, G726-16, " in said(talk(payload_type=15))
    assert "payload type 96, whose codec nobody says: name it with --rtpmap" in said(talk(payload_type=96))
    assert "2 streams have sound and are of no call: name one with --ssrc (0x0000004D, 0x0000004E)" in said(
        [*talk(), *talk(B, C, 78)]
    )
    assert "L16 with 4,294,967,295 samples a second: only" in said(linear(4_294_967_295))
    assert "2 calls have sound: name one with --call (1, 2)" in said(TWO)


def test_a_file_that_exists_is_kept_and_standard_output_gets_the_octets(tmp_path: Path) -> None:
    path, out = captures.story(tmp_path / "in.pcap", call()), tmp_path / "out.wav"
    out.write_bytes(b"mine")
    assert run("media", path, str(out)).returncode == 2 and out.read_bytes() == b"mine"
    assert run("media", "--force", path, str(out)).returncode == 0
    assert run("media", "-", "-", input=Path(path).read_bytes()).stdout == out.read_bytes()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((CALL,), "OUT is missing"),
        (("--call", "9", CALL, "{}/out"), "no call '9'"),
        (("--ssrc", "7", CALL, "{}/out"), "no stream has the SSRC 0x00000007"),
        (("--ssrc", "z", CALL, "{}/out"), "'z' is not an SSRC"),
        (("--rtpmap", "96=vorbis/8000", CALL, "{}/out"), "codecs are PCMU, PCMA, L16, OPUS"),
        ((str(ROOT / "pcaps" / "bad-day.pcap"), "{}/out"), "calls have sound: name one with --call"),
        ((CALL, CALL, "--force"), "is the capture that is read"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    done = run("media", *(word.format(tmp_path) for word in words))
    assert done.returncode == 2 and done.stdout == b""
    assert said in done.stderr.decode() and done.stderr.count(b"\n") == 1
    assert os.listdir(tmp_path) == []


def test_a_missing_library_is_said(tmp_path: Path) -> None:
    (tmp_path / "cryptography").mkdir()
    path = captures.story(tmp_path / "in.pcap", call(KEYS))
    (tmp_path / "cryptography" / "__init__.py").write_text("raise ModuleNotFoundError('cryptography')\n")
    done = run("media", path, str(tmp_path / "out.wav"), PYTHONPATH=str(tmp_path))
    assert done.returncode == 2 and b"pip install 'muxshark[tls]'" in done.stderr


def test_a_call_of_webrtc_is_heard_with_the_key_log_of_its_dtls(tmp_path: Path) -> None:
    capture, out = ROOT / "tests" / "data" / "tls" / "dtls_srtp_cm.pcap", tmp_path / "out.wav"
    done = run("media", "--keys", str(capture.with_suffix(".keys")), str(capture), str(out))
    verified = b"datagrams verified and decrypted with a key of AES_CM_128_HMAC_SHA1_80"
    assert done.returncode == 0 and done.stderr.count(verified) == 2
    rate, sides = channels(str(out))
    for side in sides:
        heard = side[1600:7200]
        crossings = sum(one < 0 <= two for one, two in zip(heard, heard[1:], strict=False))
        assert rate == 8000 and abs(crossings - 440 * 0.7) <= 2 and 8000 < max(heard) < 10000
    assert run("media", str(capture), str(tmp_path / "other.wav")).returncode == 2


def test_a_missing_decoder_is_said_in_one_line(tmp_path: Path) -> None:
    path, out = captures.story(tmp_path / "in.pcap", talk(payload_type=9)), str(tmp_path / "out.wav")
    code = "import sys; from dissectors.media import decoders; decoders.available = lambda: False; "
    code += "from dissectors.cli import main; sys.exit(main())"
    done = subprocess.run([sys.executable, "-c", code, "media", path, out], capture_output=True, cwd=ROOT, check=False)
    assert done.returncode == 2 and b"G722 needs the package av: pip install 'muxshark[media]'" in done.stderr
    assert done.stderr.count(b"\n") == 1


def g722(count: int = 100) -> Story:
    """A call whose caller sends silence as G.722, and in its middle one datagram twice."""
    story = dialled(description(*A, media="RTP/AVP 9"), description(*B, media="RTP/AVP 9"))
    sent = talk(payload_type=9, seconds=count // 50)
    return [*story, *sent, sent[50]]


@PYAV
@pytest.mark.parametrize(
    "name", ["AMR aligned", "AMR-WB in twos", "AAC-ELD by its config", "G726-24", "SPEEX at 16000"]
)
def test_the_parameters_of_sdp_say_how_a_codec_is_read(tmp_path: Path, name: str) -> None:
    sound, payloads, _ = tones()[name]
    clock = sound.clock or sound.rate
    step = clock // 50 * (2 if name in ("AMR aligned", "AMR-WB in twos") else 1)
    lines = [f"a=rtpmap:96 {sound.codec}/{clock}", *([f"a=fmtp:96 {sound.parameters}"] if sound.parameters else [])]
    media = [rtp(number, 77, 96, number * step, payload) for number, payload in enumerate(payloads)]
    sent = [(1020 + number * 1000 * step / clock, A, B, octets) for number, octets in enumerate(media)]
    story = [*dialled(description(*A, *lines, media="RTP/AVP 96"), description(*B, *lines, media="RTP/AVP 96")), *sent]
    out, said, status = written(tmp_path, story)
    assert status == 0 and "cannot be decoded" not in said
    rate, (caller, callee) = channels(out)
    late = caller[len(caller) // 3 :]
    assert rate == sound.rate and not any(callee)
    assert abs(len(caller) - len(payloads) * step * rate // clock) <= rate // 50
    assert abs(sum(one < 0 <= two for one, two in zip(late, late[1:], strict=False)) / len(late) * rate - 440) < 8


def video(name: str, *lines: str) -> Story:
    """A call whose callee sends a clip, beside a tone of its own."""
    said = f"a=rtpmap:96 {codec(name)}/90000", *lines
    picture = "\r\n".join(("m=video 16404 RTP/AVP 96", *said))
    offer, answer = (description(*side, picture, media="RTP/AVP 0") for side in (A, B))
    return [*dialled(offer, answer), *tone(B, A, 78, start=1520, count=60, first=9),
            *clip(name, (B[0], 16404), (A[0], 16404)), *hung_up(3500)]


def told_by_ffmpeg(path: str) -> list[list[object]]:
    """Of each track its codec, and how many frames FFmpeg decodes; of video when they are shown."""
    code = (
        "import av, json, sys\nfound = []\nfor number in range(len(av.open(sys.argv[1]).streams)):\n"
        "    file = av.open(sys.argv[1]); stream = file.streams[number]\n"
        "    frames = [f for f in file.decode(stream)]\n"
        "    found.append([stream.codec_context.codec.canonical_name, len(frames), [round(float(f.time), 2) for f in "
        "frames][:20], stream.metadata.get('title')])\nprint(json.dumps(found))"
    )
    found: list[list[object]] = json.loads(subprocess.check_output([sys.executable, "-c", code, path]))
    return found


@PYAV
@pytest.mark.parametrize("name", list(PACKERS))
def test_a_picture_opens_with_its_sound_and_every_frame(tmp_path: Path, name: str) -> None:
    path, out = captures.story(tmp_path / "in.pcap", video(name)), str(tmp_path / "out.mkv")
    done = run("media", path, out)
    said = done.stderr.decode()
    assert done.returncode == 0 and "12 frames, 2 of them key frames" in said and "left out" not in said
    picture, sound = told_by_ffmpeg(out)
    assert picture[0] == {"H265": "hevc"}.get(codec(name), codec(name).lower()) and picture[1] == 12
    assert picture[2] == [round(number / 10, 2) for number in range(12)] and str(picture[3]).startswith("callee")
    assert sound[0] == "pcm_s16le" and sound[1] == 85 and sound[3] == "sound of caller and callee"


@PYAV
def test_a_source_that_changes_its_codec_is_a_track_for_each(tmp_path: Path) -> None:
    lines = "a=rtpmap:96 VP8/90000", "a=rtpmap:97 H264/90000"
    picture = "\r\n".join(("m=video 16404 RTP/AVP 96 97", *lines))
    offer, answer = (description(*side, picture, media="RTP/AVP 0") for side in (A, B))
    ends = (B[0], 16404), (A[0], 16404)
    first = clip("VP8", *ends, first=100)
    second = clip("H264", *ends, start=2220, payload_type=97, first=100 + len(first))
    third = clip("VP8", *ends, start=3420, first=100 + len(first) + len(second))
    path, out = captures.story(tmp_path / "in.pcap", [*dialled(offer, answer), *first, *second, *third,
                                                      *hung_up(5500)]), str(tmp_path / "out.mkv")
    done = run("media", path, out)
    said = done.stderr.decode()
    assert done.returncode == 0 and "VP8, 24 frames, 4 of them" in said and "H.264, 12 frames, 2 of them" in said
    assert "left out" not in said
    one, two = told_by_ffmpeg(out)
    assert (one[0], one[1], one[3]) == ("vp8", 24, "callee, VP8") and two[:2] == ["h264", 12]


@PYAV
def test_what_a_gap_took_from_a_picture_is_told(tmp_path: Path) -> None:
    story = video("H264")
    lost = next(number for number, one in enumerate(story) if one[1][1] == 16404 and one[0] > 1300)
    path, out = captures.story(tmp_path / "in.pcap", [*story[:lost], *story[lost + 1 :]]), str(tmp_path / "out.mp4")
    done = run("media", path, out)
    assert done.returncode == 0 and b"H.264, 11 frames, 2 of them key frames" in done.stderr
    assert b"1 frames are not whole and left out, at 0.30 s" in done.stderr
    assert told_by_ffmpeg(out)[0][0] == "h264"


@PYAV
def test_a_picture_without_a_key_frame_and_one_that_is_not_read_are_refused(tmp_path: Path) -> None:
    def said(story: Story, *words: str) -> bytes:
        done = run("media", *words, captures.story(tmp_path / "in.pcap", story), str(tmp_path / "out.mkv"))
        assert done.returncode == 2 and os.listdir(tmp_path) == ["in.pcap"]
        return done.stderr

    late = [one for one in video("VP8") if not (one[1][1] == 16404 and 1020 <= one[0] < 1120 or one[0] > 1600)]
    assert b"no key frame of VP8: nothing can be shown" in said(late)
    assert b"H263-1998: only H264, H265, VP8, VP9, AV1 are read" in said(
        [(time, src, dst, octets.replace(b"VP8/", b"H263-1998/")) for time, src, dst, octets in video("VP8")]
    )
    assert b"H264 in interleaved mode" in said(video("H264", "a=fmtp:96 packetization-mode=2"))
    assert b"no stream with video is in it" in said(call())


def test_text_is_written_line_by_line_and_repaired(tmp_path: Path) -> None:
    lines = "a=rtpmap:98 t140/1000", "a=rtpmap:99 red/1000", "a=fmtp:99 98/98/98"
    bodies = [description(*side, *lines, media="RTP/AVP 99 98", kind="text") for side in (A, B)]
    words = ["\ufeffHel", "lp", "\b", "o", "", "\u2028", "two", "\x1b[31m"]
    story = dialled(*bodies)
    for number, word in enumerate(words):
        before = [each.encode() for each in ["", "", *words][number : number + 2]]
        heads = b"".join(bytes((0x80 | 98, 0x10, 0x40 | len(each) >> 8, len(each))) for each in before)
        octets = heads + bytes((98,)) + b"".join(before) + word.encode()
        if number not in (1, 5):
            story.append((1020 + 300 * number, A, B, rtp(65533 + number, 77, 99, 300 * number, octets, number == 0)))
    story += [(2000 + 300 * number, B, A, rtp(number, 78, 98, 0, b"yes")) for number in (1, 2, 5)]
    path, out = captures.story(tmp_path / "in.pcap", [*story, *hung_up(9000)]), tmp_path / "out.txt"
    done = run("media", path, str(out))
    assert done.returncode == 0 and b"3 lines of text" in done.stderr
    assert b"2 datagrams were lost and are made up for by later ones" in done.stderr
    assert b"2 datagrams are missing" in done.stderr
    assert out.read_text(encoding="utf-8").splitlines() == [
        "     0.00  caller: Hello", "     1.28  callee: yesyes\ufffdyes", "     1.80  caller: two[31m",
    ]
    assert b"no stream with text" in run("media", CALL, str(tmp_path / "other.txt")).stderr


def test_pages_of_fax_are_refused_by_name(tmp_path: Path) -> None:
    done = run("media", CALL, str(tmp_path / "out.tiff"))
    assert done.returncode == 2 and b"pages of fax (T.38) are not written" in done.stderr


def test_what_a_jitter_buffer_would_have_played_has_holes_with_marks(tmp_path: Path) -> None:
    late = [(time + 100 * (number in (20, 21)), *rest) for number, (time, *rest) in enumerate(tone())]
    out, said, status = written(tmp_path, late, "--as", "received", "--buffer", "60")
    assert status == 0 and "2 datagrams come too late for the buffer: silence" in said
    octets = Path(out).read_bytes()
    assert octets.count(b"labl") == 1 and b"198.51.100.1:16402: 40 ms missing" in octets
    (samples_,) = channels(out)[1]
    assert samples_ == [*samples(0, 20 * 160), *[0] * 320, *samples(22 * 160, 78 * 160)]
    out, said, status = written(tmp_path, late, "--as", "received", "--buffer", "100", "--force")
    assert status == 0 and "too late" not in said and channels(out)[1] == [samples(0, 16000)]
    out, said, status = written(tmp_path, late, "--force")
    assert status == 0 and channels(out)[1] == [samples(0, 16000)] and b"labl" not in Path(out).read_bytes()


def test_keys_are_played_where_they_were_pressed(tmp_path: Path) -> None:
    lines = "a=rtpmap:101 telephone-event/8000",
    story = dialled(*(description(*side, *lines, media="RTP/AVP 0 101") for side in (A, B)))
    sent = tone(first=1, count=100)
    for number in range(40, 50):
        event = bytes((5, 10 | 0x80 * (number == 49))) + (160 * (number - 39)).to_bytes(2, "big")
        sent[number] = (sent[number][0], A, B, rtp(1 + number, 77, 101, 160 * 40, event, number == 40))
    found = {}
    for words in ((), ("--tones",)):
        out, _, status = written(tmp_path, [*story, *sent, *hung_up(4000)], *words, "--force")
        assert status == 0
        found[words] = channels(out)[1][0][40 * 160 : 50 * 160]
    assert not any(found[()]) and max(found["--tones",]) > 9000 and sum(map(bool, found["--tones",])) > 1400


@pytest.mark.parametrize("ending", ["svg", "png"])
def test_a_picture_of_the_sound_is_drawn(tmp_path: Path, ending: str) -> None:
    if ending == "png":
        pytest.importorskip("PIL")
    path, out = captures.story(tmp_path / "in.pcap", call()), tmp_path / f"out.{ending}"
    done = run("media", "--picture", path, str(out))
    assert done.returncode == 0 and b"2.00 s of caller and callee" in done.stderr
    octets = out.read_bytes()
    assert octets.startswith(b"<svg" if ending == "svg" else b"\x89PNG") and len(octets) < 600_000
    if ending == "svg":
        assert b"caller: 0x0000004D from 198.51.100.1:16402 (PCMU)" in octets and b">0.20 s<" in octets
    done = run("media", "--picture", path, str(tmp_path / "out.wav"))
    assert done.returncode == 2 and b"a picture ends in .svg or .png" in done.stderr


def test_a_container_that_is_not_written_is_refused(tmp_path: Path) -> None:
    done = run("media", CALL, str(tmp_path / "out.webm"))
    assert done.returncode == 2 and b"only WAV is written, and .mkv and .mp4 for video" in done.stderr


@PYAV
def test_what_only_sometimes_decodes_is_no_sound(tmp_path: Path) -> None:
    done = run("media", CALL, str(tmp_path / "out.wav"))
    assert done.returncode == 2 and b"datagrams cannot be decoded" in done.stderr and not os.listdir(tmp_path)


def test_a_form_that_is_not_read_is_refused_by_name(tmp_path: Path) -> None:
    lines = "a=rtpmap:96 AMR/8000", "a=fmtp:96 octet-align=1; interleaving=30"
    story = [*dialled(description(*A, *lines, media="RTP/AVP 96"), description(*B, *lines, media="RTP/AVP 96")),
             *talk(payload_type=96, seconds=1)]
    _, said, status = written(tmp_path, story)
    assert status == 2 and "AMR with interleaving: only PCMU" in said


@PYAV
def test_g722_has_twice_the_samples_of_its_clock(tmp_path: Path) -> None:
    out, said, status = written(tmp_path, g722())
    assert status == 0 and "16,000 samples a second" in said
    rate, (caller, callee) = channels(out)
    assert rate == 16000 and len(caller) == 32000 and not any(callee)


@PYAV
def test_a_codec_that_is_decoded_follows_the_rate_of_one_that_is_a_table(tmp_path: Path) -> None:
    story = [*dialled(description(*A, media="RTP/AVP 0 9"), description(*B, media="RTP/AVP 0 9")), *talk(seconds=1),
             *talk(B, A, 78, payload_type=9, seconds=1)]
    out, said, status = written(tmp_path, story)
    assert status == 0 and channels(out)[0] == 8000 and "cannot be decoded" not in said


@PYAV
def test_what_no_decoder_takes_is_silence_and_is_counted(tmp_path: Path) -> None:
    bodies = b"\xf8\xff\xfe", b"\xff" * 33
    story = [(time, src, dst, octets[:12] + bodies[number % 2]) for number, (time, src, dst, octets) in enumerate(
        talk(payload_type=96, seconds=2, step=960)
    )]
    out, said, status = written(tmp_path, story, "--rtpmap", "96=opus/48000/2")
    assert status == 0 and "50 datagrams cannot be decoded: silence" in said and channels(out)[0] == 48000


def coded(name: str, *, lost: int = -1) -> Story:
    """A stream of one of the tones, whose payload type SDP describes."""
    sound, payloads, _ = tones()[name]
    lines = [f"a=rtpmap:96 {sound.codec}/{sound.clock}", f"a=fmtp:96 {sound.parameters}"]
    sent = [(1020 + 20 * number, A, B, rtp(65530 + number, 77, 96, 480 * number, payload))
            for number, payload in enumerate(payloads) if number != lost]
    return [*dialled(*(description(*side, *lines, media="RTP/AVP 96") for side in (A, B))), *sent]


def test_payloads_are_written_as_they_were_sent(tmp_path: Path) -> None:
    path = captures.story(tmp_path / "in.pcap", tone(key=GCM[0], lost=lambda number: number == 5))
    out, keys = tmp_path / "out.raw", tmp_path / "keys.txt"
    keys.write_text(f"a=crypto:1 {inline(GCM[0])}\n", encoding="utf-8")
    done = run("media", "--keys", str(keys), path, str(out))
    assert done.returncode == 0 and b"99 payloads of PCMU, 15,840 bytes, not decoded" in done.stderr
    assert b"99 datagrams verified" in done.stderr and b"1 datagrams are missing, and nothing stands" in done.stderr
    assert out.read_bytes()[:3200] == b"".join(encoded(160 * number) for number in range(21) if number != 5)
    changed = [(*one[:3], one[3] if number % 50 else one[3][:1] + b"\x65" + one[3][2:])
               for number, one in enumerate(tone())]
    done = run("media", "--force", captures.story(tmp_path / "in.pcap", changed), str(out))
    assert b"98 payloads of PCMU" in done.stderr and b"2 datagrams of other payload types are left out" in done.stderr
    both = run("media", "--force", captures.story(tmp_path / "in.pcap", call()), str(out))
    assert both.returncode == 2 and b"such a file has one stream: name it with --ssrc (0x0000004D" in both.stderr


def test_sbr_that_no_decoder_knows_is_written_to_latm(tmp_path: Path) -> None:
    name, config = "AAC-ELD by its config", b"f8ec31a0"
    story = [(*one[:3], one[3].replace(b"f8ec3000", config)) for one in coded(name, lost=3)]
    out = tmp_path / "out.latm"
    done = run("media", captures.story(tmp_path / "in.pcap", story), str(out))
    units = [each for number, payload in enumerate(tones()[name][1]) if number != 3
             for each in aac.units(payload, "MPEG4-GENERIC", {})]
    assert done.returncode == 0 and b"19 payloads of MPEG4-GENERIC" in done.stderr
    assert b"1 datagrams are missing" in done.stderr
    assert out.read_bytes() == b"".join(latm.element(bytes.fromhex(config.decode()), unit) for unit in units)
    done = run("media", captures.story(tmp_path / "in.pcap", call()), "--ssrc", "77", str(tmp_path / "other.latm"))
    assert done.returncode == 2 and b"PCMU is no AAC: name OUT .raw" in done.stderr


@PYAV
def test_ffmpeg_opens_what_is_written_to_latm(tmp_path: Path) -> None:
    out = tmp_path / "out.loas"
    path = captures.story(tmp_path / "in.pcap", coded("MP4A-LATM"))
    assert run("media", path, str(tmp_path / "out.latm")).returncode == 0
    (tmp_path / "out.latm").rename(out)
    assert told_by_ffmpeg(str(out))[0][:2] == ["aac_latm", 9]
