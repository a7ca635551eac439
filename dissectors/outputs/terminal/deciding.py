"""The headers that decide what becomes of a call, as the ladder shows them under a message."""

from __future__ import annotations

from collections.abc import Iterator

from dissectors.outputs.terminal.lines import clip
from dissectors.report import Header, Message

SHOWN = (
    "Reason", "Warning", "Retry-After", "Min-SE", "Session-Expires", "Min-Expires", "RSeq", "RAck", "Refer-To",
    "Subscription-State", "Diversion", "History-Info", "P-Asserted-Identity", "Contact",
)
MAX_VALUE_LENGTH = 120
SIPFRAG = "message/sipfrag"


class Deciding:
    """What the messages of a call say in these headers, in their order; what a side said before is not said again."""

    def __init__(self) -> None:
        self._said: set[tuple[str, str, str]] = set()

    def of(self, message: Message) -> tuple[str, ...]:
        """`Retry-After: 5`, for each header of a message that says something new."""
        if message.retransmission:
            return ()
        found = [(message.side, header.name, header.meaning or header.value) for header in _shown(message)]
        new = [one for one in found if one not in self._said]
        self._said.update(new)
        texts = [f"{name}: {value}" for _, name, value in new]
        if message.body is not None and message.body.content_type == SIPFRAG and message.body.text:
            texts.append(f"sipfrag: {message.body.text.splitlines()[0]}")
        return tuple([clip(text, MAX_VALUE_LENGTH) for text in texts])


def _shown(message: Message) -> Iterator[Header]:
    by_name = {header.name: header for header in message.deciding}
    for name in SHOWN:
        header = by_name.get(name)
        if header is not None and (name != "Contact" or _elsewhere(message, header.value)):
            yield header


def _elsewhere(message: Message, contact: str) -> bool:
    """Whether a Contact that opens or moves a dialog names another host than the one that sends it."""
    opens = message.method == "INVITE" and (message.status is None or 200 <= message.status < 400)
    return opens and message.src not in contact
