"""The language of filters: `user==alice and status==4xx`, `outcome==failed or loss>2`.

    expression = term { ("or" | "||") term }
    term       = factor { ("and" | "&&") factor }
    factor     = ("not" | "!") factor | "(" expression ")" | field operator value
    operator   = "==" | "!=" | "~" (contains) | "<" | "<=" | ">" | ">=" (of numbers, and of the severity)

The fields are those of `FIELDS`; values compare without case, and may be in quotes, single or double. A value that no
capture can have, such as a port of letters, is refused: a typing error would silently match nothing.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Iterator
from ipaddress import ip_address
from typing import NamedTuple, get_args

from dissectors.findings.catalogue import RULES
from dissectors.findings.rules import SEVERITIES
from dissectors.mux.table import PROTOCOLS
from dissectors.queries.expressions import ORDERS, All, Any, Begins, Compared, Contains, Expression, Not, Rounded, Same
from dissectors.report import CallOutcome
from dissectors.wire.datagram import TRANSPORTS

FIELDS = (
    "call", "callid", "user", "addr", "port", "ssrc", "method", "cseq.method", "status", "any.status", "outcome",
    "codec", "loss", "mos", "duration", "protocol", "transport", "finding", "severity",
)
MEASURED = ("loss", "mos", "duration")
NUMBERS = ("call", "port", "status", "any.status", *MEASURED)
"""Fields whose values are numbers."""

SEVERITY = "severity"
"""A field whose words have an order: an error is more than a warning, and that more than a note."""

WIRESHARK_FIELDS = {
    "ip.addr": "addr", "ipv6.addr": "addr", "ip.src": "addr", "ip.dst": "addr", "host": "addr", "ip": "addr",
    "udp.port": "port", "tcp.port": "port", "udp.srcport": "port", "udp.dstport": "port", "sip.method": "method",
    "sip.request.method": "method", "sip.cseq.method": "cseq.method", "sip.status-code": "status",
    "sip.call-id": "callid", "call-id": "callid", "sip.from.user": "user", "sip.to.user": "user", "from": "user",
    "to": "user", "caller": "user", "callee": "user", "rtp.ssrc": "ssrc", "code": "status", "sip": "protocol==SIP",
    "number": "call", "id": "callid", "result": "outcome",
    **{name: f"protocol=={name.upper()}" for name in ("rtp", "stun", "rtcp", "dtls", "turn", "zrtp", "msrp", "quic")},
    "time": "--time FROM..TO, which is an option", "frame.time": "--time FROM..TO, which is an option",
    "frame": "muxshark show FILE FRAME", "frame.number": "muxshark show FILE FRAME", "rtp.p_type": "codec",
}
"""What people of Wireshark or tcpdump write, and what it is here."""

STATUSES = ("status", "any.status")
MAX_FILTER_LENGTH, MAX_DEPTH = 4096, 64

TOKEN = re.compile(
    r"""\s*(?:(?P<mark>\(|\)|==|!=|<=|>=|<|>|~|&&|\|\||!)"""
    r"""|"(?P<quoted>[^"]*)"|'(?P<single>[^']*)'|(?P<word>[^\s()"'=!~&|<>][^\s()"=!~&|<>]*))""",
    re.ASCII,
)
QUOTED = ("quoted", "single")
CLASS = re.compile(r"[1-6]xx")
STATUS = re.compile(r"[1-6](?:xx|\d\d)", re.ASCII)
NUMBER = re.compile(r"\d{1,10}", re.ASCII)
HEXADECIMAL = re.compile(r"0x[0-9a-f]{1,8}")
METHOD = re.compile(r"[\w.!%*+`'~-]+", re.ASCII)
MAX_PORT, MAX_SSRC = 0xFFFF, 0xFFFFFFFF
MAX_LISTED = 16
DECIMAL = re.compile(r"\d{1,10}(?:\.\d{1,10})?%?", re.ASCII)
OPERATORS = ("==", "!=", "~", "<=", ">=", "<", ">")
SPELLED = {
    "eq": "==", "is": "==", "ne": "!=", "gt": ">", "ge": ">=", "lt": "<", "le": "<=", "contains": "~", "matches": "~",
    "like": "~", "in": "{0}==… or {0}==…",
}
"""What other languages of filters call these, and what it is here."""


class NoFilter(ValueError):
    """A filter that cannot be read: one line for people, and the place in the text where that is, if it is known."""

    def __init__(self, reason: str, place: int | None = None) -> None:
        super().__init__(reason)
        self.place = place


