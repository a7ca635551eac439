"""The backends for an interface, one per line: the choices of `--backend`, the best first.

This module imports none of them, because the help of the command line names them all.
"""

from __future__ import annotations

BACKENDS: dict[str, str] = {
    "ring": "dissectors.sources.interface.rings",
    "dumpcap": "dissectors.sources.pipe",
    "scapy": "dissectors.sources.interface.sniffer",
}
"""By name, the module whose `begin(wanted)` gives a `Source`, or raises `Refusal` if it does not work here."""
