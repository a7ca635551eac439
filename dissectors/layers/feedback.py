"""The control information of feedback messages, from what it says (RFC 4585, REMB, transport-wide feedback)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

MAX_MANTISSA, MAX_EXPONENT = (1 << 18) - 1, 63
"""How REMB writes a bitrate: a mantissa of 18 bits and an exponent of 6."""

TICK_US, REFERENCE_US = 250, 64_000
"""The units of receive deltas and of the reference time, in microseconds."""

NOT_RECEIVED, SMALL, LARGE = 0, 1, 2
"""The statuses of transport-wide feedback: none, a delta of one octet, a delta of two."""

MIN_RUN, MAX_RUN, VECTOR = 8, 0x1FFF, 7
"""A run of one status is written as one from so many on, up to so many; others in vectors of seven."""


def write_nack(sequences: Iterable[int]) -> bytes:
    """Generic NACK (RFC 4585 section 6.2.1): each entry names a packet and those lost of the sixteen after it."""
    entries: list[tuple[int, int]] = []
    for sequence in sequences:
        if entries and 1 <= (step := sequence - entries[-1][0] & 0xFFFF) <= 16:
            entries[-1] = entries[-1][0], entries[-1][1] | 1 << step - 1
        elif not entries or sequence & 0xFFFF != entries[-1][0]:
            entries.append((sequence & 0xFFFF, 0))
    return b"".join(first.to_bytes(2, "big") + mask.to_bytes(2, "big") for first, mask in entries)


def write_remb(bitrate: int, sources: Iterable[int]) -> bytes:
    """REMB (draft-alvestrand-rmcat-remb): bits per second, rounded down to 18 bits, for these sources together.

    Raises ValueError for more than 255 sources or a bitrate beyond its form.
    """
    exponent = max(0, bitrate.bit_length() - MAX_MANTISSA.bit_length())
    ssrcs = list(sources)
    if bitrate < 0 or exponent > MAX_EXPONENT or len(ssrcs) > 255:
        raise ValueError("a bitrate of at most 81 bits, for at most 255 sources")
    head = b"REMB" + bytes((len(ssrcs),)) + (exponent << 18 | bitrate >> exponent).to_bytes(3, "big")
    return head + b"".join(ssrc.to_bytes(4, "big") for ssrc in ssrcs)


def write_transport_wide(arrivals: Mapping[int, int | None], feedback_count: int) -> bytes:
    """Transport-wide feedback (draft-holmer-rmcat-transport-wide-cc-extensions).

    `arrivals` is when each packet arrived, in microseconds, by its transport-wide number, in order; None, and every
    number that is left out between the first and the last, did not arrive. Times are kept in units of 250. Raises
    ValueError where there is no packet, where there are too many, or where two arrived too far apart.
    """
    base = next(iter(arrivals), 0)
    times = {number - base & 0xFFFF: at for number, at in arrivals.items()}
    count = max(times, default=-1) + 1
    if not 1 <= count <= 0xFFFF:
        raise ValueError("feedback is about 1 to 65,535 packets")
    received = [(number, times[number]) for number in range(count) if times.get(number) is not None]
    reference = min((at for _, at in received if at is not None), default=0) // REFERENCE_US
    statuses, deltas, before = [NOT_RECEIVED] * count, b"", reference * REFERENCE_US // TICK_US
    for number, at in received:
        tick = (at or 0) // TICK_US
        delta, before = tick - before, tick
        if not -0x8000 <= delta <= 0x7FFF:
            raise ValueError(f"packet {base + number & 0xFFFF} arrived {delta * TICK_US} µs after the one before")
        statuses[number] = SMALL if 0 <= delta <= 0xFF else LARGE
        deltas += delta.to_bytes(statuses[number], "big", signed=statuses[number] == LARGE)
    head = base.to_bytes(2, "big") + count.to_bytes(2, "big") + (reference & 0xFFFFFF).to_bytes(3, "big")
    return head + bytes((feedback_count & 0xFF,)) + _chunks(statuses) + deltas


def _chunks(statuses: list[int]) -> bytes:
    """Runs where a status goes on for long, vectors of two-bit statuses elsewhere."""
    octets, at = b"", 0
    while at < len(statuses):
        end = at
        while end < len(statuses) and statuses[end] == statuses[at] and end - at < MAX_RUN:
            end += 1
        if end - at >= MIN_RUN or end == len(statuses):
            octets += (statuses[at] << 13 | end - at).to_bytes(2, "big")
            at = end
            continue
        chunk = 0b11
        for status in (statuses[at : at + VECTOR] + [NOT_RECEIVED] * VECTOR)[:VECTOR]:
            chunk = chunk << 2 | status
        octets += chunk.to_bytes(2, "big")
        at += VECTOR
    return octets
