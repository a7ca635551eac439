"""`muxshark media`: write what was heard or seen in a call to a file that plays."""

from __future__ import annotations

import argparse
import os
import re
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

from dissectors.commands import choosing, inputs
from dissectors.commands.media_streams import Asked

if TYPE_CHECKING:
    from dissectors.media.pcm import Sound
    from dissectors.report import Report

HELP = "write what was heard or seen in a call to a file that plays, decrypted where keys fit"
DESCRIPTION = (
    "Write the sound of one call, or of one stream, to the WAV file OUT: both directions of a call on two channels, "
    "every datagram at its timestamp, silence where nothing is. PCMU, PCMA and L16 are decoded, and with the extra "
    "`media` Opus, AMR, AMR-WB, AAC, AAC-ELD, G.722, G.723.1, G.726, G.729, GSM, iLBC and Speex. SRTP is decrypted "
    "with keys of the SDP and of --keys; what no key verifies is silence. An OUT that ends in .mkv or .mp4 gets the "
    "video (H.264, H.265, VP8, VP9, AV1) and the sound beside it, .svg or .png a picture of the sound, .txt the text "
    "that was typed, .raw the payloads of one stream as they were sent, .latm those of AAC for another decoder "
    "(docs/media.md)."
)
NOT_WRITTEN = (".mp3", ".ogg", ".opus", ".m4a", ".aac", ".flac", ".au", ".webm", ".avi", ".mov")
PICTURES_OF_FAX = (".tif", ".tiff")
RTPMAP = re.compile(r"(\d{1,3})=([\w-]+)/(\d{4,6})(?:/([1-8]))?(?:;(.*))?", re.ASCII)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    parser.add_argument("input", metavar="FILE", help="a capture; - is standard input")
    parser.add_argument("output", metavar="OUT", help="the file: .wav, .mkv, .mp4, .txt …; - is standard output")
    choosing.add_call(parser, "write one call")
    parser.add_argument("--ssrc", type=source, metavar="SSRC", help="one source: its SSRC, as 0x1234ABCD or decimal")
    parser.add_argument(
        "--rtpmap", action="append", default=[], type=rtpmap, metavar="PT=CODEC/RATE",
        help="what a payload type is that no SDP announces: 96=PCMU/8000, '97=AMR/8000;octet-align=1'; repeatable",
    )
    parser.add_argument(
        "--as", dest="played", choices=("sent", "received"), default="sent",
        help="sent: every datagram at its timestamp (default); received: what a jitter buffer would have played, what "
        "is late or lost as silence, and marked in the file",
    )
    parser.add_argument(
        "--buffer", type=inputs.positive, default=60, metavar="MS", help="with --as received, how long it is (60)"
    )
    parser.add_argument("--tones", action="store_true", help="play the keys that were pressed (telephone events)")
    parser.add_argument(
        "--picture", action="store_true",
        help="draw the sound, with loss and jitter, over one axis of time; OUT ends in .svg or .png",
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
    from dissectors.media.video.codecs import VIDEO

    found = RTPMAP.fullmatch(text)
    known = {*CODECS, *DECODED, *VIDEO}
    if not found or int(found[1]) > 127 or found[2].upper() not in known or int(found[3]) not in RATES:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not of the form 96=PCMU/8000; codecs are {', '.join((*CODECS, *DECODED, *VIDEO))}"
        )
    codec, rate = found[2].upper(), int(found[3])
    decoded = DECODED.get(codec)
    sounding = rate if decoded is None else decoded.rate or rate
    clock = None if decoded is None else decoded.clock or rate
    return int(found[1]), Sound(codec, sounding, int(found[4] or 1), clock, found[5])


def run(options: argparse.Namespace) -> int:
    """Write the file, and say what is in it."""
    from dissectors import offline
    from dissectors.commands import media_picture, media_raw, media_sound, media_text, media_video
    from dissectors.crypto.secrets import Secrets
    from dissectors.media.choice import NoSound
    from dissectors.media.track import TooLong
    from dissectors.media.video.container import FORMATS
    from dissectors.outputs.progress import Progress
    from dissectors.rewriting.output import refuse
    from dissectors.sources.rereadable import rereadable

    refuse(options.output, force=options.force, inputs=[options.input])
    extension = os.path.splitext(options.output)[1].lower()
    if options.picture and extension not in media_picture.ENDINGS:
        raise inputs.Refused(f"{options.output}: a picture ends in {' or '.join(media_picture.ENDINGS)}")
    if extension in PICTURES_OF_FAX:
        raise inputs.Refused(f"{options.output}: pages of fax (T.38) are not written: no library reads them")
    if extension in NOT_WRITTEN:
        raise inputs.Refused(
            f"{options.output}: only WAV is written, and {' and '.join(FORMATS)} for video; name it .wav, and let "
            "FFmpeg or sox convert it"
        )
    given = inputs.keys(options) or Secrets()
    with ExitStack() as stack:
        path = rereadable(stack, options.input)
        with Progress(sys.stderr) as progress:
            report = offline.analyze(
                [path], limits=inputs.limits(options), forced=inputs.forced(options), progress=progress,
                everything=True, keys=given, secrets=True, verify=False,
            )
        write = {
            ".txt": media_text.write, **dict.fromkeys(FORMATS, media_video.write),
            **dict.fromkeys(media_picture.ENDINGS, media_picture.write),
            **dict.fromkeys(media_raw.ENDINGS, media_raw.write),
        }.get(extension, media_sound.write)
        try:
            said = write(Asked(report, call(report, options), given, path, stack), options)
        except (NoSound, TooLong) as refused:
            reason = str(refused) or "the sound is longer than a WAV file holds; name a stream with --ssrc"
            raise inputs.Refused(f"{options.input}: {reason}") from None
        inputs.say([*said, *inputs.damage(report)])
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
