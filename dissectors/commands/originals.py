"""The messages of a capture as they were written, while it is read: held within a bound, for who wants to see them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

from dissectors.limits.table import Table
from dissectors.mux.table import PROTOCOLS
from dissectors.queries.frames import SIGNALLING
from dissectors.report import Place

if TYPE_CHECKING:
    from dissectors.mux.scan import Batch
    from dissectors.wire.inflate import Limits

MAX_HELD_OCTETS, MAX_HELD_FRAMES = 128 << 20, 400_000
"""Octets of messages that are held, and frames that they are of."""

Message = tuple[str, bytes]
"""A protocol's name, and the octets of one message of it."""


class Originals:
    """Holds the messages of signalling by their frames: of the batches that it `take`s, those that came last.

    With `secrets` texts have the passwords and keys that stand in them; without, a mask in their place.
    """

    def __init__(self, limits: Limits, secrets: bool = False) -> None:
        self._limits, self._secrets = limits, secrets
        self._held: Table[Place, tuple[Message, ...]] = Table(
            "messages to show", MAX_HELD_FRAMES, octets=MAX_HELD_OCTETS
        )

    def take(self, batch: Batch) -> None:
        """Hold the messages of a batch."""
        for entry in batch.entries:
            name = PROTOCOLS[entry.protocol]
            if name in SIGNALLING and entry.strength is not None:
                place = Place(entry.file, entry.frame)
                before = self._held.get(place, ())
                self._held.put(place, (*before, (name, bytes(entry.payload))), sum(len(each[1]) for each in before)
                               + len(entry.payload))

    def written(self, place: Place) -> list[str]:
        """The messages of a frame as lines, the next behind an empty one; none where they are not held."""
        lines: list[str] = []
        for name, payload in self._held.get(place, ()):
            lines += [*([""] if lines else []), *self._lines(name, payload)]
        return lines

    def _lines(self, name: str, payload: bytes) -> Iterator[str]:
        from dissectors.commands.show import bodies_of, head_lines, text_lines
        from dissectors.protocols import sip
        from dissectors.wire.errors import Malformed
        from dissectors.wire.masking import masked_text

        lines: Iterator[str]
        try:
            messages = sip.parse_all(payload, self._limits) if name == "SIP" else []
        except Malformed:
            messages = []
        if messages:
            parts = (
                chain(head_lines(message), *map(text_lines, bodies_of(message, False))) for message in messages
            )
            lines = chain.from_iterable(parts)
        else:
            lines = text_lines(payload)
        return lines if self._secrets else map(partial(masked_text), lines)
