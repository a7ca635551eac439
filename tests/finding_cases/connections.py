"""Stories of TCP connections that are not whole."""

from __future__ import annotations

from tests.finding_cases.plain import Case
from tests.mux.test_connections import OK
from tests.mux.test_framings import OPTIONS
from tests.tcp_frames import FIRST, A, B, conversation, records, report, segment

SEGMENTS = conversation([(A, OPTIONS), (B, OK), (A, OPTIONS), (B, OK)])
CHANGED = segment(A, B, FIRST + 1, OPTIONS.replace(b"hello", b"HELLO"))

CASES: dict[str, Case] = {
    "tcp-octets-missing": (
        lambda: report(records([*SEGMENTS[:2], *SEGMENTS[3:]])),
        lambda: report(records([*SEGMENTS[:2], *SEGMENTS[3:], SEGMENTS[2]])),
    ),
    "tcp-octets-differ": (
        lambda: report(records([*SEGMENTS, CHANGED])),
        lambda: report(records([*SEGMENTS, SEGMENTS[2]])),
    ),
}
