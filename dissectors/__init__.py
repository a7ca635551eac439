"""muxshark: what is on a UDP port where SIP, STUN, RTP and RTCP share it, with SDP compressed inside SIP.

This is the door for programs; docs/library.md shows it. Importing it imports next to nothing, because the command goes
through it, too: each function imports what it needs when it is called. Scapy is imported only by `dissectors.layers`.
"""
from __future__ import annotations

from dissectors.version import __version__ as __version__
from dissectors.wire.errors import CaptureError as CaptureError
from dissectors.wire.errors import Malformed as Malformed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import Any, Literal, overload

    from dissectors.library.captures import Capture, Path
    from dissectors.library.datagrams import ClassifiedDatagram
    from dissectors.library.messages import Message, Octets
    from dissectors.library.packets import Packet
    from dissectors.mux.classify import Verdict
    from dissectors.outputs.flat import Scalar
    from dissectors.protocols import dtls, keepalive, msrp, quic, rtcp, rtp, sip, stun, turn, zrtp
    from dissectors.report import Report
    from dissectors.wire.inflate import Limits
    from dissectors.wire.values import Struct

__all__ = [
    "CaptureError", "Malformed", "__version__", "analyze", "analyze_packets", "classify", "datagrams", "parse", "rows",
]


def analyze(
    captures: Capture | Iterable[Capture],
    *,
    limits: Limits | None = None,
    forced: Mapping[int, str] | None = None,
    progress: Callable[[int], None] | None = None,
    everything: bool = False,
    keys: Path | Iterable[Path] = (),
    secrets: bool = False,
) -> Report:
    """The report on a capture, or on several taken as one timeline: paths, "-" for standard input, open binary files.

    It lists the last 256 of the calls that ended well, and counts the others; `everything` lists all that memory is
    meant for. `forced` maps UDP ports to the names of the protocols that they carry, `limits` (of
    `dissectors.wire.inflate`) bound the inflating of bodies, `progress` is called now and then with the number of
    frames read so far. `keys` names files that open TLS: key logs, private keys of RSA. A file is read from where it
    stands and stays open. Passwords and keys in messages are masked, unless `secrets` asks for them.

    Raises CaptureError when a capture cannot be read at all; one that is cut or corrupt gives what was whole, and a
    finding. Raises ValueError for a protocol that there is not, and for keys that cannot be read or used.
    """
    from dissectors import offline
    from dissectors.library.captures import forced_ports, paths, sources
    from dissectors.wire.inflate import LIMITS

    return offline.analyze(
        sources(captures), limits=limits or LIMITS, forced=forced_ports(forced), progress=progress,
        everything=everything, keys=offline.read_keys(paths(keys)), secrets=secrets,
    )


def analyze_packets(
    packets: Iterable[tuple[Any, Any] | Packet],
    *,
    link: str | int | None = None,
    limits: Limits | None = None,
    forced: Mapping[int, str] | None = None,
    everything: bool = False,
    secrets: bool = False,
) -> Report:
    """The report on frames that a program has in its hands: pairs of time and octets, or packets of Scapy.

    A time is in seconds since the epoch: a float, or exact as an int or a Decimal. Anything with a `time` and octets
    (`bytes(packet)`) is a packet, too. `link` is the frames' link type, by its name or LINKTYPE number; without it the
    first layer of a packet of Scapy tells it, and everything else is Ethernet. The rest is as in `analyze`.
    """
    from dissectors import offline
    from dissectors.library.captures import forced_ports
    from dissectors.library.packets import records
    from dissectors.wire.inflate import LIMITS

    return offline.analyze_records(
        records(packets, link), "frames in memory", limits=limits or LIMITS, forced=forced_ports(forced),
        everything=everything, secrets=secrets,
    )


def datagrams(
    captures: Capture | Iterable[Capture],
    *,
    forced: Mapping[int, str] | None = None,
    damaged: Callable[[str], object] | None = None,
    keys: Path | Iterable[Path] = (),
) -> Iterator[ClassifiedDatagram]:
    """Every UDP datagram in the order of the captures, each with its final verdict; `parse()` gives its message.

    A verdict may need datagrams that come later, so the captures are read to their end before the first one is given,
    and once more after that; what cannot be read twice is copied to a temporary file. `damaged` is told, in a sentence
    each, which captures are cut or corrupt, `keys` are those of `analyze`. Raises CaptureError, when the first one is
    asked for, as `analyze` does.
    """
    from dissectors import offline
    from dissectors.library import datagrams as told
    from dissectors.library.captures import forced_ports, paths, sources

    return told.datagrams(sources(captures), forced_ports(forced), damaged, offline.read_keys(paths(keys)))


def classify(payload: Octets, length: int | None = None) -> Verdict:
    """What a UDP payload is by its own octets: `protocol` by name, `strength`, `reason`, `encrypted`.

    `strength` is "certain" or "plausible": then it only looks like that, and `datagrams` asks the datagrams around it.
    What looks like nothing is "UNKNOWN", with None. `length` is the UDP header's where the capture cut the payload.
    Never raises for any octets.
    """
    from dissectors.library.messages import octets
    from dissectors.mux import classify as table

    return table.classify(octets(payload), length)


if TYPE_CHECKING:
    @overload
    def parse(payload: Octets, protocol: None = None) -> Message: ...
    @overload
    def parse(payload: Octets, protocol: Literal["SIP"]) -> sip.Message: ...
    @overload
    def parse(payload: Octets, protocol: Literal["MSRP"]) -> msrp.Message: ...
    @overload
    def parse(payload: Octets, protocol: Literal["KEEPALIVE"]) -> keepalive.Message: ...
    @overload
    def parse(payload: Octets, protocol: Literal["STUN"]) -> stun.Message: ...
    @overload
    def parse(payload: Octets, protocol: Literal["ZRTP"]) -> zrtp.Message: ...
    @overload
    def parse(payload: Octets, protocol: Literal["DTLS"]) -> dtls.Message: ...
    @overload
    def parse(payload: Octets, protocol: Literal["TURN"]) -> turn.Message: ...
    @overload
    def parse(payload: Octets, protocol: Literal["RTCP"]) -> rtcp.Compound: ...
    @overload
    def parse(payload: Octets, protocol: Literal["RTP"]) -> rtp.Message: ...
    @overload
    def parse(payload: Octets, protocol: Literal["QUIC"]) -> quic.Message: ...
    @overload
    def parse(payload: Octets, protocol: str) -> Message: ...


def parse(payload: Octets, protocol: str | None = None) -> Message:
    """The message that a UDP payload is: of what `classify` says, or of the `protocol` that is named.

    Raises Malformed where the payload cannot be read as that, or looks like nothing; ValueError for a protocol that
    there is not.
    """
    from dissectors.library import messages

    return messages.parse(payload, protocol)


def rows(values: Iterable[Struct]) -> list[dict[str, Scalar]]:
    """Values of a report (`report.streams`, `report.calls`, `report.findings` …) as flat dicts, one each, for a table.

    Every dict of a kind has the same keys. A member within a member has both names in its key (`quality_mos`), a list
    is a text or the number of its elements, and everything else is as in the report.
    """
    from dissectors.outputs import flat

    return flat.rows(values)


def scapy_ext(extension: Any) -> None:
    """What `conf.exts.load("muxshark")` of Scapy calls: the layers of docs/scapy.md as `scapy.layers.muxshark`."""
    from pathlib import Path

    extension.config("muxshark", __version__)
    layers = Path(__file__).parent / "layers" / "__init__.py"
    extension.register(name="muxshark", mode=extension.MODE.LAYERS, path=layers, default=False)
