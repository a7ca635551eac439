"""The page that names many pages, as a browser reads it."""

from __future__ import annotations

from dissectors.outputs.html.index import Entry, index
from tests.outputs.html.test_page import EVIL, TAGS, Read


def test_names_are_text_and_links_stay_in_the_folder() -> None:
    entries = [
        Entry(EVIL, f"../{EVIL}.html", ("1", "0"), "error", "media-missing"), Entry("b.pcap", "", problem=EVIL),
    ]
    read = Read(index("2 captures", ("calls", "failed"), entries, f"muxshark {EVIL}"))
    assert {tag for tag, _ in read.elements} <= TAGS
    assert [link for link in read.values("href") if not link.startswith("#")] == [entries[0].link]
    assert "'" not in entries[0].link and "<" not in entries[0].link and read.values("src") == []
    assert read.text.count("document.title='taken'") == 3 and "\u202e" not in read.text
