"""The E-model keeps its marks, and codecs cost what is published."""

from __future__ import annotations

import pytest

from dissectors.analysis.streams.emodel import (
    AMR_WB,
    CODECS,
    G711_CONCEALED,
    burst_ratio,
    delay_impairment,
    mos,
    r_factor,
    wide_delay_impairment,
)
from tests.stories import A, B, description, dialled, only, report, rtp, talk


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


def test_the_wideband_model_keeps_its_marks() -> None:
    assert mos(129, wide=True) == 4.5 and mos(128, wide=True) == pytest.approx(4.494, abs=0.0005)
    assert mos(116, wide=True) == pytest.approx(4.3371, abs=0.0005)
    assert mos(88, wide=True) == pytest.approx(3.5123, abs=0.0005) and mos(0, wide=True) == 1
    assert wide_delay_impairment(100) == 0 and wide_delay_impairment(400) == pytest.approx(24.1, abs=0.5)
    assert r_factor(AMR_WB[61], 0, 1, 100) == 121 == r_factor(AMR_WB[62], 0, 1, 0)


@pytest.mark.parametrize(
    ("encoding", "octets", "step", "score"),
    [
        ("AMR-WB/16000", (33,), 320, 4.337), ("AMR-WB/16000", (34,), 320, 4.337), ("AMR-WB/16000", (18,), 320, 3.512),
        ("AMR-WB/16000", (61, 7), 320, 4.421), ("AMR-WB/16000", (33, 61), 320, None),
        ("AMR-WB/16000", (66,), 640, None),
        ("G722/8000", (160,), 160, 4.337), ("G722/8000", (140,), 160, None), ("opus/48000/2", (80,), 960, None),
        ("EVS/16000", (33,), 320, None),
    ],
)
def test_wideband_is_scored_on_its_own_scale(
    encoding: str, octets: tuple[int, ...], step: int, score: float | None
) -> None:
    ends = (description(*end, f"a=rtpmap:98 {encoding}", media="RTP/AVP 98") for end in (A, B))
    told = [(1020 + 20 * n * (2 if step == 640 else 1), A, B, rtp(n, 77, 98, step * n, bytes(octets[n % len(octets)])))
            for n in range(200)]
    (stream,) = report([*dialled(*ends), *told]).streams
    assert stream.quality is not None
    assert stream.quality.mos == (None if score is None else pytest.approx(score, abs=0.001))
    assert stream.quality.scale == ("narrowband" if score is None else "wideband")
    assert stream.quality.basis.startswith("not defined" if score is None else "Wideband E-model for")
    (stream,) = report([*dialled(*ends), *told[:90], *told[95:]]).streams
    assert stream.quality is not None and stream.quality.mos is None


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
