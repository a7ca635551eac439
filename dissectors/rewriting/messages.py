"""SIP messages edited where they must be: every octet that does not change stays as it was sent.

A function takes the octets of a datagram and gives new ones, with what was done in words; the octets themselves, where
there is nothing to do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from dissectors.protocols import sip
from dissectors.protocols.sip_headers import COMPACT, canonical
from dissectors.wire.inflate import LIMITS, Limits, deflate, spoken
from dissectors.wire.inflate import inflate as undo

RECOVERED = ("Comp-Hdrs", "Headers-Encoding", "Headers-Algo")
"""Headers that hold others, compressed."""

LENGTH, MAX_LENGTH_DIGITS = "Content-Length", 10
MAX_NESTED = 4
"""Bodies within bodies that are inflated one after the other."""

SHORT = {long: short for short, long in COMPACT.items()}


class Line(NamedTuple):
    """A header with its continuations and line ends, as it stood; `name` is the long one, empty for anything else."""

    octets: bytes
    name: str

    @property
    def written(self) -> bytes:
        """The name as it stood."""
        return self.octets.partition(b":")[0].rstrip(b" \t")


class Head(NamedTuple):
    """What stands before a body: the start line, the headers, and the empty line."""

    start: bytes
    lines: tuple[Line, ...]
    empty: bytes

    @property
    def end(self) -> bytes:
        """How its lines end."""
        return b"\r\n" if self.start.endswith(b"\r\n") else b"\n"

    def build(self, lines: tuple[Line, ...] | list[Line]) -> bytes:
        """The octets with other headers."""
        return b"".join((self.start, *(line.octets for line in lines), self.empty))


START = "start line"
"""The name of a line that stands in the place of the start line, if it is the first of an edit."""

Edit = Callable[[sip.Message, Head, bytes], "tuple[list[Line], bytes, str] | None"]
"""Of a message, its head and its body as sent: the new headers and body, and what was done; None for nothing."""


def head_of(octets: bytes) -> Head:
    """The head of a message, from its start line to the empty line."""
    lines = octets.split(b"\n")
    whole = [line + b"\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])
    start, rest = whole[0] if whole else b"", whole[1:]
    empty = rest.pop() if rest and not rest[-1].strip(b"\r\n") else b""
    found: list[list[bytes]] = []
    for line in rest:
        if line[:1] in (b" ", b"\t") and found:
            found[-1].append(line)
        else:
            found.append([line])
    return Head(start, tuple(_line(b"".join(parts)) for parts in found), empty)


def _line(octets: bytes) -> Line:
    name, colon, _ = octets.partition(b":")
    return Line(octets, canonical(name.rstrip(b" \t").decode("latin-1")) if colon else "")


def edited(
    payload: bytes, edit: Edit, limits: Limits = LIMITS, *, keeps_wrong: bool = False
) -> tuple[bytes, list[str]]:
    """The payload with each of its messages edited, and what was done; raises Malformed where there is no message."""
    return edited_parsed(payload, sip.parse_all(payload, limits), edit, keeps_wrong=keeps_wrong)


def edited_parsed(
    payload: bytes, parsed: Sequence[sip.Message], edit: Edit, *, keeps_wrong: bool = False
) -> tuple[bytes, list[str]]:
    """The same of a payload whose messages are these.

    A length that was wrong becomes right, unless it `keeps_wrong` ones as wrong as they were.
    """
    out, at, done = [], 0, []
    for message in parsed:
        end = message.body_offset + len(message.raw_body)
        begin = end - len(message.octets)
        head = head_of(payload[begin : message.body_offset])
        changed = edit(message, head, message.raw_body)
        if changed is not None:
            lines, body, what = changed
            if lines and lines[0].name == START:
                head = head._replace(start=lines.pop(0).octets)
            wrong = _wrong_by(message) if keeps_wrong else 0
            if wrong is not None:
                lines = _with_length(lines, max(0, len(body) + wrong))
            out += [payload[at:begin], head.build(lines), body]
            done.append(what)
            at = end
    out.append(payload[at:])
    return b"".join(out), done


def _wrong_by(message: sip.Message) -> int | None:
    """How much longer the message says that its body is than it is; None where that is no number."""
    said = (message.get(LENGTH) or "").strip()
    is_number = said.isascii() and said.isdigit() and len(said) < MAX_LENGTH_DIGITS
    return int(said) - len(message.raw_body) if is_number else None


def _with_length(lines: list[Line], length: int) -> list[Line]:
    """The length corrected wherever it stands."""
    return [_with_value(line, str(length)) if line.name == LENGTH else line for line in lines]


def _with_value(line: Line, value: str) -> Line:
    """The same header with another value, its name, spaces and line end as they were."""
    name, _, rest = line.octets.partition(b":")
    text = rest.rstrip(b"\r\n")
    blanks = text[: len(text) - len(text.lstrip(b" \t"))]
    return line._replace(octets=name + b":" + blanks + value.encode() + rest[len(text) :])


def inflate(limits: Limits = LIMITS) -> Edit:
    """Bodies inflated, headers that were compressed with them written out, and what says so removed."""

    def edit(message: sip.Message, head: Head, body: bytes) -> tuple[list[Line], bytes, str] | None:
        found = message.body
        recovered = [header for header in message.headers if header.recovered]
        lies = bool(body) and found.status == "identity" and _codings(message)
        if (found.compressed and found.status != "complete") or not (found.compressed or recovered or lies):
            return None
        removed = (*(("Content-Encoding",) if found.compressed or lies else ()), *(RECOVERED if recovered else ()))
        lines = [line for line in head.lines if line.name not in removed]
        counted = any(line.name == LENGTH for line in lines)
        fresh = [
            Line(f"{header.written}: {header.value}".encode() + head.end, header.name) for header in recovered
            if not (counted and header.name == LENGTH)
        ]
        at = next((n for n, line in enumerate(lines) if line.name == LENGTH), len(lines))
        text = _innermost(found.octets, limits) if found.compressed else body
        what = [f"body inflated ({spoken(found.encoding)}): {len(body):,} → {len(text):,} bytes"] * found.compressed
        what += [f"{len(recovered)} compressed headers written out"] * bool(recovered)
        what += ["the label removed of a body that is not compressed"] * bool(lies)
        return [*lines[:at], *fresh, *lines[at:]], text, "; ".join(what)

    return edit


def _codings(message: sip.Message) -> bool:
    """Whether a label says that the body is encoded."""
    return any(value.strip().lower() != "identity" for value in message.all("Content-Encoding"))


def _innermost(octets: bytes, limits: Limits) -> bytes:
    """What is not compressed once more."""
    for _ in range(MAX_NESTED):
        found = undo(octets, (), limits)
        if not found.compressed or found.status != "complete":
            break
        octets = found.octets
    return octets


def compress(message: sip.Message, head: Head, body: bytes) -> tuple[list[Line], bytes, str] | None:
    """The body deflated as FaceTime does it, with the header that says so; None where it is, or there is none."""
    if not body or message.body.status != "identity" or message.get("Content-Encoding") is not None:
        return None
    packed = deflate(body, "deflate")
    at = next((n for n, line in enumerate(head.lines) if line.name == LENGTH), len(head.lines))
    short = any(line.written.lower() == b"l" for line in head.lines)
    said = Line((b"e: deflate" if short else b"Content-Encoding: deflate") + head.end, "Content-Encoding")
    lines = [*head.lines[:at], said, *head.lines[at:]]
    return lines, packed, f"body compressed: {len(body):,} → {len(packed):,} bytes"


def rename(compact: bool) -> Edit:
    """The headers under their compact or their long names."""

    def edit(message: sip.Message, head: Head, body: bytes) -> tuple[list[Line], bytes, str] | None:
        lines = [_renamed(line, compact) for line in head.lines]
        count = sum(one != two for one, two in zip(lines, head.lines, strict=True))
        if not count:
            return None
        return lines, body, f"{count} headers under their {'compact' if compact else 'long'} names"

    return edit


def _renamed(line: Line, compact: bool) -> Line:
    is_short = line.written.lower().decode("latin-1") in COMPACT
    wanted = SHORT.get(line.name) if compact else line.name if is_short else None
    if not line.name or wanted is None or is_short == compact:
        return line
    return line._replace(octets=wanted.encode() + line.octets[len(line.written) :])


Edits = Callable[[bytes, Sequence[sip.Message], Limits], tuple[bytes, list[str]]]
"""Of a payload, its messages and how much may be inflated: the payload with its messages edited, and what was done."""


def in_turn(*edits: Edit, of_heads: Edit | None = None) -> Edits:
    """Edits one after the other; one that is `of_heads` leaves a length that is wrong as it is."""
    turns = [(edit, False) for edit in edits]
    if of_heads is not None:
        turns.append((of_heads, True))

    def change(payload: bytes, parsed: Sequence[sip.Message], limits: Limits) -> tuple[bytes, list[str]]:
        done: list[str] = []
        known = payload
        for edit, keeps_wrong in turns:
            if payload is not known:
                parsed, known = sip.parse_all(payload, limits), payload
            made, what = edited_parsed(payload, parsed, edit, keeps_wrong=keeps_wrong)
            if what:
                payload = made
                done += what
        return payload, done

    return change
