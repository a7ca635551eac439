"""Whether datagrams that look like RTP of one SSRC are a stream: what their headers say together.

A lone header is a guess: version 2 stands in a quarter of all octets. What a sender does to the other fields is not
(RFC 3550 section 5.1), and is asked of the last few datagrams of a candidate:

1. The sequence number goes up by one each time. So in their order of sending the numbers are all different, at least
   half of the steps are by one, none is beyond a dropout, and few arrive before their predecessor. A length that stands
   in those octets repeats; a clock jumps. Where half is not to be had, because datagrams are lost or the capture holds
   every other one, the timestamp must count on with the number, step for step, as it does for audio.
2. The timestamp counts samples: two that follow one another are not millions of seconds apart.
3. The payload type names the codec: it does not differ in every datagram.
4. A timestamp stands still only while a frame too large for one datagram is sent, or during a telephone event, whose
   payload says so (RFC 4733 section 2.3).

Copies of a datagram, which some captures hold, say nothing new. Two sources may send under one SSRC, each with its own
numbers and timestamps: then each of the two series must go up by one every time.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from dissectors.mux.counters import MAX_DROPOUT, MAX_MISORDER
from dissectors.wire.values import NamedTuple

EXAMINED_DATAGRAMS = 8
"""How many datagrams at the end of a candidate are asked."""

MIN_DATAGRAMS = 3
"""How many different ones it takes."""

MAX_TIMESTAMP_STEP = 1 << 24
"""Timestamp units between two neighbours in a stream: three minutes at 90 kHz. Random octets seldom stay within."""

MAX_TIMESTAMP_STEP_OF_TWO = 1 << 20
"""The same where there are but two: eleven seconds at 90 kHz."""

MIN_SAMPLES, MAX_SAMPLES = 4, 1 << 15
"""Samples of one datagram, where numbers and timestamps are compared."""

MIN_FRAGMENT_OCTETS = 256
"""Octets: a frame is only split when it does not fit, so one of its parts is at least so long."""


class Header(NamedTuple):
    """What a run looks at: the number, relative to the first one's, then the timestamp, likewise, and the rest."""

    sequence: int
    timestamp: int
    payload_type: int
    length: int
    payload: bytes


def objection(run: Sequence[tuple[bytes, int]]) -> str:
    """Why payloads with their UDP lengths, in order of arrival, each with an RTP header, are no stream; or nothing."""
    arrived = headers(run) if len(run) >= MIN_DATAGRAMS else []
    against = objection_to(arrived)
    if against and len(arrived) >= 2 * MIN_DATAGRAMS and (are_two_series(arrived) or alternate(arrived)):
        return ""
    return against


def objection_to(arrived: Sequence[Header]) -> str:
    """Why datagrams, in order of arrival and without copies, are no stream; or nothing."""
    sent = sorted(arrived)
    if len(sent) < MIN_DATAGRAMS:
        return f"fewer than the {MIN_DATAGRAMS} different datagrams that it takes"
    numbers = [after.sequence - before.sequence for before, after in pairwise(sent)]
    stamps = [abs(after.timestamp - before.timestamp) for before, after in pairwise(sent)]
    overtaken = sum(after.sequence < before.sequence for before, after in pairwise(arrived))
    if min(numbers) < 1:
        return "its sequence numbers repeat"
    if max(numbers) >= MAX_DROPOUT:
        return "its sequence numbers jump"
    if 3 * overtaken > len(numbers):
        return "its sequence numbers run backwards"
    if 2 * sum(stamp < MAX_TIMESTAMP_STEP for stamp in stamps) < len(stamps):
        return "its timestamps jump"
    if len({header.payload_type for header in sent}) == len(sent):
        return "its payload type always changes"
    if 2 * numbers.count(1) < len(numbers) and not in_proportion(sent):
        return "its sequence numbers do not go up by one"
    return "" if any(stamps) or may_stand_still(sent) else "its timestamp stands still"