class Token(NamedTuple):
    """A word, a mark or a quoted text of a filter, and where it begins."""

    kind: str
    text: str
    place: int


class Reader:
    """Reads the tokens of a filter one after the other."""

    def __init__(self, text: str) -> None:
        if len(text) > MAX_FILTER_LENGTH:
            raise NoFilter(f"a filter of more than {MAX_FILTER_LENGTH} characters")
        if not text.strip():
            raise NoFilter("the filter is empty; write one as 'user==alice and status==4xx', or leave it out")
        self.tokens = list(self._tokens(text))
        self.at = 0
        self.depth = 0

    def _tokens(self, text: str) -> Iterator[Token]:
        place, text = 0, text.rstrip()
        self.end = len(text)
        while place < len(text):
            found = TOKEN.match(text, place)
            if found is None:
                at = place + len(text[place:]) - len(text[place:].lstrip())
                raise NoFilter(_unreadable(text[at:]), at)
            group = found.lastgroup or ""
            yield Token(group, found[group], found.start(group))
            place = found.end()

    @property
    def place(self) -> int:
        """Where the next token begins, or the end."""
        return self.tokens[self.at].place if self.at < len(self.tokens) else self.end

    def next_is(self, *words: str) -> bool:
        """Take the next token if it is one of these words or marks."""
        if self.at < len(self.tokens) and self.tokens[self.at].kind not in QUOTED:
            if self.tokens[self.at].text.lower() in words:
                self.at += 1
                return True
        return False

    def take(self, what: str) -> str:
        """The next token, a word or a quoted text."""
        if self.at >= len(self.tokens) or self.tokens[self.at].kind == "mark":
            raise NoFilter(f"{what} is missing in the filter", self.place)
        self.at += 1
        return self.tokens[self.at - 1].text

    def expression(self) -> Expression:
        """Terms; one of them must hold."""
        terms = [self.term()]
        while self.next_is("or", "||"):
            terms.append(self.term())
        return terms[0] if len(terms) == 1 else Any(tuple(terms))

    def term(self) -> Expression:
        """Factors; all of them must hold."""
        factors = [self.factor()]
        while self.next_is("and", "&&"):
            factors.append(self.factor())
        return factors[0] if len(factors) == 1 else All(tuple(factors))

    def factor(self) -> Expression:
        """A negation, an expression in parentheses, or a comparison."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise NoFilter(f"a filter nested deeper than {MAX_DEPTH}")
        if self.next_is("not", "!"):
            found: Expression = Not(self.factor())
        elif self.next_is("("):
            opened = self.tokens[self.at - 1].place
            found = self.expression()
            if not self.next_is(")"):
                raise NoFilter("a parenthesis is not closed", opened)
        else:
            found = self.comparison()
        self.depth -= 1
        return found

    def comparison(self) -> Expression:
        """`field operator value`."""
        place = self.place
        field = self.take("a field").lower()
        if field not in FIELDS:
            compared = self.at < len(self.tokens) and self.tokens[self.at].text.lower() in (*OPERATORS, *SPELLED)
            raise NoFilter(f"no field {field!r}; {_field_instead(field, compared)}", place)
        operator = next((mark for mark in OPERATORS if self.next_is(mark)), None)
        if operator is None:
            if spelled := next((word for word in SPELLED if self.next_is(word)), None):
                raise NoFilter(f"write {SPELLED[spelled].format(field)} for {spelled}", self.tokens[self.at - 1].place)
            orders = ", or < <= > >=" if field in (*NUMBERS, SEVERITY) else ""
            whole = "" if self.at < len(self.tokens) else f"; quote the whole filter: '{field} == …'"
            raise NoFilter(f"after {field} comes ==, != or ~{orders}{whole}", self.place)
        place, quoted = self.place, self.at < len(self.tokens) and self.tokens[self.at].kind in QUOTED
        if self.next_is("~"):
            raise NoFilter(f"write {field}~… for contains, without {operator}", place)
        value = self.take("a value").lower()
        if "," in value and not quoted:
            either = " or ".join(f"{field}{operator}{each}" for each in value.split(",") if each)
            raise NoFilter(f"a comma joins nothing; write {either}, or put the value in quotes", place)
        try:
            return self._compared(field, operator, value)
        except NoFilter as refused:
            raise NoFilter(str(refused), place) from None

    def _compared(self, field: str, operator: str, value: str) -> Expression:
        if operator == "~":
            return Contains(field, part(field, value))
        if operator in ORDERS and field == SEVERITY:
            return Same(field, _severities(operator, normal(field, value)))
        if operator in ORDERS:
            return Compared(field, operator, _ordered(field, value))
        written, value = value, normal(field, value)
        several = {"outcome": GROUPS, "codec": CODECS}.get(field, {}).get(value, (value,))
        same: Expression = Same(field, frozenset(several))
        if field in STATUSES and CLASS.fullmatch(value):
            same = Begins(field, value[0])
        if field in MEASURED:
            same = Rounded(field, float(value), len(written.partition(".")[2]))
        return same if operator == "==" else Not(same)


def _severities(order: str, value: str) -> frozenset[str]:
    """The severities that are less or more severe than a value."""
    ranks = {name: -float(rank) for rank, name in enumerate(SEVERITIES)}
    return frozenset(name for name, rank in ranks.items() if ORDERS[order](rank, ranks[value]))


def _unreadable(rest: str) -> str:
    """Why no token begins here."""
    if rest[0] in "\"'":
        return "a quote is not closed"
    if rest.startswith("=~"):
        return "write ~ for contains"
    if rest.startswith("="):
        return "write == for equal"
    if rest[0] in "&|":
        return f"write {rest[0] * 2} or {'and' if rest[0] == '&' else 'or'}"
    return f"cannot read the filter from {rest[:20]!r}"


def _field_instead(field: str, compared: bool) -> str:
    """The field to write instead: what Wireshark calls it, or a near one, else all of them; for a value, a field."""
    if field in WIRESHARK_FIELDS:
        return f"write {WIRESHARK_FIELDS[field]}"
    near = difflib.get_close_matches(field, FIELDS, 1, 0.7)
    if near:
        return f"did you mean {near[0]}?"
    if compared:
        return f"there are {', '.join(FIELDS)}"
    if named := next((name for name in ("outcome", "severity", "finding") if field in NAMES[name]), None):
        return f"write {named}=={field}"
    if field.upper() in METHODS:
        return f"write method=={field.upper()}"
    fields: tuple[str, ...] = ("call==", "status==", "port==")
    if not field.isdecimal():
        fields = ("user==", "addr~", "callid~") if "." in field else ("user==", "callid~")
    instead = " or ".join(f"{name}{field}" for name in fields)
    return f"a filter compares a field with a value, as in {instead}"


def _ordered(field: str, value: str) -> float:
    """The number that a field is compared with."""
    if field not in NUMBERS:
        raise NoFilter(f"{field} has no order; compare it with ==, != or ~")
    if not DECIMAL.fullmatch(value) or value.endswith("%") and field != "loss":
        raise NoFilter(f"{field} is compared with a number, not with {value!r}")
    return float(value.removesuffix("%"))


def normal(field: str, value: str) -> str:
    """A value in the form of the report: an SSRC in hexadecimal becomes a number, a user loses its scheme.

    Raises NoFilter if no report can have it.
    """
    reader = READERS.get(field)
    return reader(field, value) if reader else value


def without_scheme(address: str) -> str:
    """The address of a user without `sip:` or `sips:`."""
    return re.sub(r"^sips?:", "", address)


def _user(_: str, value: str) -> str:
    return without_scheme(value)


def _address(_: str, value: str) -> str:
    try:
        return str(ip_address(value.strip("[]")))
    except ValueError:
        network, slash, _ = value.partition("/")
        part = re.sub(r"(?:\.0)+$", ".", network) if slash else value
        raise NoFilter(f"addr {value!r} is no IP address; addr~{part} looks for a part of one") from None


def _port(_: str, value: str) -> str:
    if ports := re.fullmatch(r"(\d{1,5})(?:-|\.\.)(\d{1,5})", value, re.ASCII):
        raise NoFilter(f"write port>={ports[1]} and port<={ports[2]}")
    if not NUMBER.fullmatch(value) or int(value) > MAX_PORT:
        raise NoFilter(f"port {value!r} is no number from 0 to {MAX_PORT}")
    return str(int(value))


def _ssrc(_: str, value: str) -> str:
    written = HEXADECIMAL.fullmatch(value) or NUMBER.fullmatch(value)
    number = int(value, 16 if value.startswith("0x") else 10) if written else MAX_SSRC + 1
    if number > MAX_SSRC:
        raise NoFilter(f"ssrc {value!r} is no number of 32 bits, such as 3190985869 or 0xBE22948D")
    return str(number)


def _method(_: str, value: str) -> str:
    if not METHOD.fullmatch(value):
        raise NoFilter(f"method {value!r} is no SIP method, such as INVITE")
    return value


def _status(_: str, value: str) -> str:
    if not STATUS.fullmatch(value):
        raise NoFilter(f"status {value!r} is none from 100 to 699, and no class such as 4xx")
    return value


def _number(field: str, value: str) -> str:
    if not DECIMAL.fullmatch(value) or value.endswith("%"):
        raise NoFilter(f"{field} is a number, not {value!r}")
    return f"{float(value):g}"


def _call(_: str, value: str) -> str:
    if not NUMBER.fullmatch(value) or not int(value):
        raise NoFilter(f"call {value!r} is no number of a call; callid~{value} looks for a part of its Call-ID")
    return str(int(value))


def _name(field: str, value: str) -> str:
    if value not in NAMES[field]:
        raise NoFilter(f"no {field} {value!r}; {_instead(value, NAMES[field])}")
    return value


def _instead(value: str, names: Collection[str]) -> str:
    """The names to suggest in place of an unknown one."""
    near = difflib.get_close_matches(value, names, 1)
    if near:
        return f"did you mean {near[0]}?"
    if len(names) > MAX_LISTED:
        return "muxshark findings lists them"
    return f"there are {', '.join(dict.fromkeys(names))}"


OUTCOMES: tuple[str, ...] = get_args(CallOutcome)
GROUPS: dict[str, tuple[str, ...]] = {
    "answered": ("answered", "established", "ended"),
    "failed": ("rejected", "unreachable", "unanswered"),
    "refused": ("refused", "rejected"),
    "in-part": ("fragment",),
}
"""Words that stand for several outcomes."""

CODECS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("g711", "g.711"), ("pcmu", "pcma")),
    **dict.fromkeys(("g711u", "g.711u", "g711-ulaw", "ulaw", "mulaw", "u-law"), ("pcmu",)),
    **dict.fromkeys(("g711a", "g.711a", "g711-alaw", "alaw", "a-law"), ("pcma",)),
    **{f"g.{number}": (f"g{number}",) for number in (722, 723, 726, 728, 729)},
}
"""What people call codecs, and what they are in SDP."""

METHODS = (
    "INVITE", "ACK", "BYE", "CANCEL", "REGISTER", "OPTIONS", "SUBSCRIBE", "NOTIFY", "MESSAGE", "INFO", "REFER",
    "UPDATE", "PRACK", "PUBLISH",
)

NAMES: dict[str, tuple[str, ...]] = {
    "protocol": tuple(name.lower() for name in PROTOCOLS), "transport": TRANSPORTS, "finding": tuple(RULES),
    "severity": SEVERITIES, "outcome": (*OUTCOMES, *GROUPS),
}
READERS: dict[str, Callable[[str, str], str]] = {
    "user": _user, "addr": _address, "port": _port, "ssrc": _ssrc, "method": _method, "cseq.method": _method,
    "status": _status, "any.status": _status, "call": _call, "loss": _number, "mos": _number, "duration": _number,
    **dict.fromkeys(NAMES, _name),
}
PART_PATTERNS = {
    "addr": r"[0-9a-f.:]+", "port": r"\d{1,5}", "ssrc": r"\d{1,10}|(?:0x)?[0-9a-f]{1,8}", "status": r"\d{1,3}",
    "any.status": r"\d{1,3}",
}
"""The form of a part of a value, for `~`."""


def part(field: str, value: str) -> str:
    """A part of a value in the form of the report; raises NoFilter if no value of the field can contain it."""
    if field in NAMES and not any(value in name for name in NAMES[field]):
        raise NoFilter(f"no {field} contains {value!r}; {_instead(value, NAMES[field])}")
    if field in PART_PATTERNS and not re.fullmatch(PART_PATTERNS[field], value, re.ASCII):
        raise NoFilter(f"no {field} contains {value!r}")
    return without_scheme(value).removeprefix("0x") if field in ("user", "ssrc") else value


def wanted(text: str) -> Expression:
    """The filter that a text describes; raises NoFilter with one line for people."""
    reader = Reader(text)
    found = reader.expression()
    if reader.at < len(reader.tokens):
        rest = reader.tokens[reader.at]
        said = "write and, or or between two comparisons" if rest.kind == "word" else "the filter goes on after its end"
        raise NoFilter(f"{said}: {rest.text!r}", rest.place)
    return found
