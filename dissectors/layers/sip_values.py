"""Header values with parts: an address with its display name and parameters, and a hop of Via, as text again."""

from __future__ import annotations

import re
from typing import Any

from dissectors.protocols.sip_headers import Address
from dissectors.protocols.sip_via import Via

_TOKEN = re.compile(r"[A-Za-z0-9.!%*_+`'~-]*")
_VALUE = re.compile(r"[A-Za-z0-9.!%*_+`'~:\[\]-]*")


def text_of_value(value: Any) -> Any:
    """An `Address` or a `Via` as a header has it (RFC 3261 sections 20.10 and 20.42); anything else as it is."""
    if isinstance(value, Address):
        display = value.display if _TOKEN.fullmatch(value.display) else quoted(value.display)
        return f"{display} <{value.uri}>".lstrip() + _parameters(value.parameters)
    if isinstance(value, Via):
        host = f"[{value.host}]" if ":" in value.host else value.host
        port = "" if value.port is None else f":{value.port}"
        return f"{value.protocol}/{value.transport} {host}{port}" + _parameters(value.parameters)
    return value


def quoted(text: str) -> str:
    """Text as a quoted string (RFC 3261 section 25.1)."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _parameters(pairs: tuple[tuple[str, str | None], ...]) -> str:
    return "".join(
        f";{name}" if value is None else f";{name}={value if value and _VALUE.fullmatch(value) else quoted(value)}"
        for name, value in pairs
    )
