"""The dialogs of one Call-ID and their states (RFC 3261 section 12)."""

from __future__ import annotations

from typing import Final

from dissectors.limits.budget import Bounds
from dissectors.limits.texts import Held
from dissectors.protocols.sip_message import Identity
from dissectors.report import Dialog

MAX_DIALOGS = 64
ORDER = {state: at for at, state in enumerate(("calling", "proceeding", "early", "confirmed", "terminated"))}
"""A dialog moves forward only, unless its INVITE is sent anew."""

Tags = tuple[str | None, str | None]
"""The tags of From and To as the dialog's first request has them."""

ENTRY: Final = 3
"""What stands there of each dialog: its two tags, and its state."""

STATE: Final = 2


class Dialogs:
    """At most MAX_DIALOGS of them, whose tags are `held`; `bounds` counts what found no room.

    Most calls have one, and many calls may be open: so they are one tuple, of two tags and a state each.
    """

    __slots__ = ("_dialogs", "accepted", "bounds", "held")

    def __init__(self, bounds: Bounds, held: Held) -> None:
        self.bounds, self.held = bounds, held
        self._dialogs: tuple[str | None, ...] = ()
        self.accepted: Tags | None = None

    def move(self, identity: Identity, state: str) -> None:
        """Move a dialog forward; a request without To tag has only a half, which its first tag completes."""
        ours, theirs = self._tags(identity)
        half, at = self._find(identity.from_tag, None), self._find(ours, theirs)
        before = self._dialogs[half + STATE] if half >= 0 else None
        if at >= 0:
            before = self._dialogs[at + STATE]
        if half >= 0 and half != at:
            self._dialogs = self._dialogs[:half] + self._dialogs[half + ENTRY :]
            at = self._find(ours, theirs)
        if at < 0:
            if len(self._dialogs) >= ENTRY * MAX_DIALOGS:
                self.bounds.hit("dialogs")
                return
            ours, theirs = self.held.text(ours), self.held.text(theirs)
            at = self._find(ours, theirs)
        later = before is None or state == "calling" or ORDER[state] > ORDER[before]
        self._put(at, ours, theirs, state if later else before or state)
        if state == "confirmed" and self.accepted is None:
            at = self._find(ours, theirs)
            self.accepted = self._dialogs[at], self._dialogs[at + 1]

    def proceed(self, identity: Identity) -> None:
        """Take 100 Trying: it opens no dialog, even with a tag in To (RFC 3261 section 12.1)."""
        at = self._find(identity.from_tag, None)
        if at >= 0 and self._dialogs[at + STATE] == "calling":
            self._put(at, None, None, "proceeding")

    def refuse(self, identity: Identity) -> None:
        """A refusal makes no dialog (RFC 3261 section 12.1): it ends the one that there is, or the attempt."""
        ours, theirs = self._tags(identity)
        at = self._find(ours, theirs)
        if at < 0:
            at = self._find(identity.from_tag, None)
        if at >= 0 and self._dialogs[at + STATE] != "confirmed":
            self._put(at, None, None, "terminated")

    def forked_from(self, identity: Identity) -> bool:
        """Whether the fork that was accepted first goes on without this one: it shares one tag with this dialog."""
        first = self.accepted
        if first is None:
            return False
        at = self._find(first[0], first[1])
        if at < 0 or self._dialogs[at + STATE] != "confirmed":
            return False
        return len({*self._tags(identity)} & {*first}) == 1

    def to_report(self, call_id: str) -> tuple[Dialog, ...]:
        """The values of the report."""
        told = self._dialogs
        return tuple([
            Dialog(call_id, told[at], told[at + 1], told[at + STATE] or "") for at in range(0, len(told), ENTRY)
        ])

    def _find(self, ours: str | None, theirs: str | None) -> int:
        """Where a dialog begins in the tuple; -1 where there is none with these tags."""
        dialogs = self._dialogs
        at, size = 0, len(dialogs)
        while at < size:
            if ours == dialogs[at] and theirs == dialogs[at + 1]:
                return at
            at += ENTRY
        return -1

    def _put(self, at: int, ours: str | None, theirs: str | None, state: str) -> None:
        """Give the dialog there a state, or add one with these tags."""
        if at < 0:
            self._dialogs += (ours, theirs, state)
        elif self._dialogs[at + STATE] != state:
            self._dialogs = (*self._dialogs[: at + STATE], state, *self._dialogs[at + ENTRY :])

    def _tags(self, identity: Identity) -> Tags:
        """The tags of a message; in the requests of a dialog's other side they are turned round."""
        ours, theirs = identity.from_tag, identity.to_tag
        if self._find(ours, theirs) < 0 <= self._find(theirs, ours):
            return theirs, ours
        return ours, theirs
