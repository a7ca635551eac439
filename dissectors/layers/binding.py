"""Binding UDP ports to `Mux` and TCP ports to SIP, and undoing it."""

from __future__ import annotations

from collections.abc import Iterable
from threading import RLock
from types import TracebackType
from typing import Any

from scapy.config import conf
from scapy.layers.inet import TCP, UDP
from scapy.packet import Packet, bind_top_down, split_top_down

from dissectors.layers.elsewhere import EVERY, AnyOf, Certain, Plausible, is_ours, ports_of
from dissectors.layers.flows import ByFlow
from dissectors.layers.mux import LAYERS, Mux
from dissectors.layers.sip import SIP
from dissectors.layers.sip_stream import SIPStream

HIGHEST_PORT = 65535

REGISTERED = {"SIP": 5060, "STUN": 3478}
"""The ports of datagrams to be built while nothing is bound (RFC 3261 section 19.1.2, RFC 8489 section 6.1)."""

CHANGING = RLock()
"""Held while Scapy's bindings change: they belong to the process, and sniffers have threads of their own."""


Entry = tuple[dict[str, Any], Any]
"""One of a table of Scapy's: values of fields, and what dissects the payload where they hold."""


class Binding:
    """Ports that are ours; `undo`, a call or the end of a `with` block gives them back. Giving back twice is fine."""

    def __init__(self, entries: dict[type[Packet], list[Entry]]) -> None:
        with CHANGING:
            self._entries = {lower: ours for lower, ours in entries.items() if ours}
            self._before = {lower: lower.payload_guess for lower in self._entries}
            self._after = {lower: [*ours, *lower.payload_guess] for lower, ours in self._entries.items()}
            for lower, table in self._after.items():
                lower.payload_guess = table
            _settle()

    def undo(self) -> None:
        """Give the ports back. What others bound in the meantime stays."""
        with CHANGING:
            for lower, entries in self._entries.items():
                if lower.payload_guess is self._after[lower]:
                    lower.payload_guess = self._before[lower]
                else:
                    kept = [each for each in lower.payload_guess if not any(each is ours for ours in entries)]
                    lower.payload_guess = kept
            self._entries = {}
            _settle()

    __call__ = undo

    def __enter__(self) -> Binding:
        """Raises ValueError when the binding is already undone."""
        if not self._entries:
            raise ValueError("this binding was undone; bind again")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.undo()


def bind(
    ports: int | Iterable[int] = (), *, tcp: int | Iterable[int] = (), everywhere: bool = False,
    plausible: bool | None = None, flows: bool = False,
) -> Binding:
    """Let `Mux` dissect the UDP ports `ports`, or all of them with `everywhere`, until the binding is undone.

    A port named in `ports` is ours whichever side of the datagram it is on and whatever Scapy has bound to the other
    side; layers of ours that are built on UDP get the first one for both ports where you give none. With `everywhere`
    every datagram is asked, and one that is no protocol of ours stays Scapy's. `tcp` are TCP ports of SIP.

    `plausible` says whether what only looks like a protocol of ours is ours where Scapy knows a port of the datagram:
    by default it is on ports that you name, and is not with `everywhere` (one DNS query in four looks like QUIC).
    With `flows` what only looks like ours is Scapy's, or Raw, until the evidence of its flow confirms it.

    Raises ValueError where nothing is to be bound or a port is none.
    """
    named, streams = _ports(ports), _ports(tcp)
    if not named and not streams and not everywhere:
        raise ValueError("name ports, or say everywhere=True")
    by_flow = ByFlow(yields=not named) if flows else None
    entries: list[Entry] = []
    if named:
        entries += _entries(named, by_flow or (Certain(yields=False) if plausible is False else Mux))
    if everywhere:
        entries.append(({"dport": EVERY}, by_flow or (Plausible() if plausible else Certain(yields=True))))
    return Binding({UDP: entries, TCP: _entries(streams, SIPStream) if streams else []})


def _ports(given: int | Iterable[int]) -> tuple[int, ...]:
    named = tuple(given) if isinstance(given, Iterable) else (given,)
    if not all(type(port) is int and 0 <= port <= HIGHEST_PORT for port in named):
        raise ValueError(f"ports are numbers from 0 to {HIGHEST_PORT}")
    return named


def _entries(ports: tuple[int, ...], upper: Any) -> list[Entry]:
    wanted = ports[0] if len(ports) == 1 and upper in (Mux, SIPStream) else AnyOf(ports)
    return [({"dport": wanted}, upper), ({"sport": wanted}, upper)]


def _settle() -> None:
    """Make the ports of datagrams to be built, and what `lsc` lists, agree with what is bound now."""
    ours = [values for values, upper in UDP.payload_guess if is_ours(upper)]
    port = next((port for values in ours for port in ports_of(values.values())), None)
    for layer in LAYERS.values():
        split_top_down(UDP, layer)
        built_on = REGISTERED.get(layer.spec.name) if port is None else port
        if built_on is not None:
            bind_top_down(UDP, layer, sport=built_on, dport=built_on)
    split_top_down(TCP, SIP)
    bind_top_down(TCP, SIP, sport=REGISTERED["SIP"], dport=REGISTERED["SIP"])
    if bind in conf.commands:
        conf.commands.remove(bind)
    if ours or any(upper is SIPStream for _, upper in TCP.payload_guess):
        conf.commands.append(bind)


_settle()
