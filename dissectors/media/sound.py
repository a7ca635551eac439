"""The chosen streams of a capture as samples on channels: opened where they are encrypted, decoded, laid out in time.

Nothing of a stream that is encrypted is heard but what a key was verified for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack

from dissectors.crypto.srtp import Source
from dissectors.crypto.srtp_keys import MasterKey
from dissectors.media.choice import Choice, Heard, name
from dissectors.media.codecs import DECODED
from dissectors.media.decoders import Worker
from dissectors.media.pcm import Sound
from dissectors.media.track import Channel, Track
from dissectors.protocols import rtp
from dissectors.queries.decrypted import Openers
from dissectors.queries.payloads import Taken
from dissectors.report import Report
from dissectors.wire.errors import Malformed

MAX_SEEN = 128
"""Sequence numbers that are remembered of a stream."""


class Tally:
    """What became of a stream's datagrams."""

    __slots__ = ("cut", "heard", "other", "seen", "source", "track", "undecoded", "unread")

    def __init__(self, track: Track, source: Source) -> None:
        self.track, self.source = track, source
        self.heard = self.other = self.unread = self.undecoded = self.cut = 0
        self.seen: dict[int, None] = {}

    def again(self, sequence: int) -> bool:
        """Whether a datagram came before: a decoder with a memory must not get it twice."""
        if sequence in self.seen:
            return True
        self.seen[sequence] = None
        if len(self.seen) > MAX_SEEN:
            del self.seen[next(iter(self.seen))]
        return False


class Sounding:
    """Lays datagrams on the channels of a file."""

    def __init__(
        self, report: Report, choice: Choice, keys: Mapping[int, Sequence[MasterKey]], stack: ExitStack
    ) -> None:
        self._report = report
        self._worker = stack.enter_context(Worker())
        self.channels = [stack.enter_context(Channel()) for _ in choice.sides]
        openers = Openers()
        zero = min(int(report.streams[each.position].first * 1e9) for each in choice.heard)
        self._heard = {each.position: each for each in choice.heard}
        self.tallies = {
            each.position: Tally(
                Track(self.channels[choice.sides.index(each.side)], choice.rate, zero),
                Source(openers.of(keys.get(each.position, ()))),
            )
            for each in choice.heard
        }

    def feed(self, taken: Iterable[Taken]) -> None:
        """Lay out these datagrams; raises TooLong."""
        for each in taken:
            self._take(each, self._heard[each.stream], self.tallies[each.stream])

    def _take(self, taken: Taken, heard: Heard, tally: Tally) -> None:
        octets: bytes | None = taken.octets
        if heard.encrypted:
            if taken.cut:
                tally.cut += 1
                return
            octets = tally.source.open(taken.octets)
            if octets is None:
                return
        try:
            message = rtp.parse(octets or b"")
        except Malformed:
            tally.unread += 1
            return
        sound = heard.sounds.get(message.payload_type)
        if sound is None:
            tally.other += 1
            return
        samples = self._samples(taken.stream, sound, message, tally)
        if samples is not None:
            tally.heard += 1
            tally.track.add(message.sequence, message.timestamp, taken.time, samples, sound.clock)

    def _samples(self, stream: int, sound: Sound, message: rtp.Message, tally: Tally) -> bytes | None:
        """What a payload sounds like; None where it cannot be decoded, and for one that came before."""
        if sound.codec not in DECODED:
            return sound.samples(message.payload)
        if tally.again(message.sequence):
            return None
        number = stream << 7 | message.payload_type
        samples = self._worker.samples(number, sound, message.payload)
        tally.undecoded += samples is None
        return samples

    def told(self) -> list[str]:
        """What people should know of each stream."""
        return [line for position, tally in self.tallies.items() for line in self._told(position, tally)]

    def _told(self, position: int, tally: Tally) -> Iterable[str]:
        who = name(self._report.streams[position])
        for key, count in tally.source.verified.items():
            yield f"{who}: {count:,} datagrams verified and decrypted with a key of {key.suite.name}"
        for count, what in (
            (tally.source.failed, "fit no key"), (tally.source.cryptex, "have an encrypted header (RFC 9335)"),
            (tally.cut, "are cut by the capture and cannot be verified"), (tally.unread, "cannot be read"),
            (tally.undecoded, "cannot be decoded"),
        ):
            if count:
                yield f"{who}: {count:,} datagrams {what}: silence"
        if tally.track.jumps:
            yield f"{who}: {tally.track.jumps:,} jumps of the timestamp are not followed"
