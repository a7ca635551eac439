"""The pictures of the pages show what the commands print today."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

pytest.importorskip("rich")
pytest.importorskip("textual")

from tools import screens

TEXT = "{http://www.w3.org/2000/svg}text"
PAGES = (screens.CHECKOUT / "README.md", *sorted((screens.CHECKOUT / "docs").glob("*.md")))


def words_of(picture: Path) -> list[str]:
    """The words of a picture, line by line."""
    lines: dict[float, list[tuple[float, str]]] = {}
    for text in ElementTree.parse(picture).iter(TEXT):
        if "matrix" not in text.get("class", "") and "clip-path" in text.attrib:
            lines.setdefault(float(text.get("y", "")), []).append((float(text.get("x", "")), text.text or ""))
    return ["".join(text for _, text in sorted(line)) for _, line in sorted(lines.items())]


def unspaced(lines: list[str]) -> list[str]:
    return [text for line in lines if (text := re.sub(r"\s", "", line))]


@pytest.mark.parametrize("name", screens.SCREENS)
def test_a_picture_shows_what_its_command_prints(name: str) -> None:
    lines = unspaced([screens.plain(line) for line in screens.part(screens.SCREENS[name])])
    assert len(lines) > 5 and unspaced(words_of(screens.FOLDER / f"{name}.svg")) == lines


@pytest.mark.parametrize("name", screens.SCREENS)
def test_a_picture_needs_nothing_from_elsewhere(name: str) -> None:
    text = (screens.FOLDER / f"{name}.svg").read_text(encoding="utf-8")
    assert "url(http" not in text and "@import" not in text and "<script" not in text


def test_every_picture_is_on_a_page() -> None:
    shown = {Path(link).name for page in PAGES for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8"))}
    assert {path.name for path in screens.FOLDER.iterdir()} <= shown
