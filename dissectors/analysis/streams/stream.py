"""RTP streams: which codec and clock apply to each, and the values that people expect."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TypeVar

from dissectors.analysis.calls.descriptions import UNKNOWN_CODEC, Codec, codec_of
from dissectors.analysis.calls.table import MEDIA_MARGIN_NS, RetiredInterval
from dissectors.analysis.streams import clock, quality
from dissectors.analysis.streams.counting import left_out
from dissectors.analysis.streams.digits import EVENT, EVENT_CLOCK, digits, evident
from dissectors.analysis.streams.directory import Joined
from dissectors.analysis.streams.extensions import audio_levels, delays, extended, orientations
from dissectors.analysis.streams.feedback import Told
from dissectors.analysis.streams.frames import shown, video
from dissectors.analysis.streams.gaps import gaps, missed
from dissectors.analysis.streams.marks import marks
from dissectors.analysis.streams.numbering import numbering
from dissectors.analysis.streams.protection import Size, protected
from dissectors.analysis.streams.queues import stalls, swells
from dissectors.analysis.streams.repairs import Repairs
from dissectors.analysis.streams.rtcp import Clocked, Heard
from dissectors.analysis.streams.sender_clock import sender_clock
from dissectors.analysis.streams.silence import silence
from dissectors.mux.counters import CLOCKS, Counters
from dissectors.mux.flows import FlowState
from dissectors.mux.repairs import MAX_LARGE
from dissectors.protocols import payload_types
from dissectors.protocols.rtp_extensions import MID, REPAIRED_RID, RID
from dissectors.report import FeedbackView, KeyFrames, Payload, Phase, Place, Stream
from dissectors.wire.datagram import Flow
from dissectors.wire.values import Struct, replace

MAX_JUMP_SHARE = 0.1
"""Share of packets with timestamp jumps beyond which no jitter is given."""

MIN_TURNS, MAX_PACKETS_A_TURN = 10, 2
"""So often, and with so few datagrams one behind the other, telephone events are sent between sound that goes on."""

EVIDENT_EVENTS = Codec(EVENT, EVENT_CLOCK, None, "medium", "its payloads read as telephone events (RFC 4733)")


Value = TypeVar("Value")


class Said(Struct, frozen=True):
    """What RTCP said of a stream: its receivers' reports, when its source said goodbye, what was asked of it.

    `shared` is what was asked of no source in particular, `transport` counts messages about transport-wide numbers.
    `repairs` are the streams that may repair it, `clocked` its last sender reports.
    """

    heard: Heard | None
    end: int | None
    told: Told | None
    shared: Told | None
    transport: int
    repairs: Repairs
    clocked: Sequence[Clocked]


def flows_of(counters: Counters, flows: Mapping[int, Value]) -> list[Value]:
    """What `flows` holds by number of the flows of a stream, in their order; it belongs to the first of them."""
    return [flows[number] for number in counters.flows if number in flows]


def used_by_retired(
    counters: Counters | FlowState, flow: Flow, *retired: Mapping[tuple[str, int], list[RetiredInterval]]
) -> bool:
    """Whether a stream, or a flow, belonged to a call that was retired since: one of these tables has its end."""
    first, last = counters.first - MEDIA_MARGIN_NS, counters.last + MEDIA_MARGIN_NS
    src, sport, dst, dport, _, _ = flow
    to, whence = (dst, dport), (src, sport)
    for table in retired:
        for end in (to, whence):
            for each in table.get(end, ()):
                if first <= each.end and last >= each.start:
                    return True
    return False


def codec(counters: Counters, joined: Joined | None) -> Codec:
    """The codec of a stream's most frequent payload type, with the clock of the wire where nothing names one."""
    return _codec(counters, joined, main_payload_type(counters))


def _codec(counters: Counters, joined: Joined | None, payload_type: int) -> Codec:
    """The same, given that payload type."""
    found = codec_of(payload_type, None, False) if joined is None else agreed_codec(joined, payload_type)
    if found.clock is not None:
        return found
    seen = clock.inferred(counters)
    if found.name is not None:
        return replace(found, clock=seen.clock, source=f"{found.source}; {seen.why}")
    if payload_type in evident(counters):
        return EVIDENT_EVENTS
    return _habit(counters, payload_type, seen) or Codec(None, seen.clock, None, seen.certainty, seen.why)


def agreed_codec(joined: Joined, payload_type: int) -> Codec:
    """The codec that a payload type has by what a call announced, as far as that says so."""
    found = UNKNOWN_CODEC
    for announced in (joined.received, joined.sent):
        if announced is not None and found.certainty != "certain":
            better = codec_of(payload_type, announced.rtpmaps, joined.call.facetime)
            found = better if better.certainty != "unknown" else found
    return found


