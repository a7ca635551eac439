"""`muxshark findings`: each at length, and all as a list."""

from __future__ import annotations

import pytest

from dissectors.cli import main
from dissectors.findings.catalogue import RULES


@pytest.mark.parametrize("id", ["media-one-way", "body-over-limit"])
def test_a_finding_is_explained_at_length(id: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["findings", id]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert RULES[id].title in text and RULES[id].why in text and RULES[id].fix in text


def test_every_finding_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["findings"]) == 0
    words = capsys.readouterr().out.split()
    assert set(RULES) <= set(words)