def are_two_series(arrived: Sequence[Header]) -> bool:
    """Whether those near the first one's number, and the others, are a stream each: two sources under one SSRC."""
    near = [header for header in arrived if abs(header.sequence) < MAX_MISORDER]
    far = [header for header in arrived if abs(header.sequence) >= MAX_MISORDER]
    return not objection_to_one_of_two(near) and not objection_to_one_of_two(far)


def alternate(arrived: Sequence[Header]) -> bool:
    """Whether all go up by one, and timestamps go to and fro between two clocks: two sources that are numbered as one.
    """
    if any(two.sequence - one.sequence != 1 for one, two in pairwise(arrived)):
        return False
    near = [header.timestamp for header in arrived if abs(header.timestamp) < MAX_TIMESTAMP_STEP]
    far = [header.timestamp for header in arrived if abs(header.timestamp) >= MAX_TIMESTAMP_STEP]
    return min(len(near), len(far)) >= MIN_DATAGRAMS and all(
        0 <= after - before < MAX_TIMESTAMP_STEP_OF_TWO for clock in (near, far) for before, after in pairwise(clock)
    )


def objection_to_one_of_two(series: Sequence[Header]) -> str:
    """The same of one of two series, which must go up by one each time, with timestamps that go on."""
    steps = [(two.sequence - one.sequence, two.timestamp - one.timestamp) for one, two in pairwise(series)]
    if any(number != 1 or not 0 <= stamp < MAX_TIMESTAMP_STEP_OF_TWO for number, stamp in steps):
        return "one of its two series does not go up by one"
    return objection_to(series)


def two_in_sequence(run: Sequence[tuple[bytes, int]]) -> bool:
    """Whether two payloads with their UDP lengths could be neighbours in a stream: for where something else hints."""
    both = headers(run)
    if len(both) < 2 or both[1].sequence != 1 or abs(both[1].timestamp) >= MAX_TIMESTAMP_STEP_OF_TWO:
        return False
    return both[1].timestamp != 0 or may_stand_still(both)


def headers(run: Sequence[tuple[bytes, int]]) -> list[Header]:
    """The headers of a run without its copies."""
    found = []
    first, _ = run[0]
    for payload, length in dict(run).items():
        sequence = int.from_bytes(payload[2:4], "big") - int.from_bytes(first[2:4], "big")
        timestamp = int.from_bytes(payload[4:8], "big") - int.from_bytes(first[4:8], "big")
        sequence = (sequence + 0x8000 & 0xFFFF) - 0x8000
        timestamp = (timestamp + 0x80000000 & 0xFFFFFFFF) - 0x80000000
        found.append(Header(sequence, timestamp, payload[1] & 0x7F, length, payload))
    return found


def in_proportion(sent: Sequence[Header]) -> bool:
    """Whether every number stands for as many samples as every other."""
    steps = [(after.sequence - before.sequence, after.timestamp - before.timestamp) for before, after in pairwise(sent)]
    samples, rest = divmod(steps[0][1], steps[0][0])
    return (
        not rest
        and MIN_SAMPLES <= samples <= MAX_SAMPLES
        and all(timestamp == samples * number <= samples * MAX_MISORDER for number, timestamp in steps)
    )


def may_stand_still(sent: Sequence[Header]) -> bool:
    """Whether datagrams of one timestamp are parts of a frame, or report a telephone event."""
    return any(header.length >= MIN_FRAGMENT_OCTETS for header in sent) or is_telephone_event(sent)


def is_telephone_event(sent: Sequence[Header]) -> bool:
    """Whether each payload is one event, the same in all, whose duration does not shrink (RFC 4733 section 2.3)."""
    payloads = [header.payload[12:] for header in sent if header.length == 16 and not header.payload[0] & 0x3F]
    if len(payloads) < len(sent) or any(len(payload) != 4 or payload[1] & 0x40 for payload in payloads):
        return False
    durations = [int.from_bytes(payload[2:], "big") for payload in payloads]
    return len({payload[0] for payload in payloads}) == 1 and durations == sorted(durations)
