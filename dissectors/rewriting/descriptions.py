"""Lines of SDP written anew: rtpmap lines that were inferred, ports that moved. All other octets stay."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from dissectors.protocols import sip
from dissectors.protocols.payload_types import STATIC
from dissectors.report import Report
from dissectors.rewriting.messages import Edit, Head, Line

MEDIA = re.compile(rb"(m=[^\s]+[ \t]+)(\d{1,5})(.*)", re.DOTALL)
CONNECTION = re.compile(rb"c=IN[ \t]+IP[46][ \t]+([^\s/]+)")
RTCP = re.compile(rb"(a=rtcp:)(\d{1,5})(.*)", re.DOTALL)
CANDIDATE = re.compile(rb"(a=candidate:\S+ (\d+) \S+ \d+ (\S+) )(\d{1,5})(.*)", re.DOTALL)
RTPMAP = re.compile(rb"a=rtpmap:(\d+)")

Ports = Callable[[str, int], "tuple[int, int] | None"]
"""Of an address and a port: where media and where RTCP went from there; None where nothing moved."""

Key = tuple[str, int, str]
"""The o= line of a description, the number of a media line, and a payload type."""


class Section(NamedTuple):
    """The lines of a media line or, first, of the session."""

    lines: list[bytes]

    @property
    def address(self) -> bytes:
        """Its connection address, empty where it has none."""
        return next((found[1] for line in self.lines if (found := CONNECTION.match(line))), b"")


def sections(body: bytes) -> list[Section]:
    """The lines of a description with their ends, by media line."""
    found = [Section([])]
    for line in body.splitlines(keepends=True):
        if line.startswith(b"m="):
            found.append(Section([]))
        found[-1].lines.append(line)
    return found


def on_descriptions(change: Callable[[bytes], tuple[bytes, str]]) -> Edit:
    """An edit of the SDP in a body that is not compressed, alone or as a part of several."""

    def edit(message: sip.Message, head: Head, body: bytes) -> tuple[list[Line], bytes, str] | None:
        if message.body.status != "identity":
            return None
        done: list[str] = []
        new = body
        for text in _descriptions(message, body):
            written, what = change(text)
            if written != text:
                new = new.replace(text, written, 1)
                done.append(what)
        return (list(head.lines), new, "; ".join(done)) if done else None

    return edit


def _descriptions(message: sip.Message, body: bytes) -> Iterator[bytes]:
    for part in message.parts:
        if part.raw_body.startswith(b"v=0"):
            yield part.raw_body
    if not message.parts and body.lstrip(b"\r\n").startswith(b"v=0"):
        yield body


def inferred(report: Report) -> dict[Key, bytes]:
    """The rtpmap lines that senders left out, as far as the report knows what they mean."""
    found: dict[Key, bytes] = {}
    for call in report.calls:
        for description in call.descriptions:
            for number, media in enumerate(description.media):
                for each in media.formats:
                    known = each.codec and each.clock and each.source != "rtpmap"
                    if known and each.payload_type.isdecimal() and int(each.payload_type) not in STATIC:
                        name = re.sub(r"[^A-Za-z0-9.+-]+", "-", each.codec or "")
                        channels = f"/{each.channels}" if each.channels and each.channels > 1 else ""
                        line = f"a=rtpmap:{each.payload_type} {name}/{each.clock}{channels}"
                        found[description.session or "", number, each.payload_type] = line.encode()
    return found


def with_rtpmaps(lines: Mapping[Key, bytes]) -> Edit:
    """An edit that writes these lines at the end of their media line's section."""

    def change(body: bytes) -> tuple[bytes, str]:
        parts = sections(body)
        origin = next((line[2:].strip() for line in parts[0].lines if line.startswith(b"o=")), b"")
        session = origin.decode("utf-8", "replace")
        count = 0
        for number, section in enumerate(parts[1:]):
            there = {found[1] for line in section.lines if (found := RTPMAP.match(line))}
            for text in section.lines[0].split()[3:]:
                line = lines.get((session, number, text.decode("latin-1")))
                if line is not None and text not in there:
                    _append(section.lines, line)
                    count += 1
        return b"".join(line for section in parts for line in section.lines), f"{count} rtpmap lines inferred"

    return on_descriptions(change)


def _append(lines: list[bytes], line: bytes) -> None:
    """Add a line behind the last one that is not empty."""
    at = next((n for n in range(len(lines), 0, -1) if lines[n - 1].strip()), len(lines))
    end = b"\r\n" if lines[0].endswith(b"\r\n") else b"\n"
    if not lines[at - 1].endswith(b"\n"):
        lines[at - 1], line = lines[at - 1] + end, line
        lines.insert(at, line)
    else:
        lines.insert(at, line + end)


def with_ports(moved: Ports) -> Edit:
    """An edit that lets ports follow what was moved: of media, of RTCP, of candidates."""

    def change(body: bytes) -> tuple[bytes, str]:
        parts = sections(body)
        for section in parts[1:]:
            _move(section.lines, (section.address or parts[0].address).decode("latin-1"), moved)
        return b"".join(line for section in parts for line in section.lines), "ports of SDP moved"

    return on_descriptions(change)


def _move(lines: list[bytes], address: str, moved: Ports) -> None:
    found = MEDIA.match(lines[0])
    to = moved(address, int(found[2])) if found else None
    if found and to:
        lines[0] = found[1] + str(to[0]).encode() + found[3]
    kept = []
    for line in lines:
        if rtcp := RTCP.match(line):
            there = moved(address, int(rtcp[2]))
            line = rtcp[1] + str(there[1]).encode() + rtcp[3] if there else line
        elif candidate := CANDIDATE.match(line):
            there = moved(candidate[3].decode("latin-1"), int(candidate[4]))
            port = there[candidate[2] != b"1"] if there else 0
            line = candidate[1] + str(port).encode() + candidate[5] if there else line
        elif to and line.strip() == b"a=rtcp-mux":
            continue
        kept.append(line)
    lines[:] = kept
