"""`muxshark live --html FILE`: the session so far as a page, again and again."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from io import StringIO

from dissectors.commands.inputs import Refused
from dissectors.outputs.formats import FORMATS
from dissectors.outputs.renewed import renew
from dissectors.outputs.view import View
from dissectors.report import Report

PAGE_SECONDS, LEAST_SHARE = 15.0, 20
"""Seconds between two versions of the page; where one takes long, so many times as long."""

OWN_MARK = b'<meta name="generator" content="muxshark '
"""What stands near the beginning of a page of ours, and of no other file."""

MARK_OCTETS = 4096


class PageFile:
    """Writes a page, each version in the place of the one before at once; `problem` is why the last one failed.

    `report` gives the report so far. Raises Refused where the file cannot be written, or is there and no page of ours.
    """

    def __init__(self, name: str, clock: str, report: Callable[[], Report]) -> None:
        form = FORMATS["html"]
        if form.lacking:
            raise Refused(form.lacking)
        self._name, self._clock, self._form, self._report = name, clock, form, report
        self._due = 0.0
        self.problem = ""
        if problem := _in_the_way(name):
            raise Refused(f"--html {name}: {problem}")

    def look(self) -> None:
        """Write it where that is due."""
        if time.monotonic() >= self._due:
            self.write()

    def write(self) -> None:
        """Write it now; a failure is remembered, and tried again."""
        began = time.monotonic()
        self.problem = renew(self._name, self._form.write(self._report(), View(StringIO(), clock=self._clock)))
        ended = time.monotonic()
        self._due = ended + max(PAGE_SECONDS, LEAST_SHARE * (ended - began))


def _in_the_way(name: str) -> str:
    """Why no page can stand there; empty if one can."""
    try:
        if os.path.isdir(name):
            return "is a directory"
        if os.path.exists(name):
            with open(name, "rb") as file:
                octets = file.read(MARK_OCTETS)
            return "exists, and is no page of muxshark" if octets and OWN_MARK not in octets else ""
        with open(name, "xb"):
            pass
    except OSError as error:
        return (error.strerror or str(error)).lower()
    return ""
