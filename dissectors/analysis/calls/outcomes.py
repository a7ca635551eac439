"""What a call or another transaction comes to: a request alone has no effect, its answer has."""

from __future__ import annotations

from dissectors.report import CallOutcome

CHALLENGES = (401, 407)
UNREACHABLE = (408, 430, 480)
"""The statuses that say that the callee is known and cannot be reached now (RFC 3261 section 21.4, RFC 5626)."""

TERMINATED = 487
CANCEL_TIMEOUT_NS = 32_000_000_000
"""A final response that comes later than this after a CANCEL is not its effect (RFC 3261 section 9.1)."""

TRYING_NS, PROCEEDING_NS = 32_000_000_000, 180_000_000_000
"""How long a call may wait: without a response, and after a provisional one (RFC 3261, timers B and C)."""

MIN_CHALLENGES_WITHOUT_CREDENTIALS = 2
"""Who asks so often without credentials does not give up: it is refused."""

LASTING = ("ended", "answered")
"""What no later message of the same Call-ID changes."""


def counted_as(before: tuple[str, str], after: tuple[str, str], invited: bool) -> tuple[str, str]:
    """What a Call-ID came to, of which only later messages are known: kind and outcome before, and by these alone.

    It is what all of its messages together would have said; but how often a challenge was left without an answer
    before, which tells what was abandoned from what was refused, is not known any more. Those `invited` somebody if one
    of them belongs to an INVITE.
    """
    kind, outcome = after
    if kind != before[0]:
        # What begins anew as a call is one; anything else is said within what there was.
        return after if kind == "call" and invited and outcome != "fragment" else before
    if outcome == "fragment" or kind != "call" and outcome == "unanswered" or before[1] in LASTING:
        return before
    if outcome == "abandoned" and before[1] in ("abandoned", "refused"):
        return kind, "refused"
    return after


class Cancelling:
    """The CANCEL of a call: when it was sent last, in nanoseconds, and whether it was accepted."""

    __slots__ = ("accepted", "asked")

    def __init__(self) -> None:
        self.asked: int | None = None
        self.accepted = False


def was_cancelled(cancelling: Cancelling | None, status: int | None, time: int | None) -> bool:
    """Whether a call that was not answered, and was refused with that status, or not yet, was cancelled."""
    if status == TERMINATED:
        return True
    if cancelling is None or not cancelling.accepted or cancelling.asked is None:
        return False
    return status is None or time is None or time - cancelling.asked <= CANCEL_TIMEOUT_NS


class Registering:
    """The last REGISTER of a registration: whether it carried credentials, and how often none followed a challenge."""

    __slots__ = ("challenged", "credentials", "unheeded")

    def __init__(self) -> None:
        self.credentials = False
        self.challenged: int | None = None
        self.unheeded = 0

    def feed(self, status: int, sequence: int | None) -> None:
        """Take a final response; what further hops repeat has the same sequence number."""
        if status < 300 or self.credentials:
            self.unheeded = 0
        elif status in CHALLENGES and sequence != self.challenged:
            self.unheeded += 1
        self.challenged = sequence

    def outcome(self, status: int | None) -> CallOutcome:
        """What the registration came to, by the latest final status."""
        if status is None:
            return "unanswered"
        if status < 300:
            return "registered"
        given_up = self.unheeded < MIN_CHALLENGES_WITHOUT_CREDENTIALS and not self.credentials
        return "abandoned" if status in CHALLENGES and given_up else "refused"
