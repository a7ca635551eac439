"""Values: Python looks for no cycles through them, and finds none that it would miss."""

from __future__ import annotations

import ast
import gc
import pickle
import typing
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from dissectors import report
from dissectors.engine.engine import Engine
from dissectors.offline import scanner_class
from dissectors.protocols import sip
from dissectors.sources.capture import merge, open_capture
from dissectors.wire.datagram import Datagram
from dissectors.wire.inflate import Inflated
from dissectors.wire.values import NamedTuple, Struct, field

FOLDER = Path(__file__).resolve().parents[2] / "pcaps"
PACKAGE = FOLDER.parent / "dissectors"
CAPTURES = sorted((*FOLDER.glob("*.pcap"), *FOLDER.glob("*.pcapng")))


class Holder(Struct):
    held: list[Any] = field(default_factory=list)


def parts(value: Any) -> Iterator[Any]:
    """What a value, a collection or an object of ours holds."""
    if isinstance(value, Struct):
        yield from (getattr(value, name) for name in value.__struct_fields__)
    elif isinstance(value, dict):
        yield from (*value.keys(), *value.values())
    elif isinstance(value, (tuple, list, set, frozenset)):
        yield from value
    elif type(value).__module__.startswith("dissectors.") and not isinstance(value, type):
        names = (name for kind in type(value).__mro__ for name in getattr(kind, "__slots__", ()))
        yield from vars(value).values() if hasattr(value, "__dict__") else (getattr(value, name) for name in names)


def in_a_cycle(root: Any) -> list[str]:
    """The types of the values that are reached from themselves, of all that are reached from `root`."""
    done: set[int] = set()
    way: dict[int, Any] = {}
    found: list[str] = []
    steps: list[tuple[Any, Iterator[Any]]] = [(root, parts(root))]
    way[id(root)] = root
    while steps:
        value, left = steps[-1]
        inner = next(left, steps)
        if inner is steps:
            steps.pop()
            del way[id(value)]
            done.add(id(value))
        elif id(inner) in way:
            names = [*way]
            cycle = [way[name] for name in names[names.index(id(inner)):]]
            found += [type(each).__name__ for each in cycle if isinstance(each, Struct)]
        elif id(inner) not in done:
            way[id(inner)] = inner
            steps.append((inner, parts(inner)))
    return found


def test_python_does_not_look_through_values() -> None:
    assert not gc.is_tracked(Holder([[]]))


def test_a_value_that_holds_itself_would_be_found() -> None:
    holder = Holder()
    holder.held.append([{"it": holder}])
    assert in_a_cycle(holder) == ["Holder"]


@pytest.mark.parametrize("capture", CAPTURES, ids=lambda path: path.name)
def test_no_value_of_a_tracker_or_a_report_holds_itself(capture: Path) -> None:
    scanner, engine = scanner_class()(), Engine()
    with ExitStack() as stack:
        for batch in scanner.scan(merge([stack.enter_context(open_capture(str(capture)))])):
            engine.feed(batch)
    report = engine.report(scanner, ())
    assert in_a_cycle(engine) == [] and in_a_cycle(report) == []


class Place(NamedTuple):
    """Where something is."""

    file: int
    frame: int | None = None
    name: str = "here"

    @property
    def before(self) -> int:
        return self.file - 1

    def __str__(self) -> str:
        return f"{self.name}:{self.file}"


class AsInTyping(typing.NamedTuple):
    """Where something is."""

    file: int
    frame: int | None = None
    name: str = "here"


def test_a_tuple_with_names_is_what_typing_would_make_of_it() -> None:
    place, other = Place(3, name="there"), AsInTyping(3, name="there")
    assert (place, place._asdict(), place._replace(frame=2)) == (other, other._asdict(), other._replace(frame=2))
    assert repr(place) == repr(other).replace("AsInTyping", "Place") and isinstance(place, tuple)
    assert tuple(place) == (place.file, place.frame, place.name) == (3, None, "there")
    assert not hasattr(place, "__dict__")
    same = ("_fields", "_field_defaults", "__doc__", "__module__", "__slots__", "__match_args__")
    assert [getattr(Place, name) for name in same] == [getattr(AsInTyping, name) for name in same]
    assert typing.get_type_hints(Place) == typing.get_type_hints(AsInTyping)


