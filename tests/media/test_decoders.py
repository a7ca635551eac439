"""Codecs that PyAV decodes: in a process of its own, within limits; what ends that process ends no more."""

from __future__ import annotations

import random
import subprocess
import sys
from array import array

import pytest

from dissectors.media import apart, decoders, worker
from dissectors.media.codecs import DECODED
from dissectors.media.decoders import Worker
from dissectors.media.pcm import Sound
from tests.sounds import tones

PYAV = pytest.mark.skipif(not decoders.available(), reason="PyAV is an extra")
G722 = Sound("G722", 16000, clock=8000)
REPLY = "import struct, sys; o = sys.stdout.buffer; o.write(b'R'); o.flush()"


def scripted(code: str) -> Worker:
    """A worker that does this instead."""
    return Worker((sys.executable, "-c", f"{REPLY}\n{code}"))


def test_a_process_that_dies_is_begun_again_a_few_times() -> None:
    with scripted("sys.stdin.buffer.read(1)") as mortal:
        assert [mortal.samples(1, G722, bytes(160)) for _ in range(6)] == [None] * 6
        assert mortal.deaths == decoders.MAX_DEATHS and mortal.process is None


def test_a_payload_that_takes_too_long_ends_its_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "MAX_SECONDS", 0.2)
    with scripted("import time; time.sleep(3600)") as slow:
        assert slow.samples(1, G722, bytes(160)) is None
        assert slow.deaths == 1


def test_a_reply_that_is_too_long_is_not_taken() -> None:
    with scripted("sys.stdin.buffer.read(1); o.write(b'\\0\\xff\\xff\\xff'); o.flush(); sys.stdin.read()") as liar:
        assert liar.samples(1, G722, bytes(160)) is None and liar.deaths == 1


def test_the_process_imports_nothing_of_the_package_and_not_scapy() -> None:
    code = (
        f"import runpy, sys; runpy.run_path({worker.__file__!r}); "
        "print([name for name in sys.modules if name.split('.')[0] in ('dissectors', 'scapy')])"
    )
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@PYAV
@pytest.mark.parametrize(
    ("codec", "payload", "samples"),
    [("OPUS", b"\xf8\xff\xfe", 960), ("G722", bytes(160), 320), ("GSM", b"\xd0" + bytes(32), 160),
     ("G729", bytes(20), 160), ("G723", bytes(24), 240)],
)
def test_frames_have_their_samples(codec: str, payload: bytes, samples: int) -> None:
    with Worker() as process:
        for _ in range(3):
            found = process.samples(7, Sound(codec, DECODED[codec].rate or 8000), payload)
            assert found is not None and len(found) == 2 * samples
        assert process.deaths == 0


@PYAV
@pytest.mark.parametrize("name", list(tones()))
def test_each_codec_gives_back_what_was_encoded(name: str) -> None:
    """A tone of 440 Hz, or a voice, at about the level that it had, and as long as its timestamps say."""
    sound, payloads, peak = tones()[name]
    with Worker() as process:
        found = [process.samples(7, sound, payload) for payload in payloads]
    assert None not in found
    heard = array("h", b"".join(each or b"" for each in found))
    late = heard[len(heard) // 3 :]
    assert peak * 0.7 < max(late) < peak * 1.4
    if peak > 5000:
        crossings = sum(one < 0 <= two for one, two in zip(late, late[1:], strict=False))
        assert abs(crossings / len(late) * sound.rate - 440) < 8


@PYAV
def test_any_octets_leave_the_process_alive_or_are_silence() -> None:
    chance = random.Random(1)
    with Worker() as process:
        for number, (sound, payloads, _) in enumerate(tones().values()):
            for _ in range(60):
                octets = bytearray(chance.choice(payloads))
                for _ in range(chance.randrange(1, 9)):
                    octets[chance.randrange(len(octets))] = chance.randrange(256)
                process.samples(number, sound, bytes(octets))
                process.samples(number, sound, chance.randbytes(chance.randrange(1, 300)))
        assert process.deaths == 0


@PYAV
def test_many_streams_do_not_fill_the_memory_of_the_process() -> None:
    with Worker() as process:
        for number in range(400):
            assert process.samples(number, Sound("OPUS", 48000), b"\xf8\xff\xfe") is not None
        assert process.deaths == 0


@PYAV
@pytest.mark.skipif(sys.platform != "linux", reason="the bounds of another process are asked of Linux")
def test_the_process_has_a_bound_of_memory() -> None:
    import resource

    with Worker() as process:
        process.samples(1, G722, bytes(160))
        assert process.process is not None
        assert resource.prlimit(process.process.pid, resource.RLIMIT_AS)[0] == worker.MAX_MEMORY
