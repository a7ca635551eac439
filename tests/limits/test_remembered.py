"""What is remembered is bounded, and reads the same as what is not."""

from __future__ import annotations

from dissectors.limits.remembered import MAX_TEXT_LENGTH, MAX_TEXTS, remembered


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
