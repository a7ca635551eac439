"""Static payload types are those of the RFC, and hints are for whom they are known."""

from __future__ import annotations

import pytest

from dissectors.protocols import payload_types

# Payload types without rtpmap.


def test_static_payload_types_are_certain_whoever_sends_them() -> None:
    for facetime in (False, True):
        assert payload_types.hint(0, facetime) == payload_types.Hint("PCMU", 8000, None, "certain", "RFC 3551")
        assert payload_types.hint(9, facetime) == payload_types.Hint("G722", 8000, None, "certain", "RFC 3551")
        assert payload_types.hint(18, facetime) == payload_types.Hint("G729", 8000, 80, "certain", "RFC 3551")


def test_the_static_table_is_that_of_the_rfc() -> None:
    audio = [number for number, row in payload_types.STATIC.items() if row.kind == "audio"]
    others = [number for number, row in payload_types.STATIC.items() if row.kind != "audio"]
    assert (audio, others) == ([0, *range(3, 19)], [25, 26, 28, 31, 32, 33, 34])
    assert {payload_types.STATIC[number].clock for number in others} == {90000}
    assert payload_types.STATIC[10] == payload_types.Static("L16", "audio", 44100, 2)


@pytest.mark.parametrize(
    ("payload_type", "codec", "clock", "samples", "certainty"),
    [
        (104, "AAC-ELD with SBR", 24000, 480, "high"),
        (105, "AAC-ELD", 22050, 480, "medium"),
        (106, "AAC-ELD with SBR", 16000, 480, "high"),
        (121, None, 16000, None, "high"),
        (123, "H.264", 90000, None, "high"),
    ],
)
def test_facetimes_payload_types_are_hints_for_facetime_alone(
    payload_type: int, codec: str | None, clock: int, samples: int | None, certainty: str
) -> None:
    found = payload_types.hint(payload_type, facetime=True)
    assert found is not None
    assert (found.codec, found.clock, found.samples, found.certainty) == (codec, clock, samples, certainty)
    assert found.source
    assert payload_types.hint(payload_type, facetime=False) is None


@pytest.mark.parametrize("payload_type", [1, 2, 19, 24, 72, 124, 127])
def test_what_is_not_known_is_not_guessed(payload_type: int) -> None:
    assert payload_types.hint(payload_type, facetime=True) is None
