"""The score of a stream of which datagrams came too late for a jitter buffer: to who listens, these are lost."""

from __future__ import annotations

from dissectors.analysis.streams import emodel
from dissectors.analysis.streams.quality import G723_FRAME_UNITS, heard_missing
from dissectors.report import Payload, Quality, Stream
from dissectors.wire.values import replace


def scored_late(stream: Stream, late: int, runs: int, buffer_ms: int) -> Quality | None:
    """The quality of a stream with so many late datagrams in so many runs; as it was where it has no score, or none."""
    before = stream.quality
    if before is None or before.mos is None or not late or "long gaps" in before.basis:
        return before
    known = _impairment(stream)
    if known is None:
        return before
    counted = f"{late:,} packets too late for a jitter buffer of {buffer_ms} ms"
    if known.bpl is None:
        why = f"not defined for {known.name} with loss, as {counted} are: no Bpl is published for it"
        return replace(before, mos=None, r_factor=None, basis=why)
    expected = stream.packets + stream.lost - stream.miscounted
    lost = heard_missing(stream.lost - stream.miscounted, stream.repair) + late
    loss, ratio = 100 * lost / expected, emodel.burst_ratio(lost, expected, before.loss_runs + runs)
    r = emodel.r_factor(known, loss, ratio, before.delay_ms)
    basis = f"{before.basis}; with {counted}, {loss:.2f} % loss, burst ratio {ratio:.2f}"
    return replace(before, mos=round(emodel.mos(r, known.wide), 3), r_factor=round(r, 2), basis=basis)


def _impairment(stream: Stream) -> emodel.Impairment | None:
    """The published values of its codec."""
    main = max(stream.payloads, key=lambda each: each.packets, default=None)
    frame = stream.timing.frame if stream.timing else None
    return emodel.impairment(stream.codec, lambda: _frame(main, frame), lambda units: _payload(main, frame, units))


def _frame(main: Payload | None, frame: int | None) -> float | None:
    return main.largest * G723_FRAME_UNITS / frame if main is not None and frame else None


def _payload(main: Payload | None, frame: int | None, units: int) -> float | None:
    return main.largest if main is not None and frame == units else None