def _habit(counters: Counters, payload_type: int, seen: clock.Inferred) -> Codec | None:
    """A codec that FaceTime gives this payload type, where the clock and the frame on the wire are its own too."""
    hint = payload_types.hint(payload_type, True)
    if hint is None or seen.clock is None or hint.samples is None:
        return None
    if (hint.clock, hint.samples) != (seen.clock, clock.frame(counters)):
        return None
    why = f"{seen.why}; FaceTime sends that as type {payload_type}"
    return Codec(hint.codec, seen.clock, None, seen.certainty, why)


def main_payload_type(counters: Counters) -> int:
    """The payload type that most datagrams of a stream carry."""
    return _main(counters.sizes)


def _main(sizes: Mapping[int, Size]) -> int:
    """Of sizes by payload type, the type of which there are most."""
    return next(iter(sizes)) if len(sizes) == 1 else max(sizes, key=lambda payload_type: sizes[payload_type][0])


def is_covered(counters: Counters, joined: Joined | None, keyed: bool) -> bool:
    """Whether a stream is encrypted, as its value says it; `keyed` is what DTLS says."""
    main = counters.sizes[_main(counters.sizes)]
    return protected(counters, codec(counters, joined).name, main, clock.frame(counters), joined, keyed)


def stream(
    counters: Counters, flow: Flow, flows: tuple[int, ...], joined: Joined | None, call: int | None,
    encrypted: bool, said: Said,
) -> Stream:
    """The report's value of one stream; `flows` and `call` are positions in the report's lists."""
    heard, end = said.heard, said.end
    line, step, sizes = clock.slope(counters), clock.frame(counters), counters.sizes
    main = _main(sizes)
    known = _codec(counters, joined, main)
    announced = (joined.received or joined.sent) if joined else None
    rtcp = heard.view(known.clock) if heard else None
    covered = protected(counters, known.name, sizes[main], step, joined, encrypted)
    named, events = _event_types(counters, joined, covered, sizes)
    excused, even, silent = _excused(counters, joined, events), clock.steady(counters, known.clock, line), None
    if known.clock and known.clock != clock.VIDEO_CLOCK and not (events and _between_sound(counters, events)):
        silent = silence(counters, known.clock, known.name, covered, excused)
    timing = clock.timing(counters, known.clock, known.source, line, step, even, silent, excused)
    unseen = gaps(counters, timing.rate or known.clock) if counters.breaks or counters.pauses else ()
    pictures = known.clock == clock.VIDEO_CLOCK or announced is not None and announced.media.kind == "video"
    pictures = pictures or announced is None and known.clock is None and shown(counters)
    mended = said.repairs.of(counters, said.told, joined, pictures, covered)
    numbered = numbering(counters, joined, said.transport) if counters.extensions else None
    carried = extended(counters, joined, numbered.extension if numbered and numbered.counts else None)
    extensions = carried if carried.values else None
    frames = video(counters, known.name, covered, carried) if pictures else None
    packets, lost, expected = counters.packets, counters.lost, counters.expected
    miscounted = left_out(counters, known.name) if lost and timing.real_time and not pictures else 0
    first_place, profiles = Place(*counters.first_frame), counters.profiles
    queued = known.clock if timing.real_time and not pictures and not (even and even.steps) else 0
    # In the order of its fields: to name so many takes time. Those at the end that are named say how streams belong
    # together, or come later.
    return Stream(
        counters.ssrc, flows, flow.src, flow.sport, flow.dst, flow.dport, flow.inside, call,
        joined.by if joined else None, announced.media.kind if announced else None,
        known.name, known.clock, known.certainty, known.source, counters.evidence, covered,
        _phases(counters, first_place),
        packets, counters.octets, counters.first / 1e9, counters.last / 1e9, first_place, Place(*counters.last_frame),
        lost, lost / expected if expected else 0.0, counters.duplicates, counters.reordered,
        counters.restarts - (sum([not gap.counted for gap in unseen]) if unseen else 0),
        counters.largest_gap / 1e6, jitter_ms(counters, counters.jitter, known.clock),
        jitter_ms(counters, counters.maximum_jitter, known.clock),
        tuple([f"0x{profile:04X}" for profile in sorted(profiles)]) if profiles else (),
        rtcp, _payloads(sizes, joined), timing,
        quality.quality(
            counters, known.name, rtcp.round_trip_ms if rtcp else None, timing.real_time is not False, mended,
            *(missed(unseen) if unseen else (0, 0)), miscounted,
        ),
        quality.timeline(counters, known.clock),
        () if covered or not counters.events else digits(counters, events, named, known.clock),
        joined.sender if joined else None, None if end is None else end / 1e9, unseen,
        marks(counters, known.clock or timing.rate, timing.frame, even.steps if even else (), unseen),
        sender_clock(counters, timing.rate, said.clocked) if said.clocked else None,
        _feedback(counters, said, frames.key_frames if frames else None), mended, numbered,
        extensions.to_report() if extensions is not None else (),
        extensions.text(MID) if extensions is not None else None,
        extensions.text(RID) if extensions is not None else None,
        extensions.text(REPAIRED_RID) if extensions is not None else None,
        audio_levels(extensions) if extensions is not None else None,
        orientations(extensions, counters.first) if extensions is not None else (),
        delays(extensions) if extensions is not None else (),
        frames,
        simulcast=_layers(counters, joined), reused=counters.reused,
        reused_place=Place(*counters.first_reused[1]) if counters.first_reused else None,
        copies=counters.copies, sent_twice=counters.sent_twice, miscounted=miscounted,
        swells=swells(counters, queued) if queued else (), stalls=stalls(counters, queued) if queued else None,
    )


