"""Via (RFC 3261 section 20.42): the hops of a message, and the transaction that the topmost names."""
from __future__ import annotations

from dissectors.limits.remembered import remembered
from dissectors.protocols.sip_headers import number, parameter, parameters, split
from dissectors.wire.patterns import pattern
from dissectors.wire.values import NamedTuple


class Via(NamedTuple):
    """One hop of Via (RFC 3261 section 20.42): `host` without brackets, `port` None when it is not given."""

    protocol: str
    transport: str
    host: str
    port: int | None
    parameters: tuple[tuple[str, str | None], ...]

    @property
    def branch(self) -> str | None:
        return parameter(self.parameters, "branch")


_VIA = pattern(r"\s*([^\s/;]+)\s*/\s*([^\s/;]+)\s*/\s*([^\s/;]+)\s*([^;]*)")


def via(value: str) -> Via | None:
    """Read one value of Via; None when it does not begin `protocol / version / transport`."""
    found = _VIA().match(value)
    if found is None:
        return None
    name, version, transport, sent_by = found.groups()
    host, port = _host_and_port(sent_by.strip(" \t"))
    return Via(f"{name}/{version}", transport, host, port, parameters(value[found.end() :]))


@remembered
def branch(value: str) -> str | None:
    """The branch of the first of several hops that one Via may name."""
    hops = split(value, ",") if "," in value else (value,)
    found = _VIA().match(hops[0]) if hops else None
    return parameter(parameters(hops[0][found.end() :]), "branch") if found else None


def _host_and_port(sent_by: str) -> tuple[str, int | None]:
    if sent_by.startswith("["):
        host, _, rest = sent_by[1:].partition("]")
        rest = rest.lstrip(" \t").removeprefix(":")
    else:
        host, _, rest = sent_by.partition(":")
    return host.strip(" \t"), number(rest.strip(" \t"), 5)
