"""What is remembered is bounded, and reads the same as what is not."""

from __future__ import annotations

from dissectors.limits.remembered import MAX_TEXT_LENGTH, MAX_TEXTS, Remembered, remembered


def test_a_text_is_read_once_while_it_is_remembered() -> None:
    asked: list[str] = []

    @remembered
    def read(text: str) -> int:
        asked.append(text)
        return len(text)

    long = "x" * (MAX_TEXT_LENGTH + 1)
    assert [read(text) for text in ("a", "bc", "a", long, long)] == [1, 2, 1, len(long), len(long)]
    assert asked == ["a", "bc", long, long]
    for number in range(MAX_TEXTS):
        read(f"text {number}")
    assert read("a") == 1 and asked.count("a") == 2


def test_what_is_asked_for_again_and_again_is_never_read_anew() -> None:
    asked: list[bytes] = []

    @remembered
    def read(octets: bytes) -> bytes | None:
        """What it makes of octets."""
        asked.append(octets)
        return None if octets == b"usual" else octets

    for number in range(4 * MAX_TEXTS):
        assert read(b"usual") is None
        assert read(b"%d" % number) == b"%d" % number
    assert asked.count(b"usual") == 1
    assert read.__doc__ == "What it makes of octets." and read.__name__ == "read"


def test_what_is_remembered_is_bounded() -> None:
    read = Remembered(len)
    for number in range(4 * MAX_TEXTS):
        read(f"text {number}")
        assert len(read.latest) + len(read.before) <= MAX_TEXTS
