"""Payloads are cut into the frames that decoders take, and what cannot be cut is refused."""

from __future__ import annotations

import pytest

from dissectors.media.codecs import DECODED, partly, refusal, words
from dissectors.media.pcm import Sound
from dissectors.wire.errors import Malformed


@pytest.mark.parametrize(
    ("codec", "payload", "frames"),
    [
        ("GSM", bytes(33), [33]), ("GSM", bytes(66), [33, 33]), ("G729", bytes(20), [10, 10]),
        ("G729", bytes(12), [10]), ("G729", bytes(2), []), ("G723", bytes(24), [24]),
        ("G723", b"\x01" + bytes(19) + b"\x02" + bytes(3), [20, 4]), ("G723", b"\x03\x00", [1]), ("G723", b"\x01", []),
        ("OPUS", b"\xf8" * 9, [9]), ("G722", b"", []), ("ILBC", bytes(50), [50]), ("ILBC", bytes(76), [38, 38]),
        ("AAC-ELD", bytes(70), [70]), ("SPEEX", bytes(28), [28]),
    ],
)
def test_a_payload_is_cut_into_its_frames(codec: str, payload: bytes, frames: list[int]) -> None:
    assert [len(each) for each in DECODED[codec].frames(Sound(codec, 8000), payload)] == frames


def test_a_mode_of_ilbc_is_asked_only_where_both_fit() -> None:
    both = bytes(38 * 25)
    assert len(DECODED["ILBC"].frames(Sound("ILBC", 8000, parameters="mode=20"), both)) == 25
    assert len(DECODED["ILBC"].frames(Sound("ILBC", 8000, parameters="mode=30"), both)) == 19
    assert len(DECODED["ILBC"].frames(Sound("ILBC", 8000, parameters="mode=30"), bytes(38))) == 1
    with pytest.raises(Malformed):
        DECODED["ILBC"].frames(Sound("ILBC", 8000), bytes(39))


def test_a_decoder_is_asked_for_by_names_and_settings() -> None:
    def asked(codec: str, parameters: str | None = None, rate: int = 8000, frame: bytes = bytes(38)) -> str:
        return DECODED[codec].decoder(Sound(codec, rate, clock=rate, parameters=parameters), frame)

    assert asked("G726-24") == "g726le rate=8000 bits_per_coded_sample=3"
    assert asked("AAL2-G726-40") == "g726 rate=8000 bits_per_coded_sample=5"
    assert asked("ILBC") == "ilbc rate=8000 block_align=38"
    assert asked("SPEEX", rate=32000) == "speex rate=32000"
    assert asked("AAC-ELD", rate=24000) == "aac rate=24000 extradata=f8ec3000"
    assert asked("MPEG4-GENERIC", "config=1408") == "aac rate=16000 extradata=1408"


@pytest.mark.parametrize(
    ("codec", "parameters", "said"),
    [
        ("AMR", "octet-align=1;interleaving=30", "AMR with interleaving"),
        ("AMR-WB", "octet-align=1; robust-sorting=1", "AMR-WB with sorted bits"),
        ("MP4A-LATM", "cpresent=1", "MP4A-LATM whose configuration is in its payloads"),
        ("MPEG4-GENERIC", "mode=AAC-hbr", "MPEG4-GENERIC: its format parameters have no config"),
        ("MPEG4-GENERIC", "config=zz", "MPEG4-GENERIC: its format parameters have no config"),
        ("AMR", "octet-align=1; robust-sorting=0", None), ("MPEG4-GENERIC", "config=1408", None), ("OPUS", None, None),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(codec: str, parameters: str | None, said: str | None) -> None:
    assert refusal(Sound(codec, 8000, parameters=parameters)) == said


def test_what_sbr_adds_is_said_to_be_missing() -> None:
    with_sbr = "config=f8ec3100"  # the bit behind those of the resilience tools
    assert partly(Sound("AAC-ELD WITH SBR", 24000)) and partly(Sound("MPEG4-GENERIC", 24000, parameters=with_sbr))
    assert not partly(Sound("AAC-ELD", 24000)) and not partly(Sound("MPEG4-GENERIC", 24000, parameters="config=1408"))
    asked = DECODED["MPEG4-GENERIC"].decoder(Sound("MPEG4-GENERIC", 24000, parameters=with_sbr), b"")
    assert not partly(Sound("MPEG4-GENERIC", 24000, parameters=f"config={asked.split('=')[-1]}"))


def test_parameters_are_words_in_small_letters() -> None:
    assert words("Octet-Align=1; mode-set=0,2") == {"octet-align": "1", "mode-set": "0,2"} and words(None) == {"": ""}
