"""Whether a sender falls silent by itself."""

from __future__ import annotations

from dissectors.findings.negotiation.payload_types import COMFORT_NOISE
from dissectors.report import Stream

MIN_SHARE = 0.02
"""Who is silent for more than this share of its time may have had nothing to say when it stopped."""


def pauses(stream: Stream) -> bool:
    """Whether a sender falls silent by itself, so that it may have had nothing to say."""
    return bool(stream.timing and (stream.timing.silence or 0) > MIN_SHARE)


def ends_in_noise(stream: Stream) -> bool:
    """Whether the last that a sender sent was comfort noise: it said that it falls silent (RFC 3389)."""
    latest = max(stream.payload_types, key=lambda phase: phase.last, default=None)
    return latest is not None and str(latest.payload_type) in COMFORT_NOISE
