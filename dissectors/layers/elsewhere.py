"""What is ours, and what is Scapy's, on ports that Scapy may know too."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from threading import local
from typing import Any

from scapy.config import conf
from scapy.layers.inet import UDP
from scapy.packet import Packet

from dissectors.layers.layer import claimed
from dissectors.layers.mux import LAYERS, Mux
from dissectors.mux import classify
from dissectors.mux.table import PROTOCOLS, ROWS
from dissectors.wire.spec import AtLeast, AtMost, Bits, Row

Dissector = Callable[..., Packet]
"""What stands in Scapy's tables: a class, or a function that is called as one."""

MAX_PAIRS_OF_PORTS = 65_536
"""For how many pairs of ports Scapy's choice is remembered."""

_ASIDE = local()


def _first_octet_alone(row: Row) -> bool:
    """Whether a row says nothing but how a datagram begins: without its flow that is no evidence."""
    return row.strength == "plausible" and all(
        isinstance(clause, (AtLeast, AtMost)) or (isinstance(clause, Bits) and clause.offset == 0)
        for clause in row.clauses
    )


_ANY: tuple[type[Packet] | None, ...] = (*(LAYERS[PROTOCOLS[number]] for number, _ in ROWS), None)
_TAKEN = tuple(
    layer if row.strength == "certain" and PROTOCOLS[number] != "KEEPALIVE" else None
    for layer, (number, row) in zip(_ANY, ROWS, strict=False)
) + (None,)
_LEFT = tuple(None if _first_octet_alone(row) else layer for layer, (_, row) in zip(_ANY, ROWS, strict=False)) + (None,)


class AnyOf(frozenset[int]):
    """Ports, to be compared with one: Scapy looks a port up by `==`, and one entry for a range is looked at faster
    than a thousand. None of them is while Scapy is asked what it has itself.
    """

    def __eq__(self, other: object) -> bool:
        if isinstance(other, int):
            return other in self and not getattr(_ASIDE, "deep", 0)
        return super().__eq__(other)

    def __hash__(self) -> int:
        return super().__hash__()

    def __repr__(self) -> str:
        """Short: `UDP.upper_bonds()` prints it."""
        return f"<any of {len(self)} ports, {min(self)} to {max(self)}>"


class Every:
    """Every port, to be compared with one; none while Scapy is asked what it has itself."""

    def __eq__(self, other: object) -> bool:
        return not getattr(_ASIDE, "deep", 0) if isinstance(other, int) else self is other

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return "<any port>"


EVERY = Every()


class Ours:
    """The base of what we put in Scapy's table of UDP beside `Mux`; Scapy calls it as it would call a class."""

    def __init__(self) -> None:
        # `UDP.upper_bonds()` prints it.
        self.__name__ = type(self).__name__
        self._scapys = Scapys()

    def __call__(self, octets: bytes, *args: Any, **kargs: Any) -> Packet:
        """Dissect the payload of `_underlayer`."""
        underlayer = kargs.get("_underlayer")
        layer = self.layer(octets, underlayer) or conf.raw_layer
        return layer(octets, *args, **kargs)

    def layer(self, octets: bytes, underlayer: Packet | None) -> Dissector | None:
        """What dissects these octets; None for Raw."""
        raise NotImplementedError


def is_ours(upper: Any) -> bool:
    """Whether an entry of Scapy's table is ours."""
    return upper is Mux or isinstance(upper, Ours)


class Scapys:
    """What Scapy itself has for the ports of a datagram, looked up once for each pair of them."""

    def __init__(self) -> None:
        self._table: Any = None
        self._entries: list[tuple[dict[str, Any], Dissector]] = []
        self._found: dict[tuple[int, int], Dissector | None] = {}
        self._by_ports = False

    def choice(self, octets: bytes, underlayer: Packet | None) -> Dissector | None:
        """Scapy's own dissector; None where it has none."""
        if type(underlayer) is not UDP:
            return None if underlayer is None else self._asked(octets, underlayer)
        if UDP.payload_guess is not self._table:
            self._read_table()
        ports = underlayer.getfieldval("sport"), underlayer.getfieldval("dport")
        try:
            return self._found[ports]
        except KeyError:
            found = self._searched(underlayer)
        if self._by_ports and len(self._found) < MAX_PAIRS_OF_PORTS:
            self._found[ports] = found
        return found

    def _read_table(self) -> None:
        """Scapy makes a new list whenever something is bound."""
        entries: list[tuple[dict[str, Any], Dissector]] = [
            (values, upper) for values, upper in UDP.payload_guess if not is_ours(upper)
        ]
        self._by_ports = all(values.keys() <= {"sport", "dport"} for values, _ in entries)
        self._entries, self._found, self._table = entries, {}, UDP.payload_guess

    def _searched(self, underlayer: Packet) -> Dissector | None:
        for values, upper in self._entries:
            if all(value == underlayer.getfieldval(name) for name, value in values.items()):
                return upper
        return None

    def _asked(self, octets: bytes, underlayer: Packet) -> Dissector | None:
        """What a layer that borrows UDP's table, as SOCKS does, finds there without us."""
        _ASIDE.deep = getattr(_ASIDE, "deep", 0) + 1
        try:
            found = underlayer.guess_payload_class(octets)
        finally:
            _ASIDE.deep -= 1
        return None if is_ours(found) or found is conf.raw_layer else found


class Plausible(Ours):
    """Whatever looks like a protocol of ours is ours; what the table does not know is Scapy's."""

    def layer(self, octets: bytes, underlayer: Packet | None) -> Dissector | None:
        """Ours by the table alone, else Scapy's."""
        ours = _ANY[classify.match(octets, claimed(octets, underlayer))]
        return ours or self._scapys.choice(octets, underlayer)


class Certain(Ours):
    """On ports that Scapy knows, ours is only what can be nothing else; with `yields` not what Scapy has bound, either.

    Elsewhere what looks like a protocol of ours is ours, unless its first octet is all that speaks for it.
    """

    def __init__(self, yields: bool) -> None:
        super().__init__()
        self._yields = yields

    def layer(self, octets: bytes, underlayer: Packet | None) -> Dissector | None:
        """Ours or Scapy's."""
        row = classify.match(octets, claimed(octets, underlayer))
        scapys = self._scapys.choice(octets, underlayer)
        if scapys is None:
            return _LEFT[row]
        ours = _TAKEN[row]
        return scapys if ours is None or (self._yields and same_protocol(ours, scapys)) else ours


def same_protocol(ours: Dissector, scapys: Dissector) -> bool:
    """Whether Scapy's layer is of the protocol that ours is of."""
    return str(getattr(scapys, "__name__", "")).upper() == str(getattr(ours, "__name__", "")).upper()


def ports_of(values: Iterable[Any]) -> list[int]:
    """The ports that are named in an entry of ours."""
    return [min(value) if isinstance(value, AnyOf) else value for value in values if value is not EVERY]
