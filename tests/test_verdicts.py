"""The verdicts on streams of known kind: the program that asks for many of them, and its table."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from dissectors.report import Randomness
from tests.verdicts import __main__ as verdicts
from tests.verdicts.encoded import PCM, a_law
from tests.verdicts.streams import CLEAR, Known


def test_a_few_streams_of_each_kind_are_judged_rightly(tmp_path: Path) -> None:
    kinds = Counter[tuple[bool, str]]()
    for stream in verdicts.streams(3, 40, seconds=1.5, encoders=False):
        told = verdicts.judged(stream, tmp_path / "one.pcap")
        if told is not None:
            assert not verdicts.wrong(stream, told.verdict), (stream.name, told)
            kinds[stream.encrypted, told.verdict] += 1
    assert kinds[True, "compatible with encryption"] > 3 and kinds[False, "not encrypted"] > 3


def test_the_same_seed_makes_the_same_streams() -> None:
    one, two = ([*verdicts.streams(5, 6, seconds=0.3, encoders=False)] for _ in range(2))
    assert one == two


def test_what_is_wrong_is_said_and_ends_in_a_status(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    known = Known("PCMU, in the clear", f"{PCM}, {CLEAR}", False, [])
    monkeypatch.setattr(verdicts, "streams", lambda seed, count: iter([known]))
    told = Randomness("compatible with encryption", "it is so", 10, 3000, 7.9)
    monkeypatch.setattr(verdicts, "judged", lambda stream, path: told)
    assert verdicts.main(["--seed", "1"]) == 1
    said = capsys.readouterr().out
    assert "seed 1" in said and f"| {PCM}, {CLEAR} | 0 | 1 | 0 |" in said and "1 wrong" in said
    monkeypatch.setattr(verdicts, "judged", lambda stream, path: None)
    monkeypatch.setattr(verdicts, "streams", lambda seed, count: iter([known]))
    assert verdicts.main(["--seed", "1"]) == 0 and "1 too short" in capsys.readouterr().out


def test_a_law_is_what_the_decoder_reads() -> None:
    from dissectors.media.pcm import A_LAW

    for sample in (*range(-32768, 32768, 371), -1, 0, 1, 32767):
        heard = int.from_bytes(A_LAW[a_law(sample)], "little", signed=True)
        assert abs(heard - sample) <= max(16, abs(sample) / 16)
