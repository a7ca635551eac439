"""What a stream sounds like, once its payloads are decoded."""

from __future__ import annotations

from dissectors.report.place import Place
from dissectors.wire.values import Struct


class Echo(Struct, frozen=True):
    """What the other side says comes back in a stream: so late, so much quieter, first at this time.

    `likeness` is the correlation of both (0 to 1), `windows` in how many windows of time it was found.
    """

    delay_ms: float
    loss_db: float
    likeness: float
    windows: int
    time: float


class Heard(Struct, frozen=True):
    """The loudness of a stream. Levels are in dBov: 0 is the loudest that can be, a full tone has -3.

    `seconds` of it were decoded. `peak` is the loudest sample. `level` is the mean of what is louder than -50 dBov, and
    lasts `active` seconds; None where nothing is. `silent` is how long it was below -70 dBov. `clipped` counts
    datagrams with samples cut off at the loudest value; the first of them is at `clipped_place`. `late` counts those
    that come too late for a jitter buffer of 60 ms, `late_runs` how often that begins.
    """

    seconds: float
    peak: float
    level: float | None
    active: float
    silent: float
    clipped: int
    packets: int
    clipped_time: float | None = None
    clipped_place: Place | None = None
    echo: Echo | None = None
    late: int = 0
    late_runs: int = 0
