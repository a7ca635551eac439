"""The text that the two sides of a call typed, as a file of lines."""

from __future__ import annotations

import argparse

from dissectors.commands.media_streams import Asked

TEXT, REDUNDANT = "T140", "RED"


def write(asked: Asked, options: argparse.Namespace) -> list[str]:
    """Write the file; what to say of it. Raises NoSound."""
    from dissectors.crypto.srtp import Source
    from dissectors.media.choice import NoSound, name
    from dissectors.media.received import Received
    from dissectors.media.text import Typed, conversation
    from dissectors.queries.decrypted import Openers
    from dissectors.rewriting.output import Output

    report = asked.report
    positions = of_text(asked, options.ssrc)
    keys, openers = asked.keys(number for number in positions if report.streams[number].encrypted), Openers()
    received, typed = {}, {}
    for number in positions:
        stream = report.streams[number]
        received[number] = Received(Source(openers.of(keys.get(number, ()))), stream.encrypted)
        typed[number] = Typed(stream.sender or f"{stream.src}:{stream.sport}")
    redundant = {(number, payload.payload_type) for number in positions for payload in report.streams[number].payloads
                 if (payload.codec or "").upper() == REDUNDANT}
    for taken in asked.taken(positions):
        message = received[taken.stream].message(taken)
        if message is not None:
            typed[taken.stream].take(message, taken.time, (taken.stream, message.payload_type) in redundant)
    for each in typed.values():
        each.finish()
    said = []
    for number in positions:
        each, who = typed[number], name(report.streams[number])
        said += [f"{who}: {line}" for line in (*received[number].opened(), *received[number].left_out())]
        said += [f"{who}: {count:,} datagrams {what}" for count, what in (
            (each.repaired, "were lost and are made up for by later ones"), (each.missing, "are missing"),
            (each.unread, "cannot be read"),
        ) if count]
    if not any(each.lines for each in typed.values()):
        raise NoSound("; ".join(said) or "nothing was typed")
    zero = asked.zero(positions)
    with Output(options.output, force=options.force, inputs=[options.input]) as output:
        for line in conversation([*typed.values()], zero):
            output.write(line.encode())
    return [f"{options.output}: {sum(len(each.lines) for each in typed.values()):,} lines of text", *said]


def of_text(asked: Asked, ssrc: int | None) -> list[int]:
    """The positions of the streams of text; raises NoSound where there are none, or those of several calls."""
    from dissectors.media.choice import NoSound

    report = asked.report
    found = [number for number, stream in enumerate(report.streams)
             if any((payload.codec or "").upper() == TEXT for payload in stream.payloads) or stream.kind == "text"]
    if ssrc is not None:
        found = [number for number in found if report.streams[number].ssrc == ssrc]
    if asked.call is not None:
        found = [number for number in found if report.streams[number].call == asked.call]
    if not found:
        raise NoSound("no stream with text (T.140) is in it")
    calls = {report.streams[number].call for number in found}
    if len(calls) > 1 and ssrc is None:
        numbers = ", ".join(report.number_of(call) for call in sorted(each for each in calls if each is not None))
        raise NoSound(f"{len(calls)} calls have text: name one with --call ({numbers})")
    return found
