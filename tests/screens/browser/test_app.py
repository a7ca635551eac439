"""Going about on the screen with keys alone, as Textual's own pilot presses them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any

import pytest

from dissectors.outputs.terminal.lines import Line, line, span
from dissectors.report import Place
from dissectors.screens.book import Book
from dissectors.screens.view import View
from dissectors.wire.values import replace
from tests.made import A, B, report, rtp
from tests.screens.test_book import bad_day, without

pytest.importorskip("textual")

if TYPE_CHECKING:
    from textual.pilot import Pilot

    from dissectors.screens.browser.app import Browser

MAX_PAUSES = 1000
HOSTILE = "sip:\x1b[2J[red]evil[/red]\u202e@192.0.2.1"
WRITTEN = {508: ["INVITE sip:carol@example.net SIP/2.0", "", "v=0"], 511: ["SIP/2.0 200 OK", "", "v=0"]}


class Fed:
    """A feed that is there at once."""

    title, trouble = "bad-day.pcap", ""

    def __init__(self, lasts: bool = False) -> None:
        self.book, self.lasts, self.stopped, self.was_shown = Book(), lasts, False, False
        self.told: list[str] = []
        self.may_read = threading.Event()
        self.may_read.set()
        self.saved: list[tuple[Sequence[int], str]] = []
        self.readers: set[int] = set()
        self.asked: list[Place] = []

    def begin(self) -> None:
        self.book.take(bad_day(), whole=True)

    def meters(self) -> Line:
        return line(span("all read"))

    @property
    def ended(self) -> bool:
        return not self.lasts or self.stopped

    def news(self) -> list[str]:
        news, self.told = self.told, []
        return news

    def shown(self) -> None:
        self.was_shown = True

    def stop(self) -> None:
        self.stopped = True

    def written(self, place: Place) -> list[str]:
        self.readers.add(threading.get_ident())
        self.asked.append(place)
        self.may_read.wait(30)
        return WRITTEN.get(place.frame, [])

    def suggested(self, numbers: Sequence[int]) -> str:
        return f"{numbers[0]}.pcapng"

    def save(self, numbers: Sequence[int], path: str) -> str:
        self.saved.append((numbers, path))
        return f"saved in {path}"


def go(steps: Callable[[Browser, Pilot[Any]], Awaitable[None]], feed: Fed, size: tuple[int, int] = (80, 24)) -> None:
    """Run the screen and take these steps on it."""
    from dissectors.screens.browser.app import Browser

    async def run() -> None:
        app = Browser(feed, View(), "relative")
        async with app.run_test(size=size) as pilot:
            await settled(pilot)
            await steps(app, pilot)

    asyncio.run(run())


async def settled(pilot: Pilot[Any]) -> None:
    """Everything that was asked for is on the screen."""
    await pilot.app.workers.wait_for_complete()
    pilot.app.ask()
    await pilot.pause()


async def press(pilot: Pilot[Any], *keys: str, said: Sequence[str] = ()) -> str:
    """The screen after these keys, once it says this."""
    await pilot.press(*keys)
    await settled(pilot)
    for _ in range(MAX_PAUSES):
        if all(text in drawn(pilot) for text in said):
            break
        await pilot.pause(0.01)
    shown = drawn(pilot)
    assert all(text in shown for text in said), shown
    return shown


def drawn(pilot: Pilot[Any]) -> str:
    """What the screen in front shows, as text."""
    from dissectors.screens.browser.lines import Lines

    rows = []
    for lines in pilot.app.screen.query(Lines):
        if lines.display:
            rows += [lines.render_line(y).text.rstrip() for y in range(lines.size.height)]
    return "\n".join(rows)


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 50), (40, 10)])
def test_the_list_shows_calls_totals_findings_and_keys_at_every_size(size: tuple[int, int]) -> None:
    async def steps(app: Browser, pilot: Pilot[Any]) -> None:
        shown = drawn(pilot)
        assert all(len(row) <= size[0] for row in shown.split("\n"))
        for said in ("muxshark bad-day.pcap", "8 calls", "▼#", "ali", "Findings", "F1 Help"):
            assert said in shown
        assert feed.was_shown

    feed = Fed()
    go(steps, feed, size)


def test_streams_are_there_where_no_call_was_signalled_and_go_when_one_is() -> None:
    async def steps(app: Browser, pilot: Pilot[Any]) -> None:
        feed.book.take(report([(A, B, rtp(number)) for number in range(0, 200, 2)]))
        await press(pilot, said=["Streams  no call was signalled", "0x11223344", "lost 99 (49.7%)"])
        await press(pilot, "down", "enter", "d", said=["Streams  no call"])
        feed.book.take(bad_day(), whole=True)
        assert "0x11223344" not in await press(pilot, said=["8 calls", "▼#"])

    feed = Fed()
    feed.begin = lambda: None  # type: ignore[method-assign]
    go(steps, feed, (120, 40))


def test_a_call_opens_with_its_ladder_and_enter_shows_a_message() -> None:
    async def steps(app: Browser, pilot: Pilot[Any]) -> None:
        await press(pilot, "down", "enter", said=["Call 2", "─ INVITE ─", "Streams (2)"])
        await press(pilot, "enter", said=["INVITE sip:carol@example.net SIP/2.0", "#508"])
        await press(pilot, "escape", said=["─ INVITE ─"])
        await press(pilot, "x", said=["Findings"])

    go(steps, Fed())


def test_a_message_that_is_read_slowly_takes_the_place_of_what_the_report_has() -> None:
    async def steps(app: Browser, pilot: Pilot[Any]) -> None:
        await pilot.press("down", "enter", "enter")
        await pilot.pause()
        feed.may_read.set()
        await press(pilot, said=["INVITE sip:carol@example.net SIP/2.0"])

    feed = Fed()
    feed.may_read.clear()
    go(steps, feed)


def test_the_parts_of_a_call_come_by_number_and_one_after_the_other() -> None:
    async def steps(app: Browser, pilot: Pilot[Any]) -> None:
        await press(pilot, "down", "enter")
        await press(pilot, "2", said=["m=audio 20002"])
        await press(pilot, "3", said=["MOS 1.00"])
        await press(pilot, "right", said=["quality-poor"])
        await press(pilot, "5", said=["INVITE sip:carol@example.net SIP/2.0"])
        await press(pilot, "right", said=["─ INVITE ─"])

    go(steps, Fed())


def test_two_messages_are_compared_their_sdp_first() -> None:
    async def steps(app: Browser, pilot: Pilot[Any]) -> None:
        await press(pilot, "down", "enter")
        said = ["Messages #508 and #511", "SDP: 2 lines differ"]
        await press(pilot, "space", "down", "down", "down", "equals_sign", said=said)
        await press(pilot, "s", said=["whole messages: 1 line", "SIP/2.0 200 OK"])

    go(steps, Fed())


def test_one_message_alone_is_not_compared() -> None:
    async def steps(app: Browser, pilot: Pilot[Any]) -> None:
        await press(pilot, "down", "enter")
        await press(pilot, "c", said=["─ INVITE ─"])

    go(steps, Fed())


def test_a_search_shows_what_matches_while_it_is_typed_and_escape_takes_it_back() -> None:
    async def steps(app: Browser, pilot: Pilot[Any]) -> None:
        await press(pilot, "slash", *"carol")
        assert app.view.search == "carol"
        await press(pilot, "enter")
        assert [entry.number for entry in app.view.chosen(app.shown)] == [2]
        assert "(Esc shows all)" in drawn(pilot)
        await press(pilot, "escape")
        assert app.view.search == "" and "Esc shows all" not in drawn(pilot)
        await press(pilot, "f3", *"bob", "escape")
        assert app.view.search == ""

    go(steps, Fed())


def test_a_filter_is_taken_and_a_wrong_one_says_what_is_wrong() -> None:
    async def steps(app: Browser, pilot: Pilot[Any]) -> None:
        from textual.widgets import Label

        await press(pilot, "f7", *"outcome==rejected", "enter")
        assert [entry.number for entry in app.view.chosen(app.shown)] == [4, 5, 6, 7]
        await press(pilot, "f", *" bogus==1", "enter")
        assert "bogus" in str(app.screen.query_one("#wrong", Label).render())
        await press(pilot, "escape")
        assert [entry.number for entry in app.view.chosen(app.shown)] == [4, 5, 6, 7]

    go(steps, Fed())


def test_sorting_clearing_marking_and_kinds_have_keys() -> None:
    async def steps(app: Browser, pilot: Pilot[Any]) -> None:
        await press(pilot, *["greater_than_sign"] * 5)
        assert app.view.order == "loss" and "▼loss" in drawn(pilot)
        await press(pilot, "z", "c", "less_than_sign")
        assert (app.view.order, app.view.calls_only) == ("talked", False)
        await press(pilot, "home", "space")
        assert len(app.view.marked) == 1 and "*" in drawn(pilot)
        await press(pilot, "f5")
        assert not app.view.chosen(app.shown) and "cleared up to 8" in drawn(pilot)

    go(steps, Fed())


def test_this_call_or_all_that_are_marked_are_saved_under_a_name() -> None:
    async def steps(app: Browser, pilot: Pilot[Any]) -> None:
        await press(pilot, "down", "enter", "f2", "enter")
        await press(pilot, "escape", "space", "space", "s", "home", *"x-", "enter")

    feed = Fed()
    go(steps, feed)
    assert feed.saved == [([2], "2.pcapng"), ([2, 3], "x-2.pcapng")]


def test_findings_open_go_to_their_call_and_are_dismissed() -> None:
    async def steps(app: Browser, pilot: Pilot[Any]) -> None:
        await press(pilot, "tab", "enter", said=["why", "call 7"])
        await press(pilot, "enter", said=["Call 7"])
        await press(pilot, "escape", "d")
        assert len(app.view.findings(app.shown)) == 7 and "7 findings" in drawn(pilot)
        await press(pilot, "D", said=["6 findings"])
        await press(pilot, "u", said=["8 findings"])

    go(steps, Fed())


def test_a_finding_that_is_dismissed_in_a_pause_leaves_the_screen_where_it_stood() -> None:
    async def steps(app: Browser, pilot: Pilot[Any]) -> None:
        await press(pilot, "p")
        feed.book.take(bad_day_with("sip:new@192.0.2.9"), whole=True)
        shown = await press(pilot, "tab", "d", said=["PAUSED", "7 findings"])
        assert "new@192.0.2.9" not in shown
        await press(pilot, "p", said=["new@192.0.2.9"])

    feed = Fed()
    go(steps, feed, (120, 40))


def test_all_messages_of_a_call_are_read_by_one_worker() -> None:
    async def steps(app: Browser, pilot: Pilot[Any]) -> None:
        feed.may_read.clear()
        await pilot.press("down", "enter", "5")
        for _ in range(MAX_PAUSES):
            if feed.readers:
                break
            await pilot.pause(0.01)
        await pilot.press("down", "1", "5")
        await pilot.pause()
        assert len([each for each in app.workers if each.group == "read"]) == 1
        feed.may_read.set()
        await press(pilot, said=["INVITE sip:carol@example.net SIP/2.0"])
        assert len(feed.readers) == 1 and len(feed.asked) > 4 and len(set(feed.asked)) == len(feed.asked)

    feed = Fed()
    go(steps, feed, (120, 60))


def test_a_pause_lets_the_screen_stand_still_while_the_book_goes_on() -> None:
    async def steps(app: Browser, pilot: Pilot[Any]) -> None:
        await press(pilot, "p")
        feed.book.take(bad_day_with("sip:new@192.0.2.9"), whole=True)
        assert "new@192.0.2.9" not in await press(pilot, "down", said=["PAUSED"])
        await press(pilot, "p", said=["new@192.0.2.9"])

    feed = Fed()
    go(steps, feed, (120, 40))


def bad_day_with(caller: str) -> Any:
    report = without(bad_day(), 8)
    return replace(report, calls=(replace(report.calls[0], caller=caller), *report.calls[1:]))


def test_what_was_sent_shows_as_text_and_never_as_markup_or_an_escape() -> None:
    async def steps(app: Browser, pilot: Pilot[Any]) -> None:
        feed.book.take(bad_day_with(HOSTILE), whole=True)
        await settled(pilot)
        for shown in (drawn(pilot), await press(pilot, "enter")):
            assert "\\x1b[2J[red]evil[/red]\\u202e" in shown and shown.replace("\n", "").isprintable()
        await press(pilot, "f2", "enter")

    feed = Fed()
    go(steps, feed, (200, 40))


def test_news_of_a_session_come_up_as_text() -> None:
    async def steps(app: Browser, pilot: Pilot[Any]) -> None:
        feed.told.append("eth0 is [red]down[/red]\x1b[2J")
        await settled(pilot)
        (note,) = app._notifications
        assert note.message == "eth0 is [red]down[/red]\\x1b[2J" and not note.markup

    feed = Fed(lasts=True)
    go(steps, feed)


def test_help_shows_all_keys_and_goes_away() -> None:
    async def steps(app: Browser, pilot: Pilot[Any]) -> None:
        await press(pilot, "f1", said=["show all calls again", "F7 f"])
        await press(pilot, "question_mark", said=["Findings"])

    go(steps, Fed(), (120, 40))


def test_quitting_ends_a_file_at_once_and_a_session_in_order() -> None:
    async def steps(app: Browser, pilot: Pilot[Any]) -> None:
        await pilot.press("q")
        await pilot.pause()

    files, session = Fed(), Fed(lasts=True)
    go(steps, files)
    go(steps, session)
    assert not files.stopped and session.stopped
