"""Stories of what ICMP says about datagrams."""

from __future__ import annotations

import struct

from tests.finding_cases.plain import Case
from tests.icmp import TOO_BIG, refused
from tests.stories import GOOD, OFFER, A, B, Story, report, request, talk

MEDIA = talk()
"""What the caller of `GOOD` sends."""

RTCP: Story = [
    (time, (A[0], A[1] + 1), (B[0], B[1] + 1), struct.pack("!BBHIQIII", 0x80, 200, 6, 77, 1, 0, 1, 160))
    for time in range(2000, 10_000, 1500)
]
INVITES = [(time, *request(0, "INVITE", body=OFFER)[1:]) for time in (0, 500, 1500, 3500, 7500, 15_500, 31_500)]

CASES: dict[str, Case] = {
    "media-unreachable": (
        lambda: report(GOOD, beside=refused(MEDIA[::50])),
        lambda: report(GOOD, beside=refused([(time, A, (B[0], 9), b"x" * 20) for time in range(2000, 9000, 500)])),
    ),
    "signalling-unreachable": (
        lambda: report(INVITES, beside=refused(INVITES)),
        lambda: report(INVITES, beside=refused([(0, A, (B[0], 9), b"x" * 20)])),
    ),
    "rtcp-unreachable": (
        lambda: report([*GOOD, *RTCP], beside=refused(RTCP)),
        lambda: report([*GOOD, *RTCP], beside=refused(MEDIA[::50])),
    ),
    "packet-too-big": (
        lambda: report(INVITES, beside=refused(INVITES[:2], TOO_BIG, by="192.0.2.7", mtu=1400)),
        lambda: report(INVITES, beside=refused(INVITES)),
    ),
}
