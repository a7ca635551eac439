"""What ICMP says of the datagrams of the capture."""

from __future__ import annotations

from dissectors.findings.rule import IcmpError, IcmpPeriod
from dissectors.report import Place
from dissectors.wire.addresses import written_address
from dissectors.wire.datagram import TCP, UDP
from dissectors.wire.link import icmp, internet
from dissectors.wire.link.icmp_errors import IcmpErrors


def icmp_errors(errors: IcmpErrors) -> tuple[IcmpError, ...]:
    """Each error with the times at which it came."""
    return tuple([
        IcmpError(
            written_address(error.src), error.sport, written_address(error.dst), error.dport,
            UDP if error.protocol == internet.UDP else TCP, icmp.name_of(error), written_address(error.by),
            icmp.is_too_big(error), said.mtu,
            tuple([
                IcmpPeriod(each.first / 1e9, each.last / 1e9, each.count, tuple([Place(*at) for at in each.places]))
                for each in said.periods
            ]),
        )
        for error, said in errors.found.items()
    ])
