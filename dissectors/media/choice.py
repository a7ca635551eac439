"""Which streams of a report are heard, on which channel, and what of them can be decoded."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from dissectors.analysis.calls.media_lines import OTHER_SIDE
from dissectors.media.codecs import DECODED, otherwise, partly
from dissectors.media.decoders import LACKING
from dissectors.media.pcm import CODECS, Sound
from dissectors.media.sounds import Named, sealed, sounds_of
from dissectors.report import Report, Stream
from dissectors.wire.datagram import endpoint
from dissectors.wire.values import Struct, replace

OVERLAP_SECONDS = 1.0


class NoSound(Exception):
    """There is nothing to hear, or it is not clear what: one line for people."""


class Heard(Struct, frozen=True):
    """A stream that is heard: its position in the report, its side, and how its payload types sound.

    `encrypted` says that its payloads are no sound before they are opened; `lacking` names what is not decoded.
    """

    position: int
    side: str
    sounds: dict[int, Sound]
    encrypted: bool
    lacking: tuple[str, ...] = ()


class Choice(Struct, frozen=True):
    """What goes into one file: the streams, the names of the channels, the rate, and what people should know."""

    heard: tuple[Heard, ...]
    sides: tuple[str, ...]
    rate: int
    notes: tuple[str, ...]


def choose(
    report: Report, call: int | None, ssrc: int | None, named: Named, seen: Collection[int] = ()
) -> Choice:
    """The sound of a call by its position, of a source, or of the only one that there is; raises NoSound.

    `seen` are the positions of streams that are known to have none.
    """
    positions, call = _candidates(report, call, ssrc)
    found = [_heard(report, position, named) for position in positions if position not in seen]
    heard = [each for each in found if each.sounds]
    if not heard:
        raise NoSound(_nothing(report, found))
    heard, rate = _at_one_rate(heard)
    heard, sides = _sided(report, heard, call)
    kept, notes = _apart(report, heard)
    notes += [f"{name(report.streams[each.position])}: {what}{'' if what.endswith(LACKING) else ' is not decoded'}"
              for each in found if each.sounds for what in each.lacking]
    notes += [f"{name(report.streams[each.position])}: {what} is not heard; an OUT that ends in .latm keeps it"
              for each in kept for what in dict.fromkeys(map(partly, each.sounds.values())) if what]
    notes += [f"{name(report.streams[each.position])}: some phones send {sound.codec} in the other order of bits: "
              f"if it sounds rough, say --rtpmap {number}={other}/8000"
              for each in kept for number, sound in each.sounds.items() if (other := otherwise(sound))]
    notes += [f"{name(report.streams[each.position])} is left out: {', '.join(each.lacking) or 'no payloads'}"
              for each in found if not each.sounds]
    return Choice(tuple(kept), sides, rate, tuple(notes))


def _at_one_rate(heard: Sequence[Heard]) -> tuple[list[Heard], int]:
    """The streams with one number of samples a second: that of the codecs that are tables, for the others follow."""
    sounds = [sound for each in heard for sound in each.sounds.values()]
    rates = sorted({sound.rate for sound in sounds if sound.codec in CODECS})
    if len(rates) > 1:
        raise NoSound(f"the streams have {' and '.join(f'{rate:,}' for rate in rates)} samples a second: "
                      "name one with --ssrc")
    rate = rates[0] if rates else max(sound.rate for sound in sounds)
    return [
        replace(each, sounds={number: replace(sound, rate=rate) for number, sound in each.sounds.items()})
        for each in heard
    ], rate


def _sided(report: Report, heard: list[Heard], call: int | None) -> tuple[list[Heard], tuple[str, ...]]:
    """The streams with their sides, and the sides: of a call both, else those that send, which must be peers."""
    if call is None:
        sides = tuple(dict.fromkeys(each.side for each in heard))
        if len(sides) > 1 and any(_receiver(report, each) not in sides for each in heard):
            raise NoSound(f"{len(heard)} streams have sound and are of no call: name one with --ssrc "
                          f"({_ssrcs(report, [each.position for each in heard])})")
        return heard, sides
    known = {end: side for each in heard if each.side in OTHER_SIDE
             for end, side in ((_sender(report, each), each.side), (_receiver(report, each), OTHER_SIDE[each.side]))}
    sided = []
    for each in heard:
        side = each.side if each.side in OTHER_SIDE else known.setdefault(_sender(report, each), "caller")
        known.setdefault(_receiver(report, each), OTHER_SIDE[side])
        sided.append(replace(each, side=side))
    return sided, tuple(OTHER_SIDE)


def _sender(report: Report, heard: Heard) -> str:
    stream = report.streams[heard.position]
    return endpoint(stream.src, stream.sport)


def _receiver(report: Report, heard: Heard) -> str:
    stream = report.streams[heard.position]
    return endpoint(stream.dst, stream.dport)


def name(stream: Stream) -> str:
    """A stream for people."""
    return f"0x{stream.ssrc:08X} from {endpoint(stream.src, stream.sport)}"


def _candidates(report: Report, call: int | None, ssrc: int | None) -> tuple[list[int], int | None]:
    """The positions of the streams that may be meant, and the call that they are of."""
    if ssrc is not None:
        found = [number for number, stream in enumerate(report.streams)
                 if stream.ssrc == ssrc and call in (None, stream.call)]
        if not found:
            raise NoSound(f"no stream has the SSRC 0x{ssrc:08X}; there are "
                          f"{_ssrcs(report, range(len(report.streams))) or 'none at all'}")
        return found, None
    if call is None:
        calls = [number for number, each in enumerate(report.calls)
                 if any(_audio(report.streams[position]) for position in each.streams)]
        if len(calls) > 1:
            numbers = ", ".join(report.number_of(number) for number in calls[:8])
            raise NoSound(f"{len(calls)} calls have sound: name one with --call ({numbers}"
                          f"{', …' if len(calls) > 8 else ''})")
        call = calls[0] if calls else None
    if call is not None:
        found = [position for position in report.calls[call].streams if _audio(report.streams[position])]
        if not found:
            raise NoSound(f"call {report.number_of(call)} has no stream with sound")
        return found, call
    found = [number for number, stream in enumerate(report.streams) if _audio(stream)]
    if not found:
        raise NoSound("no stream with sound is in it")
    return found, None


def _audio(stream: Stream) -> bool:
    return stream.kind in (None, "audio")


def _ssrcs(report: Report, positions: Iterable[int]) -> str:
    found = list(dict.fromkeys(f"0x{report.streams[position].ssrc:08X}" for position in positions))
    return ", ".join(found[:8]) + (", …" if len(found) > 8 else "")


def _heard(report: Report, position: int, named: Named) -> Heard:
    stream = report.streams[position]
    sounds, lacking = sounds_of(report, stream, named)
    side = stream.sender or endpoint(stream.src, stream.sport)
    return Heard(position, side, sounds, stream.encrypted or sealed(stream, sounds), lacking)


def _nothing(report: Report, found: Sequence[Heard]) -> str:
    """Why nothing can be heard."""
    codecs = dict.fromkeys(what for each in found for what in each.lacking)
    unknown = [what for what in codecs if what.startswith("payload type")]
    if unknown:
        return f"{', '.join(codecs)}: name it with --rtpmap, as in 96=PCMU/8000"
    missing = [what for what in codecs if what.endswith(LACKING)]
    if missing:
        return missing[0]
    if codecs:
        return f"{', '.join(codecs)}: only {', '.join((*CODECS, *DECODED))} are decoded"
    return "no stream has sound"


def _apart(report: Report, heard: Sequence[Heard]) -> tuple[list[Heard], list[str]]:
    """The streams of each side that do not speak at once, those with most datagrams first; what is left out is said."""
    kept: list[Heard] = []
    notes: list[str] = []
    for each in sorted(heard, key=lambda one: -report.streams[one.position].packets):
        stream = report.streams[each.position]
        over = next((other for other in kept if other.side == each.side
                     and _together(stream, report.streams[other.position]) > OVERLAP_SECONDS), None)
        if over is None:
            kept.append(each)
        else:
            notes.append(f"{name(stream)} is left out: it is sent at the same time as "
                         f"{name(report.streams[over.position])}")
    return sorted(kept, key=lambda one: report.streams[one.position].first), notes


def _together(one: Stream, two: Stream) -> float:
    """For how many seconds two streams were sent at once."""
    return min(one.last, two.last) - max(one.first, two.first)
