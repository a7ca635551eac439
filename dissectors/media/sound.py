"""The chosen streams of a capture as samples on channels: opened where they are encrypted, decoded, laid out in time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack

from dissectors.crypto.srtp import Source
from dissectors.crypto.srtp_keys import MasterKey
from dissectors.media.buffered import SECOND_NS, Buffer
from dissectors.media.choice import Choice, Heard, name
from dissectors.media.codecs import DECODED
from dissectors.media.decoders import Worker
from dissectors.media.loudness import Loudness
from dissectors.media.pcm import Sound
from dissectors.media.received import Received
from dissectors.media.tones import tone
from dissectors.media.track import Channel, Track
from dissectors.protocols import rtp
from dissectors.queries.decrypted import Openers
from dissectors.queries.payloads import Taken
from dissectors.report import Report

MAX_SEEN = 128
"""Sequence numbers that are remembered of a stream."""


class Tally:
    """What became of a stream's datagrams."""

    __slots__ = ("buffer", "heard", "loudness", "other", "received", "seen", "track", "undecoded")

    def __init__(self, track: Track, received: Received, codec: str, buffer: Buffer | None = None) -> None:
        self.track, self.received, self.loudness = track, received, Loudness(codec)
        self.buffer = buffer
        self.heard = self.other = self.undecoded = 0
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
    """Lays datagrams on the channels of a file that begins at the time `zero` in nanoseconds.

    With a `buffer` of so many milliseconds, what would have come too late for it is counted, and left out unless it is
    `all_played`.
    """

    def __init__(
        self, report: Report, choice: Choice, keys: Mapping[int, Sequence[MasterKey]], stack: ExitStack, zero: int,
        worker: Worker | None = None, buffer: int | None = None, all_played: bool = False,
    ) -> None:
        self._all_played = all_played
        self._report, self._rate, self._zero = report, choice.rate, zero
        self._worker = worker or stack.enter_context(Worker())
        self.channels = [stack.enter_context(Channel()) for _ in choice.sides]
        openers = Openers()
        self._heard = {each.position: each for each in choice.heard}
        self.tallies = {
            each.position: Tally(
                Track(self.channels[choice.sides.index(each.side)], choice.rate, zero),
                Received(Source(openers.of(keys.get(each.position, ()))), each.encrypted),
                next(iter(each.sounds.values())).codec, None if buffer is None else Buffer(buffer),
            )
            for each in choice.heard
        }

    def take(self, taken: Taken) -> None:
        """Lay out a datagram; raises TooLong."""
        self._take(taken, self._heard[taken.stream], self.tallies[taken.stream])

    @property
    def heard(self) -> bool:
        """Whether anything was heard that is more than what a decoder makes of what is none of its own."""
        return any(tally.heard and tally.heard >= tally.undecoded for tally in self.tallies.values())

    def _take(self, taken: Taken, heard: Heard, tally: Tally) -> None:
        message = tally.received.message(taken)
        if message is None:
            return
        sound = heard.sounds.get(message.payload_type)
        if sound is None:
            tally.other += 1
            return
        position = tally.track.place(message.sequence, message.timestamp, taken.time, sound.clock)
        in_time = tally.buffer is None or tally.buffer.plays(taken.time, position, self._rate)
        if not in_time and not self._all_played:
            return
        samples = self._samples(taken.stream, sound, message, tally)
        if samples is not None:
            tally.heard += 1
            tally.track.lay(message.sequence, position, samples)
            tally.loudness.add(taken.time, taken.place, samples, sound.rate)

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

    def dial(self) -> int:
        """Lay the tones of the keys that were pressed over what there is; how many there are. Raises TooLong."""
        count = 0
        for position, tally in self.tallies.items():
            for each in self._report.streams[position].digits:
                samples = tone(each.digit, each.duration_ms, self._rate)
                tally.track.over(int((each.time * 1e9 - self._zero) * self._rate // SECOND_NS), samples)
                count += bool(samples)
        return count

    def told(self) -> list[str]:
        """What people should know of each stream."""
        return [line for position, tally in self.tallies.items() for line in self._told(position, tally)]

    def _told(self, position: int, tally: Tally) -> Iterable[str]:
        who = name(self._report.streams[position])
        yield from (f"{who}: {line}" for line in tally.received.opened())
        yield from (f"{who}: {line}: silence" for line in tally.received.left_out())
        if tally.undecoded:
            yield f"{who}: {tally.undecoded:,} datagrams cannot be decoded: silence"
        if tally.buffer is not None and tally.buffer.late:
            yield f"{who}: {tally.buffer.late:,} datagrams come too late for the buffer: silence"
        if tally.track.jumps:
            yield f"{who}: {tally.track.jumps:,} jumps of the timestamp are not followed"
