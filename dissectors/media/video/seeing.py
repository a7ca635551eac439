"""The chosen streams of video as frames: opened where they are encrypted, repaired, put in order.

Law of this file: a stream that changes its codec is one track for each of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from tempfile import TemporaryFile
from typing import IO

from dissectors.crypto.srtp import Source
from dissectors.crypto.srtp_keys import MasterKey
from dissectors.media.choice import name
from dissectors.media.received import Received
from dissectors.media.video.choice import Seen
from dissectors.media.video.codecs import CLOCK
from dissectors.media.video.container import Lane
from dissectors.media.video.film import Film
from dissectors.queries.decrypted import Openers
from dissectors.queries.payloads import Taken
from dissectors.report import Report

MAX_GAPS_TOLD = 8
NUMBER_OCTETS = 2
"""The number of a datagram that is sent again, before its payload (RFC 4588 section 4)."""


class Seeing:
    """Puts datagrams together to frames."""

    def __init__(
        self, report: Report, seen: Sequence[Seen], keys: Mapping[int, Sequence[MasterKey]], stack: ExitStack, zero: int
    ) -> None:
        self._report, self._seen = report, {each.position: each for each in seen}
        file: IO[bytes] = stack.enter_context(TemporaryFile())
        openers = Openers()
        self.films: dict[tuple[int, str], Film] = {}
        self._received: dict[int, Received] = {}
        self._repaired: dict[int, int] = {}
        self._codec: dict[int, str] = {}
        for each in seen:
            for codec in each.codecs.values():
                if (each.position, codec.name) not in self.films:
                    film = Film(codec, file, zero, each.configuration.get(codec.name, b""))
                    self.films[each.position, codec.name] = film
                    self._codec.setdefault(each.position, codec.name)
            for position in (each.position, *each.repairs):
                source = Source(openers.of(keys.get(position, ())))
                self._received[position] = Received(source, each.encrypted)
            self._repaired.update(dict.fromkeys(each.repairs, each.position))

    def take(self, taken: Taken) -> None:
        """Take a datagram."""
        position = taken.stream
        message = self._received[position].message(taken)
        if message is None:
            return
        payload, sequence, number = message.payload, message.sequence, message.payload_type
        if position in self._repaired:
            position = self._repaired[position]
            sequence, payload = int.from_bytes(payload[:NUMBER_OCTETS], "big"), payload[NUMBER_OCTETS:]
            again = self._seen[position].again.get(number)
            codec = again.name if again else self._codec[position]
        elif number in self._seen[position].codecs:
            codec = self._codec[position] = self._seen[position].codecs[number].name
        else:
            return
        if payload:
            self.films[position, codec].add(sequence, message.timestamp, taken.time, message.marker, payload)

    def finish(self) -> None:
        """Take what still waits."""
        for film in self.films.values():
            film.finish()

    def lanes(self) -> list[Lane]:
        """The tracks of the file: those of streams that have a key frame."""
        return [
            Lane(f"{self._seen[position].side}, {film.codec.name}", CLOCK, film.codec.format, film.sample,
                 film.packets())
            for (position, _), film in self.films.items() if film.frames
        ]

    def told(self) -> Iterator[str]:
        """What people should know of each stream."""
        for (position, codec), film in self.films.items():
            who, received = name(self._report.streams[position]), self._received[position]
            first = codec == next(iter(self._seen[position].codecs.values())).name
            yield from (f"{who}: {line}" for line in received.opened() if first)
            yield f"{who}: {self._frames(film)}"
            yield from (f"{who}: {line}: left out" for line in received.left_out() if first)
            if film.before:
                yield f"{who}: {film.before:,} frames before the first key frame are left out"
            if film.broken:
                moments = ", ".join(f"{gap:.2f}" for gap in film.gaps[:MAX_GAPS_TOLD])
                more = ", …" if len(film.gaps) > MAX_GAPS_TOLD else ""
                yield f"{who}: {film.broken:,} frames are not whole and left out, at {moments}{more} s"

    @staticmethod
    def _frames(film: Film) -> str:
        keys = sum(frame.key for frame in film.frames)
        if not film.frames:
            return f"no key frame of {film.codec.name}: nothing can be shown"
        return f"{film.codec.name}, {len(film.frames):,} frames, {keys:,} of them key frames"
