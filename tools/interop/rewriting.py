"""Captures of folders through normalise, split and anonymise: tshark judges, and no name is left."""

import sys

from tools.interop.sessions import rewriting

if __name__ == "__main__":
    sys.exit(rewriting.main())
