"""Codecs that PyAV decodes: in a process of its own, within limits; what ends that process ends no more."""

from __future__ import annotations

import subprocess
import sys

import pytest

from dissectors.media import decoders, worker
from dissectors.media.decoders import DECODED, Worker

PYAV = pytest.mark.skipif(not decoders.available(), reason="PyAV is an extra")
REPLY = "import struct, sys; o = sys.stdout.buffer; o.write(b'R'); o.flush()"


def scripted(code: str) -> Worker:
    """A worker that does this instead."""
    return Worker((sys.executable, "-c", f"{REPLY}\n{code}"))


@pytest.mark.parametrize(
    ("codec", "payload", "frames"),
    [
        ("GSM", bytes(33), [33]), ("GSM", bytes(66), [33, 33]), ("G729", bytes(20), [10, 10]),
        ("G729", bytes(12), [10]), ("G729", bytes(2), []), ("G723", bytes(24), [24]),
        ("G723", b"\x01" + bytes(19) + b"\x02" + bytes(3), [20, 4]), ("G723", b"\x03\x00", [1]), ("G723", b"\x01", []),
        ("OPUS", b"\xf8" * 9, [9]), ("G722", b"", []),
    ],
)
def test_a_payload_is_cut_into_its_frames(codec: str, payload: bytes, frames: list[int]) -> None:
    assert [len(each) for each in DECODED[codec].frames(payload)] == frames


def test_a_process_that_dies_is_begun_again_a_few_times() -> None:
    with scripted("sys.stdin.buffer.read(1)") as mortal:
        assert [mortal.samples(1, "G722", 16000, bytes(160)) for _ in range(6)] == [None] * 6
        assert mortal._deaths == decoders.MAX_DEATHS and mortal._process is None


def test_a_payload_that_takes_too_long_ends_its_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoders, "MAX_SECONDS", 0.2)
    with scripted("import time; time.sleep(3600)") as slow:
        assert slow.samples(1, "G722", 16000, bytes(160)) is None
        assert slow._deaths == 1


def test_a_reply_that_is_too_long_is_not_taken() -> None:
    with scripted("sys.stdin.buffer.read(1); o.write(b'\\0\\xff\\xff\\xff'); o.flush(); sys.stdin.read()") as liar:
        assert liar.samples(1, "G722", 16000, bytes(160)) is None and liar._deaths == 1


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
            found = process.samples(7, codec, DECODED[codec].rate, payload)
            assert found is not None and len(found) == 2 * samples
        assert process._deaths == 0


@PYAV
def test_any_octets_leave_the_process_alive_or_are_silence() -> None:
    import random

    chance = random.Random(1)
    with Worker() as process:
        for number, codec in enumerate(DECODED):
            for _ in range(200):
                process.samples(number, codec, DECODED[codec].rate, chance.randbytes(chance.randrange(1, 300)))
        assert process._deaths == 0


@PYAV
def test_many_streams_do_not_fill_the_memory_of_the_process() -> None:
    with Worker() as process:
        for number in range(400):
            assert process.samples(number, "OPUS", 48000, b"\xf8\xff\xfe") is not None
        assert process._deaths == 0


@PYAV
@pytest.mark.skipif(sys.platform != "linux", reason="the bounds of another process are asked of Linux")
def test_the_process_has_a_bound_of_memory() -> None:
    import resource

    with Worker() as process:
        process.samples(1, "G722", 16000, bytes(160))
        assert process._process is not None
        assert resource.prlimit(process._process.pid, resource.RLIMIT_AS)[0] == worker.MAX_MEMORY
