"""The dialogs of one Call-ID and their states (RFC 3261 section 12)."""

from __future__ import annotations

from dissectors.limits.budget import Bounds
from dissectors.limits.texts import Held
from dissectors.protocols.sip_message import Identity
from dissectors.report import Dialog

MAX_DIALOGS = 64
ORDER = ("calling", "proceeding", "early", "confirmed", "terminated")
"""A dialog moves forward only, unless its INVITE is sent anew."""

Tags = tuple[str | None, str | None]
"""The tags of From and To as the dialog's first request has them."""


class Dialogs:
    """At most MAX_DIALOGS of them, whose tags are `held`; `bounds` counts what found no room."""

    __slots__ = ("accepted", "bounds", "held", "states")

    def __init__(self, bounds: Bounds, held: Held) -> None:
        self.bounds, self.held = bounds, held
        self.states: dict[Tags, str] = {}
        self.accepted: Tags | None = None

    def move(self, identity: Identity, state: str) -> None:
        """Move a dialog forward; a request without To tag has only a half, which its first tag completes."""
        tags, half = self._tags(identity), (identity.from_tag, None)
        before = self.states.pop(half, None) if tags != half else self.states.get(half)
        before = self.states.get(tags, before)
        if len(self.states) >= MAX_DIALOGS and tags not in self.states:
            self.bounds.hit("dialogs")
            return
        if tags not in self.states:
            tags = self.held.text(tags[0]), self.held.text(tags[1])
        later = before is None or state == "calling" or ORDER.index(state) > ORDER.index(before)
        self.states[tags] = state if later else before or state
        if state == "confirmed":
            self.accepted = self.accepted or self._kept(tags)

    def proceed(self, identity: Identity) -> None:
        """Take 100 Trying: it opens no dialog, even with a tag in To (RFC 3261 section 12.1)."""
        half = (identity.from_tag, None)
        if self.states.get(half) == "calling":
            self.states[half] = "proceeding"

    def refuse(self, identity: Identity) -> None:
        """A refusal makes no dialog (RFC 3261 section 12.1): it ends the one that there is, or the attempt."""
        tags = self._tags(identity)
        tags = tags if tags in self.states else (identity.from_tag, None)
        if self.states.get(tags) not in ("confirmed", None):
            self.states[tags] = "terminated"

    def forked_from(self, identity: Identity) -> bool:
        """Whether the fork that was accepted first goes on without this one: it shares one tag with this dialog."""
        first = self.accepted
        if first is None or self.states.get(first) != "confirmed":
            return False
        return len({*self._tags(identity)} & {*first}) == 1

    def to_report(self, call_id: str) -> tuple[Dialog, ...]:
        """The values of the report."""
        return tuple(Dialog(call_id, ours, theirs, state) for (ours, theirs), state in self.states.items())

    def _kept(self, tags: Tags) -> Tags:
        """These tags as they are kept."""
        for known in self.states:
            if known == tags:
                return known
        return tags

    def _tags(self, identity: Identity) -> Tags:
        """The tags of a message; in the requests of a dialog's other side they are turned round."""
        ours, theirs = identity.from_tag, identity.to_tag
        tags = (ours, theirs)
        if tags not in self.states and (turned := (theirs, ours)) in self.states:
            return turned
        return tags
