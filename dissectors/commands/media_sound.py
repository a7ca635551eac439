"""The sound of a call or a stream, as a WAV file."""

from __future__ import annotations

import argparse

from dissectors.commands.media_streams import Asked


def write(asked: Asked, options: argparse.Namespace) -> list[str]:
    """Write the file; what to say of it. Raises NoSound and TooLong."""
    from dissectors.media import wav
    from dissectors.media.choice import NoSound, choose
    from dissectors.media.sound import Sounding
    from dissectors.rewriting.output import Output

    choice = choose(asked.report, asked.call, options.ssrc, dict(options.rtpmap))
    positions = [each.position for each in choice.heard]
    keys = asked.keys(each.position for each in choice.heard if each.encrypted)
    sounding = Sounding(asked.report, choice, keys, asked.stack, asked.zero(positions))
    for taken in asked.taken(positions):
        sounding.take(taken)
    if not sounding.heard:
        raise NoSound("; ".join(sounding.told()) or "nothing of it can be heard")
    with Output(options.output, force=options.force, inputs=[options.input]) as output:
        length = wav.write(sounding.channels, choice.rate, output.write)
    sides = " and ".join(choice.sides)
    return [f"{options.output}: {length / choice.rate:,.2f} s of {sides}, {choice.rate:,} samples a second",
            *sounding.told(), *choice.notes]
