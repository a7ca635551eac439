"""Stories of payload types that the receiver takes, and of such as it does not."""

from __future__ import annotations

from tests.finding_cases.plain import Case
from tests.stories import A, B, Story, description, dialled, hung_up, rtp, talk


def opus(end: tuple[str, int], number: int) -> bytes:
    """A description that takes Opus as a payload type of this number."""
    return description(*end, f"a=rtpmap:{number} opus/48000/2", media=f"RTP/AVP {number}")


def numbered(ours: int, theirs: int) -> Story:
    """A call whose caller takes Opus as 96 and whose callee takes it as 97; each sends it as a number."""
    caller, callee = talk(payload_type=ours, step=960), talk(B, A, 78, payload_type=theirs, step=960)
    return [*dialled(opus(A, 96), opus(B, 97)), *caller, *callee, *hung_up()]


def keyed(number: int, start: float = 5020, packets: int = 4) -> Story:
    """A key that the callee presses, in telephone events of this payload type within its sound."""
    sound = [told for told in talk(B, A, 78) if not start <= told[0] < start + 20 * packets]
    events = [
        (start + 20 * n, B, A, rtp(300 + n, 78, number, 32_000, bytes((5, 0x80, 3, 32))))
        for n in range(packets)
    ]
    return [*sound, *events]


CASES: dict[str, Case] = {
    "payload-type-not-negotiated": (numbered(96, 96), numbered(97, 96)),
}
