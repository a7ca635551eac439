"""SIP whose header block fills the datagram: one long value, many short lines, many hops."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.hostile.frames import LARGE, udp
from benchmarks.hostile.messages import Call, message, through_server

LONG_VALUE = LARGE - 1000
LINES = 3000
MANY = 1000


def _sent(call: Call, more: list[str]) -> bytes:
    return call.ask("OPTIONS", more=more, tag="")


def header_values(size: int) -> Iterator[bytes]:
    """So many OPTIONS with one value of 60 kB, the next header's in each: what is a name elsewhere is a novel here."""
    for number in range(size):
        call = through_server(number)
        long = f"{number:08x}" * (LONG_VALUE // 8)
        fields = call.fields(1, "OPTIONS", "")
        which = number % (len(fields) + 2)
        if which < len(fields):
            name, _, value = fields[which].partition(": ")
            fields[which] = f"{name}: {value}{long}" if name == "CSeq" else f"{name}: {value[:8]}{long}{value[8:]}"
        else:
            fields.append(("User-Agent: ", 'Contact: "')[which - len(fields)] + long)
        yield udp(call.caller, call.callee, message(f"OPTIONS {call.uri} SIP/2.0", fields))


def header_lines(size: int) -> Iterator[bytes]:
    """So many OPTIONS with thousands of header lines whose names no other message has, folded in every other one."""
    for number in range(size):
        value = " a\r\n b" if number % 2 else " c"
        lines = [f"X-{number:x}-{each:x}:{value}" for each in range(LINES)]
        yield _sent(through_server(number), lines)


def vias_and_contacts(size: int) -> Iterator[bytes]:
    """So many OPTIONS that have gone by their Via through a thousand proxies, or that list a thousand contacts."""
    for number in range(size):
        call = through_server(number)
        if number % 2:
            via = f"Via: SIP/2.0/UDP example.org;branch=z9hG4bK{number:x}"
            more = [f"{via}.{each:x}" for each in range(MANY)]
        else:
            listed = [f'"a,b" <sip:{each:x}@example.org>;q=0.{each % 10};{number:x}' for each in range(MANY)]
            more = ["Contact: " + ",".join(listed)]
        yield _sent(call, more)
