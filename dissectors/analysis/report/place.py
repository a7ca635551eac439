"""Where something stands and how sure it is: what every other value of the report is written with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "note"]
Certainty = Literal["certain", "high", "medium", "low", "unknown"]


@dataclass(frozen=True, slots=True)
class Place:
    """One frame of one file."""

    file: int
    frame: int
