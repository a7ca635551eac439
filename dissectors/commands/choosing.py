"""Arguments that say what of a capture is asked for: `-Y`, `--call`, `--time`, and the clock in which times are."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dissectors.commands.inputs import Refused

if TYPE_CHECKING:
    from dissectors.commands.times import TimeRange
    from dissectors.queries.expressions import Expression
    from dissectors.report import Report

MAX_MARKED_LENGTH = 200
DASHED = r"(\d{1,2}:\d{2}(?::\d{2})?|\d{1,6})-(\d{1,2}:\d{2}(?::\d{2})?|\d{1,6})"


class Once(argparse.Action):
    """Stores a value and refuses a second one, so that none is forgotten without a word; `instead` says what to do."""

    def __init__(self, *words: Any, instead: str, **settings: Any) -> None:
        super().__init__(*words, **settings)
        self._instead = instead

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, option: str | None = None
    ) -> None:
        if getattr(namespace, self.dest) is not None:
            raise argparse.ArgumentError(self, f"given twice: {self._instead}")
        setattr(namespace, self.dest, values)


class Filter(Once):
    """The same for a filter; its text is kept, too, as `filter_text`, for who shows it."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, option: str | None = None
    ) -> None:
        super().__call__(parser, namespace, wanted("-Y")(values), option)
        namespace.filter_text = values.strip()


def add_filter(parser: argparse.ArgumentParser, what: str) -> None:
    """`-Y FILTER` and `--call CALL`: only some of what is there."""
    parser.add_argument(
        "-Y", dest="filter", metavar="FILTER", action=Filter, instead="join them: -Y '(…) and (…)'",
        help=f"show only {what} that match, for instance 'user==alice and status==4xx' (docs/filters.md)",
    )
    parser.set_defaults(filter_text="")
    add_call(parser, "show one call")


def add_call(parser: argparse.ArgumentParser, what: str, *also: str) -> None:
    """`--call CALL`, which does `what`; `also` are other names of it."""
    parser.add_argument(
        "--call", *also, dest="call", type=named_call, metavar="CALL",
        action=Once, instead="it names one call; -Y 'call==1 or call==2' shows several",
        help=f"{what}: its number, its Call-ID, or a part of that which no other has",
    )


def named_call(text: str) -> str:
    """The name of a call; an unset variable of a shell names none."""
    if not text.strip():
        raise argparse.ArgumentTypeError("it is empty; name a call by its number or its Call-ID")
    return text


def kept(report: Report, options: argparse.Namespace) -> Expression | None:
    """The filter of `-Y` and `--call` together, for a report; raises Refused where no call has that name."""
    from dissectors.queries import expressions, filters
    from dissectors.queries.selection import find_call

    keep: Expression | None = options.filter
    if not options.call:
        return keep
    try:
        number = find_call(report, options.call).number
    except filters.NoFilter as refused:
        raise Refused(f"--call: {refused}") from None
    one = expressions.Same("call", frozenset((str(number),)))
    return expressions.All((keep, one)) if keep else one


def add_time(parser: argparse.ArgumentParser) -> None:
    """`--time FROM..TO`."""
    parser.add_argument(
        "--time", type=_time_range, metavar="FROM..TO", action=Once, instead="name one time, FROM..TO",
        help="show only this time: 10..20 in seconds from the start, 14:03..14:05, 2026-11-28T14:03.., or 14:03",
    )


def add_clock(parser: argparse.ArgumentParser, usual: str = "relative") -> None:
    """`--clock`, for the times that are shown and for those of `--time`."""
    parser.add_argument(
        "--clock", type=str.lower, choices=("relative", "local", "utc"), default=usual,
        help=f"how to show times, and how to read a time of day ({usual})",
    )


def _time_range(text: str) -> TimeRange:
    from dissectors.commands.times import time_range

    if found := re.fullmatch(DASHED, text):
        raise argparse.ArgumentTypeError(f"{text!r} has a dash; write {found[1]}..{found[2]}")
    return time_range(text)


def wanted(option: str) -> Callable[[str], Expression]:
    """What reads the filter of an option."""

    def read(text: str) -> Expression:
        from dissectors.queries import filters

        try:
            return filters.wanted(text)
        except filters.NoFilter as error:
            raise Refused(f"{option}: {error}", *_marked(text, error.place)) from None

    return read


def _marked(text: str, place: int | None) -> tuple[str, ...]:
    """A short text with a mark under a place in it."""
    if place is None or not text.isprintable() or len(text) > MAX_MARKED_LENGTH:
        return ()
    return f"  {text}", f"  {' ' * place}^"
