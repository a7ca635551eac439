"""The page in headless Chromium: it loads and says nothing, its parts work, axe-core finds nothing serious."""

import sys

from tools.interop.sessions import pages, told

if __name__ == "__main__":
    sys.exit(told.main("page", pages.run))
