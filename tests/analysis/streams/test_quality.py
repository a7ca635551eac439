"""The score of a stream follows the formulas, and is missing where nothing is published."""

from __future__ import annotations

import pytest

from dissectors.analysis.streams import quality as scores
from dissectors.mux.counters import Counters
from tests.stories import Told, only, receiver_report, report, rtp, sender_report, talk


@pytest.mark.parametrize("share", [0, 20, 10, 5])
def test_the_score_is_the_formulas_for_the_loss_and_the_assumed_delay(share: int) -> None:
    stream = only(talk(lost=lambda n: bool(share) and n % share == 3))
    quality = stream.quality
    assert quality is not None and quality.mos is not None
    loss, ratio = 100 * stream.lost_fraction, max(1.0, 1 - stream.lost_fraction)
    effective = 95 * loss / (loss / ratio + 4.3)
    r = 93.2 - 0.024 * 100 - effective
    expected = 1 + 0.035 * r + 7e-6 * r * (r - 60) * (100 - r) if r > 0 else 1
    assert quality.mos == pytest.approx(expected, abs=0.001)
    assert "100 ms (assumed)" in quality.basis and quality.delay_ms == 100


def test_a_long_round_trip_costs_quality() -> None:
    talked: list[Told] = [*talk(), sender_report(5000), receiver_report(6000, 77, lsr=0x10000, dlsr=0.4)]
    (stream,) = report(talked).streams
    assert stream.quality is not None and stream.quality.delay_ms == pytest.approx(300, abs=1)
    assert stream.quality.mos is not None and stream.quality.mos < 4.1 and "round trip" in stream.quality.basis


def test_codecs_without_values_get_no_score() -> None:
    quality = only(talk(payload_type=104, step=480)).quality
    assert quality is not None and quality.mos is None and "not defined" in quality.basis


@pytest.mark.parametrize("codec", ["PCMU", "G729", "GSM", "opus", None, "G722", "AMR-WB", "G723"])
def test_what_is_remembered_of_streams_without_loss_is_what_is_made_of_each(
    codec: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    counters = Counters(1, 0)
    for number in range(100):
        counters.update(number * 20_000_000, (0, number), rtp(number, 1, 0, number * 160, bytes(160)), 172)
    found = scores.quality(counters, codec, 300.0, True, None)
    monkeypatch.setattr(scores, "of_a_whole_stream", lambda codec, delay: None)
    assert found == scores.quality(counters, codec, 300.0, True, None)
