"""Tracks become a file; whatever frames hold, it is that process alone that may die of it."""

from __future__ import annotations

import random
import subprocess
import sys

import pytest

from dissectors.media import apart, decoders, worker_container
from dissectors.media.video import container
from dissectors.media.video.codecs import VIDEO
from dissectors.media.video.container import Lane, Unwritten, written
from dissectors.media.video.film import Packet
from tests.clips import assembled

PYAV = pytest.mark.skipif(not decoders.available(), reason="PyAV is an extra")


def lane(name: str, frames: list[bytes]) -> Lane:
    packets = (Packet(9000 * at, 9000 * at, 9000, at == 0, octets) for at, octets in enumerate(frames))
    return Lane(name, 90000, VIDEO[name].format, VIDEO[name].sample(frames[0]), packets)


def scripted(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """A process that does this instead."""
    begun = f"import sys; o = sys.stdout.buffer; o.write(b'R'); o.flush()\n{code}"
    monkeypatch.setattr(container, "python", lambda script: (sys.executable, "-c", begun))


def test_the_process_imports_nothing_of_the_package_and_not_scapy() -> None:
    code = (
        f"import runpy, sys; runpy.run_path({worker_container.__file__!r}); "
        "print([name for name in sys.modules if name.split('.')[0] in ('dissectors', 'scapy')])"
    )
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize(
    ("code", "said"),
    [("", "FFmpeg could not write"), ("sys.stdin.buffer.read(5)", "FFmpeg could not write"),
     ("sys.stdin.buffer.read(); o.write(b'no such codec')", "no such codec")],
)
def test_a_process_that_dies_or_refuses_is_said(monkeypatch: pytest.MonkeyPatch, code: str, said: str) -> None:
    scripted(monkeypatch, code)
    with pytest.raises(Unwritten, match=said):
        [*written([lane("VP8", [bytes(1 << 20)] * 9)], "matroska")]


def test_a_process_that_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    scripted(monkeypatch, "import time; time.sleep(3600)")
    monkeypatch.setattr(apart, "MAX_SECONDS", 0.2)
    with pytest.raises(Unwritten):
        [*written([lane("VP8", assembled("VP8"))], "matroska")]


@PYAV
def test_several_tracks_are_in_one_file() -> None:
    octets = b"".join(written([lane(name, assembled(name)) for name in VIDEO], "matroska"))
    for letters in (b"V_VP8", b"V_VP9", b"V_AV1", b"V_MPEG4/ISO/AVC", b"V_MPEGH/ISO/HEVC"):
        assert octets.count(letters) == 1


@PYAV
def test_a_codec_that_a_container_does_not_hold_is_said() -> None:
    with pytest.raises(Unwritten, match="does not support"):
        [*written([lane("VP8", assembled("VP8"))], "mp4")]


@PYAV
@pytest.mark.parametrize("name", list(VIDEO))
def test_damaged_frames_are_written_or_refused(name: str) -> None:
    chance, frames = random.Random(name), assembled(name)
    for _ in range(6):
        damaged = [bytearray(frame) for frame in frames]
        for frame in damaged:
            for _ in range(chance.randrange(4)):
                frame[chance.randrange(min(64, len(frame)))] = chance.randrange(256)
        try:
            assert b"".join(written([lane(name, [bytes(frame) for frame in damaged])], "matroska"))
        except Unwritten as error:
            assert str(error)
