"""A pager for what is longer than the screen, as git has it.

`MUXSHARK_PAGER`, else `PAGER`, else `less`; an empty one, or `cat`, means none. `less` ends by itself where everything
fits on the screen, and shows colours.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable
from contextlib import suppress
from typing import TextIO

VARIABLES = ("MUXSHARK_PAGER", "PAGER")
USUAL = "less"
NONE = ("", "cat")
NO_SCREEN = ("", "dumb", "unknown")
LESS = "FRX"
"""Options of less where the user has none: end if it fits, raw colours, leave the screen as it is."""


def page(pieces: Iterable[str], stream: TextIO, plain: bool = False) -> None:
    """Write pieces of text through the pager if `stream` is a terminal that has one, else as they are."""
    words = [] if plain else pager(stream)
    if not words:
        stream.writelines(pieces)
        return
    import subprocess

    stream.flush()
    # Ctrl-C belongs to the pager while it runs.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        process = subprocess.Popen(
            words, stdin=subprocess.PIPE, env={"LESS": LESS, "LV": "-c", **os.environ}, encoding=stream.encoding,
            errors=stream.errors,
        )
        assert process.stdin is not None
        # A user who has seen enough closes the pipe; what is still in its buffer then cannot be written either.
        with suppress(BrokenPipeError):
            process.stdin.writelines(pieces)
        with suppress(BrokenPipeError):
            process.stdin.close()
        process.wait()
    finally:
        signal.signal(signal.SIGINT, before)


def pager(stream: TextIO) -> list[str]:
    """The words of the pager's command; none if there is no terminal, no pager, or none is wanted."""
    if not stream.isatty() or os.environ.get("TERM", "") in NO_SCREEN:
        return []
    import shlex
    import shutil

    asked = next((os.environ[name] for name in VARIABLES if name in os.environ), USUAL)
    try:
        words = shlex.split(asked)
    except ValueError:
        return []
    return [] if not words or words[0] in NONE or shutil.which(words[0]) is None else words
