"""The verdicts of a scan by the datagram's number, in a file: they fall in another order than that of the capture."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from typing import BinaryIO, Final

FinalVerdict = tuple[int, int, str | None, str, bool]
"""Protocol, row, strength, evidence, and whether it is encrypted."""

WINDOW_VERDICTS = 1 << 16
"""Verdicts that are in memory; those that fall later than that are written one by one."""

CODE: Final = "I"
_CODE_OCTETS = array(CODE).itemsize


class Verdicts:
    """One number a datagram, that of its verdict: there are few different ones, and these are kept."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._codes: dict[FinalVerdict, int] = {}
        self._window = array(CODE, bytes(_CODE_OCTETS * WINDOW_VERDICTS))
        self._begin = self._end = 0

    def note(self, number: int, verdict: FinalVerdict) -> None:
        """Keep the verdict on the datagram with this number."""
        code = self._codes.get(verdict)
        if code is None:
            code = self._codes[verdict] = len(self._codes)
        place = number - self._begin
        if place >= WINDOW_VERDICTS:
            self._turn(number)
            place = number - self._begin
        if number >= self._end:
            self._end = number + 1
        if place >= 0:
            self._window[place] = code
        else:
            self._file.seek(number * _CODE_OCTETS)
            self._file.write(array(CODE, (code,)).tobytes())

    def read(self) -> Iterator[FinalVerdict]:
        """The verdicts in the order of the datagrams, once all are there."""
        self._write()
        verdicts = list(self._codes)
        self._file.seek(0)
        while octets := self._file.read(_CODE_OCTETS * WINDOW_VERDICTS):
            for code in memoryview(octets).cast(CODE):
                yield verdicts[code]

    def _turn(self, number: int) -> None:
        """Write the window, and let the next one begin so that it holds a number."""
        self._write()
        self._begin = number - number % WINDOW_VERDICTS
        self._window = array(CODE, bytes(_CODE_OCTETS * WINDOW_VERDICTS))

    def _write(self) -> None:
        self._file.seek(self._begin * _CODE_OCTETS)
        self._file.write(self._window[: self._end - self._begin].tobytes())
