"""The progress of long work, on standard error; nothing without a terminal, or if the work is quick."""

from __future__ import annotations

import time
from types import TracebackType
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

SHOWN_AFTER_SECONDS = 1.0
"""Seconds of work before a bar appears."""


class Progress:
    """Call it at intervals with the number of frames read so far, or of what `noun` says.

    A bar appears only on a terminal and only after a second; it is removed when the work is done.
    """

    def __init__(self, stream: TextIO | None, noun: str = "frames") -> None:
        self._stream, self._noun = stream, noun
        self._watched = stream is not None and stream.isatty()
        self._begun = time.monotonic()
        self._bar: Bar | None = None
        self._task: TaskID | None = None

    def __call__(self, frames: int) -> None:
        if not self._watched or self._bar is None and time.monotonic() - self._begun < SHOWN_AFTER_SECONDS:
            return
        if self._bar is None or self._task is None:
            self._bar, self._task = self._begin()
        self._bar.update(self._task, completed=frames)

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._bar is not None:
            self._bar.stop()

    def _begin(self) -> tuple[Bar, TaskID]:
        # Imported only now: most work is done before a bar would appear.
        from rich.console import Console
        from rich.progress import Progress as Bar
        from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

        columns = (SpinnerColumn(), TextColumn("{task.completed:,} " + self._noun), TimeElapsedColumn())
        bar = Bar(*columns, console=Console(file=self._stream), transient=True)
        bar.start()
        return bar, bar.add_task("reading", total=None)
