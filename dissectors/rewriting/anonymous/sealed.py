"""Datagrams and segments within what seals them, put together again with another payload.

The integrity check values are others already: nobody can check them any more, so that lengths may change.
"""

from __future__ import annotations

import struct

from dissectors.rewriting import packets
from dissectors.rewriting.anonymous.carriers import BETWEEN, ESP, end_of, trailer
from dissectors.wire.captures.records import Record
from dissectors.wire.link import internet
from dissectors.wire.link.headers import ETHERNET, LINK, PROTOCOL, Next
from dissectors.wire.link.tunnels import TUNNELS

ALIGNED, TRAILER = 4, 2
SUMS = {internet.UDP: 6, internet.TCP: 16}
ESP_PORT = 4500


def with_payload(record: Record, steps: list[Next], header: bytes, payload: bytes, old: int) -> Record | None:
    """The frame with this header of UDP or TCP and payload in the place of its last step, which ends at `old`.

    None where what lies around does not allow another length.
    """
    transport = steps[-1]
    carrier = next((step for step in steps[:-1] if _is_esp(record.octets, step)), None)
    made = bytearray(header + payload)
    if transport.number == internet.UDP:
        struct.pack_into("!H", made, 4, len(made))
    if not _summed(record.octets, steps, made):
        return None
    tail = b""
    if carrier is not None:
        tail = _trailer(record.octets, steps, carrier, len(made), old)
        if not tail:
            return None
    end = old if carrier is None else end_of(record.octets, carrier)
    outer = bytearray(record.octets[: transport.at])
    more = len(made) + len(tail) - (end - transport.at)
    if more and not all(_lengthened(outer, record.octets, step, more) for step in reversed(steps[:-1])):
        return None
    # What stands behind belongs to no header that is known, or only fills the frame up.
    octets = bytes(outer) + bytes(made) + tail
    octets += bytes(len(record.octets) - end) if not more else b""
    if record.link == ETHERNET and len(octets) < packets.SHORTEST_FRAME <= len(record.octets):
        octets += bytes(packets.SHORTEST_FRAME - len(octets))
    return record._replace(octets=octets, original=max(len(octets), record.original + more))


def summed(record: Record, before: Record) -> Record:
    """The frame with sums of the tunnels around what changed; none of those that had none before."""
    if len(record.octets) < record.original:
        return record
    _, steps, _ = packets.walked(record)
    octets = bytearray(record.octets)
    for place in range(len(steps) - 2, 0, -1):
        step = steps[place]
        if step.space == PROTOCOL and step.number == internet.UDP and any(before.octets[step.at + 6 : step.at + 8]):
            made = octets[step.at : end_of(octets, step)]
            if _summed(bytes(octets), steps[: place + 1], made):
                octets[step.at : step.at + len(made)] = made
    return record._replace(octets=bytes(octets))


def is_sealed(octets: bytes, steps: list[Next]) -> bool:
    """Whether ESP carries what these headers lead to, and so something stands behind it."""
    return any(_is_esp(octets, step) for step in steps[:-1])


def _is_esp(octets: bytes, step: Next) -> bool:
    if step.space != PROTOCOL:
        return False
    if step.number != internet.UDP:
        return step.number == ESP
    sport, dport = struct.unpack_from("!HH", octets, step.at)
    return dport == ESP_PORT or sport == ESP_PORT and dport not in TUNNELS


def _trailer(octets: bytes, steps: list[Next], carrier: Next, size: int, old: int) -> bytes:
    """What ESP has behind its content, with padding that fits another size; nothing where it cannot be told."""
    inner = steps[steps.index(carrier) + 1]
    end = end_of(octets, carrier)
    found = trailer(octets, inner.end, end, inner.number)
    if found is None or inner.end != old:
        return b""
    before = steps[-1].at - inner.at
    count = -(before + size + TRAILER) % ALIGNED
    return bytes(range(1, count + 1)) + bytes((count, inner.number)) + octets[found:end]


def _lengthened(outer: bytearray, octets: bytes, step: Next, more: int) -> bool:
    if step.space == PROTOCOL and step.number in BETWEEN:
        return True
    if step.space == PROTOCOL and step.number == internet.UDP and _is_esp(octets, step):
        return packets.add(outer, step.at + 4, more)
    return packets.lengthened(outer, octets, step, more)


def _summed(octets: bytes, steps: list[Next], made: bytearray) -> bool:
    """Write the sum of a datagram or segment over the addresses around it."""
    ip = packets.network(steps)
    if ip is None or steps[0].space != LINK:
        return False
    size = 4 if octets[ip.at] >> 4 == 4 else 16
    begin = ip.at + (12 if size == 4 else 8)
    number = steps[-1].number
    at = SUMS[number]
    made[at : at + 2] = bytes(2)
    pseudo = octets[begin : begin + 2 * size] + struct.pack("!IxxxB", len(made), number)
    made[at : at + 2] = packets.sum_of(pseudo + bytes(made), number == internet.UDP).to_bytes(2, "big")
    return True
