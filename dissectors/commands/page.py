"""What a page has beyond the report: the messages as they were sent, and how to make it again."""

from __future__ import annotations

import argparse
import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from secrets import token_bytes
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from dissectors.commands import inputs

if TYPE_CHECKING:
    from dissectors.mux.scan import Row
    from dissectors.outputs.view import Sent, View
    from dissectors.protocols import sip
    from dissectors.report import Place, Report

MAX_SENT_CHARACTERS = 4_000_000
"""Characters of all messages: more than a page has room for."""

MAX_DUMPED_OCTETS = 2048
KEY_OCTETS = 32


def with_origin(view: View, report: Report, options: argparse.Namespace) -> View:
    """The view with what only the captures and the command line can say."""
    from dissectors.outputs.view import Heard
    from dissectors.wire.values import replace

    named = inputs.paths(options)
    originals = options.originals or named
    return replace(
        view, sent=sent(named, report, options), command=command(options.words), digests=tuple(map(digest, originals)),
        heard=tuple(Heard(*clip) for clip in options.clips),
    )


def anonymous(stack: ExitStack, named: Sequence[str], options: argparse.Namespace) -> list[str]:
    """Anonymised copies of captures, which go when the stack closes, in the place of the captures in the options.

    The page then names the copies, and has the digests of the captures.
    """
    from dissectors.commands.split import cut_out
    from dissectors.rewriting.anonymous.capture import anonymise
    from dissectors.rewriting.anonymous.messages import Wanted
    from dissectors.rewriting.anonymous.pseudonyms import Pseudonyms
    from dissectors.sources.rereadable import rereadable

    if not options.html:
        raise inputs.Refused("--anonymous goes with --html; muxshark anonymise writes a capture that can be sent away")
    if options.filter:
        raise inputs.Refused("--anonymous takes --call, not -Y: what a filter names has another name in the page")
    pseudonyms, wanted = Pseudonyms(token_bytes(KEY_OCTETS)), Wanted(agents=True)
    folder = stack.enter_context(TemporaryDirectory(prefix="muxshark-"))
    copies = []
    for number, path in enumerate(named, 1):
        copies.append(os.path.join(folder, "capture" + (f"-{number}" if len(named) > 1 else "")))
        whole = rereadable(stack, path)
        chosen = cut_out(stack, whole, options.call) if options.call else whole
        anonymise(chosen, copies[-1], pseudonyms, wanted, source=path)
    more = ["--call", options.call if options.call.isdecimal() else "CALL"] if options.call else []
    more += [] if options.clock == "relative" else ["--clock", options.clock]
    options.originals, options.files, options.also, options.call = list(named), copies, [], None
    options.words = [options.command, "--html", os.path.basename(options.html), "--anonymous", *more, *copies]
    return copies


def command(words: Sequence[str]) -> str:
    """The command as it was typed, files without their folders: a page goes to others."""
    import shlex

    short = (os.path.basename(word) if os.sep in word and os.path.exists(word) else word for word in words)
    return shlex.join(["muxshark", *short])


def digest(path: str) -> str:
    """The SHA-256 of a file; empty for what is no file that can be read again."""
    if not os.path.isfile(path):
        return ""
    with open(path, "rb") as file:
        found = hashlib.sha256()
        while octets := file.read(1 << 20):
            found.update(octets)
    return found.hexdigest()


def sent(named: list[str], report: Report, options: argparse.Namespace) -> dict[Place, list[Sent]]:
    """The messages of the report's calls by their frames, where the captures can be read again."""
    from dissectors.report import Place

    places = {message.place for call in report.calls for message in call.messages}
    found: dict[Place, list[Sent]] = {}
    if not places or not all(map(os.path.isfile, named)):
        return found
    room = MAX_SENT_CHARACTERS
    for row in inputs.rows(named, options):
        place = Place(row.datagram.file, row.datagram.frame)
        if place not in places:
            continue
        for message in _messages(row, options):
            room -= len(message.head) + len(message.body) + len(message.octets)
            if room < 0:
                return found
            found.setdefault(place, []).append(message)
    return found


def _messages(row: Row, options: argparse.Namespace) -> Iterator[Sent]:
    from dissectors.mux.table import PROTOCOLS
    from dissectors.protocols import sip
    from dissectors.wire.errors import Malformed

    if PROTOCOLS[row.protocol] != "SIP":
        return
    try:
        messages = sip.parse_all(row.datagram.payload, inputs.limits(options))
    except Malformed:
        return
    for message in messages:
        yield _sent(message, row.datagram.payload if len(messages) == 1 else b"", options.secrets)


def _sent(message: sip.Message, payload: bytes, secrets: bool) -> Sent:
    """A message as text; its octets as a dump if its body was compressed; secrets masked unless they are asked for."""
    from dissectors.outputs.terminal.fields import dump
    from dissectors.outputs.view import Sent
    from dissectors.wire.masking import concealed, masked_text

    head = [message.start_line]
    head += [f"{header.written}: {header.value}" for header in message.headers if not header.recovered]
    body = message.body.octets.decode("utf-8", "surrogateescape")
    whole = payload if secrets else concealed(payload)
    octets = "\n".join(dump(whole[:MAX_DUMPED_OCTETS])) if payload and message.body.compressed else ""
    text = "\n".join(head)
    return Sent(text, body, octets) if secrets else Sent(masked_text(text), masked_text(body), octets)
