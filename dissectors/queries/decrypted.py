"""Which datagrams of SRTP keys open: each is tried once, in a second reading of the captures, and none is kept.

Laws of this file:
1. The keys of a stream's own flow and call come first. Those of other flows are tried where its own has none, as after
   a change of the way.
2. A stream that no key opens soon is tried less often: keys may still come.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

from dissectors.crypto.secrets import Secrets
from dissectors.crypto.srtp import MAX_ROLLOVERS, Opener, Source
from dissectors.crypto.srtp_keys import MasterKey
from dissectors.engine.assessed import assessed
from dissectors.findings.rule import Facts
from dissectors.findings.rules import ranked
from dissectors.findings.security.randomness import OF_KEYS
from dissectors.queries.payloads import Taken, of_streams
from dissectors.report import Decrypted, Report, Stream
from dissectors.wire.captures.records import Record
from dissectors.wire.values import replace

MAX_KEYS_OF_OTHERS = 64
MAX_SEARCHES, MIN_ROLLOVERS = 1 << 14, 16
"""Tags that one search for the rollover counter of a stream compares, and how far each of many keys is tried."""

PATIENT_TRIES, RARE_TRIES = 64, 16
"""After so many datagrams without one that a key opened, one of so many is tried."""


def keys_of(report: Report, position: int, secrets: Secrets) -> list[MasterKey]:
    """The master keys that may open a stream, the likeliest first."""
    stream = report.streams[position]
    call = None if stream.call is None else report.calls[stream.call].call_id
    flows = [report.flows[number] for number in stream.flows]
    own = [key for flow in flows for key in secrets.exported.get((flow.src, flow.sport, flow.dst, flow.dport), ())]
    announced = secrets.announced.get(call, {}) if call is not None else {}
    others = () if own else islice(_exported(secrets), MAX_KEYS_OF_OTHERS)
    return [*dict.fromkeys((*own, *announced, *secrets.media_keys, *others))]


def _exported(secrets: Secrets) -> Iterator[MasterKey]:
    return (key for keys in secrets.exported.values() for key in keys)


class Openers:
    """What opens streams, made once for each master key."""

    def __init__(self) -> None:
        self._made: dict[MasterKey, Opener] = {}

    def of(self, keys: Iterable[MasterKey]) -> list[Opener]:
        """Those of these keys."""
        for key in (keys := [*keys]):
            if key not in self._made:
                self._made[key] = Opener(key)
        return [self._made[key] for key in keys]


class Trial:
    """One stream that is opened; what is not verified is counted alone."""

    __slots__ = ("cut", "left_out", "source", "tried")

    def __init__(self, openers: Sequence[Opener]) -> None:
        far = max(MIN_ROLLOVERS, MAX_SEARCHES // max(1, len(openers)))
        self.source = Source(openers, min(MAX_ROLLOVERS, far))
        self.tried = self.left_out = self.cut = 0

    def take(self, taken: Taken) -> None:
        """Try a datagram."""
        self.tried += 1
        if taken.cut:
            self.cut += 1
        elif not self.source.verified and self.tried > PATIENT_TRIES and self.tried % RARE_TRIES:
            self.left_out += 1
        else:
            self.source.open(taken.octets)

    def told(self) -> Decrypted:
        """What became of them."""
        source = self.source
        return Decrypted(
            verified=sum(source.verified.values()), failed=source.failed + self.left_out,
            unread=source.cryptex + self.cut,
            suites=tuple(dict.fromkeys(key.suite.name for key in source.verified)), reused=source.reused,
        )


def decrypted(report: Report, secrets: Secrets, records: Iterable[tuple[int, Record]]) -> Report:
    """The report with what these keys open of each stream that is encrypted, or proves to be, and what follows."""
    openers = Openers()
    trials = {
        position: Trial(openers.of(keys)) for position in range(len(report.streams))
        if (keys := keys_of(report, position, secrets))
    }
    if not trials:
        return report
    for taken in of_streams(report, [*trials], records):
        trials[taken.stream].take(taken)
    streams = tuple(_with(trials, *each) for each in enumerate(report.streams))
    facts = Facts(
        capture=report.capture, flows=report.flows, calls=report.calls, streams=streams, checks=(),
        handshakes=report.handshakes, protection=(), problems=(), sessions=report.sessions, tls=report.tls,
    )
    found = [finding for rule in OF_KEYS for finding in rule.findings(facts)]
    findings = ranked((*report.findings, *found)) if found else report.findings
    return replace(report, streams=streams, findings=findings, security=assessed(facts))


def _with(trials: Mapping[int, Trial], position: int, stream: Stream) -> Stream:
    trial = trials.get(position)
    if trial is None or not (stream.encrypted or trial.source.verified):
        return stream
    return replace(stream, decrypted=trial.told())
