"""What rules about media look at does not grow with streams times media lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from dissectors.findings import media
from dissectors.findings.rule import Facts
from dissectors.report import Call, Media
from dissectors.wire.values import replace
from tests.reports import report, stream


def facts(streams: int) -> Facts:
    made = report()
    call = replace(made.calls[0], answered=made.calls[0].start, streams=tuple(range(streams)))
    told = tuple(stream(ssrc=number, call=0, sender="caller") for number in range(streams))
    return Facts(made.capture, made.flows, (call,), told, (), (), (), ())


@pytest.mark.parametrize("streams", [1, 200])
def test_the_lines_of_a_side_are_looked_at_once_for_all_of_its_streams(
    streams: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str | None] = []
    real = media.wanted

    def wanted(call: Call, side: str | None = None) -> list[Media]:
        asked.append(side)
        return real(call, side)

    monkeypatch.setattr(media, "wanted", wanted)
    found: Iterator[Any] = media.media_elsewhere.findings(facts(streams))
    assert len([*found]) <= streams and asked == ["callee"]
