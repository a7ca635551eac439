"""Write every capture of this folder anew: `python3 -m pcaps.make [FOLDER]`. The same octets each time."""
from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from pcaps.bad_day import bad_day
from pcaps.body_forms import body_forms
from pcaps.facetime import facetime
from pcaps.one_port import one_port
from pcaps.writer import Sent, write

CAPTURES: dict[str, Callable[[], list[Sent]]] = {
    "facetime-2013.pcap": lambda: facetime(compressed=True),
    "facetime-2013-plain.pcap": lambda: facetime(compressed=False),
    "rfc7983.pcap": one_port,
    "encodings.pcap": body_forms,
    "bad-day.pcap": bad_day,
}


def main(folder: Path) -> None:
    """Write the captures and their truth to `folder`."""
    for name, make in CAPTURES.items():
        write(folder / name, make())


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent)
