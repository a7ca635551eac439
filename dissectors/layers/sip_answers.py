"""What follows from a SIP message: the response to a request, and the request again with credentials."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from secrets import token_hex
from typing import Any, TypeVar

from dissectors.layers.headers import Given, Headers, octets_of
from dissectors.layers.layer import Mixin
from dissectors.layers.sip_values import quoted
from dissectors.protocols.sip_headers import address, parameters, split
from dissectors.protocols.sip_message import cseq
from dissectors.protocols.sip_phrases import PHRASES

S = TypeVar("S", bound="Answers")

COPIED = ("Via", "From", "To", "Call-ID", "CSeq")
"""What a response takes from its request (RFC 3261 section 8.2.6.2)."""

ALGORITHMS = {"SHA-256": "sha256", "SHA-512-256": "sha512_256", "MD5": "md5"}
"""The algorithms of digest (RFC 8760), the one to prefer first."""

ECHOED: tuple[str, ...] = ("realm", "nonce", "opaque")
"""What credentials repeat of their challenge."""

CREDENTIALS = {"WWW-Authenticate": "Authorization", "Proxy-Authenticate": "Proxy-Authorization"}
"""The header field of a challenge, and that of the answer to it."""

_BRANCH = re.compile(r"(;[ \t]*branch[ \t]*=[ \t]*)[^;,\s]*", re.IGNORECASE)


class Answers(Mixin):
    """The base of a message that can be answered."""

    __slots__ = ()

    def reply(
        self: S, status: int, reason: str | None = None, *, headers: Given | Headers = (), body: Any = None,
        tag: str | None = None,
    ) -> S:
        """The response to this request (RFC 3261 section 8.2.6), with its Via, From, To, Call-ID and CSeq as written.

        To gets a tag where it has none, but not for 100: `tag`, or one that all replies to this request share. What may
        begin a dialog has its Record-Route, and 100 its Timestamp. `headers` come after those, then the body. Raises
        ValueError where this is no request.
        """
        if self.status is not None or self.method is None:
            raise ValueError("only a request can be replied to")
        names = {*COPIED, *(("Record-Route",) if 100 < status < 300 else ("Timestamp",) if status == 100 else ())}
        mine: Headers = self.headers
        lines = zip(mine.lines, mine.fields(), strict=True)
        kept = Headers([line for line, field in lines if field is not None and field.name in names])
        to = kept.get("To")
        if to is not None and status > 100 and address(to).tag is None:
            kept["To"] = f"{to};tag={tag or _fingerprint(*(str(mine.get(name)) for name in COPIED if name != 'To'))}"
        kept.assigned.clear()
        kept.lines += Headers(headers).lines
        phrase = PHRASES.get(status, "") if reason is None else reason
        said: dict[str, Any] = {} if body is None else {"body": body}
        return type(self)(status=status, reason=phrase, headers=kept, **said)

    def authorized(
        self: S, challenge: S | str, username: str, password: str, *, cnonce: str | None = None, count: int = 1
    ) -> S:
        """This request again with credentials for a 401 or 407, or for the text of its challenge (RFC 3261 section 22).

        CSeq counts on and the topmost Via has a new branch. Of several challenges the one with the strongest algorithm
        that is known is answered (MD5, SHA-256, SHA-512-256, also with -sess; `auth`, else `auth-int`). `cnonce` is
        random unless it is given. Raises ValueError where there is no such challenge.
        """
        header, asked = _challenge(challenge)
        again = self.copy()
        answer = _credentials(again, asked, username, password, cnonce or token_hex(8), count)
        headers: Headers = again.headers
        realm = "realm", asked["realm"]
        kept = [value for value in headers.all(header) if realm not in parameters(_digest(value))]
        headers[header] = [*kept, answer]
        if counted := cseq(headers.get("CSeq") or ""):
            headers["CSeq"] = f"{counted[0] + 1} {counted[1]}"
        if top := headers.get("Via"):
            headers["Via"] = _BRANCH.sub(rf"\g<1>z9hG4bK{_fingerprint(top, answer)}", top, count=1)
        return again


def _fingerprint(*texts: str) -> str:
    """A token that the same texts always give."""
    return hashlib.sha256("\0".join(texts).encode("utf-8", "surrogateescape")).hexdigest()[:12]


def _digest(value: str) -> str:
    """The parameters of a challenge or of credentials, separated as those of other headers are."""
    return ";".join(split(value.partition(" ")[2], ","))


def _challenge(given: Any) -> tuple[str, dict[str, str]]:
    """The header field to answer with, and the challenge that is answered."""
    if isinstance(given, str):
        found = [("WWW-Authenticate", given)]
    else:
        found = [(name, value) for name in CREDENTIALS for value in given.headers.all(name)]
    known = [(name, asked) for name, value in found for asked in _known(value)]
    if not known:
        raise ValueError("there is no digest challenge with a known algorithm")
    ranks = list(ALGORITHMS)
    name, asked = min(known, key=lambda each: ranks.index(_algorithm(each[1])))
    return CREDENTIALS[name], asked


def _known(value: str) -> Iterator[dict[str, str]]:
    asked = {name: said or "" for name, said in parameters(_digest(value))}
    if value.lower().startswith("digest ") and _algorithm(asked) in ALGORITHMS and {"realm", "nonce"} <= asked.keys():
        yield asked


def _algorithm(asked: dict[str, str]) -> str:
    return asked.get("algorithm", "MD5").upper().removesuffix("-SESS")


def _credentials(
    request: Any, asked: dict[str, str], username: str, password: str, cnonce: str, count: int
) -> str:
    """The value of Authorization (RFC 7616 section 3.4)."""

    def hashed(*texts: Any) -> str:
        return hashlib.new(ALGORITHMS[_algorithm(asked)], b":".join(map(octets_of, texts))).hexdigest()

    offered = [word.strip() for word in asked.get("qop", "").split(",") if word.strip()]
    qop = "auth" if "auth" in offered else offered[0] if offered else ""
    secret = hashed(username, asked["realm"], password)
    if asked.get("algorithm", "").upper().endswith("-SESS"):
        secret = hashed(secret, asked["nonce"], cnonce)
    what = [request.method, request.uri]
    if qop == "auth-int":
        what.append(hashed(request.getfield_and_val("raw_body")[1]))
    middle = [f"{count:08x}", cnonce, qop] if qop else []
    answer = hashed(secret, asked["nonce"], *middle, hashed(*what))
    echoed = {name: quoted(asked[name]) for name in ECHOED if name in asked}
    told: dict[str, str] = {"username": quoted(username)}
    told.update(echoed)
    told |= {"uri": quoted(str(request.uri)), "response": quoted(answer)}
    if "algorithm" in asked:
        told["algorithm"] = asked["algorithm"]
    if qop:
        told |= {"qop": qop, "nc": middle[0], "cnonce": quoted(cnonce)}
    return "Digest " + ", ".join(f"{name}={said}" for name, said in told.items())
