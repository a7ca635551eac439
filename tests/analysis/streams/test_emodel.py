"""The E-model keeps its marks, and codecs cost what is published."""

from __future__ import annotations

import pytest

from dissectors.analysis.streams.emodel import CODECS, G711_CONCEALED, burst_ratio, delay_impairment, mos, r_factor
from tests.stories import A, B, description, dialled, only, report, talk


def test_the_model_keeps_its_marks() -> None:
    assert delay_impairment(100) == pytest.approx(2.4) and delay_impairment(277.3) == pytest.approx(6.6552 + 11)
    assert mos(-5) == 1 and mos(120) == 4.5 and mos(93.2) == pytest.approx(4.409, abs=0.001)
    assert r_factor(CODECS["G729"], 0, 1, 0) == pytest.approx(82.2)
    assert burst_ratio(0, 100, 0) == 1 and burst_ratio(20, 1000, 5) == pytest.approx(3.92)


@pytest.mark.parametrize(
    ("encoding", "octets", "every", "r"),
    [
        ("GSM", 33, 20, 70.8),
        ("GSM-EFR", 31, 20, 85.8),
        ("G728", 40, 20, 83.8),
        ("G726-32", 80, 20, 83.8),
        ("G729", 20, 20, 79.8),
        ("G723", 24, 30, 75.8),
        ("G723", 48, 60, 75.8),
        ("G723", 20, 30, 71.8),
        ("iLBC", 38, 20, None),
        ("speex", 38, 20, None),
    ],
)
def test_a_codec_costs_what_is_published_for_it(encoding: str, octets: int, every: int, r: float | None) -> None:
    ends = (description(*end, f"a=rtpmap:98 {encoding}/8000", media="RTP/AVP 98") for end in (A, B))
    told = talk(payload_type=98, size=octets, every=every, step=8 * every)
    (stream,) = report([*dialled(*ends), *told]).streams
    assert stream.quality is not None and stream.quality.r_factor == (None if r is None else pytest.approx(r))
    assert ("not defined" in stream.quality.basis) == (r is None)


@pytest.mark.parametrize(("encoding", "octets", "scored"), [("GSM", 33, False), ("GSM-EFR", 31, True)])
def test_loss_is_scored_only_where_its_cost_is_published(encoding: str, octets: int, scored: bool) -> None:
    ends = (description(*end, f"a=rtpmap:98 {encoding}/8000", media="RTP/AVP 98") for end in (A, B))
    (stream,) = report([*dialled(*ends), *talk(payload_type=98, size=octets, lost=lambda n: n % 50 == 9)]).streams
    assert stream.quality is not None and (stream.quality.mos is not None) == scored
    assert scored or "no Bpl is published" in stream.quality.basis
    with pytest.raises(ValueError, match="no Bpl"):
        r_factor(CODECS["GSM"], 1, 1, 100)


def test_the_score_with_concealment_stands_beside() -> None:
    quality = only(talk(lost=lambda n: n % 50 == 9)).quality
    assert quality is not None and quality.mos is not None
    concealed = mos(r_factor(G711_CONCEALED, 2.02, 1, 100))
    assert concealed > quality.mos + 0.5 and f"{concealed:.2f} if the receiver conceals" in quality.basis
