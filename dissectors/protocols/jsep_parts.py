"""What JSEP says in whatever words: offers, answers, candidates, and that it is over."""
from __future__ import annotations

from typing import Literal

from dissectors.wire.values import Struct

Kind = Literal["offer", "answer", "provisional answer", "candidates", "end"]

MAX_CANDIDATES = 64
SDP_BEGINS = "v=0"


class Candidate(Struct, frozen=True):
    """A candidate as SDP has it, `candidate:…`, and the media line that it is of, by its name or its number."""

    text: str
    mid: str | None = None
    line: int | None = None


class Said(Struct, frozen=True):
    """One thing that was said: an offer or an answer with its `sdp`, `candidates`, or the end."""

    kind: Kind
    sdp: str = ""
    candidates: tuple[Candidate, ...] = ()


class Message(Struct, frozen=True):
    """Everything that one message says; `dialect` is whose words these are, `session` what tells sessions apart."""

    dialect: str
    session: str
    said: tuple[Said, ...]

    @property
    def summary(self) -> str:
        """One line for a list of messages."""
        kinds = " and ".join(
            f"{len(each.candidates)} candidate{'s' * (len(each.candidates) != 1)}" if each.candidates else each.kind
            for each in self.said
        )
        return f"{self.dialect} {kinds}" + (f", {self.session}" if self.session else "")


def kind_of(sdp: str, words: str = "") -> Kind:
    """What a description is by the first of the words around it, else by who begins DTLS (RFC 8842 section 5.2)."""
    found = [(words.index(word), number, kind) for number, (word, kind) in enumerate(WORDS.items()) if word in words]
    if found:
        return min(found)[2]
    answers = "a=setup:active" in sdp or "a=setup:passive" in sdp
    return "answer" if answers else "offer"


WORDS: dict[str, Kind] = {"pranswer": "provisional answer", "offer": "offer", "answer": "answer"}
