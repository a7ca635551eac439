"""Texts that senders choose: cut where they are long, kept once, and so many octets of them in all."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from sys import getsizeof
from typing import Any, TypeVar

from dissectors.limits.budget import Bounds, Budget

MAX_TEXT_LENGTH = 1024
"""Characters of one text that are kept."""

MAX_NAME_LENGTH = 256
"""Characters that are kept of a text that tells things apart; what is behind them is replaced by a digest of it all."""

ENTRY_OCTETS = 192
"""What it takes to keep a value, beside its octets."""

EMPTY_TEXT_OCTETS = getsizeof("") + ENTRY_OCTETS
"""What it takes to keep a text beside its characters, an octet each where all are ASCII."""

DIGEST_OCTETS = 16

MAX_COMPARED = 24
"""Values that are compared with a new one, to hold it once."""

MAX_TEXT_OCTETS = 1 << 26
"""Octets of texts that senders choose which are kept by one engine."""

Value = TypeVar("Value", bound=Hashable)


class Kept:
    """One value, what it weighs, and how many hold it."""

    __slots__ = ("holders", "octets", "value")

    def __init__(self, value: Hashable, octets: int, holders: int) -> None:
        self.value, self.octets, self.holders = value, octets, holders


class Together:
    """Texts and other values that are said together again and again; who holds it holds all of its `members`."""

    __slots__ = ("members",)

    def __init__(self, members: tuple[Any, ...]) -> None:
        self.members = members


class Texts(Budget):
    """Values that senders choose, each kept once however many hold it; one that finds no room is counted in `bounds`.

    Whoever holds a value has to `release` it as often as it was given it. `kept` is every one of them; a text stands
    for itself as long as only one holds it, as most do. `secrets` says whether those who keep texts here keep passwords
    and keys in them.
    """

    __slots__ = ("_bounds", "kept", "secrets")

    def __init__(self, octets: int, bounds: Bounds, secrets: bool = False) -> None:
        super().__init__(octets)
        self._bounds = bounds
        self.secrets = secrets
        self.kept: dict[Hashable, str | Kept] = {}

    def text(self, text: str | None, longest: int = MAX_TEXT_LENGTH) -> str | None:
        """A text as it is kept: cut behind its `longest` characters, empty where there is no room, None for None."""
        if not text:
            return text
        if len(text) > longest:
            self._bounds.hit("ends of long texts")
            text = text[: longest - 1] + "…"
        kept = self.kept.get(text)
        if kept is None:
            if not self._taken(weight(text)):
                return ""
            self.kept[text] = text
            return text
        if isinstance(kept, str):
            self.kept[kept] = Kept(kept, weight(kept), 2)
            return kept
        shared = kept
        shared.holders += 1
        return shared.value  # type: ignore[return-value]  # equal to a text

    def join(self, group: Together) -> None:
        """Hold what is said together, all of which is kept; that takes no room."""
        for value in group.members:
            kept = self.kept.get(value)
            if isinstance(kept, str):
                self.kept[kept] = Kept(kept, weight(kept), 2)
            elif kept is not None:
                shared = kept
                shared.holders += 1
        self.kept[group] = Kept(group, 0, 1)

    def value(self, value: Value, octets: int) -> Value | None:
        """A value that is no text as it is kept, with the octets that it takes if it is new; None without room."""
        kept = self.kept.get(value)
        if kept is not None and not isinstance(kept, str):
            shared = kept
            shared.holders += 1
            return shared.value  # type: ignore[return-value]  # equal to the one given
        octets += ENTRY_OCTETS
        if not self._taken(octets):
            return None
        self.kept[value] = Kept(value, octets, 1)
        return value

    def _taken(self, octets: int) -> int:
        """Take room for so many octets: how many, or 0 where there is none, which is counted."""
        taken = self.take(octets)
        if not taken:
            self._bounds.hit("texts")
        return taken

    def alone(self, text: str) -> int:
        """The same for a text that is kept besides any that is equal."""
        return self._taken(weight(text) - ENTRY_OCTETS)

    def release(self, values: Iterable[Hashable]) -> None:
        """Hold these values no longer; None and what found no room are nobody's."""
        for value in values:
            kept = self.kept.get(value)
            if isinstance(kept, str):
                del self.kept[kept]
                self.give_back(weight(kept))
            elif kept is not None:
                shared = kept
                shared.holders -= 1
                if not shared.holders:
                    del self.kept[value]
                    self.give_back(shared.octets)
                    if isinstance(value, Together):
                        self.release(value.members)


