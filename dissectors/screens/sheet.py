"""A terminal that nobody waits for: what is drawn on it goes through a speaker."""

from __future__ import annotations

import io

from dissectors.outputs.speaker import Speaker

HOME = "\x1b[H"
"""How a page begins that covers the one before."""


class Sheet(io.TextIOBase):
    """The file of a console. Of pages that wait for the terminal only the last is drawn; the rest is kept in order."""

    def __init__(self, speaker: Speaker) -> None:
        self._speaker = speaker
        self._parts: list[str] = []

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """That of the terminal."""
        return self._speaker.stream.encoding or "utf-8"

    def fileno(self) -> int:
        """The terminal itself, for its size."""
        return self._speaker.stream.fileno()

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        return self._speaker.stream.isatty()

    def writable(self) -> bool:
        """Always."""
        return True

    def write(self, text: str) -> int:
        """Add to what the next `flush` draws."""
        self._parts.append(text)
        return len(text)

    def flush(self) -> None:
        """Draw it."""
        text = "".join(self._parts)
        self._parts.clear()
        if text.startswith(HOME):
            self._speaker.draw(text)
        elif text:
            self._speaker.insist(text)
