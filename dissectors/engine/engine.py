"""From batches to a report: reads what is signalling, asks the trackers, and says what went wrong.

There is no clock here: time comes from the datagrams, and a capture fed in order gives the same report however it was
cut into batches.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from dissectors.analysis.streams.announced import AnnouncedMedia
from dissectors.engine.facts import facts
from dissectors.engine.members import EVERYTHING, Chosen, Media, media
from dissectors.engine.problems import Problems
from dissectors.engine.reading import SignallingReader
from dissectors.engine.retirement import Retirement
from dissectors.engine.trackers import CAPACITY, Capacity, Trackers
from dissectors.engine.view import ScanTables
from dissectors.findings.capture.capture import OF_DAMAGE
from dissectors.findings.rule import MAX_ALIKE, MAX_ALIKE_OF_ALL, Facts, Problem, counted
from dissectors.findings.rules import doubted, findings, ranked
from dissectors.findings.signalling.legs import legs
from dissectors.mux.counters import Counters
from dissectors.mux.scan import Batch, Scanner
from dissectors.mux.table import PROTOCOLS
from dissectors.report import SCHEMA, CaptureFile, Place, Report, Security, Seen, Totals
from dissectors.wire.inflate import LIMITS, Limits
from dissectors.wire.values import replace

if TYPE_CHECKING:
    from dissectors.crypto.secrets import Secrets
    from dissectors.findings.rule import Dropping
    from dissectors.protocols.sip_usual import Usual


def verdicts(values: Facts) -> tuple[Security, ...]:
    """How well calls are protected; a capture without anything that is needs nothing of what judges it."""
    if not (values.handshakes or values.tls or any([stream.encrypted for stream in values.streams])):
        return ()
    from dissectors.engine.assessed import assessed

    return assessed(values)


class Engine:
    """Feed it every batch of one scan, in order, then ask for the report.

    `limits` bound the inflating of bodies, `capacity` bounds what is held. At most `max_finished` calls that ended well
    are held after `retire_finished`; None holds all of them, and lists more of what was found in many. With `secrets`
    the report has the passwords and keys that stand in messages; without, a mask in their place. SIP of which a
    `glance` tells enough is not parsed before somebody needs it: the report is the same, unless the room for
    texts and descriptions is full: then others have it.
    """

    def __init__(
        self, limits: Limits = LIMITS, max_finished: int | None = None, capacity: Capacity = CAPACITY,
        secrets: bool = False, glance: Callable[[bytes], Usual | None] | None = None,
    ) -> None:
        self.trackers = Trackers(limits, max_finished, capacity, secrets, glance)
        self._most = MAX_ALIKE if max_finished is not None else MAX_ALIKE_OF_ALL
        self._problems = Problems()
        self._retirement = Retirement(self.trackers, self._problems)
        self._dropping: tuple[Dropping, ...] = ()
        self._signalling = SignallingReader(self.trackers.readers, self._problems)

    def feed(self, batch: Batch) -> None:
        """Take the settled datagrams of a batch."""
        self._signalling.feed(batch)

    def open_with(self, secrets: Secrets | None) -> None:
        """Open with these keys what DTLS carries."""
        self.trackers.open_with(secrets)

    def announced(self) -> AnnouncedMedia:
        """Where the calls so far agreed on media, for `Scanner.finish`."""
        calls = self.trackers.calls
        return AnnouncedMedia(calls.open(call) for call in [*calls.calls.values()] if call.announced)

    def media(self, scan: ScanTables) -> Iterator[Media]:
        """Every stream, as the report would say it."""
        return media(self.trackers, scan)

    def problem(self, id: str, what: str, place: Place | None = None) -> None:
        """Count something that went wrong, with the first frames in which it did."""
        self._problems.note(id, what, place)

    def retire_finished(self, scanner: Scanner, at_the_end: bool = False) -> None:
        """Sum up finished calls beyond those that are held; to be called now and then, and at the end."""
        self._retirement.retire_finished(scanner, at_the_end)

    def dropped(self, dropping: tuple[Dropping, ...]) -> None:
        """Say when the capture dropped frames, as far as that is known by now."""
        self._dropping = dropping

    def report(
        self, scan: ScanTables, files: tuple[CaptureFile, ...], chosen: Chosen = EVERYTHING, last: bool = False,
        judged: bool = True,
    ) -> Report:
        """Everything that was seen, with the tables of the scan whose batches were fed.

        Asking changes nothing of what is told later, unless it is for the `last` time: then the calls are gone. Unless
        it is to be `judged`, its only findings are those about damage of the captures.
        """
        if chosen.calls is None:
            # What is read now may find no room.
            self.trackers.calls.opened()
        problems = self._problems.to_report() + self._bounds_hit(scan) + _unconfirmed(scan)
        values, of_retired = facts(self.trackers, scan, files, problems, chosen, self._retirement.totals.fax, last)
        values = replace(values, dropping=self._dropping) if self._dropping else values
        if chosen.calls is None:
            values = replace(values, gone=self._retirement.totals.sent)
        if judged:
            found = findings(values, most=self._most)
        else:
            found = ranked(each for rule in OF_DAMAGE for each in rule.findings(values, self._most))
        earlier = self._retirement.totals.findings() if chosen.calls is None and judged else ()
        return Report(
            SCHEMA, values.capture, values.flows, tuple(values.calls), tuple(values.streams), values.checks,
            ranked(doubted((*found, *earlier), values)), values.handshakes, values.protection,
            self._totals(values, of_retired), legs(values), values.sessions, values.tls,
            self.trackers.data_channels, values.unsent, verdicts(values) if judged else (),
        )

    def _totals(self, values: Facts, of_retired: list[Counters]) -> Totals:
        streams, calls, earlier = values.streams, self.trackers.calls, self._retirement.totals
        returned = sum(call.returned for call in values.calls)
        outcomes = calls.outcomes(values.calls)
        return Totals(
            outcomes=tuple(Seen(f"{kind}, {outcome}", count) for (kind, outcome), count in outcomes.most_common()),
            calls=sum(outcomes.values()),
            streams=len(streams) + len(of_retired) + earlier.streams,
            packets=sum(each.packets for each in streams) + sum(each.packets for each in of_retired) + earlier.packets,
            lost=sum(each.lost for each in streams) + sum(each.lost for each in of_retired) + earlier.lost,
            calls_left_out=sum(calls.retired.values()) - returned,
            streams_left_out=len(of_retired) + earlier.streams,
            flows_left_out=earlier.flows,
        )

    def _bounds_hit(self, scan: ScanTables) -> tuple[Problem, ...]:
        """What was given up because a bound was hit, and what the scan could not read."""
        hits = {**scan.bounds_hit, **self.trackers.bounds_hit}
        found = [Problem("bound-hit", f"{name}: {count:,} given up", 1, ()) for name, count in hits.items() if count]
        for link, count in scan.frames.unsupported.items():
            found.append(Problem("link-type-unknown", f"link type {link}: {counted(count, 'frame')}", 1, ()))
        if scan.frames.joined:
            what = f"segmentation offload: {counted(scan.frames.joined, 'frame')} with several packets of RTP each"
            found.append(Problem("offload-joined", what, 1, tuple(Place(*each) for each in scan.frames.first_joined)))
        return tuple(found)


def _unconfirmed(scan: ScanTables) -> tuple[Problem, ...]:
    return tuple(
        Problem(
            "plausible-only",
            f"{counted(found.count, 'datagram')} may be {PROTOCOLS[number]}, which nothing confirms; the first is to "
            f"port {found.port}",
            1, tuple([Place(*frame) for frame in found.frames]), f"Here: -d udp.port=={found.port},{PROTOCOLS[number]}",
        )
        for number, found in scan.unconfirmed.items()
    )
