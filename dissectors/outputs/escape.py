"""Text from the wire, made safe for its output.

A sender can write escape sequences, line ends or bidirectional overrides into any header. On a terminal they must be
visible and have no effect.
"""

from __future__ import annotations

IN_ASCII = str.maketrans("→←⇄▶◀─━│·…✖▲●↻–×“”’┄▷◁⋮▁▂▃▄▅▆▇█±", "><=><-=||~x!*@-x\"\"'-><:_.:-=+*#~")
"""ASCII for the characters of the renderers, if the output's encoding lacks them."""


def visible(text: str) -> str:
    r"""`text` on one line, each character that is not printable as its escape: `\x1b`, `\n`, `\u202e`.

    Not printable are controls, line and paragraph separators, bidirectional and other format characters, surrogates
    and unassigned characters; an octet that is not UTF-8 (a surrogate escape) shows as that octet: `\xff`.
    """
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else _escaped(character) for character in text)


def readable(text: str) -> str:
    """`text` with its line ends kept and everything else as `visible` shows it."""
    return "\n".join(visible(line) for line in text.replace("\r\n", "\n").split("\n"))


def scalar(text: str) -> str:
    """`text` with each surrogate as an escape: no Unicode encoding can carry surrogates."""
    if text.isascii():
        return text
    return "".join(_escaped(character) if "\ud800" <= character <= "\udfff" else character for character in text)


def lacking(error: UnicodeError) -> tuple[str, int]:
    """The text for characters that an output's encoding lacks: a handler for `codecs.register_error`.

    Characters of the renderers become ASCII, all others become the escape of `visible`. Raises any error that is not
    an encoding error.
    """
    if not isinstance(error, UnicodeEncodeError):
        raise error
    characters = error.object[error.start : error.end]
    drawn = (one.translate(IN_ASCII) if ord(one) in IN_ASCII else _escaped(one) for one in characters)
    return "".join(drawn), error.end


def _escaped(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    if code < 0x100:
        return {9: "\\t", 10: "\\n", 13: "\\r"}.get(code, f"\\x{code:02x}")
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
