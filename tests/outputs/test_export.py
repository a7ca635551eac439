"""The document: its keys, its octets and what JSON lacks."""

from __future__ import annotations

import json
import re

import pytest

from dissectors import report as values
from dissectors.outputs.export import compact, document
from dissectors.report import SCHEMA, Report
from tests.reports import HOSTILE, ROOT, hostile, read, report


def test_the_keys_are_the_field_names_in_order() -> None:
    made = read(report())
    assert list(made) == list(Report.__struct_fields__)
    assert list(made["streams"][0]) == list(values.Stream.__struct_fields__)
    assert made["schema"] == SCHEMA and made["streams"][0]["rtcp"]["round_trip_ms"] == 41.0


def test_the_document_is_ascii_with_an_element_a_line() -> None:
    text = "".join(document(hostile()))
    assert text.isascii() and text.endswith("}\n")
    assert all(json.loads(line.rstrip(",")) for line in text.splitlines() if line.startswith("{") and len(line) > 1)
    assert sum(line.startswith("{") for line in text.splitlines()) == 1 + 1 + 2 + 1 + 1 + 1


def test_a_stray_octet_is_no_surrogate_in_json() -> None:
    text = compact(HOSTILE)
    assert r"\ud" not in text and json.loads(text).endswith(r"[/bold]\xff")
    json.loads(text).encode("utf-8")


def test_docs_describe_every_field_of_every_object() -> None:
    text = (ROOT / "docs" / "report.md").read_text(encoding="utf-8")
    kinds = {name: kind for name in values.__all__ if hasattr(kind := getattr(values, name), "__struct_fields__")}
    told = {}
    for section in re.split(r"^## ", text, flags=re.M)[1:]:
        name = section.split("\n", 1)[0].strip("`")
        if name in kinds:
            told[name] = re.findall(r"^\| `(\w+)` \|", section, flags=re.M)
    assert told == {name: list(kind.__struct_fields__) for name, kind in kinds.items()}


@pytest.mark.parametrize("beside", ["plain", "ü", "\udcff"])
def test_a_number_that_json_lacks_is_null_whatever_stands_beside_it(beside: str) -> None:
    assert json.loads(compact([beside, float("nan"), float("inf"), 1.5]))[1:] == [None, None, 1.5]
