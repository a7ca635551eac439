"""Calls through proxies that keep the Call-ID: each message of a call once more on each hop of its way."""

from __future__ import annotations

from collections.abc import Sequence

from tests.made import Endpoint
from tests.stories import Story, Told

PASSED_MS = 1.0
"""So long a proxy holds a message."""

RECORD = b"Record-Route: <sip:192.0.2.9;lr>\r\n"


def passed(
    told: Story, path: Sequence[Endpoint], recorded: bool = False, tries: bool = False, directly: tuple[bytes, ...] = ()
) -> Story:
    """The messages of a call on the hops between its caller, its proxies and its callee; the first is the caller's.

    Proxies are `recorded` in what they pass on, and each that `tries` says so itself. Requests with one of the methods
    that go `directly`, and their responses, go past all proxies.
    """
    found: Story = []
    caller = told[0][1]
    for time, src, _, octets in told:
        way = [*path] if src == caller else [*path[::-1]]
        if octets.partition(b"\r\nCSeq: ")[2].partition(b"\r\n")[0].split()[1] in directly:
            way = [way[0], way[-1]]
        hops = len(way) - 1
        for at in range(1 if b" 100 Trying" in octets else hops):
            before = hops - 1 - at if octets.startswith(b"SIP/2.0") else at
            more = RECORD * (recorded * (before + 1)) + b"Max-Forwards: %d\r\n" % (70 - at)
            said = octets.replace(b"Via:", _vias(octets, before) + b"Via:", 1).replace(b"CSeq", more + b"CSeq", 1)
            one: Told = time + PASSED_MS * at, way[at], way[at + 1], said
            found.append(one)
            if tries and octets.startswith(b"INVITE") and at + 1 < hops:
                found.append(_tried(one))
    return found


def _vias(octets: bytes, before: int) -> bytes:
    """Those of so many proxies, the last one first."""
    branch = octets.partition(b";branch=")[2].partition(b"\r\n")[0]
    return b"".join([b"Via: SIP/2.0/UDP 192.0.2.9;branch=%sp%d\r\n" % (branch, at) for at in range(before)][::-1])


def _tried(invite: Told) -> Told:
    """What who got an INVITE says at once."""
    time, src, dst, octets = invite
    lines = octets.partition(b"\r\n\r\n")[0].split(b"\r\n")[1:]
    kept = [line for line in lines if line.startswith((b"Via", b"From", b"To", b"Call-ID", b"CSeq"))]
    return time + PASSED_MS / 2, dst, src, b"\r\n".join([b"SIP/2.0 100 Trying", *kept, b"Content-Length: 0", b"", b""])
