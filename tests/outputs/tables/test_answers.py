"""Answers for people and for programs."""

from __future__ import annotations

from dissectors.outputs.tables.answers import as_csv, as_ndjson, table


def test_columns_are_aligned_and_escaped() -> None:
    text = "".join(table(["name", "n"], [("a\x1b[2J", 1), (None, 22222), ("x" * 99, 3)]))
    lines = text.splitlines()
    assert lines[0].startswith("name") and "\x1b" not in text and lines[2].startswith("–") and "…" in lines[3]
    assert len({line.rstrip("0123456789").count("") for line in lines[1:3]}) == 1


def test_programs_get_every_value() -> None:
    assert "".join(as_csv(["a", "b"], [("=x", None), ("y", 2)])) == "a,b\r\n'=x,\r\ny,2\r\n"
    assert "".join(as_ndjson(["a", "b"], [("x", None)])) == '{"a": "x", "b": null}\n'
