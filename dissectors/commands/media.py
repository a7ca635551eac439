"""`muxshark media`: write what was heard in a call to a file that plays."""

from __future__ import annotations

import argparse
import os
import re
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

from dissectors.commands import choosing, inputs

if TYPE_CHECKING:
    from dissectors.crypto.secrets import Secrets
    from dissectors.crypto.srtp_keys import MasterKey
    from dissectors.media.choice import Choice
    from dissectors.media.pcm import Sound
    from dissectors.media.sound import Sounding
    from dissectors.report import Report

HELP = "write what was heard in a call to a WAV file, decrypted where keys fit"
DESCRIPTION = (
    "Write the sound of one call, or of one stream, to the WAV file OUT: both directions of a call on two channels, "
    "every datagram at its timestamp, silence where nothing is. PCMU, PCMA and L16 are decoded, and with the extra "
    "`media` Opus, AMR, AMR-WB, AAC, AAC-ELD, G.722, G.723.1, G.726, G.729, GSM, iLBC and Speex. SRTP is decrypted "
    "with keys of the SDP and of --keys; what no key verifies is silence (docs/media.md)."
)
NO_WAV = (".mp3", ".ogg", ".opus", ".m4a", ".aac", ".flac", ".au", ".raw", ".webm", ".mp4")
RTPMAP = re.compile(r"(\d{1,3})=([\w-]+)/(\d{4,6})(?:/([1-8]))?(?:;(.*))?", re.ASCII)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    parser.add_argument("input", metavar="FILE", help="a capture; - is standard input")
    parser.add_argument("output", metavar="OUT", help="the WAV file to write; - is standard output")
    choosing.add_call(parser, "write one call")
    parser.add_argument("--ssrc", type=source, metavar="SSRC", help="one source: its SSRC, as 0x1234ABCD or decimal")
    parser.add_argument(
        "--rtpmap", action="append", default=[], type=rtpmap, metavar="PT=CODEC/RATE",
        help="what a payload type is that no SDP announces: 96=PCMU/8000, '97=AMR/8000;octet-align=1'; repeatable",
    )
    parser.add_argument("--force", action="store_true", help="replace OUT if it exists")
    inputs.add_reading(parser, shows=False)


def source(text: str) -> int:
    """An SSRC."""
    try:
        number = int(text, 16 if text[:2].lower() == "0x" else 10)
    except ValueError:
        number = -1
    if not 0 <= number < 1 << 32:
        raise argparse.ArgumentTypeError(f"{text!r} is not an SSRC, as 0x1234ABCD")
    return number


def rtpmap(text: str) -> tuple[int, Sound]:
    """`96=PCMU/8000` as a payload type and how it sounds."""
    from dissectors.media.codecs import DECODED
    from dissectors.media.pcm import CODECS, Sound
    from dissectors.media.sounds import RATES

    found = RTPMAP.fullmatch(text)
    if not found or int(found[1]) > 127 or found[2].upper() not in {**CODECS, **DECODED} or int(found[3]) not in RATES:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not of the form 96=PCMU/8000; codecs are {', '.join((*CODECS, *DECODED))}"
        )
    codec, rate = found[2].upper(), int(found[3])
    known = DECODED.get(codec)
    sounding = rate if known is None else known.rate or rate
    clock = None if known is None else known.clock or rate
    return int(found[1]), Sound(codec, sounding, int(found[4] or 1), clock, found[5])


def run(options: argparse.Namespace) -> int:
    """Write the file, and say what is in it."""
    from dissectors import offline
    from dissectors.crypto.secrets import Secrets
    from dissectors.media.choice import NoSound, choose
    from dissectors.media.track import TooLong
    from dissectors.outputs.progress import Progress
    from dissectors.rewriting.output import refuse
    from dissectors.sources.rereadable import rereadable

    refuse(options.output, force=options.force, inputs=[options.input])
    if os.path.splitext(options.output)[1].lower() in NO_WAV:
        raise inputs.Refused(f"{options.output}: only WAV is written; name it .wav, and let FFmpeg or sox convert it")
    given = inputs.keys(options) or Secrets()
    with ExitStack() as stack:
        path = rereadable(stack, options.input)
        with Progress(sys.stderr) as progress:
            report = offline.analyze(
                [path], limits=inputs.limits(options), forced=inputs.forced(options), progress=progress,
                everything=True, keys=given, secrets=True, verify=False,
            )
        try:
            choice = choose(report, call(report, options), options.ssrc, dict(options.rtpmap))
            sounding = listened(report, choice, given, path, stack)
            unheard(choice, sounding)
            inputs.say(inputs.damage(report))
        except (NoSound, TooLong) as refused:
            reason = str(refused) or "the sound is longer than a WAV file holds; name a stream with --ssrc"
            raise inputs.Refused(f"{options.input}: {reason}") from None
        write(choice, sounding, options)
    return 0


def call(report: Report, options: argparse.Namespace) -> int | None:
    """The position of the call that is asked for, if one is."""
    from dissectors.queries.filters import NoFilter
    from dissectors.queries.selection import find_call

    if options.call is None:
        return None
    try:
        return report.calls.index(find_call(report, options.call))
    except NoFilter as refused:
        raise inputs.Refused(f"--call: {refused}") from None


def keys_of(report: Report, choice: Choice, given: Secrets) -> dict[int, list[MasterKey]]:
    """The master keys that may open the chosen streams, by their positions; raises Refused where one has none."""
    from dissectors.crypto import primitives
    from dissectors.media.choice import name
    from dissectors.queries import decrypted

    keys = {each.position: decrypted.keys_of(report, each.position, given) for each in choice.heard if each.encrypted}
    lacking = [report.streams[position] for position, found in keys.items() if not found]
    if lacking and len(lacking) == len(keys):
        raise inputs.Refused(f"{name(lacking[0])} is encrypted, and there is no key: name a file with --keys")
    try:
        primitives.require() if keys else None
    except primitives.NoCryptography as missing:
        raise inputs.Refused(str(missing)) from None
    return keys


def listened(
    report: Report, choice: Choice, given: Secrets, path: str, stack: ExitStack
) -> Sounding:
    """The sound of the chosen streams, out of a second reading of the capture."""
    from dissectors.media.sound import Sounding
    from dissectors.queries.payloads import of_streams
    from dissectors.sources.capture import merge, open_capture

    sounding = Sounding(report, choice, keys_of(report, choice, given), stack)
    records = merge([stack.enter_context(open_capture(path))])
    sounding.feed(of_streams(report, [each.position for each in choice.heard], records))
    return sounding


def unheard(choice: Choice, sounding: Sounding) -> None:
    """Raise NoSound where nothing at all was heard, or only what a decoder makes of what is none of its own."""
    from dissectors.media.choice import NoSound

    if not any(tally.heard and tally.heard >= tally.undecoded for tally in sounding.tallies.values()):
        raise NoSound("; ".join(sounding.told()) or "nothing of it can be heard")


def write(choice: Choice, sounding: Sounding, options: argparse.Namespace) -> None:
    """Write the file."""
    from dissectors.media import wav
    from dissectors.rewriting.output import Output

    with Output(options.output, force=options.force, inputs=[options.input]) as output:
        length = wav.write(sounding.channels, choice.rate, output.write)
    sides = " and ".join(choice.sides)
    inputs.say([
        f"{options.output}: {length / choice.rate:,.2f} s of {sides}, {choice.rate:,} samples a second",
        *sounding.told(), *choice.notes,
    ])