WAYS: tuple[tuple[tuple[int, ...], dict[str, int]], ...] = (
    ((), {}), ((1,), {}), ((1, 2), {}), ((1, 2, 3), {}), ((1, 2, 3, 4), {}), ((), {"file": 1}), ((1,), {"name": 3}),
    ((1,), {"file": 1}), ((1,), {"place": 2}), ((), {"frame": 2, "name": 3}), ((), {"name": 3, "file": 1}),
)


@pytest.mark.parametrize(("values", "named"), WAYS)
def test_a_tuple_with_names_is_made_as_one_of_typing(values: tuple[int, ...], named: dict[str, int]) -> None:
    def made(kind: Any) -> tuple[object, ...] | str:
        try:
            return tuple(kind(*values, **named))
        except TypeError as error:
            return str(error).replace("AsInTyping", "Place")

    assert made(Place) == made(AsInTyping)


def test_a_value_of_a_tuple_with_names_is_replaced_by_its_name_alone() -> None:
    assert type(Place(1)._replace(frame=2)) is Place and Place._make((1, 2)) == Place(1, 2, "here")
    with pytest.raises(TypeError, match="Place has no place"):
        Place(1)._replace(place=2)  # type: ignore[call-arg]  # that is what is tested


@pytest.mark.parametrize("own", [
    {"__annotations__": {"file": int, "frame": int}, "file": 1}, {"__annotations__": dict.fromkeys("abcdefghijk")},
])
def test_a_tuple_with_names_that_cannot_be_is_refused(own: dict[str, object]) -> None:
    base: Any = NamedTuple
    with pytest.raises(TypeError, match="Wrong has"):
        type(base)("Wrong", (base,), {"__module__": __name__, **own})


@pytest.mark.parametrize("count", range(1, 11))
def test_each_field_has_its_own_place_however_many_there_are(count: int) -> None:
    names = [f"field{number}" for number in range(count)]
    base: Any = NamedTuple
    made = type(base)("Numbers", (base,), {"__module__": __name__, "__annotations__": dict.fromkeys(names)})
    for values in (made(*range(count)), made(**{name: number for number, name in enumerate(names)})):
        assert [getattr(values, name) for name in names] == [*values] == [*range(count)]


def test_a_tuple_with_names_has_its_own_methods_and_can_be_sent_to_a_process() -> None:
    place = Place(3, name="there")
    assert place.before == 2 and str(place) == "there:3"
    again = pickle.loads(pickle.dumps(place))
    assert again == place and type(again) is Place


UNPACKED: dict[str, dict[str, type[Struct]]] = {
    "analysis/calls/carried": {"datagram": Datagram, "message": sip.Message},
    "analysis/calls/messages": {"carried.body": Inflated},
    "findings/media_traits": {"line": report.Media},
    "findings/traits": {"message": report.Message},
}
"""What is taken apart by the places of its fields: in which module, and what it is called there."""

OTHERWISE = {
    "identification": "number", "written": "words", "formats": "written", "compressed_length": "compressed",
    "inflated_length": "inflated", "broken": "unreadable", "retransmission": "again",
}
"""Fields that have another name where they are unpacked."""


def unpacked() -> Iterator[tuple[str, str, list[str]]]:
    """Where all fields of a value are taken at once: the module, the value, and a name for each field."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if "astuple(" in path.read_text() else ():
            if isinstance(node, ast.Assign) and ast.unparse(node.value).startswith("astuple("):
                (target,) = node.targets
                assert isinstance(target, ast.Tuple) and isinstance(node.value, ast.Call)
                names = [ast.unparse(each).removeprefix("self.") for each in target.elts]
                place = path.relative_to(PACKAGE).with_suffix("").as_posix()
                yield place, ast.unparse(node.value.args[0]), names


def test_fields_that_are_unpacked_by_their_places_stand_there() -> None:
    found = list(unpacked())
    assert {place: {value for at, value, _ in found if at == place} for place, _, _ in found} == {
        place: set(values) for place, values in UNPACKED.items()
    }
    for place, value, names in found:
        fields = UNPACKED[place][value].__struct_fields__
        told = zip(names, fields, strict=True)
        assert not [each for each in told if each[0] not in ("_", each[1], OTHERWISE.get(each[1]))], (place, value)
