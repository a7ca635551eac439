"""Sound for a page: as much as there is room for, with where something is missing."""

from __future__ import annotations

import io
import subprocess
import sys
import wave
from contextlib import ExitStack
from pathlib import Path

import pytest

from dissectors import offline
from dissectors.crypto.secrets import Secrets
from dissectors.media import clips, decoders, listening
from dissectors.media.clips import Clip
from dissectors.sources.capture import merge, open_capture
from tests import captures
from tests.command_line import CALL, run
from tests.sounds import call
from tests.stories import Story

PYAV = pytest.mark.skipif(not decoders.available(), reason="PyAV is an extra")


def clipped(tmp_path: Path, story: Story) -> tuple[Clip, ...]:
    path = captures.story(tmp_path / "in.pcap", story)
    report = offline.analyze([path])
    with ExitStack() as stack:
        records = merge([stack.enter_context(open_capture(path))])
        listened, _ = listening.listen(report, Secrets(), records, stack)
        return clips.clips(report, listened)


@pytest.fixture
def without_av(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clips, "available", lambda: False)


@pytest.mark.usefixtures("without_av")
def test_a_clip_is_what_was_heard(tmp_path: Path) -> None:
    (one,) = clipped(tmp_path, call())
    assert (one.call_id, one.kind, one.seconds, one.cut_off) == ("one", "audio/wav", 2.0, 0.0)
    with wave.open(io.BytesIO(one.octets)) as file:
        assert (file.getnchannels(), file.getframerate(), file.getnframes()) == (2, 8000, 16000)
    assert one.holes == (("caller", 0.6, pytest.approx(0.2)),)
    (_, caller), (_, callee) = one.sides
    assert len(caller) == clips.SLICES and max(caller) == pytest.approx(0.275, abs=0.01)
    assert not any(caller[121:159]) and not any(callee[:99]) and min(callee[101:]) > 0.1


@pytest.mark.usefixtures("without_av")
def test_what_has_no_room_is_cut_or_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clips, "MAX_OCTETS", 48_000)
    (one,) = clipped(tmp_path, call())
    assert (one.seconds, one.cut_off) == (1.5, 0.5) and len(one.octets) == 48_044
    monkeypatch.setattr(clips, "MAX_OCTETS", 20_000)
    assert clipped(tmp_path, call()) == ()


@PYAV
def test_a_clip_is_opus_where_it_can_be(tmp_path: Path) -> None:
    (one,) = clipped(tmp_path, call())
    assert one.kind == "audio/ogg" and one.octets.startswith(b"OggS") and b"OpusHead" in one.octets
    assert len(one.octets) < 2.1 * clips.CODED_OCTETS
    code = (
        "import av, io, sys; f = av.open(io.BytesIO(sys.stdin.buffer.read())); s = f.streams.audio[0]; "
        "print(s.codec_context.layout.nb_channels, round(sum(x.samples for x in f.decode(s)) / 48000, 1))"
    )
    done = subprocess.run([sys.executable, "-c", code], input=one.octets, capture_output=True, check=True)
    assert done.stdout.split() == [b"2", b"2.0"]


def test_a_page_has_sound_only_where_it_is_asked_for(tmp_path: Path) -> None:
    path, out = captures.story(tmp_path / "in.pcap", call()), tmp_path / "out.html"
    assert run("analyze", "--html", str(out), path).returncode == 0 and b"<audio" not in out.read_bytes()
    assert run("analyze", "--html", str(out), "--force", "--audio", path).returncode == 0
    assert out.read_bytes().count(b"<audio") == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--html", "{}/x.html", "--anonymous", CALL), b"it goes with neither --each nor --anonymous"),
        (("--each", CALL), b"it goes with neither --each nor --anonymous"), (("-",), b"name a file"),
    ],
)
def test_sound_that_cannot_be_had_is_refused(tmp_path: Path, words: tuple[str, ...], said: bytes) -> None:
    done = run("analyze", "--audio", *(word.format(tmp_path) for word in words))
    assert done.returncode == 2 and said in done.stderr
