"""What a message begins of which nothing needs to be read as long as it goes well."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dissectors.analysis.calls.exchange import Exchange
from dissectors.analysis.calls.offers import Reading
from dissectors.analysis.calls.talk import INVITE, Talk, begun
from dissectors.mux.entry import Entry
from dissectors.protocols.sip_usual import OPTIONS, REGISTER, described
from dissectors.wire.inflate import Limits

if TYPE_CHECKING:
    from dissectors.protocols.sip_usual import Usual

Waiting = Exchange | Talk
"""What is held unread."""


class Begun:
    """Begins what is held unread; bodies are inflated within `limits`."""

    def __init__(self, limits: Limits) -> None:
        self._reading = Reading(described, limits)

    def __call__(self, entry: Entry, usual: Usual, number: int) -> Waiting | None:
        """What a request begins under a number; None where it has to be read."""
        if usual.method in (REGISTER, OPTIONS):
            return Exchange(entry, usual, number)
        return begun(entry, usual, number, self._reading) if usual.method == INVITE else None
