"""The ways into an interface, a line each: what `--backend` can name, the best first.

Importing this imports none of them, for the command line's help names them all.
"""

from __future__ import annotations

BACKENDS: dict[str, str] = {
    "ring": "dissectors.sources.interface.rings",
    "dumpcap": "dissectors.sources.pipe",
    "scapy": "dissectors.sources.interface.sniffer",
}
"""By name, the module whose `begin(wanted)` gives a `Source`, or raises `Refusal` where it does not work here."""
