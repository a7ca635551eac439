"""Places in the captures, severities and certainties, for all other values of the report."""

from __future__ import annotations

from typing import Literal

from dissectors.wire.values import Struct

Severity = Literal["error", "warning", "note"]
Certainty = Literal["certain", "high", "medium", "low", "unknown"]


class Place(Struct, frozen=True):
    """One frame of one file."""

    file: int
    frame: int