def _phases(counters: Counters, first_place: Place) -> tuple[Phase, ...]:
    """Which payload type was sent when; the first place of a stream is that of its first phase, as one value."""
    began = counters.first_frame
    return tuple([
        Phase(number, first / 1e9, last / 1e9, count, first_place if frame == began else Place(*frame))
        for number, first, last, count, frame in counters.phases
    ])


def _layers(counters: Counters, joined: Joined | None) -> tuple[int, ...]:
    """The SSRCs of a simulcast, by the sender's word (RFC 5888's group SIM, as browsers had it)."""
    groups = joined.sent.media.groups if joined is not None and joined.sent is not None else ()
    return next((each.ssrcs for each in groups if each.semantics == "SIM" and counters.ssrc in each.ssrcs), ())


def _feedback(counters: Counters, said: Said, keys: KeyFrames | None) -> FeedbackView | None:
    told = said.told or (Told(said.shared.first, said.shared.last) if said.shared and said.shared.estimates else None)
    if told is None:
        return None
    # Where pictures are of one datagram each, or more large ones came than are kept, their size says nothing.
    pictures = counters.pictures
    large = pictures.large if pictures and pictures.usual and len(pictures.large) < MAX_LARGE else None
    keys = keys if keys is not None and keys.by != "size" else None
    return told.to_report((counters.last - counters.first) / 1e9, large, keys, said.shared)


def _payloads(sizes: Mapping[int, Size], joined: Joined | None) -> tuple[Payload, ...]:
    """The payload types of a stream, the most frequent first."""
    facetime = joined is not None and joined.call.facetime
    lines = [line for line in (joined.received, joined.sent) if line] if joined else []
    found = []
    for payload_type, (packets, octets, smallest, largest) in sizes.items():
        name = None if lines else codec_of(payload_type, None, False).name
        for line in lines:
            if not name:
                name = codec_of(payload_type, line.rtpmaps, facetime).name
        found.append(Payload(payload_type, name or None, packets, octets, smallest, largest))
    if len(found) > 1:
        found.sort(key=lambda payload: -payload.packets)
    return tuple(found)


def event_types(counters: Counters, joined: Joined | None, covered: bool) -> tuple[set[int], set[int]]:
    """The payload types of a stream that the SDP calls telephone-event, and all that are, named or evidently."""
    return _event_types(counters, joined, covered, counters.sizes)


def _event_types(
    counters: Counters, joined: Joined | None, covered: bool, sizes: Mapping[int, Size]
) -> tuple[set[int], set[int]]:
    """The same, given its payloads by type."""
    mapped: dict[int, str] = {}
    for line in (joined.received, joined.sent) if joined else ():
        if line is not None:
            for number in sizes:
                named_so = line.rtpmaps.get(number)
                if named_so is not None:
                    mapped[number] = named_so.encoding
    named = {number for number, encoding in mapped.items() if encoding.lower() == EVENT}
    return named, named if covered or not counters.events else named | (evident(counters) - mapped.keys())


def _excused(counters: Counters, joined: Joined | None, events: set[int]) -> float:
    """Seconds in which the sender said nothing for another reason than silence."""
    excused = _in_events(counters, events)
    if joined is not None and (line := joined.sent or joined.received):
        excused += joined.lines.on_hold(joined.sender, line.media.kind).within(counters.first, counters.last)
    return excused / 1e9


def _in_events(counters: Counters, types: Collection[int]) -> int:
    """For how many nanoseconds telephone events of these payload types were sent: all of one have one timestamp."""
    if not types:
        return 0
    return sum(last - first for payload_type, first, last, _, _ in counters.phases if payload_type in types)


def _between_sound(counters: Counters, types: Collection[int]) -> bool:
    """Whether sound goes on between the datagrams of telephone events (RFC 4733 section 2.5.1), of these types.

    Timestamps then go to and fro, and their steps say nothing of silence.
    """
    turns = sum([each[0] in types for each in counters.phases]) + counters.other_phases // 2
    return turns >= MIN_TURNS and MAX_PACKETS_A_TURN * turns >= sum([counters.sizes[each][0] for each in types])


def jitter_ms(counters: Counters, jitter: list[float], clock: int | None) -> float | None:
    """Interarrival jitter in milliseconds (RFC 3550 section 6.4.1).

    None where the clock is unknown or unusual, and where timestamps follow no clock: they jump all the time.
    """
    if clock not in CLOCKS or counters.jumps > MAX_JUMP_SHARE * counters.packets:
        return None
    return 1000 * jitter[CLOCKS.index(clock)] / clock
