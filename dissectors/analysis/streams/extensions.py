"""The header extensions of a stream (RFC 8285): named by SDP, or by what their values do, and read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from dissectors.analysis.streams.directory import Joined
from dissectors.analysis.streams.extension_values import Value, Values, values_of
from dissectors.mux.counters import Counters
from dissectors.protocols import rtp_extensions
from dissectors.report import AudioLevels, Delay, HeaderExtension, Orientation
from dissectors.wire.values import Struct

MIN_TIMED, MAX_TIMED_ERROR_NS = 4, 250_000_000
"""So many values must advance as time does, with so much of delay between two, to be absolute send times."""

MIN_COUNTED, MAX_FRAMES_PER_SECOND = 4, 130
MAX_TURNS = 16


class Extended(Struct, frozen=True):
    """The values that were kept by id, in order, and the names of the ids; `announced` are those that SDP names."""

    values: Values
    names: Mapping[int, str]
    announced: frozenset[int]

    def __bool__(self) -> bool:
        return bool(self.values)

    def named(self, name: str) -> Sequence[Value]:
        """The values of the extension with this name."""
        return next((self.values[number] for number in self.values if self.names.get(number) == name), ())

    def id_of(self, name: str) -> int | None:
        """The id of the extension with this name."""
        return next((number for number in self.values if self.names.get(number) == name), None)

    def text(self, name: str) -> str | None:
        """The identifier that an extension with this name carries."""
        return next((found for each in self.named(name) if (found := rtp_extensions.text(each.data))), None)

    def to_report(self) -> tuple[HeaderExtension, ...]:
        """The report's values, by id."""
        return tuple([
            HeaderExtension(number, self.names.get(number), number in self.announced, len(self.values[number][-1].data))
            for number in sorted(self.values)
        ])


NOTHING = Extended({}, {}, frozenset())


def extended(counters: Counters, joined: Joined | None, counting: int | None) -> Extended:
    """What the header extensions of a stream are; `counting` is the id of that with transport-wide numbers."""
    if not counters.extensions and not counters.sampled:
        return NOTHING
    values = values_of(counters)
    announced = {
        each.id: each.name or each.uri
        for line in ((joined.sent, joined.received) if joined else ()) if line is not None
        for each in line.media.extensions
    }
    names = {number: announced[number] for number in values if number in announced}
    for number, found in values.items():
        name = rtp_extensions.TRANSPORT_NUMBER if number == counting else _behaves(found)
        if number not in names and name and name not in announced.values():
            names[number] = name
    return Extended(values, names, frozenset(announced))


def _behaves(values: Sequence[Value]) -> str | None:
    """What an extension is that nobody named, where only one thing does what its values do."""
    timed = [(each.time, sent) for each in values if each.time is not None and (sent := _sent(each)) is not None]
    if len(timed) >= MIN_TIMED and len(timed) == sum(each.time is not None for each in values) and _keeps_time(timed):
        return rtp_extensions.SEND_TIME
    return rtp_extensions.DEPENDENCY_DESCRIPTOR if _counts_frames(values) else None


def _sent(value: Value) -> int | None:
    return rtp_extensions.send_time(value.data)


def _keeps_time(timed: Iterable[tuple[int, int]]) -> bool:
    delays = _unwrapped(timed)
    return max(delays) - min(delays) <= MAX_TIMED_ERROR_NS * 4 and all(
        abs(two - one) <= MAX_TIMED_ERROR_NS for one, two in zip(delays, delays[1:], strict=False)
    )


def _unwrapped(timed: Iterable[tuple[int, int]]) -> list[int]:
    """How long after a common moment each came, in nanoseconds: the wraps of the send time taken out."""
    wrap, delays = rtp_extensions.SEND_TIME_WRAP_NS, list[int]()
    for time, sent in timed:
        delay = time - sent
        if delays:
            delay = delays[-1] + (delay - delays[-1] + wrap // 2) % wrap - wrap // 2
        delays.append(delay)
    return delays


def _counts_frames(values: Sequence[Value]) -> bool:
    """Whether the second and third octet number frames, as a dependency descriptor's do, and the first says its end."""
    numbered = [(each, number) for each in values if (number := rtp_extensions.frame_number(each.data)) is not None]
    if len(numbered) < max(MIN_COUNTED, len(values)) or not any(each.data[0] & 0xC0 for each, _ in numbered):
        return False
    advanced = 0
    for (one, before), (two, after) in zip(numbered, numbered[1:], strict=False):
        step, packets = after - before & 0xFFFF, two.sequence - one.sequence & 0xFFFF
        advanced += step
        if one.time is not None and two.time is not None:
            if step > 1 + MAX_FRAMES_PER_SECOND * (two.time - one.time) / 1e9:
                return False
        elif step > packets:
            return False
    return advanced > 0


def audio_levels(known: Extended) -> AudioLevels | None:
    """The levels that a stream announces of itself, where it does."""
    levels = [found for each in known.named(rtp_extensions.AUDIO_LEVEL) if (found := rtp_extensions.level(each.data))]
    if not levels:
        return None
    values = [each.dbov for each in levels]
    voice = sum(each.voice for each in levels) / len(levels)
    return AudioLevels(len(levels), sum(values) / len(values), max(values), voice)


def orientations(known: Extended, first: int) -> tuple[Orientation, ...]:
    """How pictures are to be turned from when on, as far as it was sampled; the stream began at `first`."""
    turns: list[Orientation] = []
    for each in known.named(rtp_extensions.ORIENTATION):
        found = rtp_extensions.turned(each.data)
        if found is None or len(turns) >= MAX_TURNS:
            continue
        time = (first if each.time is None else each.time) / 1e9
        turn = Orientation(time, found.degrees, found.mirrored, found.back_camera)
        if not turns or (turn.degrees, turn.mirrored, turn.back_camera) != (
            turns[-1].degrees, turns[-1].mirrored, turns[-1].back_camera
        ):
            turns.append(turn)
    return tuple(turns)


def delays(known: Extended) -> tuple[Delay, ...]:
    """How much longer than the fastest the sampled datagrams took, by the sender's clock."""
    values = known.named(rtp_extensions.SEND_TIME)
    timed = [(each.time, sent) for each in values if each.time is not None and (sent := _sent(each)) is not None]
    if len(timed) < 2:
        return ()
    took = _unwrapped(timed)
    least = min(took)
    return tuple([Delay(time / 1e9, (delay - least) / 1e6) for (time, _), delay in zip(timed, took, strict=True)])
