"""Calls that are legs of one: what a B2BUA or a proxy with Call-IDs of its own makes of a call."""

from __future__ import annotations

from dissectors.report.place import Certainty
from dissectors.wire.values import Struct


class Legs(Struct, frozen=True):
    """Calls that are one call for the people in it, by their positions in the report's list, in order of time.

    `joined_by` is the header that says so (`X-CID`, `Session-ID`, `P-Charging-Vector`), `media` where both announce the
    same endpoint, `numbers and time` where the same people call each other at the same moment. `differ` says in words
    what is not the same on all legs.
    """

    calls: tuple[int, ...]
    joined_by: str
    certainty: Certainty
    differ: tuple[str, ...]
