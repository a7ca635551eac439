"""Media in the clear: SRTP and SRTCP opened in the place where they stand, and the SDP changed to match.

Laws of this file:
1. Nothing is written in the clear whose tag was not verified; what no key opens stays as it is, and is counted.
2. The SDP of a call changes only for kinds of media of which every stream was opened.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from dissectors import offline
from dissectors.crypto import primitives
from dissectors.crypto.secrets import Secrets
from dissectors.crypto.srtp import Control, Opener, Source
from dissectors.mux.classify import looks_like
from dissectors.protocols import sip
from dissectors.queries.decrypted import Openers, keys_of
from dissectors.queries.owned import ends_of
from dissectors.queries.payloads import Chosen
from dissectors.report import Report
from dissectors.rewriting.copying import Tally
from dissectors.rewriting.descriptions import on_descriptions, sections
from dissectors.rewriting.messages import Edit, Head, Line
from dissectors.wire.captures.records import Record
from dissectors.wire.errors import CaptureError
from dissectors.wire.link.headers import Udp

COMMENT = "The media of this capture were encrypted (SRTP). muxshark normalise --decrypt wrote them in the clear."
OPENED, OPENED_CONTROL = "SRTP decrypted", "SRTCP decrypted"
UNOPENED = "of SRTP that no key opens"

PROFILE = re.compile(rb"(m=\S+[ \t]+\S+[ \t]+)(?:UDP/TLS/)?((?:TCP/)?)(?:TLS/)?RTP/SAVP(F?)(?=[ \t])")
PROTECTION = (b"a=crypto:", b"a=fingerprint:", b"a=setup:", b"a=tls-id:", b"a=key-mgmt:", b"a=zrtp-hash:")
"""Lines that agree on keys."""


class Opened(NamedTuple):
    """What keys open of a capture: the report, the streams with their keys, and by Call-ID the kinds of media."""

    report: Report
    streams: dict[int, list[Opener]]
    kinds: dict[str, frozenset[str]]


def look(path: str, given: Secrets, forced: dict[int, str]) -> Opened:
    """What these keys, and those of the capture itself, open; raises CaptureError where it is nothing."""
    try:
        primitives.require()
    except primitives.NoCryptography as missing:
        raise CaptureError(str(missing)) from None
    report = offline.analyze([path], forced=forced, everything=True, keys=given, secrets=True)
    openers = Openers()
    streams = {
        number: openers.of(keys_of(report, number, given)) for number, stream in enumerate(report.streams)
        if stream.decrypted is not None and stream.decrypted.verified
    }
    if not streams:
        raise CaptureError(f"{path}: no key opens any SRTP in it; name a file with --keys")
    return Opened(report, streams, _kinds(report, streams))


def _kinds(report: Report, streams: Iterable[int]) -> dict[str, frozenset[str]]:
    """The kinds of media of each call of which every encrypted stream is opened."""
    opened = {number: report.streams[number].kind or "audio" for number in streams}
    found = {}
    for call in report.calls:
        closed = {report.streams[number].kind or "audio" for number in call.streams
                  if report.streams[number].encrypted and number not in opened}
        found[call.call_id] = frozenset({opened[number] for number in call.streams if number in opened} - closed)
    return {call_id: kinds for call_id, kinds in found.items() if kinds}


class Decrypting:
    """Opens the datagrams of a capture, which come in their order."""

    def __init__(self, opened: Opened) -> None:
        report = opened.report
        self._chosen = Chosen(report, [*opened.streams])
        self._sources = {number: Source(openers) for number, openers in opened.streams.items()}
        between: dict[tuple[bytes, bytes], list[Opener]] = {}
        for number, openers in opened.streams.items():
            for flow in report.streams[number].flows:
                if (ends := ends_of(report.flows[flow])) is not None:
                    for pair in ((ends[0], ends[2]), (ends[2], ends[0])):
                        between.setdefault(pair, []).extend(openers)
        self._controls = {pair: Control([*dict.fromkeys(openers)]) for pair, openers in between.items()}

    def payload(self, record: Record, udp: Udp, tally: Tally) -> tuple[bytes, str] | None:
        """A datagram in the clear, and what was done; None where it stays."""
        if len(udp.payload) < udp.length:
            return None
        ends = udp.src, udp.sport, udp.dst, udp.dport
        for taken in self._chosen.of(ends, udp.payload, udp.length, record.time):
            # What a relay carries stays in its wrapping.
            clear = self._sources[taken.stream].open(udp.payload) if taken.octets == udp.payload else None
            if clear is None:
                tally.left[UNOPENED] += 1
                return None
            return clear, OPENED
        control = self._controls.get((udp.src, udp.dst))
        if control is None or looks_like(udp.payload, udp.length) != "RTCP":
            return None
        clear = control.open(udp.payload)
        return None if clear is None else (clear, OPENED_CONTROL)


def clear_descriptions(kinds: dict[str, frozenset[str]]) -> Edit:
    """An edit that announces in clear what is in the clear now, by Call-ID and kind of media."""

    def edit(message: sip.Message, head: Head, body: bytes) -> tuple[list[Line], bytes, str] | None:
        found = kinds.get(message.call_id or "")
        if not found:
            return None
        return on_descriptions(lambda text: (_clear(text, found), "SRTP taken out of the SDP"))(message, head, body)

    return edit


def _clear(body: bytes, kinds: frozenset[str]) -> bytes:
    session, *media = sections(body)
    for section in media:
        kind = section.lines[0][2:].split(b" ", 1)[0].decode("latin-1")
        if kind in kinds:
            section.lines[0] = PROFILE.sub(rb"\1\2RTP/AVP\3", section.lines[0], count=1)
            _without_keys(section.lines)
    if not any(b"SAVP" in section.lines[0] or b"DTLS" in section.lines[0] for section in media):
        _without_keys(session.lines)
    return b"".join(line for section in (session, *media) for line in section.lines)


def _without_keys(lines: list[bytes]) -> None:
    lines[:] = [line for line in lines if not line.startswith(PROTECTION)]