class Held:
    """What one thing holds of the texts that senders choose; `release` gives all of it back.

    `secrets` says whether passwords and keys are kept.
    """

    __slots__ = ("_alone", "_texts", "_values", "_whole", "secrets")

    def __init__(self, texts: Texts) -> None:
        self._texts = texts
        self.secrets = texts.secrets
        self._values: list[Hashable] = []
        self._alone = 0
        self._whole = ""

    def text(self, text: str | None) -> str | None:
        """A text as it is kept."""
        if not text or self.holds(text):
            return text
        known = self._texts.kept.get(text)
        if isinstance(known, str):
            if known is not text and self.holds(known):
                return known
        elif known is not None and len(text) <= MAX_TEXT_LENGTH:
            shared = known
            if shared.value is text or not self.holds(shared.value):
                shared.holders += 1
                self._values.append(shared.value)
            return shared.value  # type: ignore[return-value]  # equal to a text
        kept = self._texts.text(text)
        if kept:
            self._values.append(kept)
        return kept

    def holds(self, kept: object) -> bool:
        """Whether it is one of those that are held longest: what is said again and again came early."""
        at, values = 0, self._values
        for value in values:
            if value is kept:
                return True
            at += 1
            if at == MAX_COMPARED:
                break
        return False

    def texts(self, *texts: str | None) -> list[str | None]:
        """Several, at once: that is quicker."""
        return [self.text(text) if text else text for text in texts]

    def value(self, value: Value, octets: int) -> Value | None:
        """A value as it is kept."""
        if self.holds(value):
            return value
        kept = self._texts.value(value, octets)
        if kept is not None:
            self._values.append(kept)
        return kept

    def together(self, group: Together) -> bool:
        """Hold what is said together where somebody does; else nothing is held, and `join` may follow."""
        if self.holds(group):
            return True
        kept = self._texts.kept.get(group)
        if kept is None or isinstance(kept, str):
            return False
        shared = kept
        shared.holders += 1
        self._values.append(group)
        return True

    def join(self, group: Together) -> None:
        """Hold what is said together and by nobody else yet, all of which is held already."""
        self._texts.join(group)
        self._values.append(group)

    def whole(self, text: str) -> str:
        """A long text, whole; empty where there is no room. Equal ones weigh each, as each is told in whole.

        What is said twice in a row, as on the next hop, is there once.
        """
        taken = self._texts.alone(text) if text else 0
        self._alone += taken
        if not taken:
            return ""
        if text != self._whole:
            self._whole = text
        return self._whole

    def release(self) -> None:
        """Hold nothing any longer."""
        self._texts.release(self._values)
        self._texts.give_back(self._alone)
        self._values.clear()
        self._alone, self._whole = 0, ""


def weight(text: str) -> int:
    """The octets that a text takes with its entry."""
    if text.isascii():
        return EMPTY_TEXT_OCTETS + len(text)
    return getsizeof(text) + ENTRY_OCTETS


def length_of(texts: tuple[str | None, ...]) -> int:
    """How many characters these have together."""
    length = 0
    for text in texts:
        if text is not None:
            length += len(text)
    return length


def shortened(name: str | None) -> str | None:
    """A name that still tells things apart, however long it was."""
    if name is None or len(name) <= MAX_NAME_LENGTH:
        return name
    # Most captures need none.
    from dissectors.limits.digest import blake2b

    digest = blake2b(name.encode("utf-8", "surrogatepass"), digest_size=DIGEST_OCTETS).hexdigest()
    return f"{name[: MAX_NAME_LENGTH - len(digest) - 1]}…{digest}"
