"""`python -m dissectors`, and where the command `muxshark` begins."""

from __future__ import annotations

import gc
import os
import signal
import sys
from types import SimpleNamespace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

UNUSABLE, INTERRUPTED = 2, 130
ENDING = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
"""Signals of who wants it to end, beside an interrupt."""

LITTLE_GARBAGE = 200_000
"""Objects between two collections. A report is made of values that hold no cycles: there is next to nothing to find."""


def main() -> NoReturn:
    """Run the command line; an interruption while it is still being imported ends in silence, too."""
    _stand_in()
    interrupt = signal.getsignal(signal.SIGINT)
    # Whoever runs it in the background may have it ignore interrupts.
    ours = interrupt is signal.default_int_handler
    if ours:
        signal.signal(signal.SIGINT, _leave)
        sys.unraisablehook = _unraisable
    ended: list[int] = []
    made: list[object] = []
    gc.set_threshold(LITTLE_GARBAGE)
    modules: dict[str, Any] = sys.modules
    # msgspec would import it where it is installed, for a tenth of a short run; `wire.values` takes this back.
    modules.setdefault("typing_extensions", None)
    try:
        if os.environ.get("MUXSHARK_PURE", "") not in ("", "0"):
            from dissectors.plain import prefer_sources

            prefer_sources()
        # argparse would import it to translate what is never translated, for a hundredth of a short run.
        untranslated = modules.setdefault("gettext", SimpleNamespace(gettext=str, ngettext=_one_or_many))
        from dissectors.cli import main as run

        if isinstance(untranslated, SimpleNamespace):
            del modules["gettext"]
        if ours:
            signal.signal(signal.SIGINT, interrupt)
        # What is half written goes, as after an interrupt. nohup(1) has one of them ignored.
        ended = [number for number in ENDING if signal.getsignal(number) is signal.SIG_DFL]
        for number in ended:
            signal.signal(number, signal.default_int_handler)
        status = run(made=made)
    except KeyboardInterrupt:
        status = INTERRUPTED
    except ModuleNotFoundError as error:
        from dissectors.commands.doctor import PACKAGES

        if error.name not in PACKAGES:
            raise
        sys.stderr.write(f"muxshark: the Python package {error.name} is missing: pip install {error.name}\n")
        status = UNUSABLE
    except MemoryError:
        sys.stderr.write("muxshark: there is not enough memory\n")
        status = UNUSABLE
    if ours:
        signal.signal(signal.SIGINT, _leave)
    for number in ended:
        signal.signal(number, signal.SIG_DFL)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (AttributeError, OSError, ValueError):
            continue
    # Everything is written and closed. To take the interpreter apart, object by object, would be a twentieth of it all,
    # and what was `made` a hundredth.
    os._exit(status)


def _stand_in() -> None:
    """Give a place that holds nothing to who was started without a standard input, or without a place for errors."""
    for number, name, mode in ((0, "stdin", "r"), (2, "stderr", "w")):
        if getattr(sys, name) is None:
            nowhere = os.open(os.devnull, os.O_RDWR)
            if nowhere != number:
                os.dup2(nowhere, number)
                os.close(nowhere)
            setattr(sys, name, open(number, mode, encoding="utf-8", errors="backslashreplace"))


def _one_or_many(one: str, many: str, number: int) -> str:
    return one if number == 1 else many


def _leave(*_: object) -> NoReturn:
    """End at once: while there is nothing to put in order, an exception could only be lost, or be told."""
    os._exit(INTERRUPTED)


def _unraisable(lost: sys.UnraisableHookArgs) -> None:
    """End also where Python would forget an interrupt, as in what an import calls when it is done."""
    if lost.exc_type is KeyboardInterrupt:
        _leave()
    sys.__unraisablehook__(lost)


if __name__ == "__main__":
    main()
