"""The sound of a call or a stream as a picture: what it looks like, and what was lost of it when."""

from __future__ import annotations

import argparse
import os

from dissectors.commands import inputs
from dissectors.commands.media_sound import sounded
from dissectors.commands.media_streams import Asked

ENDINGS = (".svg", ".png")


def write(asked: Asked, options: argparse.Namespace) -> list[str]:
    """Write the picture; what to say of it. Raises NoSound and TooLong."""
    from dissectors.media.choice import name
    from dissectors.media.picture import raster, shapes
    from dissectors.media.picture.draw import Side, sheet
    from dissectors.rewriting.output import Output

    choice, sounding, zero = sounded(asked, options)
    length = max(channel.length for channel in sounding.channels)
    streams = asked.report.streams
    sides = []
    for side, channel in zip(choice.sides, sounding.channels, strict=True):
        ours = [streams[each.position] for each in choice.heard if each.side == side]
        named = ", ".join(f"{name(each)} ({each.codec})" for each in ours)
        holes = [hole for each in choice.heard if each.side == side
                 for hole in sounding.tallies[each.position].track.holes]
        sides.append(Side(f"{side}: {named}" if named else f"{side}: nothing", channel, ours, holes))
    title = os.path.basename(options.input)
    if asked.call is not None:
        title += f", call {asked.report.number_of(asked.call)}"
    made = sheet(title, sides, choice.rate, zero / 1e9, length)
    ending = os.path.splitext(options.output)[1].lower()
    try:
        octets = raster.png(made) if ending == ".png" else "".join(shapes.svg(made)).encode()
    except raster.NoPillow as missing:
        raise inputs.Refused(str(missing)) from None
    with Output(options.output, force=options.force, inputs=[options.input]) as output:
        output.write(octets)
    return [f"{options.output}: {length / choice.rate:,.2f} s of {' and '.join(choice.sides)}", *sounding.told(),
            *choice.notes]
