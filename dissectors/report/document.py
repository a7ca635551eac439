"""The report itself, its findings and its totals."""

from __future__ import annotations

from collections.abc import Sequence

from dissectors.report.call import Call
from dissectors.report.capture import Capture, Flow, Seen
from dissectors.report.connectivity import Check, DataChannel, Handshake, Protection
from dissectors.report.legs import Legs
from dissectors.report.place import Certainty, Place, Severity
from dissectors.report.repair import Unsent
from dissectors.report.secured import Tls
from dissectors.report.security import Security
from dissectors.report.session import Session
from dissectors.report.stream import Stream
from dissectors.wire.values import Struct

SCHEMA = "muxshark/report/1"


class Finding(Struct, frozen=True):
    """A fact that a person should know: what, why it matters, what to do, how sure, and the frames that show it.

    `call` and `stream` are positions in the report's lists, None if the finding is about the whole capture. `time` is
    the moment at which it happened, None if there is no such moment.
    """

    id: str
    severity: Severity
    certainty: Certainty
    what: str
    why: str
    fix: str
    places: tuple[Place, ...]
    call: int | None = None
    stream: int | None = None
    time: float | None = None


class Totals(Struct, frozen=True):
    """Counts of everything, also of calls and streams that are not listed.

    `outcomes` counts SIP transactions by kind and outcome, as in `call, ended`. `calls_left_out` and
    `streams_left_out` are not in the lists: they ended well in a capture that holds more than a report can.
    """

    outcomes: tuple[Seen, ...]
    calls: int
    streams: int
    packets: int
    lost: int
    calls_left_out: int
    streams_left_out: int
    flows_left_out: int


class Report(Struct, frozen=True):
    """The whole report on a capture."""

    schema: str
    capture: Capture
    flows: Sequence[Flow]
    calls: tuple[Call, ...]
    streams: tuple[Stream, ...]
    checks: tuple[Check, ...]
    findings: tuple[Finding, ...]
    handshakes: tuple[Handshake, ...] = ()
    protection: tuple[Protection, ...] = ()
    totals: Totals | None = None
    legs: tuple[Legs, ...] = ()
    sessions: tuple[Session, ...] = ()
    tls: tuple[Tls, ...] = ()
    data_channels: tuple[DataChannel, ...] = ()
    unsent: tuple[Unsent, ...] = ()
    security: tuple[Security, ...] = ()

    @property
    def distinct_streams(self) -> list[Stream]:
        """The streams without those that are another one on another way, as behind a relay."""
        return [stream for stream in self.streams if stream.way_of is None]

    @property
    def numbered(self) -> bool:
        """Whether people need the number of a call: there are several, or the only one is not the capture's first."""
        return len(self.calls) > 1 or any(call.number > 1 for call in self.calls)

    def number_of(self, call: int | None) -> str:
        """The number of the call at a position, as people are told it; empty for None."""
        return "" if call is None else str(self.calls[call].number or call + 1)

    def call_of(self, finding: Finding) -> int | None:
        """The position of the call that a finding is about, itself or through its stream; None where there is none."""
        if finding.call is None and finding.stream is not None:
            return self.streams[finding.stream].call
        return finding.call

    def found_by_call(self) -> dict[int, list[Finding]]:
        """The findings of each call and of its streams, by its position."""
        found: dict[int, list[Finding]] = {}
        for finding in self.findings:
            call = self.call_of(finding)
            if call is not None:
                found.setdefault(call, []).append(finding)
        return found
