#!/usr/bin/env python3
"""Run muxshark from a checkout: `python3 run.py analyze FILE`, `python3 run.py tests`.

The first run sets up an environment of its own; the work is in `tools/`. This file keeps to words that every Python
can read, so that an old one can say what it lacks.
"""
import sys

if sys.version_info < (3, 10):  # noqa: UP036  (this is where it is said)
    sys.stderr.write("run.py: muxshark needs Python 3.10 or newer; this is " + sys.version.split()[0] + ".\n")
    sys.exit(2)

from tools.start import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
