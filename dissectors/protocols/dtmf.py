"""Keys in the bodies of SIP INFO: application/dtmf-relay, application/dtmf, and Nortel's digits; and in Verto's JSON.

No RFC describes these; RFC 6086 section 5.9 names them as uses of INFO before it.
"""

from __future__ import annotations

from dissectors.wire.patterns import pattern

TYPES = ("application/dtmf-relay", "application/dtmf", "application/vnd.nortelnetworks.digits")
JSON = "application/json"
MAX_KEYS = 32
"""So many keys of one body are read."""

_SIGNAL = pattern(r"(?im)^[ \t]*(?:signal|d)[ \t]*=[ \t]*(?:digits[ \t]*=[ \t]*)?([^\s,;]+)")
_JSON = pattern(r'"dtmf"[ \t\r\n]*:[ \t\r\n]*"([^"\\]+)"')
_UNPRESSED = pattern(r"[wW, ]|@[0-9]+|\+[0-9]+")
"""Pauses, and how long a key is to last, as FreeSWITCH writes them between keys."""

_KEYS = pattern(r"[0-9*#A-Da-d]+")
_NUMBERED = {"10": "*", "11": "#", "12": "A", "13": "B", "14": "C", "15": "D", "16": "flash"}
_FLASH = {"hf", "flash", "!"}


def keys(content_type: str | None, text: str) -> tuple[str, ...]:
    """The keys that a body tells, in order; none where it is of another type or tells none.

    A number from 10 to 16 is an event of RFC 4733: the star, the hash, the letters, and flash.
    """
    kind = (content_type or "").partition(";")[0].strip().lower()
    if kind == JSON:
        said = _JSON().search(text)
        pressed = _UNPRESSED().sub("", said[1]) if said else ""
        return tuple(pressed.upper()[:MAX_KEYS]) if _KEYS().fullmatch(pressed) else ()
    if kind not in TYPES:
        return ()
    found = _SIGNAL().search(text)
    word = found[1] if found else text.strip()
    if word in _NUMBERED:
        return (_NUMBERED[word],)
    if word.lower() in _FLASH:
        return ("flash",)
    return tuple(word.upper()[:MAX_KEYS]) if _KEYS().fullmatch(word) else ()
