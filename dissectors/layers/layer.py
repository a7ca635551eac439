"""The base of our Scapy layers: they read any octets, and build the octets that they have read."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from scapy.fields import ConditionalField, Field, StrField
from scapy.layers.inet import IP, UDP
from scapy.packet import Packet

from dissectors.wire.errors import Malformed
from dissectors.wire.spec import Spec


def claimed(octets: bytes, underlayer: Packet | None) -> int:
    """The length of the payload by its UDP header: more than `octets` has if the capture cut it.

    A header that claims more than IP has room for is not believed (as it is for the first fragment of a datagram).
    """
    if not isinstance(underlayer, UDP):
        return len(octets)
    length = underlayer.fields.get("len") or 0
    if length - 8 <= len(octets):
        return len(octets)
    below = underlayer.underlayer
    if isinstance(below, IP) and isinstance(below.fields.get("len"), int):
        room = below.fields["len"] - 4 * (below.fields.get("ihl") or 5)
        length = length if length <= room else room
    return max(length - 8, len(octets))


class When(ConditionalField):
    """A field that is shown, and built, only where `condition` holds for its layer.

    Scapy looks at every field of a layer whenever it makes one; what it looks at stands here, so that it need not be
    fetched from the field within.
    """

    __slots__ = ["do_copy", "holds_packets", "islist", "ismutable", "name"]

    def __init__(self, field: Any, condition: Callable[[Packet], bool]) -> None:
        super().__init__(field, condition)
        for name in When.__slots__:
            setattr(self, name, getattr(field, name))


def optional(field: Any) -> When:
    """A field that is shown, and built, only where it has a value."""
    name = field.name
    return When(field, lambda packet: packet.getfieldval(name) is not None)


class Mark(Field[Any, bytes]):
    """A note about the layer, which takes no octets."""

    def addfield(self, pkt: Packet | None, s: bytes, val: Any) -> bytes:
        """Nothing to add."""
        return s


class Later(StrField):
    """Octets that stand after the payload: the layer adds them when it is built."""

    def addfield(self, pkt: Packet | None, s: bytes, val: Any) -> bytes:
        """Nothing to add here."""
        return s

    def i2repr(self, pkt: Packet | None, x: bytes) -> str:
        """The first octets."""
        return repr(x) if len(x) <= 32 else f"{x[:24]!r}… ({len(x)} bytes)"


def cut() -> When:
    """The field of a header that the capture cut: its octets, while every other field is None."""
    return optional(StrField("cut", None))


# Scapy finds the class that a layer replaces by its first base with fields, so these must not be layers themselves.
if TYPE_CHECKING:
    Mixin = Packet
else:
    Mixin = object


class Layer(Mixin):
    """The base of a Scapy layer whose dissection never fails and whose fields give back every octet.

    Subclasses set `spec`, the table's row of their protocol, so that `message` can read the layer as everything else
    of this project does.
    """

    __slots__ = ()
    spec: ClassVar[Spec]

    def remember(self, octets: bytes, fields: dict[str, Any], mutable: Iterable[str] = ()) -> None:
        """Take `fields` as read from `octets`; those named in `mutable` can change without being assigned."""
        # Scapy's own way to assign asks first whether a field is meant.
        assign = object.__setattr__
        assign(self, "fields", fields)
        assign(self, "explicit", 1)
        assign(self, "raw_packet_cache", octets)
        values = {
            name: self._raw_packet_cache_field_value(self.fieldtype[name], fields[name], copy=True)
            for name in mutable
            if fields[name] is not None
        }
        assign(self, "raw_packet_cache_fields", values)

    def remember_cut(self, octets: bytes) -> bytes:
        """Keep a header that is not whole; nothing is left for a payload."""
        empty: dict[str, Any] = {name: [] for name, value in self.default_fields.items() if isinstance(value, list)}
        self.remember(octets, {**dict.fromkeys(self.default_fields), **empty, "cut": octets}, empty)
        return b""

    def self_build(self) -> bytes:
        """The layer without its payload."""
        octets: bytes | None = self.fields.get("cut")
        return super().self_build() if octets is None else octets

    def json(self) -> str:
        """The layer and its payload as JSON, with what values mean; lists are there when they are empty, too."""
        text, payload = json.dumps(_described(self)), self.payload.json()
        return f'{text[:-1]}, "payload": {payload}}}' if payload else text

    @property
    def message(self) -> Any:
        """The layer and what follows it as the message of `dissectors.protocols`; raises `Malformed`."""
        return self.spec.parse(self.build())

    def mysummary(self) -> Any:
        """One line that names the protocol, with the addresses of UDP before it."""
        try:
            said = self.message.summary
        except Malformed as malformed:
            said = f"(malformed: {malformed.reason})"
        return said if self.spec.name in said.split(",")[0] else f"{self.spec.name} {said}", [UDP]


def _described(packet: Packet) -> dict[str, Any]:
    """The fields of a layer as values of JSON."""
    return {
        field.name: _plain(getattr(field, "fld", field).i2h(packet, packet.getfieldval(field.name)))
        for field in packet.fields_desc
    }


def _plain(value: Any) -> Any:
    """A value of a field as JSON has it: octets as text, what is not settled yet as Scapy writes it."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, Packet):
        return _described(value) | ({"payload": _plain(value.payload)} if value.payload else {})
    if hasattr(value, "_asdict"):
        return value._asdict()
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    if names := getattr(value, "__struct_fields__", None):
        return {name: _plain(getattr(value, name)) for name in names}
    command = getattr(value, "command", None)
    return command(json=True) if callable(command) else repr(value)


class Octets(Layer):
    """A layer that is all of its datagram's octets in one field, `octets`."""

    __slots__ = ()

    def do_dissect(self, octets: bytes) -> bytes:
        """All of it."""
        self.remember(octets, {"octets": octets})
        return b""


def plain(spec: Spec) -> type[Packet]:
    """A layer for a protocol of which nobody wrote the fields; its `message` is what the protocol's `parse` gives."""
    fields = [StrField("octets", b"")]
    return type(spec.name, (Octets, Packet), {"name": spec.name, "spec": spec, "fields_desc": fields})


class Trailed(Layer):
    """A layer that has octets after its payload, or sends another payload than it shows."""

    __slots__ = ()

    def do_build(self) -> bytes:
        """The layer with its payload. Scapy leaves `post_build` out for a layer that did not change; here it counts."""
        packet = self if self.explicit else next(iter(self))
        octets = packet.self_build()
        for transform in packet.post_transforms:
            octets = transform(octets)
        return packet.post_build(octets, packet.do_build_payload())
