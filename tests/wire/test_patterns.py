"""Regular expressions that wait until somebody asks for them."""

from __future__ import annotations

import re

import pytest

from dissectors.wire.patterns import pattern


def test_an_expression_is_compiled_once_and_when_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[str] = []
    monkeypatch.setattr(re, "compile", lambda text, flags=0: compiled.append(text) or text)
    word = pattern("[a-z]+")
    assert compiled == []
    assert word() == word() == "[a-z]+" and compiled == ["[a-z]+"]


def test_flags_count() -> None:
    assert pattern(rb"^content-length", re.IGNORECASE | re.MULTILINE)().search(b"Via: x\r\nContent-Length: 0")
