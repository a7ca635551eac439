"""The states of calls and of other requests: the one place that says how they are called, and drawn."""

from __future__ import annotations

from enum import Enum

from dissectors.report import Call, CallOutcome


class Course(Enum):
    """How far a call is: it goes on, it failed, or it is over."""

    GOING = 0
    FAILED = 1
    OVER = 2


class State(Enum):
    """A state: its word, how far a call is in it, its style on a terminal, and whether its status says more.

    A call that was open when all was read is over, whatever its word.
    """

    CALLING = ("calling", Course.GOING, "yellow")
    RINGING = ("ringing", Course.GOING, "bold yellow")
    ANSWERED = ("answered", Course.GOING, "bold green")
    LEFT_CALLING = ("calling", Course.OVER, "yellow")
    LEFT_RINGING = ("ringing", Course.OVER, "yellow")
    LEFT_OPEN = ("still open", Course.OVER, "green")
    ENDED = ("ended", Course.OVER, "")
    CANCELLED = ("cancelled", Course.OVER, "yellow")
    IN_PART = ("in part", Course.OVER, "dim")
    REJECTED = ("rejected", Course.FAILED, "red", True)
    UNREACHABLE = ("unreachable", Course.FAILED, "red", True)
    UNANSWERED = ("unanswered", Course.FAILED, "red")
    REGISTERED = ("registered", Course.OVER, "")
    ABANDONED = ("abandoned", Course.OVER, "yellow")
    REFUSED = ("refused", Course.FAILED, "red", True)

    def __init__(self, word: str, course: Course, style: str, has_status: bool = False) -> None:
        self.word, self.course, self.style, self.has_status = word, course, style, has_status

    def said(self, status: int | None) -> str:
        """The state in words, with the status where that says more."""
        return f"{self.word} {status}" if self.has_status and status else self.word


STATES: dict[CallOutcome, State] = {
    "ringing": State.RINGING, "established": State.ANSWERED, "ended": State.ENDED, "rejected": State.REJECTED,
    "unreachable": State.UNREACHABLE, "unanswered": State.UNANSWERED, "cancelled": State.CANCELLED,
    "fragment": State.IN_PART, "registered": State.REGISTERED, "refused": State.REFUSED,
    "abandoned": State.ABANDONED, "answered": State.ANSWERED,
}
LEFT = {
    State.CALLING: State.LEFT_CALLING, State.RINGING: State.LEFT_RINGING, State.ANSWERED: State.LEFT_OPEN,
}
FINAL = frozenset((State.ENDED, State.REJECTED, State.UNREACHABLE, State.CANCELLED))
"""What a call is told to have come to: after these, nothing else comes of it."""


def state_of(call: Call, whole: bool = False) -> State:
    """The state of a call, or of another request; `whole` says that nothing more will come."""
    state = STATES[call.outcome]
    if call.kind != "call":
        return state
    if state is State.RINGING and call.ringing is None:
        state = State.CALLING
    return LEFT.get(state, state) if whole else state
