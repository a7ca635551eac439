"""Binding UDP ports to `Mux`, and undoing it."""

from __future__ import annotations

from collections.abc import Iterable
from threading import RLock
from types import TracebackType
from typing import Any

from scapy.config import conf
from scapy.layers.inet import UDP
from scapy.packet import bind_top_down, split_top_down

from dissectors.layers.elsewhere import EVERY, AnyOf, Certain, Plausible, is_ours, ports_of
from dissectors.layers.flows import ByFlow
from dissectors.layers.mux import LAYERS, Mux

HIGHEST_PORT = 65535

REGISTERED = {"SIP": 5060, "STUN": 3478}
"""The ports of datagrams to be built while nothing is bound (RFC 3261 section 19.1.2, RFC 8489 section 6.1)."""

CHANGING = RLock()
"""Held while Scapy's bindings change: they belong to the process, and sniffers have threads of their own."""


class Binding:
    """Ports that `Mux` has; `undo`, a call or the end of a `with` block gives them back. Giving back twice is fine."""

    def __init__(self, entries: list[tuple[dict[str, Any], Any]]) -> None:
        with CHANGING:
            self._before = UDP.payload_guess
            self._entries = entries
            UDP.payload_guess = self._after = [*entries, *UDP.payload_guess]
            _settle()

    def undo(self) -> None:
        """Give the ports back. What others bound in the meantime stays."""
        with CHANGING:
            self._undo()

    def _undo(self) -> None:
        if not self._entries:
            return
        if UDP.payload_guess is self._after:
            UDP.payload_guess = self._before
        else:
            UDP.payload_guess = [
                entry for entry in UDP.payload_guess if not any(entry is ours for ours in self._entries)
            ]
        self._entries = []
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
    ports: int | Iterable[int] = (), *, everywhere: bool = False, plausible: bool | None = None, flows: bool = False
) -> Binding:
    """Let `Mux` dissect the UDP ports `ports`, or all of them with `everywhere`, until the binding is undone.

    A port named in `ports` is ours whichever side of the datagram it is on and whatever Scapy has bound to the other
    side; layers of ours that are built on UDP get the first one for both ports where you give none. With `everywhere`
    every datagram is asked, and one that is no protocol of ours stays Scapy's.

    `plausible` says whether what only looks like a protocol of ours is ours where Scapy knows a port of the datagram:
    by default it is on ports that you name, and is not with `everywhere` (one DNS query in four looks like QUIC).
    With `flows` what only looks like ours is Scapy's, or Raw, until the evidence of its flow confirms it.

    Raises ValueError where nothing is to be bound or a port is none.
    """
    named = tuple(ports) if isinstance(ports, Iterable) else (ports,)
    if not all(type(port) is int and 0 <= port <= HIGHEST_PORT for port in named):
        raise ValueError(f"ports are numbers from 0 to {HIGHEST_PORT}")
    if not named and not everywhere:
        raise ValueError("name ports, or say everywhere=True")
    by_flow = ByFlow() if flows else None
    entries: list[tuple[dict[str, Any], Any]] = []
    if named:
        upper: Any = by_flow or (Mux if plausible is not False else Certain())
        wanted = named[0] if len(named) == 1 and upper is Mux else AnyOf(named)
        entries += [({"dport": wanted}, upper), ({"sport": wanted}, upper)]
    if everywhere:
        entries.append(({"dport": EVERY}, by_flow or (Plausible() if plausible else Certain())))
    return Binding(entries)


def _settle() -> None:
    """Make the ports of datagrams to be built, and what `lsc` lists, agree with what is bound now."""
    ours = [values for values, upper in UDP.payload_guess if is_ours(upper)]
    port = next((port for values in ours for port in ports_of(values.values())), None)
    for layer in LAYERS.values():
        split_top_down(UDP, layer)
        built_on = REGISTERED.get(layer.spec.name) if port is None else port
        if built_on is not None:
            bind_top_down(UDP, layer, sport=built_on, dport=built_on)
    if bind in conf.commands:
        conf.commands.remove(bind)
    if ours:
        conf.commands.append(bind)


_settle()
