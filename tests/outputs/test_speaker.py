"""What is said to a reader who takes it, who stalls, and who leaves."""

from __future__ import annotations

import os
import select
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import TextIO

import pytest

from dissectors.outputs.speaker import Speaker

pytestmark = pytest.mark.skipif(not hasattr(select, "poll"), reason="nothing tells here whether a pipe has room")
PATIENCE = 0.3
LINE = "x" * 99 + "\n"


class Pipe:
    """A pipe with a speaker at its one end."""

    def __init__(self, most: int = 1000) -> None:
        self.out, into = os.pipe()
        self.stream: TextIO = open(into, "w", encoding="utf-8")  # noqa: SIM115  closed by the fixture
        self.speaker = Speaker(self.stream, most)

    def fill(self) -> int:
        """Say lines until one finds no room, where the pipe itself is full; how many lines there are then."""
        os.set_blocking(self.stream.fileno(), False)
        with suppress(BlockingIOError):
            while True:
                os.write(self.stream.fileno(), b"\n" * 4096)
        os.set_blocking(self.stream.fileno(), True)
        count = 0
        while self.speaker.say(LINE):
            count += 1
        return count

    def read(self) -> list[bytes]:
        """A thread that reads all, until the writer is closed."""
        parts: list[bytes] = []

        def take() -> None:
            while octets := os.read(self.out, 65536):
                parts.append(octets)

        self.reader = threading.Thread(target=take)
        self.reader.start()
        return parts

    def close(self) -> None:
        self.speaker.close()
        self.stream.close()


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    made = Pipe()
    yield made
    made.close()
    if hasattr(made, "reader"):
        made.reader.join()
    os.close(made.out)


def test_all_that_is_told_is_written_in_order(pipe: Pipe) -> None:
    parts = pipe.read()
    texts = [f"{number} é\n" for number in range(5000)]
    assert pipe.speaker.say("first\n") and pipe.speaker.tell(texts) == 0
    pipe.close()
    pipe.reader.join()
    assert b"".join(parts).decode() == "first\n" + "".join(texts)


def test_who_says_something_to_a_reader_who_stalls_does_not_wait_and_hears_that_there_is_no_room(pipe: Pipe) -> None:
    lines = pipe.fill()
    assert lines == 10 and pipe.speaker.waiting == 1000
    assert not pipe.speaker.say(LINE) and pipe.speaker.error is None
    # When the reader goes on, there is room again.
    parts = pipe.read()
    assert pipe.speaker.tell(()) == 0 and pipe.speaker.say("again\n") and pipe.speaker.tell(()) == 0
    pipe.close()
    pipe.reader.join()
    assert b"".join(parts).decode() .lstrip() == LINE * lines + "again\n"


def test_at_the_end_a_reader_who_stalls_is_given_up_and_the_rest_counted(pipe: Pipe) -> None:
    pipe.fill()
    asked = iter([LINE] * 1_000_000)
    left = pipe.speaker.tell(asked, PATIENCE)
    assert left > 0 and pipe.speaker.error is None
    # The report is not even made for nobody.
    assert next(asked, None) is not None


def test_of_pages_that_wait_the_last_is_drawn_and_other_texts_stay(pipe: Pipe) -> None:
    lines = pipe.fill()
    pipe.speaker.insist("before\n")
    for number in range(100):
        pipe.speaker.draw(f"page {number}\n")
    pipe.speaker.insist("after\n")
    parts = pipe.read()
    assert pipe.speaker.tell(()) == 0
    pipe.close()
    pipe.reader.join()
    assert b"".join(parts).decode() .lstrip() == LINE * lines + "before\npage 99\nafter\n"


def test_a_reader_who_leaves_is_noticed_without_a_word(pipe: Pipe) -> None:
    os.close(pipe.out)
    assert pipe.speaker.tell(["x"]) > 0
    assert isinstance(pipe.speaker.error, BrokenPipeError) and not pipe.speaker.say("x")
    pipe.out = os.open(os.devnull, os.O_RDONLY)
